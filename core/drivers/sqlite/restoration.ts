/**
 * Bringing a book back into a ledger's folder. The copy is made beside the book and gets its name last, after whatever was there
 * has been set aside; the lock is held throughout. If it is killed at any point, there is the old ledger, or no book and a
 * message that says so, or the new ledger: never the old book under a new guard, and never a book with the write-ahead log of
 * another.
 *
 * A guard that is there stays as it is: it knows better than a copy. Where there is none, or one that remembers nothing, a new
 * one is made, under which older notes are stale.
 */

import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Seconds } from '../../domain/time.ts'
import { moveDurably, syncFolder } from '../durable-file.ts'
import { type LedgerCopy, openBackupLog, unfillBackup } from './backup.ts'
import { Book, BookLog } from './book.ts'
import {
  BOOK,
  type Database,
  type DatabaseKind,
  GUARD,
  hasDatabase,
  kindOfFile,
  MIRROR,
  makeDatabase,
  openCopy,
  removeDatabase,
  SUFFIXES,
} from './database.ts'
import { onFile, storeError } from './errors.ts'
import { fillGuard, Guard } from './guard.ts'
import { takeLock } from './lock.ts'
import { isSqliteMirror, readMirrorHeads, refuseMirror } from './mirror-store.ts'
import { BookLogReader, BookReader, open, requireDatabases, snapshot } from './reader.ts'

/** What the guard in the folder remembers. */
interface Remembered {
  readonly checkpoint?: Uint8Array
  readonly staleBefore: Seconds
}

/** What a new guard begins with. */
interface Beginning {
  readonly checkpoint?: Uint8Array | undefined
  readonly staleBefore: Seconds
}

export class Restoration {
  /** Undefined where the folder has no guard, or one that remembers nothing. */
  readonly remembered: Remembered | undefined
  readonly #folder: string
  readonly #copy: string
  readonly #lock: Disposable

  private constructor(folder: string, lock: Disposable) {
    this.#folder = folder
    this.#lock = lock
    this.#copy = join(folder, `${BOOK.file}.new`)
    this.remembered = readGuard(folder)
  }

  /** Takes the lock of a folder, which is made if it is missing. */
  static async begin(folder: string, lockTimeoutMs: number): Promise<Restoration> {
    refuseMirror(folder)
    onFile(resolve(folder), () => mkdirSync(folder, { recursive: true, mode: 0o700 }))
    const lock = await takeLock(folder, lockTimeoutMs)
    try {
      return new Restoration(folder, lock)
    } catch (error) {
      lock[Symbol.dispose]()
      throw error
    }
  }

  /** Copies a book beside the one that is there, brings the copy up to date, and opens it; `checkpoint` is one signed over it. */
  async copy(
    source: BookLogReader,
    checkpoint: Uint8Array | undefined,
    progress: (done: number, total: number) => void,
  ): Promise<BookReader> {
    removeDatabase(this.#copy)
    await source.copyTo(this.#copy, progress).catch((error: unknown) => {
      throw storeError(error, BOOK.file)
    })
    if (kindOfFile(this.#copy) === 'backup') unfillBackup(this.#copy)
    else openCopy(this.#copy, BOOK, 'write').close()
    using connections = new DisposableStack()
    const database = connections.adopt(openCopy(this.#copy, BOOK, 'read'), (one) => void one.close())
    const book = onFile(BOOK.file, () => new Book(snapshot(database)))
    return new BookReader(book, connections.move(), { kind: BOOK, checkpoint })
  }

  /**
   * Puts the copy in its place, with a new guard where there is none. Returns the folder in which the book that was there is
   * kept, if there was one.
   */
  finish(beginning: Beginning | undefined, stamp: string): string | undefined {
    onFile(BOOK.file, () => prepareToServe(this.#copy))
    const kinds = beginning === undefined ? [BOOK] : [BOOK, GUARD]
    const aside = setAside(this.#folder, kinds, stamp)
    if (beginning !== undefined) {
      const fill = (database: Database) => fillGuard(database, beginning.staleBefore, beginning.checkpoint)
      makeDatabase(this.#folder, GUARD, fill)
    }
    onFile(BOOK.file, () => moveDurably(this.#copy, join(this.#folder, BOOK.file)))
    return aside
  }

  /** Leaves nothing unfinished behind. */
  [Symbol.dispose](): void {
    removeDatabase(this.#copy)
    this.#lock[Symbol.dispose]()
  }
}

function readGuard(folder: string): Remembered | undefined {
  if (!hasDatabase(folder, GUARD)) return undefined
  using connections = new DisposableStack()
  const { checkpoint, staleBefore } = open(connections, folder, GUARD, 'read', (database) => new Guard(database).memory())
  // A founding that was cut off leaves such a guard.
  if (checkpoint === undefined && staleBefore === 0) return undefined
  return { staleBefore, ...(checkpoint && { checkpoint }) }
}

/** Notes made before this time are stale; 0 where the guard was never lost. */
export function readStaleBefore(folder: string): Seconds {
  return readGuard(folder)?.staleBefore ?? 0
}

/** The newest checkpoint that a log has shown to a mirror, which may lack entries that it covers; undefined for other folders. */
export function shownTo(folder: string): Uint8Array | undefined {
  return isSqliteMirror(folder) ? readMirrorHeads(folder).shown : undefined
}

/** Opens a backup, or the book in the folder of a ledger or a mirror, with the guard or without it. */
export function openLedgerCopy(path: string): LedgerCopy {
  if (!statSync(path).isDirectory()) return openBackupLog(path)
  const others = [GUARD, MIRROR].filter((kind) => hasDatabase(path, kind))
  requireDatabases(path, BOOK, ...others)
  using connections = new DisposableStack()
  // A checkpoint is signed, or covered, after its entries were committed, so the book seen afterwards has them all.
  const checkpoint = (isSqliteMirror(path) ? readMirrorHeads(path) : readGuard(path))?.checkpoint
  const book = open(connections, path, BOOK, 'read-log', (database) => new BookLog(snapshot(database)))
  return { log: new BookLogReader(book, connections.move(), checkpoint) }
}

/** A book in use has a write-ahead log; the copy gets an empty one, so that nothing of it stays under the passing name. */
function prepareToServe(path: string): void {
  const database = openCopy(path, BOOK, 'write')
  try {
    database.pragma('journal_mode = wal')
  } finally {
    database.close()
  }
}

/** Moves databases out of the way, each with its write-ahead log; nothing that was a book is ever deleted. */
function setAside(folder: string, kinds: readonly DatabaseKind[], stamp: string): string | undefined {
  const names = kinds.flatMap(({ file }) => SUFFIXES.map((suffix) => file + suffix))
  const found = names.filter((name) => existsSync(join(folder, name)))
  if (found.length === 0) return undefined
  const aside = join(folder, `replaced-${stamp}`)
  onFile(aside, () => {
    mkdirSync(aside, { recursive: true, mode: 0o700 })
    for (const name of found) renameSync(join(folder, name), join(aside, name))
    syncFolder(aside)
    syncFolder(folder)
  })
  return aside
}
