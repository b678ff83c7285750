/**
 * A ledger in a folder, on SQLite:
 *
 *   ledger.db        the book
 *   checkpoint.db    the guard: the last checkpoint, remembered refusals; never part of a backup or restore
 *   lock.db          held by the writer for its life
 *
 * One process writes and any number read, at the same time. A writer that dies leaves nothing to repair: the lock is free, and
 * the write-ahead log beside each database has every commit that was acknowledged.
 */

import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { assert } from '../../base/assert.ts'
import { tryFromHex } from '../../base/bytes.ts'
import type { Refusal } from '../../domain/refusal.ts'
import type { RowKey } from '../../domain/table.ts'
import type { Seconds } from '../../domain/time.ts'
import {
  type Commit,
  type RememberedRefusal,
  type StoreDefect,
  type StoredEntry,
  type StoredRow,
  type StoredTile,
  StoreError,
  type StoreReader,
  type StoreWriter,
} from '../../ledger/store.ts'
import { Book, BookWriter, type StoredId } from './book.ts'
import {
  BOOK,
  type Database,
  type DatabaseKind,
  findRemains,
  GUARD,
  hasDatabase,
  makeDatabase,
  openDatabase,
} from './database.ts'
import { findDefects } from './defects.ts'
import { onFile } from './errors.ts'
import { fillGuard, Guard, GuardWriter } from './guard.ts'
import { takeLock } from './lock.ts'

/** Makes an empty ledger in `folder`, which is made if it is missing. Refuses a folder that has one, or the guard of one. */
export async function createSqliteLedger(folder: string): Promise<void> {
  onFile(resolve(folder), () => mkdirSync(folder, { recursive: true }))
  using _lock = await takeLock(folder, 0)
  makeDatabases(folder)
}

/** The two databases of an empty ledger; to be called with the lock held. */
function makeDatabases(folder: string): void {
  refuseExisting(folder, BOOK)
  // A creation that was cut off leaves at most a guard that knows nothing; one that knows something waits for its book.
  if (!hasDatabase(folder, GUARD) || !isNewGuard(folder)) {
    refuseExisting(folder, GUARD)
    makeGuard(folder, 0)
  }
  makeDatabase(folder, BOOK)
}

/**
 * Makes a guard for a ledger whose own was lost. What that one knew is gone, so notes made before `staleBefore` are refused from
 * now on: one of them may be a refused note that somebody sends again.
 */
export async function createSqliteGuard(folder: string, staleBefore: Seconds): Promise<void> {
  requireDatabases(folder, BOOK)
  using _lock = await takeLock(folder, 0)
  refuseExisting(folder, GUARD)
  makeGuard(folder, staleBefore)
}

/**
 * Opens the ledger in `folder` to read what it holds now. It needs no lock, and a writer may write meanwhile; but the write-ahead
 * logs grow until the reader is closed, so none should be kept for long.
 */
export async function openSqliteReader(folder: string): Promise<StoreReader> {
  requireDatabases(folder, BOOK, GUARD)
  using connections = new DisposableStack()
  // The guard first: a checkpoint is signed after its entries were committed, so the book seen afterwards has them all.
  const guard = open(connections, folder, GUARD, 'read', (database) => new Guard(snapshot(database)))
  const book = open(connections, folder, BOOK, 'read', (database) => new Book(snapshot(database)))
  return new SqliteReader(book, guard, connections.move())
}

/**
 * Opens the ledger in `folder` to write to it, when no other program does; waits for that up to `lockTimeoutMs`. With `create`,
 * an empty ledger is made first where there is none, under the same lock: two programs that found a ledger cannot cross.
 */
export async function openSqliteWriter(folder: string, { lockTimeoutMs = 0, create = false } = {}): Promise<StoreWriter> {
  if (create) onFile(resolve(folder), () => mkdirSync(folder, { recursive: true }))
  else requireDatabases(folder, BOOK, GUARD)
  using connections = new DisposableStack()
  connections.use(await takeLock(folder, lockTimeoutMs))
  if (create && !hasDatabase(folder, BOOK)) makeDatabases(folder)
  const guard = open(connections, folder, GUARD, 'write', (database) => new GuardWriter(database))
  const book = open(connections, folder, BOOK, 'write', (database) => new BookWriter(database))
  return new SqliteWriter(book, guard, connections.move())
}

class SqliteReader implements StoreReader {
  protected readonly book: Book
  protected readonly guard: Guard
  readonly #connections: DisposableStack

  constructor(book: Book, guard: Guard, connections: DisposableStack) {
    this.book = book
    this.guard = guard
    this.#connections = connections
  }

  async size(): Promise<number> {
    return this.use(BOOK, () => this.book.size())
  }

  async rows(keys: readonly RowKey[]): Promise<(string | undefined)[]> {
    return this.use(BOOK, () => this.book.rows(keys))
  }

  async indexes(ids: readonly string[]): Promise<(number | undefined)[]> {
    return this.use(BOOK, () => this.book.indexes(ids))
  }

  async entries(from: number, limit: number): Promise<StoredEntry[]> {
    return this.use(BOOK, () => this.book.entries(from, limit))
  }

  async tile(level: number, number: number): Promise<Uint8Array | undefined> {
    return this.use(BOOK, () => this.book.tile(level, number))
  }

  async scanRows(after: { readonly table: string; readonly key: string } | undefined, limit: number): Promise<StoredRow[]> {
    return this.use(BOOK, () => this.book.scanRows.page(after && [after.table, after.key], limit))
  }

  async scanIds(after: string | undefined, limit: number): Promise<StoredId[]> {
    return this.use(BOOK, () => this.book.scanIds.page(after === undefined ? after : [tryFromHex(after)], limit))
  }

  async scanTiles(after: { readonly level: number; readonly number: number } | undefined, limit: number): Promise<StoredTile[]> {
    return this.use(BOOK, () => this.book.scanTiles.page(after && [after.level, after.number], limit))
  }

  async checkpoint(): Promise<Uint8Array | undefined> {
    return this.use(GUARD, () => this.guard.memory().checkpoint)
  }

  async defects(): Promise<readonly StoreDefect[]> {
    return this.use(BOOK, () => findDefects(this.book, this.guard))
  }

  async close(): Promise<void> {
    this.#connections.dispose()
  }

  protected use<T>({ file }: DatabaseKind, work: () => T): T {
    assert(!this.#connections.disposed, 'a store is not used after it was closed')
    return onFile(file, work)
  }
}

class SqliteWriter extends SqliteReader implements StoreWriter {
  declare protected readonly book: BookWriter
  declare protected readonly guard: GuardWriter
  #isBroken = false

  async commit(commit: Commit): Promise<void> {
    this.#change(BOOK, () => this.book.commit(commit))
  }

  async replaceCheckpoint(previous: Uint8Array | undefined, next: Uint8Array): Promise<void> {
    this.#change(GUARD, () => this.guard.replaceCheckpoint(previous, next))
  }

  async refusals(ids: readonly string[]): Promise<(Refusal | undefined)[]> {
    return this.use(GUARD, () => this.guard.refusals(ids))
  }

  async rememberRefusals(refusals: readonly RememberedRefusal[], now: Seconds): Promise<void> {
    this.#change(GUARD, () => this.guard.rememberRefusals(refusals, now))
  }

  async staleBefore(): Promise<Seconds> {
    return this.use(GUARD, () => this.guard.memory().staleBefore)
  }

  /**
   * After a change that failed, what the disk holds is unknown, so nothing more is written: whoever goes on opens the ledger
   * anew.
   */
  #change(kind: DatabaseKind, work: () => void): void {
    if (this.#isBroken)
      throw new StoreError('offline', `${kind.file} could not be written before; close the ledger and open it again.`)
    try {
      this.use(kind, work)
    } catch (error) {
      this.#isBroken = true
      throw error
    }
  }
}

/** Opens a database, hands it to `connections` to be closed, and makes of it what reads it. */
function open<T>(
  connections: DisposableStack,
  folder: string,
  kind: DatabaseKind,
  mode: 'read' | 'write',
  make: (database: Database) => T,
): T {
  const database = connections.adopt(openDatabase(folder, kind, mode), (one) => void one.close())
  return onFile(kind.file, () => make(database))
}

/** The database as it is now, for as long as the connection lives: a read transaction begins with its first read. */
function snapshot(database: Database): Database {
  database.exec('BEGIN')
  database.prepare('SELECT count(*) FROM sqlite_schema').get()
  return database
}

function makeGuard(folder: string, staleBefore: Seconds): void {
  makeDatabase(folder, GUARD, (database) => fillGuard(database, staleBefore))
}

function isNewGuard(folder: string): boolean {
  using connections = new DisposableStack()
  const { checkpoint, staleBefore } = open(connections, folder, GUARD, 'read', (database) => new Guard(database).memory())
  return checkpoint === undefined && staleBefore === 0
}

function requireDatabases(folder: string, ...kinds: readonly DatabaseKind[]): void {
  const absent = kinds.find((kind) => !hasDatabase(folder, kind))
  if (absent === undefined) return
  const left = kinds.find((kind) => hasDatabase(folder, kind))
  if (left === undefined) throw new StoreError('missing', `There is no ledger in ${resolve(folder)}: it has no ${absent.file}.`)
  throw new StoreError('damaged', `There is no ${absent.file} in ${resolve(folder)}, only ${left.file}.`)
}

function refuseExisting(folder: string, kind: DatabaseKind): void {
  const found = findRemains(folder, kind)
  if (found !== undefined)
    throw new StoreError('damaged', `The folder ${resolve(folder)} is taken: there is a ${found} in it already.`)
}
