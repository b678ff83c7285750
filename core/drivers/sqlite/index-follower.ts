/**
 * Makes the index in a folder follow the log: once, for a command that is about to search, or for as long as a program has the
 * ledger open. The latter in a thread of its own, because reading entries takes the time of a processor, and the writer's
 * thread has none to spare; it starts when there is something worth its while, and rests most of the time while the log grows.
 */

import { Worker } from 'node:worker_threads'
import { rules } from '../../domain/transactions/index.ts'
import type { Searched } from '../../ledger/entry-search.ts'
import { followLog, type Pace, WORTH_ENTRIES } from '../../ledger/indexer.ts'
import { Lookup } from '../../ledger/lookup.ts'
import type { SearchIndex } from '../../ledger/search-index.ts'
import { sha256 } from '../sha256.ts'
import type { RenewableReader } from './reader.ts'
import { openSqliteIndex, openSqliteIndexWriter } from './search-index.ts'
import { openSqliteReader } from './store.ts'

const TOOLS = { rules, sha256 }

/** What a thread is told, and where it hears that the log has grown. */
export interface Following {
  readonly folder: string
  /** One integer, which changes whenever the log grows. */
  readonly growth: Int32Array
}

export interface OpenSearched extends Searched {
  /** From now on it shows the ledger, and the index, as they are now. */
  renew(): Promise<void>
  close(): Promise<void>
}

/** Opens the ledger in a folder to search in it. */
export async function openSqliteSearched(folder: string): Promise<OpenSearched> {
  await using opening = new AsyncDisposableStack()
  // The index first: what it knows, the ledger then has.
  const index = await openSqliteIndex(folder)
  opening.defer(() => index?.close())
  const store = await openSqliteReader(folder)
  opening.defer(() => store.close())
  const lookup = await Lookup.over(TOOLS, store, index)
  opening.move()
  return new SearchedFolder(folder, store, index, lookup)
}

class SearchedFolder implements OpenSearched {
  readonly store: RenewableReader
  readonly #folder: string
  #lookup: Lookup
  #index: SearchIndex | undefined

  constructor(folder: string, store: RenewableReader, index: SearchIndex | undefined, lookup: Lookup) {
    this.store = store
    this.#folder = folder
    this.#index = index
    this.#lookup = lookup
  }

  get lookup(): Lookup {
    return this.#lookup
  }

  /** The index is opened anew, since another one may have taken its place. */
  async renew(): Promise<void> {
    await this.#index?.close()
    this.#index = undefined
    this.#index = await openSqliteIndex(this.#folder)
    this.store.renew()
    this.#lookup = await Lookup.over(TOOLS, this.store, this.#index)
  }

  async close(): Promise<void> {
    await this.#index?.close()
    await this.store.close()
  }
}

/** Whether it is worth the while to make the index follow before it is used. */
export async function isBehind({ store, lookup }: Searched): Promise<boolean> {
  return (await store.size()) - lookup.size >= WORTH_ENTRIES
}

/** Makes the index follow, as far as `most` allows. Answers how many entries are left. */
export async function followOnce(folder: string, pace: Pace): Promise<number> {
  const index = await openSqliteIndexWriter(folder)
  try {
    return await followLog(TOOLS, index, () => openSqliteReader(folder), pace)
  } finally {
    await index.close()
  }
}

/** The thread that follows while a program has the ledger open. */
export class IndexFollower {
  readonly #following: Following
  readonly #failed: (error: unknown) => void
  readonly #known: number
  #worker: Worker | undefined

  private constructor(folder: string, known: number, failed: (error: unknown) => void) {
    this.#following = { folder, growth: new Int32Array(new SharedArrayBuffer(4)) }
    this.#known = known
    this.#failed = failed
  }

  /** `failed` is told what ends the thread, which is not started again then: searches go on without what it would have done. */
  static async start(folder: string, failed: (error: unknown) => void): Promise<IndexFollower> {
    const searched = await openSqliteSearched(folder)
    try {
      const follower = new IndexFollower(folder, searched.lookup.size, failed)
      follower.grown(await searched.store.size())
      return follower
    } finally {
      await searched.close()
    }
  }

  /** The log has this many entries now. */
  grown(size: number): void {
    Atomics.add(this.#following.growth, 0, 1)
    Atomics.notify(this.#following.growth, 0)
    if (this.#worker !== undefined || size - this.#known < WORTH_ENTRIES) return
    this.#worker = new Worker(new URL('./index-worker.ts', import.meta.url), { workerData: this.#following })
    this.#worker.on('error', this.#failed)
    this.#worker.unref()
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }
}
