/**
 * Reading a book: by key, by page, and whole, in a copy. A reader sees what the book held when it was opened, whoever writes
 * meanwhile.
 */

import { appendFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type Sqlite from 'better-sqlite3'
import { assert } from '../../base/assert.ts'
import { tryFromHex } from '../../base/bytes.ts'
import type { RowKey } from '../../domain/table.ts'
import {
  type LogReader,
  type NumberedRow,
  type NumberedText,
  type StoreDefect,
  type StoredEntry,
  type StoredTile,
  StoreError,
  type StoreReader,
  type TableRows,
} from '../../ledger/store.ts'
import type { Book, BookLog, StoredId } from './book.ts'
import { BOOK, type Database, type DatabaseKind, findRemains, hasDatabase, type Mode, openDatabase } from './database.ts'
import { findBookDefects } from './defects.ts'
import { onFile } from './errors.ts'
import { readableFolder } from './unwritable-folder.ts'

/** The log in a book, and the checkpoint over it that whoever opened it knows. */
export class BookLogReader implements LogReader {
  protected readonly book: BookLog
  readonly #connections: DisposableStack
  readonly #checkpoint: Uint8Array | undefined

  constructor(book: BookLog, connections: DisposableStack, checkpoint?: Uint8Array) {
    this.book = book
    this.#connections = connections
    this.#checkpoint = checkpoint
  }

  async size(): Promise<number> {
    return this.use(BOOK, () => this.book.size())
  }

  async entries(from: number, limit: number): Promise<StoredEntry[]> {
    return this.use(BOOK, () => this.book.entries(from, limit))
  }

  async tile(level: number, number: number): Promise<Uint8Array | undefined> {
    return this.use(BOOK, () => this.book.tile(level, number))
  }

  async checkpoint(): Promise<Uint8Array | undefined> {
    return this.#checkpoint
  }

  /** Copies the whole book page by page into a database file that is empty or missing. */
  async copyTo(path: string, progress: (done: number, total: number) => void): Promise<void> {
    assert(!this.#connections.disposed, 'a store is not used after it was closed')
    const onPages = ({ totalPages, remainingPages }: Sqlite.BackupMetadata) => {
      progress(totalPages - remainingPages, totalPages)
      return PAGES_AT_A_TIME
    }
    try {
      await this.book.database.backup(resolve(path), { progress: onPages })
    } catch (error) {
      // SQLite does not tell here which of the two files failed, nor why; the file system does.
      appendFileSync(path, new Uint8Array(PROBE_BYTES), { flush: true })
      throw error
    }
  }

  async close(): Promise<void> {
    this.#connections.dispose()
  }

  protected use<T>({ file }: DatabaseKind, work: () => T): T {
    assert(!this.#connections.disposed, 'a store is not used after it was closed')
    return onFile(file, work)
  }
}

/** The whole book. */
export class BookReader extends BookLogReader implements StoreReader {
  declare protected readonly book: Book
  readonly #kind: DatabaseKind

  constructor(
    book: Book,
    connections: DisposableStack,
    { kind, checkpoint }: { readonly kind: DatabaseKind; readonly checkpoint?: Uint8Array | undefined } = { kind: BOOK },
  ) {
    super(book, connections, checkpoint)
    this.#kind = kind
  }

  async rows(keys: readonly RowKey[]): Promise<(NumberedText | undefined)[]> {
    return this.use(BOOK, () => this.book.rows.find(keys))
  }

  async *tableRows(wanted: TableRows): AsyncGenerator<NumberedRow> {
    const numbers = this.use(BOOK, () => this.book.rows.numbersOf(wanted))
    for (let from = 0; from < numbers.length; from += ROWS_AT_A_TIME)
      yield* this.use(BOOK, () => this.book.rows.numbered(numbers.subarray(from, from + ROWS_AT_A_TIME)))
  }

  async indexes(ids: readonly string[]): Promise<(number | undefined)[]> {
    return this.use(BOOK, () => this.book.indexes(ids))
  }

  async packedBundle(number: number): Promise<Uint8Array | undefined> {
    return this.use(BOOK, () => this.book.packedBundle(number))
  }

  async scanRows(after: Pick<NumberedRow, 'number'> | undefined, limit: number): Promise<NumberedRow[]> {
    return this.use(BOOK, () => this.book.rows.scan.page(after && [after.number], limit))
  }

  async scanIds(after: string | undefined, limit: number): Promise<StoredId[]> {
    return this.use(BOOK, () => this.book.scanIds.page(after === undefined ? after : [tryFromHex(after)], limit))
  }

  async scanTiles(after: { readonly level: number; readonly number: number } | undefined, limit: number): Promise<StoredTile[]> {
    return this.use(BOOK, () => this.book.scanTiles.page(after && [after.level, after.number], limit))
  }

  async defects(): Promise<readonly StoreDefect[]> {
    return this.use(BOOK, () => findBookDefects(this.book, this.#kind))
  }
}

/** Rows of a table read at a time, once it is known which. */
const ROWS_AT_A_TIME = 1_000
/** Between two portions of a copy the process does other things. */
const PAGES_AT_A_TIME = 1_000
/** As much as a file that can grow can grow by. */
const PROBE_BYTES = 64 * 1024

/**
 * The changes of one writer. After one that failed, what the disk holds is unknown, so nothing more is written: whoever goes on
 * opens the ledger anew.
 */
export class Changes {
  #isBroken = false

  async run({ file }: DatabaseKind, change: () => void | Promise<void>): Promise<void> {
    if (this.#isBroken)
      throw new StoreError('offline', `${file} could not be written before; close the ledger and open it again.`)
    try {
      await change()
    } catch (error) {
      this.#isBroken = true
      throw error
    }
  }
}

/** Opens a database, hands it to `connections` to be closed, and makes of it what reads it. */
export function open<T>(
  connections: DisposableStack,
  folder: string,
  kind: DatabaseKind,
  mode: Mode,
  make: (database: Database) => T,
): T {
  const place = mode === 'write' ? folder : readableFolder(connections, folder, kind)
  const database = connections.adopt(openDatabase(place, kind, mode), (one) => void one.close())
  return onFile(kind.file, () => make(database))
}

/** A reader that can be shown what the ledger holds now, in the place of what it saw before. */
export interface RenewableReader extends BookReader {
  renew(): void
}

/** The database as it is now, until it is renewed: a read transaction begins with its first read. */
export function snapshot(database: Database): Database {
  database.exec('BEGIN; SELECT count(*) FROM sqlite_schema')
  return database
}

/** Lets go of what a connection saw, and sees what is there now. */
export function renewSnapshot(database: Database): void {
  database.exec('COMMIT')
  snapshot(database)
}

export function requireDatabases(folder: string, ...kinds: readonly DatabaseKind[]): void {
  const absent = kinds.find((kind) => !hasDatabase(folder, kind))
  if (absent === undefined) return
  const left = kinds.find((kind) => hasDatabase(folder, kind))
  if (left === undefined)
    throw new StoreError(
      'missing',
      `There is no ledger in ${resolve(folder)}; nimledger init founds one, and --dir names another folder.`,
    )
  throw new StoreError('damaged', `There is no ${absent.file} in ${resolve(folder)}, only ${left.file}.`)
}

export function refuseExisting(folder: string, kind: DatabaseKind): void {
  const found = findRemains(folder, kind)
  if (found !== undefined)
    throw new StoreError('damaged', `The folder ${resolve(folder)} is taken: there is a ${found} in it already.`)
}
