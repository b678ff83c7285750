/**
 * A mirror in a folder: the book of somebody else's ledger, followed and never written to in any other way.
 *
 *   ledger.db     the book, as that ledger has it
 *   mirror.db     the checkpoints that its log has shown
 *   outbox.db     notes on their way to the hub: see outbox-store.ts
 *   lock.db       held by the one program that follows
 *
 * A folder never turns from the one into the other: a mirror that signed would be a second sequencer, and fork the log.
 */

import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Commit, type MirrorWriter, type StoreDefect, StoreError } from '../../ledger/store.ts'
import { Book, BookWriter } from './book.ts'
import { Committer } from './committer.ts'
import { BOOK, type DatabaseKind, findRemains, GUARD, hasDatabase, MIRROR, makeDatabase, OUTBOX } from './database.ts'
import { findBookDefects, findMirrorDefects } from './defects.ts'
import { onFile } from './errors.ts'
import { takeLock } from './lock.ts'
import { fillMirror, type Memory, Mirror, MirrorHeads } from './mirror.ts'
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

/** Whether the folder has a mirror rather than a ledger. */
export function isSqliteMirror(folder: string): boolean {
  return hasDatabase(folder, MIRROR)
}

/** For whoever is about to make or open a ledger that is written to. */
export function refuseMirror(folder: string): void {
  if (!isSqliteMirror(folder)) return
  throw new StoreError('missing', `${resolve(folder)} has a mirror: it follows its hub, and nothing else can be entered in it.`)
}

/**
 * Opens the mirror in `folder` to add to it what the log has, when no other program does; an empty one is made where there is
 * nothing yet.
 */
export async function openSqliteMirror(folder: string, { lockTimeoutMs = 0 } = {}): Promise<MirrorWriter> {
  onFile(resolve(folder), () => mkdirSync(folder, { recursive: true }))
  using connections = new DisposableStack()
  connections.use(await takeLock(folder, lockTimeoutMs))
  if (findRemains(folder, GUARD) !== undefined)
    throw new StoreError('missing', `${resolve(folder)} has a ledger of its own; a mirror needs a folder for itself.`)
  if (!isSqliteMirror(folder)) makeMirror(folder)
  // Under this lock, so that no two programs make one and the notes of the one are lost.
  if (!hasDatabase(folder, OUTBOX)) makeDatabase(folder, OUTBOX)
  requireDatabases(folder, BOOK, MIRROR)
  const heads = open(connections, folder, MIRROR, 'write', (database) => new MirrorHeads(database))
  const book = open(connections, folder, BOOK, 'write', (database) => new BookWriter(database))
  return new SqliteMirrorWriter(book, heads, new Committer(folder, book), connections.move())
}

/** The two databases of an empty mirror; to be called with the lock held. */
function makeMirror(folder: string): void {
  // A creation that was cut off leaves at most an empty book; one with entries has lost what stood beside it.
  if (!hasDatabase(folder, BOOK)) {
    refuseExisting(folder, BOOK)
    makeDatabase(folder, BOOK)
  }
  using connections = new DisposableStack()
  const size = open(connections, folder, BOOK, 'read', (database) => new Book(database).size())
  if (size > 0) throw new StoreError('damaged', `There is no ${MIRROR.file} in ${resolve(folder)}, only ${BOOK.file}.`)
  makeDatabase(folder, MIRROR, fillMirror)
}

/** Opens a mirror to read what it holds now. */
export function openSqliteMirrorReader(folder: string): RenewableReader {
  requireDatabases(folder, BOOK, MIRROR)
  using connections = new DisposableStack()
  // What is shown of the log is covered once its entries are committed, so the book seen afterwards has them all.
  const mirror = open(connections, folder, MIRROR, 'read', (database) => new Mirror(snapshot(database)))
  const book = open(connections, folder, BOOK, 'read', (database) => new Book(snapshot(database)))
  return new SqliteMirrorSnapshot(book, mirror, connections.move())
}

/** The checkpoints that the mirror in a folder keeps: the last that the log showed, and the one whose entries are all here. */
export function readMirrorHeads(folder: string): Memory {
  requireDatabases(folder, BOOK, MIRROR)
  using connections = new DisposableStack()
  return open(connections, folder, MIRROR, 'read', (database) => new Mirror(database).memory())
}

class SqliteMirrorReader extends BookReader {
  protected readonly mirror: Mirror

  constructor(book: Book, mirror: Mirror, connections: DisposableStack) {
    super(book, connections)
    this.mirror = mirror
  }

  override async checkpoint(): Promise<Uint8Array | undefined> {
    return this.use(MIRROR, () => this.mirror.memory().checkpoint)
  }

  override async defects(): Promise<readonly StoreDefect[]> {
    return this.use(BOOK, () => [...findBookDefects(this.book, BOOK), ...findMirrorDefects(this.mirror)])
  }
}

class SqliteMirrorSnapshot extends SqliteMirrorReader implements RenewableReader {
  /** In the order in which they were opened. */
  renew(): void {
    this.use(MIRROR, () => renewSnapshot(this.mirror.database))
    this.use(BOOK, () => renewSnapshot(this.book.database))
  }
}

class SqliteMirrorWriter extends SqliteMirrorReader implements MirrorWriter {
  declare protected readonly book: BookWriter
  declare protected readonly mirror: MirrorHeads
  readonly #changes = new Changes()
  readonly #committer: Committer

  constructor(book: BookWriter, mirror: MirrorHeads, committer: Committer, connections: DisposableStack) {
    super(book, mirror, connections)
    this.#committer = committer
  }

  async commit(commit: Commit): Promise<void> {
    await this.#change(BOOK, () => this.#committer.commit(commit))
  }

  async shown(): Promise<Uint8Array | undefined> {
    return this.use(MIRROR, () => this.mirror.memory().shown)
  }

  async keepShown(signed: Uint8Array): Promise<void> {
    await this.#change(MIRROR, () => this.mirror.put({ ...this.mirror.memory(), shown: signed }))
  }

  async coverShown(): Promise<void> {
    await this.#change(MIRROR, () => this.mirror.cover())
  }

  override async close(): Promise<void> {
    await this.#committer.close()
    await super.close()
  }

  #change(kind: DatabaseKind, work: () => void | Promise<void>): Promise<void> {
    return this.#changes.run(kind, () => this.use(kind, work))
  }
}
