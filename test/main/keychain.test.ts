/** The passphrase is kept where the system seals it, and nowhere else. */

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { SafeStorage } from 'electron'
import { expect, it, vi } from 'vitest'
import { openKeychain } from '../../main/keychain.ts'
import { folder } from '../cli/run.ts'

/** A keychain that seals by turning texts around. */
function storage(backend: string, isAvailable = true): SafeStorage {
  const turned = (text: string) => [...text].reverse().join('')
  return {
    getSelectedStorageBackend: () => backend,
    isAsyncEncryptionAvailable: async () => isAvailable,
    encryptStringAsync: async (text: string) => Buffer.from(turned(text)),
    decryptStringAsync: async (sealed: Buffer) => {
      if (sealed.toString().startsWith('foreign')) throw new Error('Another user sealed it.')
      return { result: turned(sealed.toString()), shouldReEncrypt: false }
    },
  } as unknown as SafeStorage
}

it('is not kept where the system would merely hide it, or cannot seal', async () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('linux')
  expect(await openKeychain(storage('basic_text'), folder(), '/ledger')).toBeUndefined()
  expect(await openKeychain(storage('unknown'), folder(), '/ledger')).toBeUndefined()
  expect(await openKeychain(storage('gnome_libsecret', false), folder(), '/ledger')).toBeUndefined()
  vi.restoreAllMocks()
})

it('is kept sealed, for each ledger by itself, until it is taken away', async () => {
  const data = join(folder(), 'window')
  const keychain = (await openKeychain(storage('gnome_libsecret'), data, '/ledger'))!
  expect(await keychain.recall()).toBeUndefined()
  await keychain.keep('open sesame')
  const [file] = readdirSync(data)
  expect(readFileSync(join(data, file!), 'utf8')).not.toContain('open sesame')
  expect(statSync(join(data, file!)).mode & 0o077).toBe(0)
  expect(await keychain.recall()).toBe('open sesame')
  expect(await (await openKeychain(storage('gnome_libsecret'), data, '/other'))!.recall()).toBeUndefined()
  await keychain.forget()
  expect(readdirSync(data)).toEqual([])
})

it('that somebody else sealed is asked for', async () => {
  const data = folder()
  const keychain = (await openKeychain(storage('kwallet6'), data, '/ledger'))!
  await keychain.keep('ngierof')
  expect(await keychain.recall()).toBeUndefined()
})
