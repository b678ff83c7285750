/**
 * A replay into a store: a mirror's book, grown by the entries of another's log. The same execution as an audit's, on the rows
 * that the store holds, so it takes up at any entry where it was left, and memory is bounded by what a few batches touch.
 *
 *   execute     the entries of a batch, one after the other, on rows that are loaded as they are read
 *   verify      their signatures, all at once, by other threads, while the next batch is executed here
 *   commit      the batch in one durable step, once every signature in it is known to be good
 *
 * Whoever adds entries has made sure that they are the log's.
 */

import { assert } from '../base/assert.ts'
import { authenticationRows } from '../domain/machine.ts'
import type { StateSummary } from '../domain/state-root.ts'
import { type Milliseconds, wholeSeconds } from '../domain/time.ts'
import { signatoriesOf } from '../domain/view.ts'
import type { Frontier } from '../log/merkle.ts'
import { appendLeaves, type TileRow } from '../log/tiles.ts'
import { readRecord } from './accepted.ts'
import { Closing } from './closing.ts'
import {
  type Defect,
  type EntryCheck,
  type Executed,
  executeEntry,
  findBadSignature,
  type ReplayState,
  repeatedEntry,
  signatureChecks,
} from './execution.ts'
import { declaredRows } from './prefetch.ts'
import type { ReplayOptions } from './replay.ts'
import { LoadedRows } from './rows.ts'
import type { ChangedRow, LoggedEntry, MirrorWriter } from './store.ts'
import { type Edge, readEdge, storedTiles } from './tree.ts'

/** Entries of one commit. */
const BATCH_ENTRIES = 2_000
/** Batches after which what was loaded may be forgotten. */
const BATCHES_AT_A_TIME = 4

export interface FollowerOptions extends ReplayOptions {
  readonly store: MirrorWriter
}

/** Entries that were executed and are not committed yet. */
class Batch {
  readonly start: number
  readonly entries: { readonly id: string; readonly bytes: Uint8Array; readonly outcome: Uint8Array }[] = []
  readonly leaves: Uint8Array[] = []
  readonly checks: EntryCheck[] = []

  constructor(start: number) {
    this.start = start
  }

  add(executed: Executed): void {
    this.entries.push({ id: executed.transaction.id, bytes: executed.bytes, outcome: executed.outcomeBytes })
    this.leaves.push(executed.leaf)
    this.checks.push(...signatureChecks(executed))
  }
}

/** A batch whose signatures are being checked. */
interface Underway {
  readonly batch: Batch
  readonly tiles: readonly TileRow[]
  /** As they were after the batch; later ones may have changed them again. */
  readonly rows: readonly ChangedRow[]
  readonly verdict: Promise<Defect | undefined>
}

export class Follower implements ReplayState {
  /** Signatures checked so far. */
  signatures = 0
  readonly #options: FollowerOptions
  readonly #loaded: LoadedRows
  readonly #closing: Closing
  #frontier: Frontier
  #edge: Map<string, TileRow>
  #lastTime: Milliseconds
  #batch: Batch
  #underway: Underway | undefined
  #batches = 0

  private constructor(options: FollowerOptions, { frontier, edge, lastTime }: Edge) {
    this.#options = options
    const { rules, sha256, store } = options
    this.#loaded = new LoadedRows(store, (index) => readRecord(rules, sha256, store, index))
    this.#closing = new Closing(options)
    this.#frontier = frontier
    this.#edge = edge
    this.#lastTime = lastTime
    this.#batch = new Batch(frontier.size)
  }

  /** Goes on after the entries that the store has. */
  static async open(options: FollowerOptions): Promise<Follower> {
    return new Follower(options, await readEdge(options.sha256, options.store))
  }

  /** How many entries were executed; after `flush`, committed. */
  get size(): number {
    return this.#batch.start + this.#batch.entries.length
  }

  /**
   * Adds the entries that follow, in order. The first defect among them, or among those before that were not committed yet, ends
   * it.
   */
  async add(entries: readonly LoggedEntry[]): Promise<Defect | undefined> {
    for (const entry of entries) {
      const result = executeEntry(this.#options, this, entry, { index: this.size, lastTime: this.#lastTime })
      const executed = result instanceof Promise ? await result : result
      if ('what' in executed) return (await this.flush()) ?? executed
      const { index, time, changes } = executed
      this.#loaded.apply(changes)
      this.#loaded.remember(index, executed)
      this.#lastTime = time
      this.#batch.add(executed)
      if (this.#batch.entries.length < BATCH_ENTRIES) continue
      this.#batches += 1
      const defect = this.#batches % BATCHES_AT_A_TIME === 0 ? await this.flush() : await this.#handOver()
      if (defect !== undefined) return defect
    }
    return undefined
  }

  /** Waits until all that was added is committed. */
  async flush(): Promise<Defect | undefined> {
    const defect = (await this.#handOver()) ?? (await this.#handOver())
    if (defect === undefined) this.#loaded.trim()
    return defect
  }

  signerRows(transaction: Executed['transaction']): LoadedRows | Promise<LoadedRows> {
    const rows = authenticationRows(transaction)
    if (this.#loaded.hasAll(rows)) return this.#loaded
    return this.#loaded.load(rows).then(() => this.#loaded)
  }

  rows(...[transaction, signers, moment]: Parameters<ReplayState['rows']>): ReturnType<ReplayState['rows']> {
    return declaredRows(this.#options.sha256, transaction, signatoriesOf(transaction, signers), this.#loaded, moment)
  }

  /** A summary is of what is committed. */
  async summary(size: number, time: Milliseconds): Promise<StateSummary | Defect> {
    return (await this.flush()) ?? this.#closing.summary(size, wholeSeconds(time))
  }

  /** Has the batch at hand verified, and commits the one before it, which was verified meanwhile. */
  async #handOver(): Promise<Defect | undefined> {
    const before = this.#underway
    const batch = this.#batch
    this.#underway = batch.entries.length === 0 ? undefined : this.#verify(batch)
    this.#batch = new Batch(this.size)
    return before && this.#commit(before)
  }

  #verify(batch: Batch): Underway {
    const readTile = (level: number, number: number) => this.#edge.get(`${level}/${number}`)!.hashes
    const { frontier, tiles } = appendLeaves(readTile, this.#frontier, batch.leaves)
    this.#frontier = frontier
    this.#edge = storedTiles(this.#edge, tiles, frontier.size)
    const verdict = findBadSignature(this.#options.verifier, batch.checks)
    // Whoever waits for it hears of a failure; until somebody does, it is nobody's.
    verdict.catch(() => {})
    return { batch, tiles, rows: this.#loaded.takeChanged(), verdict }
  }

  async #commit({ batch, tiles, rows, verdict }: Underway): Promise<Defect | undefined> {
    const { store } = this.#options
    const defect = (await verdict) ?? (await this.#findRepeated(batch))
    if (defect !== undefined) return defect
    this.signatures += batch.checks.length
    await store.commit({ size: batch.start, entries: batch.entries, rows, tiles })
    assert((await store.size()) === batch.start + batch.entries.length, 'the book grew by the entries of the commit')
    return undefined
  }

  /** The same note would pass twice where no other rule stops it: a log has each once. */
  async #findRepeated({ start, entries }: Batch): Promise<Defect | undefined> {
    const known = await this.#options.store.indexes(entries.map(({ id }) => id))
    const seen = new Set<string>()
    const repeated = entries.findIndex(({ id }, i) => known[i] !== undefined || seen.size === seen.add(id).size)
    return repeated < 0 ? undefined : repeatedEntry(start + repeated)
  }
}
