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
 * many notes share one commit and at rest a note waits for nothing but its own. While a batch is committed the next one is
 * executed on what it left in memory; it is handed over after it, so it is durable after it too. An error of the store or a
 * broken invariant ends the sequencer: it refuses further work, and whoever runs it closes, reopens and looks, since an I/O error
 * is no proof that nothing was written.
 */

import { setImmediate } from 'node:timers/promises'
import { assert } from '../base/assert.ts'
import { equalBytes } from '../base/bytes.ts'
import { MAX_COMMIT_NOTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type Tools } from '../domain/envelope.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { platform } from '../domain/state.ts'
import type { StateSummary } from '../domain/state-root.ts'
import { type Milliseconds, type Seconds, wholeSeconds } from '../domain/time.ts'
import { signCheckpoint } from '../log/checkpoint.ts'
import type { CheckPoint } from '../log/enrolment.ts'
import type { Frontier } from '../log/merkle.ts'
import type { NoteSigner } from '../log/note.ts'
import { type Accepted, readRecord } from './accepted.ts'
import { Admission, NotTaken, type PendingNote } from './admission.ts'
import { Batch, type BatchTools, foreignKey, isSummarizing } from './batch.ts'
import { Closing } from './closing.ts'
import { checkpointSigners, type SequencerKey } from './log-keys.ts'
import { LoadedRows } from './rows.ts'
import { type Commit, StoreError, type StoreReader, type StoreWriter } from './store.ts'
import { grow, openTree, type TreeEdge } from './tree.ts'
import type { Verifier } from './verifier.ts'

export interface LedgerOptions extends Tools {
  readonly store: StoreWriter
  readonly verifier: Verifier
  /**
   * Milliseconds since 1970; a ledger with a manual clock gives the time that it was told. Never less than the last entry's is
   * used.
   */
  readonly now: () => Milliseconds
  /** The keys at hand that sign checkpoints: the one that the log names, those that it replaced lately, one to come. */
  readonly sequencerKeys: readonly SequencerKey[]
  /** The quickest check of new keys' points that the host has; by default the one that runs everywhere. */
  readonly isPrimeOrder?: CheckPoint | undefined
}

/** A tree, the time of its last entry, and who signs it. */
interface Head {
  readonly frontier: Frontier
  readonly time: Milliseconds
  readonly origin: string
  readonly signers: readonly NoteSigner[]
}

export class Ledger {
  readonly #options: LedgerOptions
  readonly #rows: LoadedRows
  readonly #closing: Closing
  readonly #admission: Admission
  readonly #tools: BatchTools
  /** The tree with all batches that were handed over. */
  #tree: TreeEdge
  /** Notes that were taken and are not in a batch yet. */
  #group: readonly PendingNote[] = []
  /** The batch that is being executed. */
  #batch: Batch
  /** How many notes waited when the first note of the batch was taken. */
  #most = 0
  /** The batch before it, until it is durable and its notes are answered. */
  #underway: Promise<void> | undefined
  #durable: Pick<Head, 'frontier' | 'time'>
  #checkpoint: Uint8Array | undefined
  #running: Promise<void> | undefined
  #failure: unknown

  private constructor(options: LedgerOptions, opened: Awaited<ReturnType<typeof openTree>>, staleBefore: number) {
    this.#options = options
    const { rules, sha256, store } = options
    this.#rows = new LoadedRows(store, (index) => readRecord(options, store, index))
    this.#admission = new Admission({ rules, sha256, verifier: options.verifier, rows: this.#rows })
    this.#closing = new Closing(options)
    this.#tools = { ...options, rows: this.#rows, closing: this.#closing, staleBefore }
    const { frontier, edge, lastTime, checkpoint } = opened
    this.#tree = { frontier, edge }
    this.#batch = new Batch(this.#tools, frontier.size, lastTime)
    this.#durable = { frontier, time: lastTime }
    this.#checkpoint = checkpoint
  }

  /**
   * Opens a founded ledger and signs a checkpoint over whatever was committed but not yet signed. Throws StoreError `damaged`
   * where the store is older than the last checkpoint that was signed, or has another history: signing on would fork the log.
   */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const ledger = await Ledger.#openTree(options)
    if (ledger.size === 0) throw new StoreError('missing', 'The ledger has no genesis yet.')
    await ledger.#publishCheckpoint(await ledger.#headOf(ledger.#tree.frontier, ledger.lastTime))
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

  /** The number of entries that are durable. */
  get size(): number {
    return this.#durable.frontier.size
  }

  /** The last checkpoint signed. */
  get checkpoint(): Uint8Array | undefined {
    return this.#checkpoint
  }

  /** The time of the last of them; 0 before the first. */
  get lastTime(): Milliseconds {
    return this.#durable.time
  }

  /** Readers of this ledger see what its store has. */
  get reader(): StoreReader {
    return this.#options.store
  }

  /** The state of all books after the entries so far, as a period.close states it. Nothing is sequenced while it is made. */
  async summary(time: Seconds): Promise<StateSummary> {
    while (this.#running !== undefined) await this.#running
    const summary = this.#closing.summary(this.size, time)
    this.#running = summary.catch(() => {}).then(() => this.#write())
    return summary
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
    while (this.#admission.count > 0 || !this.#batch.isEmpty || this.#underway !== undefined) {
      try {
        await this.#step()
      } catch (error) {
        this.#failure ??= error
      }
      if (this.#failure !== undefined) await this.#failAll(this.#failure)
    }
    // In the same turn in which nothing was seen waiting, so that no note can slip in between and wait for ever.
    this.#running = undefined
  }

  /**
   * Does what can be done next. Without a commit under way, a batch is handed over as soon as nothing more is ready, or as soon
   * as it has everything that waited when it began, so that nobody waits for later notes; with one under way it grows meanwhile.
   */
  async #step(): Promise<void> {
    const isAlone = this.#underway === undefined
    const { count, isReady } = this.#admission
    if (this.#batch.isEmpty) this.#most = Math.min(count, MAX_COMMIT_NOTES)
    const hasRoom = this.#batch.notes.length < (isAlone ? this.#most : MAX_COMMIT_NOTES)
    if (hasRoom && (isReady || (isAlone && this.#batch.isEmpty))) await this.#sequenceNext()
    else if (isAlone) await this.#handOver()
    else if (hasRoom) await Promise.race([this.#underway, this.#admission.ready()])
    else await this.#underway
  }

  async #sequenceNext(): Promise<void> {
    this.#group = await this.#admission.take()
    for (const part of splitAtSummaries(this.#group)) {
      // A summary of all books is made of what the store has.
      if (isSummarizing(part[0]!)) await this.#makeAllDurable()
      await this.#batch.add(part)
    }
    this.#group = []
    // The verifier's answers arrive as events.
    await setImmediate()
  }

  async #makeAllDurable(): Promise<void> {
    await this.#underway
    if (this.#batch.entries.length > 0) {
      await this.#handOver()
      await this.#underway
    }
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Has the batch made durable, while the next one is executed. */
  async #handOver(): Promise<void> {
    assert(this.#underway === undefined, 'one commit is under way at a time')
    const batch = this.#batch
    const { entries, leafHashes, lastTime } = batch
    const { size } = this.#tree.frontier
    const { grown, tiles } = grow(this.#tree, leafHashes)
    const { frontier } = grown
    assert(frontier.size === batch.size, 'the tree grows by the entries of the batch')
    // Now, before a transaction of the next batch can change who signs.
    const head = frontier.size === 0 ? undefined : await this.#headOf(frontier, lastTime)
    const commit = { size, entries, rows: this.#rows.takeChanged(), tiles }
    this.#tree = grown
    this.#rows.trim(size)
    batch.follow()
    this.#batch = new Batch(this.#tools, frontier.size, lastTime, batch)
    this.#underway = this.#commit(batch, commit, head).finally(() => {
      this.#underway = undefined
    })
  }

  /** Never rejects: a failure ends the sequencer. */
  async #commit(batch: Batch, commit: Commit, head: Head | undefined): Promise<void> {
    try {
      if (head !== undefined && commit.entries.length > 0) {
        await this.#options.store.commit(commit)
        await this.#publishCheckpoint(head)
      }
      await this.#rememberRefusals(batch)
    } catch (error) {
      this.#failure ??= error
      for (const { fail } of batch.notes) fail(error)
      return
    }
    for (const { result, answer, fail } of batch.notes) {
      assert(result !== undefined, 'what was sequenced has a result')
      if (result instanceof NotTaken) fail(result)
      else answer(result)
    }
  }

  /**
   * After the entries were committed: a refusal may rest on one of them, and a refusal that was not told yet need not be
   * remembered.
   */
  async #rememberRefusals({ refusals, lastTime }: Batch): Promise<void> {
    if (refusals.size === 0) return
    const remembered = [...refusals].map(([id, refusal]) => ({ id, refusal }))
    await this.#options.store.rememberRefusals(remembered, wholeSeconds(lastTime))
  }

  /** The batch under way may yet become durable; of the rest nothing does. */
  async #failAll(failure: unknown): Promise<void> {
    await this.#underway
    for (const { fail } of [...this.#batch.notes, ...this.#group, ...this.#admission.takeAll()]) fail(failure)
    this.#group = []
    this.#batch = new Batch(this.#tools, this.size, this.lastTime)
  }

  async #headOf(frontier: Frontier, time: Milliseconds): Promise<Head> {
    await this.#rows.load([platform])
    const ledger = this.#rows.get(platform)
    assert(ledger !== undefined, 'a ledger with entries was founded')
    // By the log's own time, so that the same tree is signed by the same keys whenever it is opened.
    const signers = checkpointSigners(ledger, this.#options.sequencerKeys, wholeSeconds(time))
    return { frontier, time, origin: ledger.origin, signers }
  }

  /** Signs a tree and puts the checkpoint in the place of the one before. The entries it covers are durable already. */
  async #publishCheckpoint(head: Head): Promise<void> {
    const { frontier, origin, signers } = head
    this.#durable = head
    const signed = signCheckpoint({ origin, size: frontier.size, root: frontier.root(), extensions: [] }, signers)
    // Ed25519 signs one text in one way, so a checkpoint of the same tree has the same bytes and need not be written.
    if (this.#checkpoint !== undefined && equalBytes(signed, this.#checkpoint)) return
    await this.#options.store.replaceCheckpoint(this.#checkpoint, signed)
    this.#checkpoint = signed
  }
}

/** The notes in order, in parts: each part but perhaps the first begins with a note that looks at all books. */
function splitAtSummaries(notes: readonly PendingNote[]): readonly (readonly PendingNote[])[] {
  const starts = notes.flatMap((note, i) => (i === 0 || isSummarizing(note) ? [i] : []))
  return starts.map((start, i) => notes.slice(start, starts[i + 1]))
}
