/**
 * The sequencer: the one writer of a ledger. The path of a transaction is
 *
 *   admit      bytes in; size, canonical form, envelope, schema
 *   verify     signatures, many at once, by the verifier
 *   sequence   one queue, in order; a known id returns its first outcome, a remembered refusal is repeated
 *   prefetch   the rows that its type declares, in at most three rounds
 *   apply      checks and effects, pure, on the loaded rows
 *   commit     entries, changed rows, tiles and ids in one durable step of the store
 *   checkpoint signed over the new size and put in the guard by compare-and-swap
 *
 * Nothing is answered before it is durable. Whatever is waiting when the sequencer is free makes one batch, so that under load
 * many notes share one commit and at rest a note waits for nothing but its own. An error of the store or a broken invariant ends
 * the sequencer: it refuses further work, and whoever runs it closes, reopens and looks, since an I/O error is no proof that
 * nothing was written.
 */

import { setImmediate } from 'node:timers/promises'
import { assert } from '../base/assert.ts'
import { equalBytes, type Sha256 } from '../base/bytes.ts'
import { MAX_COMMIT_NOTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type Rules } from '../domain/envelope.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { platform } from '../domain/state.ts'
import type { StateSummary } from '../domain/state-root.ts'
import { type Milliseconds, type Seconds, wholeSeconds } from '../domain/time.ts'
import { signCheckpoint } from '../log/checkpoint.ts'
import type { CheckPoint } from '../log/enrolment.ts'
import type { Frontier } from '../log/merkle.ts'
import { appendLeaves, type TileRow } from '../log/tiles.ts'
import { type Accepted, readRecord } from './accepted.ts'
import { Admission, type Note, NotTaken } from './admission.ts'
import { Batch, type BatchTools, foreignKey, isSummarizing } from './batch.ts'
import { Closing } from './closing.ts'
import { checkpointSigners, type SequencerKey } from './log-keys.ts'
import { LoadedRows } from './rows.ts'
import { StoreError, type StoreReader, type StoreWriter } from './store.ts'
import { openTree, storedTiles } from './tree.ts'
import type { Verifier } from './verifier.ts'

export interface LedgerOptions {
  readonly rules: Rules
  readonly sha256: Sha256
  readonly store: StoreWriter
  readonly verifier: Verifier
  /**
   * Milliseconds since 1970; a ledger with a manual clock gives the time that it was told. Never less than the last entry's is
   * used.
   */
  readonly now: () => Milliseconds
  /** The keys at hand that sign checkpoints: the one that the log names, those that it replaced lately, one to come. */
  readonly sequencerKeys: readonly SequencerKey[]
  /** The quickest check of new keys' points that there is; by default the one that runs everywhere. */
  readonly isPrimeOrder?: CheckPoint | undefined
}

export class Ledger {
  readonly #options: LedgerOptions
  readonly #rows: LoadedRows
  readonly #closing: Closing
  readonly #admission: Admission
  #frontier: Frontier
  #edge: Map<string, TileRow>
  #checkpoint: Uint8Array | undefined
  #lastTime: Milliseconds
  readonly #tools: BatchTools
  #running: Promise<void> | undefined
  #failure: unknown

  private constructor(options: LedgerOptions, opened: Awaited<ReturnType<typeof openTree>>, staleBefore: number) {
    this.#options = options
    const { rules, sha256, store } = options
    this.#rows = new LoadedRows(store, (index) => readRecord(rules, sha256, store, index))
    this.#admission = new Admission({ rules, sha256, verifier: options.verifier, rows: this.#rows })
    this.#closing = new Closing(options)
    this.#frontier = opened.frontier
    this.#edge = opened.edge
    this.#checkpoint = opened.checkpoint
    this.#lastTime = opened.lastTime
    this.#tools = { ...options, rows: this.#rows, closing: this.#closing, staleBefore }
  }

  /**
   * Opens a founded ledger and signs a checkpoint over whatever was committed but not yet signed. Throws StoreError `damaged`
   * where the store is older than the last checkpoint that was signed, or has another history: signing on would fork the log.
   */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const ledger = await Ledger.#openTree(options)
    if (ledger.size === 0) throw new StoreError('missing', 'The ledger has no genesis yet.')
    await ledger.#publishCheckpoint()
    return ledger
  }

  /** Founds the ledger: its genesis, which must name this sequencer, becomes entry 0 of an empty store. */
  static async found(options: LedgerOptions, genesis: Uint8Array): Promise<{ ledger: Ledger; answer: Accepted | Refusal }> {
    const { rules, sha256, sequencerKeys } = options
    const parsed = parseSignedTransaction(rules, sha256, genesis)
    if (!(parsed instanceof Malformed)) {
      assert(foreignKey(parsed, sequencerKeys) === undefined, 'the genesis names the key of the sequencer that founds the ledger')
      assert(
        sequencerKeys.every(({ name }) => name === parsed.ledger),
        "the sequencer signs in the ledger's name",
      )
    }
    const ledger = await Ledger.#openTree(options)
    const answer = ledger.size === 0 ? await ledger.submit(genesis) : refuse('already_founded')
    return { ledger, answer }
  }

  static async #openTree(options: LedgerOptions): Promise<Ledger> {
    const opened = await openTree(options.sha256, options.store, options.verifier)
    return new Ledger(options, opened, await options.store.staleBefore())
  }

  /** The number of entries. */
  get size(): number {
    return this.#frontier.size
  }

  /** The last checkpoint signed. */
  get checkpoint(): Uint8Array | undefined {
    return this.#checkpoint
  }

  /** The time of the last entry; 0 before the first. */
  get lastTime(): Milliseconds {
    return this.#lastTime
  }

  /** What readers of this ledger see is what its store says. */
  get reader(): StoreReader {
    return this.#options.store
  }

  /** What all books are after the entries so far, as a period.close states it. */
  async summary(time: Seconds): Promise<StateSummary> {
    await this.#running
    return this.#closing.summary(this.size, time)
  }

  /** Answers a note once its outcome is durable. Rejects where the sequencer failed: then nothing is known of the note's fate. */
  submit(note: Uint8Array): Promise<Accepted | Refusal> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (!this.#admission.hasRoom(note.length)) {
      return Promise.reject(new NotTaken('busy', 'The ledger has too many transactions waiting; try again in a moment.'))
    }
    return new Promise((answer, fail) => {
      this.#admission.add(note, answer, fail)
      this.#running ??= this.#write()
    })
  }

  /** Waits for what was submitted and closes the store. */
  async close(): Promise<void> {
    await this.#running
    await this.#options.store.close()
  }

  async #write(): Promise<void> {
    // Everything submitted in the same turn of the event loop shares the first batch.
    await Promise.resolve()
    while (this.#admission.count > 0) {
      const taken: Note[] = []
      try {
        await this.#writeWhatIsReady(taken)
      } catch (error) {
        this.#failure = error
        for (const { fail } of [...taken, ...this.#admission.takeAll()]) fail(error)
      }
    }
    // In the same turn in which nothing was seen to wait, so that no note can slip in between and wait for ever.
    this.#running = undefined
  }

  /**
   * One commit: what is ready, and what gets ready while that is executed, but no more than waited when it began, so that nobody
   * waits for those who come later.
   */
  async #writeWhatIsReady(taken: Note[]): Promise<void> {
    const most = Math.min(this.#admission.count, MAX_COMMIT_NOTES)
    let batch = this.#newBatch()
    do {
      const group = await this.#admission.take()
      taken.push(...group)
      batch = await this.#sequence(batch, group)
      // The verifier's answers arrive as events.
      if (taken.length < most) await setImmediate()
    } while (taken.length < most && this.#admission.isReady)
    await this.#commit(batch)
  }

  #newBatch(): Batch {
    return new Batch(this.#tools, this.size, this.#lastTime)
  }

  /** Returns the batch that the last of the notes is in: one that looks at all books waits until they are committed. */
  async #sequence(batch: Batch, notes: readonly Note[]): Promise<Batch> {
    let current = batch
    for (const part of splitAtSummaries(notes)) {
      if (isSummarizing(part[0]!) && current.entries.length > 0) {
        await this.#commit(current)
        current = this.#newBatch()
      }
      await current.add(part)
    }
    return current
  }

  async #commit(batch: Batch): Promise<void> {
    if (batch.entries.length > 0) await this.#commitEntries(batch)
    // After the entries: a refusal may rest on one of them, and one that was not answered yet need not be remembered.
    if (batch.refusals.size > 0) {
      const refusals = [...batch.refusals].map(([id, refusal]) => ({ id, refusal }))
      await this.#options.store.rememberRefusals(refusals, wholeSeconds(this.#lastTime))
    }
    this.#rows.trim()
    for (const { result, answer, fail } of batch.notes) {
      assert(result !== undefined, 'what was sequenced has a result')
      if (result instanceof NotTaken) fail(result)
      else answer(result)
    }
  }

  async #commitEntries({ entries, leafHashes, lastTime }: Batch): Promise<void> {
    const readEdge = (level: number, number: number) => this.#edge.get(`${level}/${number}`)!.hashes
    const { frontier, tiles } = appendLeaves(readEdge, this.#frontier, leafHashes)
    await this.#options.store.commit({ size: this.size, entries, rows: this.#rows.takeChanged(), tiles })
    assert(frontier.size === this.size + entries.length, 'the tree grew by the entries of the commit')
    this.#frontier = frontier
    this.#edge = storedTiles(this.#edge, tiles, frontier.size)
    this.#lastTime = lastTime
    await this.#publishCheckpoint()
  }

  /**
   * Signs the tree as it is and puts the checkpoint in the place of the one before. The entries it covers are durable already.
   */
  async #publishCheckpoint(): Promise<void> {
    const { sequencerKeys, store } = this.#options
    await this.#rows.load([platform])
    const ledger = this.#rows.get(platform)
    assert(ledger !== undefined, 'a ledger with entries was founded')
    const checkpoint = { origin: ledger.origin, size: this.size, root: this.#frontier.root(), extensions: [] }
    // By the log's own time, so that the same tree is signed by the same keys whenever it is opened.
    const signers = checkpointSigners(ledger, sequencerKeys, wholeSeconds(this.#lastTime))
    const signed = signCheckpoint(checkpoint, signers)
    // Ed25519 signs one text in one way, so a checkpoint of the same tree is the same bytes and needs no write.
    if (this.#checkpoint !== undefined && equalBytes(signed, this.#checkpoint)) return
    await store.replaceCheckpoint(this.#checkpoint, signed)
    this.#checkpoint = signed
  }
}

/** The notes in order, in parts that each begin with one that looks at all books, the first perhaps not. */
function splitAtSummaries(notes: readonly Note[]): readonly (readonly Note[])[] {
  const starts = notes.flatMap((note, i) => (i === 0 || isSummarizing(note) ? [i] : []))
  return starts.map((start, i) => notes.slice(start, starts[i + 1]))
}
