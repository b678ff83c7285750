/**
 * SQLite's errors as StoreErrors: one code and one sentence each, which names the file. Whatever SQLite says about a file is a failure
 * that people must be able to act on; only errors that are not SQLite's (a broken assertion) pass as they are.
 */

import Sqlite from 'better-sqlite3'
import { StoreError } from '../../ledger/store.ts'

type Failure = readonly [StoreError['code'], (file: string) => string]

/** Primary result codes of SQLite (the code's first word), and extended ones where they say something else. */
const failures: Readonly<Record<string, Failure>> = {
  FULL: ['disk_full', (file) => `The disk is full: ${file} cannot grow.`],
  IOERR_WRITE: ['disk_full', (file) => `${file} cannot be written: the disk is full or the file reached its largest size.`],
  IOERR_SHMSIZE: ['disk_full', (file) => `The disk is full: there is no room for the index of ${file}'s write-ahead log.`],
  BUSY: ['busy', (file) => `Another program keeps ${file} busy; try again.`],
  LOCKED: ['busy', (file) => `${file} is in use by this program; try again.`],
  PROTOCOL: ['busy', (file) => `Other programs kept ${file} busy for too long; try again.`],
  CORRUPT: ['damaged', (file) => `${file} is damaged: its pages contradict each other. Restore it, or mirror the ledger anew.`],
  IOERR_CORRUPTFS: ['damaged', (file) => `${file} is damaged: the file system says so. Check the disk and restore the file.`],
  NOTADB: ['damaged', (file) => `${file} is damaged: it is not an SQLite database.`],
  FORMAT: ['damaged', (file) => `${file} is damaged: it is not an SQLite database.`],
  ERROR: ['damaged', (file) => `${file} is damaged: its tables are not those of a ledger.`],
  SCHEMA: ['damaged', (file) => `${file} is damaged: its tables changed while it was in use.`],
  CONSTRAINT: [
    'damaged',
    (file) => `${file} holds what the ledger would write now, or contradicts it: another program wrote to it.`,
  ],
  MISMATCH: ['damaged', (file) => `${file} is damaged: it holds a value of a wrong kind.`],
  TOOBIG: ['damaged', (file) => `${file} is damaged: it holds a value that is too large.`],
  RANGE: ['damaged', (file) => `${file} is damaged: its tables are not those of a ledger.`],
  CANTOPEN: ['missing', (file) => `${file} cannot be opened: it, its folder or the permission to use them is missing.`],
  READONLY: ['offline', (file) => `${file} cannot be written: it or its folder is read-only.`],
  READONLY_DBMOVED: ['offline', (file) => `${file} was moved or replaced while it was in use.`],
  PERM: ['offline', (file) => `${file} cannot be used: permission was denied.`],
  AUTH: ['offline', (file) => `${file} cannot be used: permission was denied.`],
  NOLFS: ['offline', (file) => `${file} is too large for this file system.`],
  NOMEM: ['offline', (file) => `There is not enough memory to use ${file}.`],
  IOERR: ['offline', (file) => `The disk failed to read or write ${file}; check it and open the ledger again.`],
}

/** The StoreError of an error that SQLite reported on a file; any other error as it is. */
export function storeError(error: unknown, file: string): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error
  const code = error.code.replace('SQLITE_', '')
  const failure = failures[code] ?? failures[code.split('_', 1)[0]!]
  const [kind, sentence] = failure ?? ['offline', (file: string) => `SQLite cannot use ${file}.`]
  return new StoreError(kind, `${sentence(file)} (${error.code}: ${error.message})`, { cause: error })
}

/** Runs `work` on a file and throws StoreErrors for SQLite's. */
export function onFile<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw storeError(error, file)
  }
}

export function damaged(file: string, what: string): StoreError {
  return new StoreError('damaged', `${file} is damaged: ${what}.`)
}
