/**
 * The writer's lock: an exclusive transaction on lock.db, an empty database, held for the writer's life. The operating system
 * frees it when the process ends, however it ends, so no lock is ever left behind and none is ever broken by force.
 */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { StoreError } from '../../ledger/store.ts'
import { storeError } from './errors.ts'

export const LOCK_FILE = 'lock.db'
const RETRY_MS = 50

/**
 * Keeps the garbage collector from closing the database of a lock, which would free it, when a writer is held but no longer used.
 */
const held = new Set<Sqlite.Database>()

/** Takes the lock of a folder until it is disposed of, waiting up to `timeoutMs` for another writer to let go of it. */
export async function takeLock(folder: string, timeoutMs: number): Promise<Disposable> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const lock = tryLock(folder)
    if (lock !== undefined) return lock
    const restMs = deadline - performance.now()
    if (restMs <= 0)
      throw new StoreError(
        'locked',
        `Another program writes to the ledger in ${resolve(folder)}: there can be one writer at a time.`,
      )
    await sleep(Math.min(RETRY_MS, restMs))
  }
}

function tryLock(folder: string): Disposable | undefined {
  let database: Sqlite.Database | undefined
  try {
    database = new Sqlite(resolve(folder, LOCK_FILE), { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    const failure = storeError(error, LOCK_FILE)
    if (failure instanceof StoreError && failure.code === 'busy') return undefined
    throw failure
  }
  return hold(database)
}

function hold(database: Sqlite.Database): Disposable {
  held.add(database)
  return {
    [Symbol.dispose]: () => {
      held.delete(database)
      database.close()
    },
  }
}

/** Whether a writer holds the lock of a folder now. Asking takes no lock that would keep one out. */
export function isLocked(folder: string): boolean {
  const path = resolve(folder, LOCK_FILE)
  if (!existsSync(path)) return false
  const database = new Sqlite(path, { readonly: true, timeout: 0 })
  try {
    database.prepare('SELECT count(*) FROM sqlite_schema').get()
    return false
  } catch (error) {
    const failure = storeError(error, LOCK_FILE)
    if (failure instanceof StoreError && failure.code === 'busy') return true
    throw failure
  } finally {
    database.close()
  }
}
