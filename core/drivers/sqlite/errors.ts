/**
 * Errors of SQLite and of the file system as StoreErrors: one code and one sentence each, which names the file. Whatever they say
 * about a file is a failure that people must be able to act on; all other errors (a broken assertion) pass unchanged.
 */

import Sqlite from 'better-sqlite3'
import { printable } from '../../base/printable.ts'
import { StoreError } from '../../ledger/store.ts'

type Failure = readonly [StoreError['code'], (file: string) => string]

/**
 * By SQLite's primary result codes (the first word), by its extended ones where these mean something else, and by Node's codes.
 */
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
  READONLY_DIRECTORY: [
    'offline',
    (file) => `${file} is read with a file beside it that cannot be made here: copy the folder to where you may write.`,
  ],
  READONLY_DBMOVED: ['offline', (file) => `${file} was moved or replaced while it was in use.`],
  PERM: ['offline', (file) => `${file} cannot be used: permission was denied.`],
  AUTH: ['offline', (file) => `${file} cannot be used: permission was denied.`],
  NOLFS: ['offline', (file) => `${file} is too large for this file system.`],
  NOMEM: ['offline', (file) => `There is not enough memory to use ${file}.`],
  ENOSPC: ['disk_full', (file) => `The disk is full: ${file} cannot be written.`],
  EDQUOT: ['disk_full', (file) => `Your share of the disk is used up: ${file} cannot be written.`],
  EFBIG: ['disk_full', (file) => `${file} reached the largest size that a file may have.`],
  IOERR: ['offline', (file) => `The disk failed to read or write ${file}; check it and open the ledger again.`],
}

const UNKNOWN: Failure = ['offline', (file) => `${file} cannot be used.`]

/** The StoreError of an error that SQLite or the file system reported on a file; any other error as it is. */
export function storeError(error: unknown, file: string): unknown {
  const code = codeOf(error)
  if (code === undefined) return error
  const [kind, sentence] = failures[code] ?? failures[code.split('_', 1)[0]!] ?? UNKNOWN
  return new StoreError(kind, `${sentence(file)} (${printable((error as Error).message)})`, { cause: error })
}

/** The code of SQLite's and of the system's errors, as the table above has it. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof Sqlite.SqliteError) return error.code.replace('SQLITE_', '')
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined
}

/** Runs `work` on a file and throws StoreErrors for its errors. */
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
