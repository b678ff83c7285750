/**
 * The passphrase, kept for its user by the system's own keychain where that seals it: a file that only this user of this machine
 * can open. Where the system would merely hide it (Chromium's `basic_text`, a key that everybody knows), it is not kept, and is
 * asked for each time.
 */

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { SafeStorage } from 'electron'
import type { Keychain } from '../core/bin/console/console-desk.ts'
import { writeDurably } from '../core/drivers/durable-file.ts'

/** The keychain for the ledger in a folder; undefined where the system seals nothing. */
export async function openKeychain(safeStorage: SafeStorage, userData: string, dir: string): Promise<Keychain | undefined> {
  if (process.platform === 'linux' && ['basic_text', 'unknown'].includes(safeStorage.getSelectedStorageBackend()))
    return undefined
  if (!(await safeStorage.isAsyncEncryptionAvailable())) return undefined
  const file = join(userData, `${createHash('sha256').update(dir).digest('hex').slice(0, 16)}.sealed`)
  return {
    recall: async () => {
      if (!existsSync(file)) return undefined
      try {
        return (await safeStorage.decryptStringAsync(readFileSync(file))).result
      } catch {
        // Another user or another machine sealed it: the passphrase is asked for, and kept anew.
        return undefined
      }
    },
    keep: async (passphrase) => {
      mkdirSync(userData, { recursive: true, mode: 0o700 })
      writeDurably(file, await safeStorage.encryptStringAsync(passphrase))
    },
    forget: async () => rmSync(file, { force: true }),
  }
}
