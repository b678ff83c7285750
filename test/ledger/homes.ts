/** Both kinds of place that a ledger can be kept in, gone after the test. */

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { MemoryLedger } from '../../core/drivers/memory/store.ts'
import { createSqliteLedger } from '../../core/drivers/sqlite/store.ts'
import { folderHome, type Home, memoryHome } from './support.ts'

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nimledger-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function sqliteHome(): Promise<Home & { readonly folder: string }> {
  const folder = temporaryFolder()
  await createSqliteLedger(folder)
  return { ...folderHome(folder), folder }
}

/** A place for one ledger whose book can be put back to what it was; the guard stays as it is. */
export interface RestorableHome extends Home {
  /** Keeps what is there now, to be put back by the function that it returns: the book alone, or the guard alone. */
  keep(part: 'book' | 'guard'): () => void
  /** Takes a part of another place of the same kind. */
  take(part: 'book' | 'guard', other: RestorableHome): void
  lose(part: 'guard'): void
}

const KINDS = ['memory', 'sqlite'] as const
const FILES = { book: 'ledger.db', guard: 'checkpoint.db' } as const
const TAILS = ['', '-wal', '-shm'] as const

export const homes = KINDS.map((kind) => ({ kind, make: kind === 'memory' ? restorableMemory : restorableFolder }))

type RestorableMemory = RestorableHome & { readonly ledger: MemoryLedger }

export async function restorableMemory(ledger = new MemoryLedger()): Promise<RestorableMemory> {
  const copy = (from: MemoryLedger, part: 'book' | 'guard') => {
    if (part === 'book') {
      const { entries, ids, tiles, rows } = from.snapshot()
      Object.assign(ledger, { entries, ids, tiles, rows })
    } else Object.assign(ledger, { checkpoint: from.checkpoint, refusals: new Map(from.refusals) })
  }
  return {
    ...memoryHome(ledger),
    ledger,
    keep: (part) => {
      const kept = Object.assign(ledger.snapshot(), { refusals: new Map(ledger.refusals) })
      return () => copy(kept, part)
    },
    take: (part, other) => copy((other as RestorableMemory).ledger, part),
    lose: () => copy(new MemoryLedger(), 'guard'),
  }
}

type RestorableFolder = RestorableHome & { readonly folder: string }

/** Files are touched only while no store of this process is open on them. */
async function restorableFolder(): Promise<RestorableFolder> {
  const home = await sqliteHome()
  const remove = (part: 'book' | 'guard') => {
    for (const tail of TAILS) rmSync(join(home.folder, FILES[part] + tail), { force: true })
  }
  const copy = (from: string, part: 'book' | 'guard') => {
    remove(part)
    cpSync(join(from, FILES[part]), join(home.folder, FILES[part]))
  }
  return {
    ...home,
    keep: (part) => {
      const kept = temporaryFolder()
      cpSync(join(home.folder, FILES[part]), join(kept, FILES[part]))
      return () => copy(kept, part)
    },
    take: (part, other) => copy((other as RestorableFolder).folder, part),
    lose: (part) => remove(part),
  }
}
