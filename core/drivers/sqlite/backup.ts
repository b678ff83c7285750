/**
 * Backups: the book as it was at one moment, in one file, made while another program writes. Such a file is an SQLite database of
 * a kind of its own: the tables of the book, and
 *
 *   backup   one row: when it was made, the checkpoint that the log had signed by then, and the vault's file (keys.json, each key
 *            sealed under its passphrase) where that was asked for
 *
 * The guard is never part of it. It is written under a passing name, checked, and gets its own name when it is complete.
 */

import { closeSync, existsSync, openSync } from 'node:fs'
import { basename } from 'node:path'
import { z } from 'zod'
import { StoreError } from '../../ledger/store.ts'
import { moveDurably } from '../durable-file.ts'
import { Book, BookLog } from './book.ts'
import {
  BACKUP_ID,
  BOOK,
  changeCopy,
  type Database,
  type DatabaseKind,
  kindOfFile,
  type Mode,
  openCopy,
  removeDatabase,
} from './database.ts'
import { damaged, onFile, storeError } from './errors.ts'
import { BookLogReader, BookReader, snapshot } from './reader.ts'

interface BackupContent {
  /** When it was made, RFC 3339. */
  readonly made: string
  readonly checkpoint?: Uint8Array | undefined
  /** The vault's file. */
  readonly keys?: Uint8Array | undefined
}

const BACKUP_TABLE = `CREATE TABLE backup (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  made TEXT NOT NULL,
  checkpoint BLOB,
  keys BLOB
) STRICT`

function backupKind(path: string): DatabaseKind {
  return { ...BOOK, file: basename(path), applicationId: BACKUP_ID, moreTables: BACKUP_TABLE }
}

const bytes = z.instanceof(Uint8Array).nullable()
const row = z.strictObject({ made: z.string(), checkpoint: bytes, keys: bytes })

/** A copy of a ledger, open: the log, and the vault's file where the copy has it. */
export interface LedgerCopy {
  readonly log: BookLogReader
  readonly keys?: Uint8Array | undefined
}

export function openBackup(path: string): BookReader {
  return openAs(path, 'read', (database, { checkpoint }, connections) => {
    return new BookReader(new Book(database), connections.move(), { kind: backupKind(path), checkpoint })
  })
}

/** The log in a backup, of an older version too. */
export function openBackupLog(path: string): LedgerCopy {
  return openAs(path, 'read-log', (database, { checkpoint, keys }, connections) => {
    return { log: new BookLogReader(new BookLog(database), connections.move(), checkpoint), keys }
  })
}

function openAs<T>(
  path: string,
  mode: Mode,
  make: (database: Database, content: BackupContent, connections: DisposableStack) => T,
): T {
  const kind = backupKind(path)
  if (kindOfFile(path) === 'book')
    throw new StoreError('missing', `${path} is a ledger's own database and no backup: name the folder that it is in.`)
  using connections = new DisposableStack()
  const database = connections.adopt(openCopy(path, kind, mode), (one) => void one.close())
  return onFile(kind.file, () => make(database, readContent(snapshot(database), kind), connections))
}

function readContent(database: Database, { file }: DatabaseKind): BackupContent {
  const found = row.safeParse(database.prepare('SELECT made, checkpoint, keys FROM backup').get())
  if (!found.success) throw damaged(file, 'it does not say what it is a backup of')
  const { made, checkpoint, keys } = found.data
  const plain = (value: Uint8Array | null) => (value === null ? undefined : new Uint8Array(value))
  return { made, checkpoint: plain(checkpoint), keys: plain(keys) }
}

/**
 * Writes a backup of `source` to `path`. Only a file that is a backup already is replaced, and only by one that `check` found to
 * be good; otherwise nothing is left behind.
 */
export async function makeBackup(
  source: BookReader,
  path: string,
  content: BackupContent,
  check: (copy: BookReader) => Promise<void>,
  progress: (done: number, total: number) => void,
): Promise<void> {
  if (existsSync(path) && kindOfFile(path) !== 'backup')
    throw new StoreError('missing', `${path} is in the way: it is there, and it is no backup of this program.`)
  const unfinished = `${path}.new`
  let isBegun = false
  try {
    removeDatabase(unfinished)
    closeSync(openSync(unfinished, 'wx', 0o600))
    isBegun = true
    await source.copyTo(unfinished, progress)
    changeCopy(unfinished, { ...BOOK, file: basename(path) }, (database) => fill(database, content))
    const copy = openBackup(unfinished)
    try {
      await check(copy)
    } finally {
      await copy.close()
    }
    moveDurably(unfinished, path)
  } catch (error) {
    if (isBegun) removeDatabase(unfinished)
    throw named(error, path, unfinished)
  }
}

function fill(database: Database, { made, checkpoint, keys }: BackupContent): void {
  database.exec(BACKUP_TABLE)
  database
    .prepare('INSERT INTO backup (one, made, checkpoint, keys) VALUES (1, ?, ?, ?)')
    .run(made, checkpoint ?? null, keys ?? null)
  database.pragma(`application_id = ${BACKUP_ID}`)
}

/** Turns a copy of a backup into a book again, and brings it up to date. */
export function unfillBackup(path: string): void {
  changeCopy(path, { ...backupKind(path), file: BOOK.file }, (database) => {
    // Otherwise the keys that were in it stay in pages that are no longer used.
    database.pragma('secure_delete = on')
    database.exec('DROP TABLE backup')
    database.pragma(`application_id = ${BOOK.applicationId}`)
  })
}

/** An error about the unfinished file, under the name that the user gave. */
function named(error: unknown, path: string, unfinished: string): unknown {
  const { syscall, path: failed } = error as NodeJS.ErrnoException
  if (syscall === undefined) return storeError(error, basename(path))
  return Object.assign(error as Error, failed === undefined || failed === unfinished ? { path } : {})
}
