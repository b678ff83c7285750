/**
 * Moves the write-ahead log of a book into its file (a checkpoint, in SQLite's words) in a thread and over a connection of its
 * own, so that the writer does not stand still for it.
 *
 * SQLite begins the log anew with the first commit that finds all of it moved and nobody reading in it. Therefore:
 *
 *   much      32 MB are in the log: the thread moves them, and what was committed meanwhile, until little is left
 *   little    after the next commit it moves the rest, and waits until the disk has all of it; commits go on meanwhile
 *   last      after another commit it moves those few, and the next commit waits for it, so that none is missing
 *
 * Where the thread is late, or a reader is in the way, the log grows, and from 125 MB on the writer moves it itself.
 *
 * Nothing rests on this thread for safety: what is committed is durable in the log, and whoever opens the book finds it there,
 * wherever the move was cut off.
 */

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { StoreError } from '../../ledger/store.ts'
import { BOOK, type Database } from './database.ts'
import { storeError } from './errors.ts'
import { failureIn, type ThreadAnswer } from './thread-answer.ts'

/** Pages in the log from which on it is moved, so that a page that many commits touch is written once for all of them. */
const MUCH_PAGES = 4_000
/** So few pages are moved in some milliseconds. */
export const LITTLE_PAGES = 1_000
/** Pages in the log from which on the writer moves them itself. */
const WRITER_PAGES = 16_000
/** How long a commit waits for the thread at most. */
const WAIT_MS = 50

/** What it is told. */
export type WalOrder = 'take over' | 'end'

/** Makes a writer's connection leave the log to the thread, as long as the thread keeps up. */
export function leaveLog(database: Database): void {
  database.pragma(`wal_autocheckpoint = ${WRITER_PAGES}`)
}

export class WalCheckpointer {
  readonly #folder: string
  readonly #log
  #worker: Worker | undefined
  /** Until the thread has answered. */
  #underway: Promise<void> | undefined
  #answered: () => void = () => {}
  /** How often it was woken for little since the log began, and whether it is now moving the last of it. */
  #timesLittle = 0
  #isLast = false
  #failure: unknown

  /** Of the book in `folder`, which `database` writes to. */
  constructor(folder: string, database: Database) {
    this.#folder = folder
    leaveLog(database)
    // Only a look, which takes some microseconds.
    const look = database.prepare<[], readonly [isBusy: bigint, pages: bigint, takenOver: bigint]>('PRAGMA wal_checkpoint(NOOP)')
    this.#log = look.raw()
  }

  /**
   * Makes a commit. If the last move failed because the disk is full or broken, throws that before the commit is made; what was
   * committed before is durable all the same. A move that fails after the commit is reported to the next one, since this one is
   * durable.
   */
  async around(commit: () => void | Promise<void>): Promise<void> {
    if (this.#underway !== undefined && this.#isLast) await this.#wait(this.#underway)
    if (this.#failure !== undefined) throw this.#failure
    await commit()
    try {
      this.#wakeWhereMuch()
    } catch (error) {
      this.#fail(storeError(error, BOOK.file))
    }
  }

  #wakeWhereMuch(): void {
    const [, pages, takenOver] = this.#log.get()!
    if (pages < MUCH_PAGES) this.#timesLittle = 0
    if (pages < MUCH_PAGES || takenOver === pages || this.#underway !== undefined || this.#failure !== undefined) return
    const isLittle = pages - takenOver <= LITTLE_PAGES
    if (isLittle) this.#timesLittle += 1
    this.#isLast = isLittle && this.#timesLittle > 1
    this.#underway = new Promise((answered) => {
      this.#answered = answered
    })
    this.#worker ??= this.#start()
    this.#worker.postMessage('take over' satisfies WalOrder)
  }

  /** Ends the thread, once it has finished its work. */
  async close(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    this.#worker = undefined
    worker.ref()
    const ended = once(worker, 'exit')
    worker.postMessage('end' satisfies WalOrder)
    await ended
  }

  #start(): Worker {
    const worker = new Worker(new URL('./wal-worker.ts', import.meta.url), { workerData: this.#folder })
    worker.on('message', (answer: ThreadAnswer) => {
      const failure = failureIn(answer)
      if (failure !== undefined) this.#fail(failure)
      this.#settle()
    })
    worker.on('error', (cause) => {
      this.#fail(new StoreError('offline', 'The thread that takes over the write-ahead log failed.', { cause }))
    })
    worker.on('exit', () => this.#settle())
    // The thread does not keep the program alive.
    worker.unref()
    return worker
  }

  #fail(failure: unknown): void {
    this.#failure ??= failure
  }

  #settle(): void {
    this.#underway = undefined
    this.#answered()
  }

  async #wait(underway: Promise<void>): Promise<void> {
    const enough = new AbortController()
    try {
      await Promise.race([underway, sleep(WAIT_MS, undefined, { signal: enough.signal })])
    } finally {
      enough.abort()
    }
  }
}
