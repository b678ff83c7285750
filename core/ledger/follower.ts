/**
 * A replay into a store: a mirror's book, grown by the entries of another's log. The same execution as an audit's, on the rows
 * that the store holds, so it takes up at any entry where it was left, and memory is bounded by what a few batches touch.
 *
 *   execute     entries in groups, one after the other, on rows that were loaded for the whole group
 *   verify      their signatures, by other threads, while the next groups are executed here
 *   commit      many groups, a batch, in one durable step, once every signature in it is known to be good, while the next batch
 *               is executed
 *
 * So there is one batch that grows and one that is under way to the store, and no more: whoever would hand over the next one
 * waits until the one before is durable.
 *
 * Whoever adds entries has made sure that they are the log's.
 */

import { setImmediate } from 'node:timers/promises'
import { assert } from '../base/assert.ts'
import type { EntryRecord } from '../domain/state.ts'
import type { StateSummary } from '../domain/state-root.ts'
import { type Milliseconds, wholeSeconds } from '../domain/time.ts'
import { TILE_WIDTH, type TileRow } from '../log/tiles.ts'
import { decodeRecord, readRecord } from './accepted.ts'
import { Closing } from './closing.ts'
import {
  type Defect,
  type EntryCheck,
  type ExecutedEntry,
  executeGroup,
  findBadSignature,
  groupsOf,
  type ReadEntry,
  type ReplayState,
  repeatedEntry,
  signatureChecks,
} from './execution.ts'
import { type Declared, prefetchAgain } from './prefetch.ts'
import type { ReplayOptions } from './replay.ts'
import { LoadedRows } from './rows.ts'
import type { ChangedRow, LoggedEntry, MirrorWriter } from './store.ts'
import { grow, readEdge, type StoredEdge, type TreeEdge } from './tree.ts'
import type { Verifier } from './verifier.ts'

/** Signatures verified in one call: enough that no thread runs out of work while a batch is committed. */
const CHECKS_AT_A_TIME = 500
/** A batch is committed when it has so many entries, which are whole tiles, or so many bytes of them. */
const BATCH_ENTRIES = 8 * TILE_WIDTH
const BATCH_BYTES = 8 * 1024 * 1024

export interface FollowerOptions extends ReplayOptions {
  readonly store: MirrorWriter
}

/** Entries that were executed and are not committed yet. */
class Batch {
  readonly start: number
  readonly entries: { readonly id: string; readonly bytes: Uint8Array; readonly outcome: Uint8Array }[] = []
  readonly leaves: Uint8Array[] = []
  signatures = 0
  #bytes = 0
  #unchecked: EntryCheck[] = []
  readonly #verdicts: Promise<Defect | undefined>[] = []

  constructor(start: number) {
    this.start = start
  }

  has(index: number): boolean {
    return index >= this.start && index < this.start + this.entries.length
  }

  get isFull(): boolean {
    return this.entries.length >= BATCH_ENTRIES || this.#bytes >= BATCH_BYTES
  }

  /** Signatures that the verifier does not have yet. */
  get unchecked(): number {
    return this.#unchecked.length
  }

  add(executed: ExecutedEntry): void {
    const { bytes, leaf, outcomeBytes, transaction } = executed
    this.entries.push({ id: transaction.id, bytes, outcome: outcomeBytes })
    this.leaves.push(leaf)
    this.#bytes += bytes.length
    this.#unchecked.push(...signatureChecks(executed))
  }

  /** Has the signatures verified that were added since the last call. */
  verify(verifier: Verifier): void {
    if (this.#unchecked.length === 0) return
    const verdict = findBadSignature(verifier, this.#unchecked)
    // A caller that waits for it hears of a failure; until one does, nobody has to.
    verdict.catch(() => {})
    this.signatures += this.#unchecked.length
    this.#unchecked = []
    this.#verdicts.push(verdict)
  }

  async badSignature(): Promise<Defect | undefined> {
    for (const verdict of this.#verdicts) {
      const bad = await verdict
      if (bad !== undefined) return bad
    }
    return undefined
  }
}

/** A batch whose signatures are being checked, and which is then committed. */
interface Underway {
  readonly batch: Batch
  /** The first defect in it; without one it is durable. */
  readonly committed: Promise<Defect | undefined>
}

/** What a batch adds to the store besides its entries. */
interface Closed {
  readonly tiles: readonly TileRow[]
  /** As they were after the batch; later batches may have changed them again. */
  readonly rows: readonly ChangedRow[]
}

export class Follower implements ReplayState<Declared> {
  /** Signatures checked so far. */
  signatures = 0
  readonly #options: FollowerOptions
  readonly #loaded: LoadedRows
  readonly #closing: Closing
  #tree: TreeEdge
  #lastTime: Milliseconds
  #batch: Batch
  #underway: Underway | undefined

  private constructor(options: FollowerOptions, { frontier, edge, lastTime }: StoredEdge) {
    this.#options = options
    this.#loaded = new LoadedRows(options.store, (index) => this.#readRecord(index))
    this.#closing = new Closing(options)
    this.#tree = { frontier, edge }
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
   * Adds the entries that follow, in order. Stops at the first defect among them, or among earlier ones that were not committed
   * yet.
   */
  async add(entries: readonly LoggedEntry[]): Promise<Defect | undefined> {
    try {
      return await this.#add(entries)
    } catch (error) {
      // A caller that hears of the failure may close the store, or follow anew; so nothing may be under way to it by then.
      await this.#underway?.committed.catch(() => {})
      throw error
    }
  }

  async #add(entries: readonly LoggedEntry[]): Promise<Defect | undefined> {
    for (const group of groupsOf(entries)) {
      const place = { index: this.size, lastTime: this.#lastTime }
      const defect = await executeGroup(this.#options, this, group, place, this.#take)
      if (defect !== undefined) return (await this.flush()) ?? defect
      if (this.#batch.unchecked >= CHECKS_AT_A_TIME) this.#batch.verify(this.#options.verifier)
      // What was fetched, verified and committed meanwhile arrives as events.
      await setImmediate()
      const before = this.#batch.isFull ? await this.#handOver() : undefined
      if (before !== undefined) return before
    }
    return undefined
  }

  readonly #take = (executed: ExecutedEntry, rows: Declared): undefined => {
    this.#loaded.apply(executed.changes, rows)
    this.#lastTime = executed.time
    this.#batch.add(executed)
  }

  /** Waits until all that was added is committed. */
  async flush(): Promise<Defect | undefined> {
    return (await this.#handOver()) ?? (await this.#land())
  }

  prefetch(entries: readonly ReadEntry[]): Promise<readonly Declared[]> {
    return prefetchAgain(this.#options.sha256, entries, this.#loaded)
  }

  /** A summary is made of what is committed. */
  async summary(size: number, time: Milliseconds): Promise<StateSummary | Defect> {
    return (await this.flush()) ?? this.#closing.summary(size, wholeSeconds(time))
  }

  /** An entry as those after it see it, which may name it before the store has it. */
  async #readRecord(index: number): Promise<EntryRecord | undefined> {
    const { store } = this.#options
    const batch = [this.#underway?.batch, this.#batch].find((one) => one?.has(index))
    if (batch === undefined) return readRecord(this.#options, store, index)
    return decodeRecord(this.#options, this.#loaded, { index, ...batch.entries[index - batch.start]! })
  }

  /** Puts the batch at hand under way, once the one before it is committed. */
  async #handOver(): Promise<Defect | undefined> {
    const batch = this.#batch
    batch.verify(this.#options.verifier)
    const defect = await this.#land()
    if (defect !== undefined || batch.entries.length === 0) return defect
    const committed = this.#commit(batch, this.#close(batch))
    // #land reports a failure; until it is called, nobody has to hear of it.
    committed.catch(() => {})
    this.#underway = { batch, committed }
    this.#batch = new Batch(this.size)
    // What is forgotten was last asked for before this batch, so the store has it.
    this.#loaded.trim(batch.start)
    return undefined
  }

  /** Waits until no batch is under way. */
  async #land(): Promise<Defect | undefined> {
    const defect = await this.#underway?.committed
    this.#underway = undefined
    return defect
  }

  #close({ leaves }: Batch): Closed {
    const { grown, tiles } = grow(this.#tree, leaves)
    this.#tree = grown
    return { tiles, rows: this.#loaded.takeChanged() }
  }

  async #commit(batch: Batch, { tiles, rows }: Closed): Promise<Defect | undefined> {
    const { store } = this.#options
    const defect = (await batch.badSignature()) ?? (await this.#findRepeated(batch))
    if (defect !== undefined) return defect
    this.signatures += batch.signatures
    await store.commit({ size: batch.start, entries: batch.entries, rows, tiles })
    assert((await store.size()) === batch.start + batch.entries.length, 'the book grew by the entries of the commit')
    return undefined
  }

  /** A note that stands in the log twice, which no other rule would notice: a log has each once. */
  async #findRepeated({ start, entries }: Batch): Promise<Defect | undefined> {
    const known = await this.#options.store.indexes(entries.map(({ id }) => id))
    const seen = new Set<string>()
    const repeated = entries.findIndex(({ id }, i) => known[i] !== undefined || seen.size === seen.add(id).size)
    return repeated < 0 ? undefined : repeatedEntry(start + repeated)
  }
}
