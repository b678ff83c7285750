/**
 * Makes the commits of a book's one writer, and has its write-ahead log moved into the book (wal-checkpointer.ts).
 *
 * A commit of a few entries waits for the disk and for little else: it is made where it is asked for. Committing many entries
 * takes SQLite as long as executing them takes the ledger, so a thread with a connection of its own makes such commits
 * (commit-worker.ts), and the caller goes on meanwhile. There is one commit at a time; rows are numbered here, in the order of
 * the commits, so that their numbers hold for the next commit before this one is made.
 */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { type Commit, StoreError } from '../../ledger/store.ts'
import type { BookWriter, NumberedCommit } from './book.ts'
import { type CommitMessage, packCommit } from './commit-message.ts'
import { BOOK } from './database.ts'
import { onFile } from './errors.ts'
import { failureIn, type ThreadAnswer } from './thread-answer.ts'
import { WalCheckpointer } from './wal-checkpointer.ts'

/** From so many entries on, a commit is worth sending to the thread. */
const MANY_ENTRIES = 16

/** What the thread answers: that it has opened the book, or what became of a commit. */
export type CommitAnswer = 'ready' | ThreadAnswer

/** What it is told. */
export type CommitOrder = CommitMessage | 'end'

export class Committer {
  readonly #folder: string
  readonly #book: BookWriter
  readonly #wal: WalCheckpointer
  #thread: CommitThread | undefined
  #hasMadeMany = false
  #underway: Promise<void> = Promise.resolve()
  #isUnderway = false

  /** For the book in `folder`. */
  constructor(folder: string, book: BookWriter) {
    this.#folder = folder
    this.#book = book
    this.#wal = new WalCheckpointer(folder, book.database)
  }

  /** Commits durably, all or nothing. After an error nothing is known, and no commit may follow. */
  async commit(commit: Commit): Promise<void> {
    assert(!this.#isUnderway, 'a book has one commit at a time')
    this.#isUnderway = true
    const numbered = onFile(BOOK.file, () => this.#book.number(commit))
    this.#underway = this.#wal.around(() => this.#make(numbered))
    await this.#underway
    this.#isUnderway = false
  }

  /** Waits for the commit under way and ends the threads. */
  async close(): Promise<void> {
    // The caller that asked for it hears of its failure.
    await this.#underway.catch(() => {})
    await this.#thread?.close()
    await this.#wal.close()
  }

  #make(commit: NumberedCommit): void | Promise<void> {
    if (commit.entries.length >= MANY_ENTRIES) {
      if (this.#thread?.isReady === true) return this.#thread.commit(commit)
      // Most programs that make such a commit make only one, and end sooner without a thread.
      if (this.#hasMadeMany) this.#thread ??= new CommitThread(this.#folder)
      this.#hasMadeMany = true
    }
    onFile(BOOK.file, () => this.#book.commit(commit))
  }
}

class CommitThread {
  /** Whether it has opened the book; until then nobody waits for it. */
  isReady = false
  readonly #worker: Worker
  #isEnding = false
  #failure: unknown
  #settle: ((failure: unknown) => void) | undefined

  constructor(folder: string) {
    this.#worker = new Worker(new URL('./commit-worker.ts', import.meta.url), { workerData: folder })
    this.#worker.on('message', (answer: CommitAnswer) => this.#hear(answer))
    this.#worker.on('error', (error) => this.#fail(error))
    this.#worker.on('exit', () => {
      if (!this.#isEnding) this.#fail(new StoreError('offline', 'The thread that commits ended.'))
    })
    // The thread does not keep the program alive, unless a commit is under way.
    this.#worker.unref()
  }

  async commit(commit: NumberedCommit): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    const message = packCommit(commit)
    this.#worker.ref()
    const failure = await new Promise<unknown>((settle) => {
      this.#settle = settle
      this.#worker.postMessage(message satisfies CommitOrder, [message.bytes.buffer])
    })
    this.#worker.unref()
    if (failure !== undefined) throw failure
  }

  async close(): Promise<void> {
    if (this.#failure !== undefined) return
    this.#isEnding = true
    this.#worker.ref()
    const ended = once(this.#worker, 'exit')
    this.#worker.postMessage('end' satisfies CommitOrder)
    await ended
  }

  #hear(answer: CommitAnswer): void {
    if (answer === 'ready') this.isReady = true
    else this.#settle?.(failureIn(answer))
  }

  /** The thread is gone: the commit that it was making may be durable or not. */
  #fail(failure: unknown): void {
    this.#failure ??= failure
    this.isReady = true
    this.#settle?.(this.#failure)
  }
}
