/**
 * A ledger in a folder, on SQLite:
 *
 *   ledger.db        the book
 *   checkpoint.db    the guard: the last checkpoint, remembered refusals; never part of a backup or restore
 *   mirror.db        in a mirror, in the place of the guard: see mirror-store.ts
 *   lock.db          held by the writer for its life
 *
 * One process writes and any number read, at the same time. A writer that dies leaves nothing to repair: the lock is free, and
 * the write-ahead log beside each database has every commit that was acknowledged.
 */

import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Refusal } from '../../domain/refusal.ts'
import type { Seconds } from '../../domain/time.ts'
import type { Commit, RememberedRefusal, StoreDefect, StoreWriter } from '../../ledger/store.ts'
import { Book, BookWriter } from './book.ts'
import { Committer } from './committer.ts'
import { BOOK, type DatabaseKind, GUARD, hasDatabase, makeDatabase } from './database.ts'
import { findBookDefects, findGuardDefects } from './defects.ts'
import { onFile } from './errors.ts'
import { fillGuard, Guard, GuardWriter } from './guard.ts'
import { takeLock } from './lock.ts'
import { isSqliteMirror, openSqliteMirrorReader, refuseMirror } from './mirror-store.ts'
import {
  BookReader,
  Changes,
  open,
  type RenewableReader,
  refuseExisting,
  renewSnapshot,
  requireDatabases,
  snapshot,
} from './reader.ts'

/** Makes an empty ledger in `folder`, which is made if it is missing. Refuses a folder that has one, or the guard of one. */
export async function createSqliteLedger(folder: string): Promise<void> {
  refuseMirror(folder)
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
  refuseMirror(folder)
  requireDatabases(folder, BOOK)
  using _lock = await takeLock(folder, 0)
  refuseExisting(folder, GUARD)
  makeGuard(folder, staleBefore)
}

/**
 * Opens the ledger in `folder` to read what it holds now. It needs no lock, and a writer may write meanwhile; but the write-ahead
 * logs grow until the reader is closed, so none should be kept for long.
 */
export async function openSqliteReader(folder: string): Promise<RenewableReader> {
  if (isSqliteMirror(folder)) return openSqliteMirrorReader(folder)
  requireDatabases(folder, BOOK, GUARD)
  using connections = new DisposableStack()
  // The guard first: a checkpoint is signed after its entries were committed, so the book seen afterwards has them all.
  const guard = open(connections, folder, GUARD, 'read', (database) => new Guard(snapshot(database)))
  const book = open(connections, folder, BOOK, 'read', (database) => new Book(snapshot(database)))
  return new SqliteSnapshot(book, guard, connections.move())
}

/**
 * Opens the ledger in `folder` to write to it, when no other program does; waits for that up to `lockTimeoutMs`. With `create`,
 * an empty ledger is made first where there is none, under the same lock: two programs that found a ledger cannot cross.
 */
export async function openSqliteWriter(folder: string, { lockTimeoutMs = 0, create = false } = {}): Promise<StoreWriter> {
  refuseMirror(folder)
  if (create) onFile(resolve(folder), () => mkdirSync(folder, { recursive: true }))
  else requireDatabases(folder, BOOK, GUARD)
  using connections = new DisposableStack()
  connections.use(await takeLock(folder, lockTimeoutMs))
  if (create && !hasDatabase(folder, BOOK)) makeDatabases(folder)
  const guard = open(connections, folder, GUARD, 'write', (database) => new GuardWriter(database))
  const book = open(connections, folder, BOOK, 'write', (database) => new BookWriter(database))
  return new SqliteWriter(book, guard, new Committer(folder, book), connections.move())
}

/** The book with the guard's checkpoint over it. */
class SqliteReader extends BookReader {
  protected readonly guard: Guard

  constructor(book: Book, guard: Guard, connections: DisposableStack) {
    super(book, connections)
    this.guard = guard
  }

  override async checkpoint(): Promise<Uint8Array | undefined> {
    return this.use(GUARD, () => this.guard.memory().checkpoint)
  }

  override async defects(): Promise<readonly StoreDefect[]> {
    return this.use(BOOK, () => [...findBookDefects(this.book, BOOK), ...findGuardDefects(this.guard)])
  }
}

class SqliteSnapshot extends SqliteReader implements RenewableReader {
  /** In the order in which they were opened. */
  renew(): void {
    this.use(GUARD, () => renewSnapshot(this.guard.database))
    this.use(BOOK, () => renewSnapshot(this.book.database))
  }
}

class SqliteWriter extends SqliteReader implements StoreWriter {
  declare protected readonly book: BookWriter
  declare protected readonly guard: GuardWriter
  readonly #changes = new Changes()
  readonly #committer: Committer

  constructor(book: BookWriter, guard: GuardWriter, committer: Committer, connections: DisposableStack) {
    super(book, guard, connections)
    this.#committer = committer
  }

  async commit(commit: Commit): Promise<void> {
    await this.#change(BOOK, () => this.#committer.commit(commit))
  }

  async replaceCheckpoint(previous: Uint8Array | undefined, next: Uint8Array): Promise<void> {
    await this.#change(GUARD, () => this.guard.replaceCheckpoint(previous, next))
  }

  async refusals(ids: readonly string[]): Promise<(Refusal | undefined)[]> {
    return this.use(GUARD, () => this.guard.refusals(ids))
  }

  async rememberRefusals(refusals: readonly RememberedRefusal[], now: Seconds): Promise<void> {
    await this.#change(GUARD, () => this.guard.rememberRefusals(refusals, now))
  }

  async staleBefore(): Promise<Seconds> {
    return this.use(GUARD, () => this.guard.memory().staleBefore)
  }

  /** The lock is let go of last: nobody else opens the files while a thread of this writer is at work on them. */
  override async close(): Promise<void> {
    await this.#committer.close()
    await super.close()
  }

  #change(kind: DatabaseKind, work: () => void | Promise<void>): Promise<void> {
    return this.#changes.run(kind, () => this.use(kind, work))
  }
}

function makeGuard(folder: string, staleBefore: Seconds): void {
  makeDatabase(folder, GUARD, (database) => fillGuard(database, staleBefore))
}

function isNewGuard(folder: string): boolean {
  using connections = new DisposableStack()
  const { checkpoint, staleBefore } = open(connections, folder, GUARD, 'read', (database) => new Guard(database).memory())
  return checkpoint === undefined && staleBefore === 0
}
