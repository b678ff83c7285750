/**
 * The ledger behind the hub. A sequencer that failed (a full disk, a device that did not answer) knows nothing of what was
 * written: it is closed, and the ledger is opened anew, which looks. Until that succeeds notes are answered with the failure, and
 * reading goes on.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Failure } from '../../api/failures.ts'
import type { HubHost, LedgerSight } from '../../api/hub/host.ts'
import { assert } from '../../base/assert.ts'
import { MAX_QUEUED_BYTES, MAX_QUEUED_NOTES } from '../../base/limits.ts'
import { Malformed } from '../../base/malformed.ts'
import type { Refusal } from '../../domain/refusal.ts'
import type { StateSummary } from '../../domain/state-root.ts'
import type { Milliseconds, Seconds } from '../../domain/time.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import { NotTaken } from '../../ledger/admission.ts'
import type { Searched } from '../../ledger/entry-search.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { SequencerKey } from '../../ledger/log-keys.ts'
import { signRefusal } from '../../ledger/signed-refusal.ts'
import { StoreError, type StoreReader } from '../../ledger/store.ts'
import { readCheckpoint } from '../../log/checkpoint.ts'
import type { Cosigning } from '../../sync/cosigning.ts'
import { Broadcast } from '../broadcast.ts'
import { LEDGER_TOOLS } from '../desk.ts'
import { type NoteObserver, observed } from '../monitor/observer.ts'
import type { Sequencer } from '../sequencer.ts'
import { type Readable, SharedReader } from '../shared-reader.ts'

interface HubLedgerOptions {
  /** Opens the ledger as its one writer; called again after a failure. */
  readonly open: () => Promise<Ledger>
  /** Opens what is read from. */
  readonly openSearched: () => Promise<Searched & Readable>
  /** Told how many entries there are whenever there are more. */
  readonly grew?: (size: number) => void
  /** The keys with which the ledger that is open signs. */
  readonly sequencerKeys: () => readonly SequencerKey[]
  /** The time by the ledger's own clock. */
  readonly now: () => Milliseconds
  readonly explain: (error: unknown) => Failure
  /** Told of failures of the sequencer, and of its return. */
  readonly report?: (failure: Failure | undefined) => void
  /** Counts notes. */
  readonly observer?: NoteObserver | undefined
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
  /** How much may wait for its outcome. */
  readonly room?: Room
}

interface Room {
  readonly notes: number
  readonly bytes: number
}

/** What the ledger itself takes: so a note that finds room here finds room there. */
const ROOM: Room = { notes: MAX_QUEUED_NOTES, bytes: MAX_QUEUED_BYTES }
/** The pause before the ledger is opened again; doubled each time, up to the longest. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
/** What passes by itself, or once somebody has made room. */
const PASSING: readonly StoreError['code'][] = ['disk_full', 'offline', 'busy', 'locked']

export class HubLedger implements HubHost, Sequencer {
  readonly tools = LEDGER_TOOLS
  readonly #options: HubLedgerOptions
  readonly #reader: SharedReader<Searched & Readable>
  readonly #growth = new Broadcast<number>()
  readonly #publication = new Broadcast<number>()
  #cosigning: Cosigning | undefined
  #ledger: Ledger
  #checkpoint: Uint8Array
  #failure: Failure | undefined
  readonly #life = new AbortController()
  #recovery: Promise<void> = Promise.resolve()
  #waitingNotes = 0
  #waitingBytes = 0

  private constructor(options: HubLedgerOptions, ledger: Ledger) {
    this.#options = options
    this.#ledger = ledger
    this.#checkpoint = checkpointOf(ledger)
    this.#reader = new SharedReader(options.openSearched)
  }

  static async open(options: HubLedgerOptions): Promise<HubLedger> {
    return new HubLedger(options, await options.open())
  }

  /** The entries that the checkpoint covers. */
  get size(): number {
    return sizeOf(this.#checkpoint)
  }

  get checkpoint(): Uint8Array {
    return this.#checkpoint
  }

  get published(): Uint8Array | undefined {
    return this.#cosigning === undefined ? this.#checkpoint : this.#cosigning.published
  }

  get cosigned(): Uint8Array | undefined {
    return this.#cosigning?.cosigned
  }

  /** From now on what is signed is published when its cosigning says so. */
  publishThrough(start: (publish: (checkpoint: Uint8Array) => void) => Cosigning): Cosigning {
    this.#cosigning = start((checkpoint) => this.#publication.say(sizeOf(checkpoint)))
    return this.#cosigning
  }

  get lastTime(): Milliseconds {
    return this.#ledger.lastTime
  }

  /** What the sequencer itself sees, as it changes. */
  get reader(): StoreReader {
    return this.#ledger.reader
  }

  summary(time: Seconds): Promise<StateSummary> {
    return this.#ledger.summary(time)
  }

  get failure(): Failure | undefined {
    return this.#failure
  }

  async reading<T>(read: (sight: LedgerSight) => Promise<T>): Promise<T> {
    const time = Math.max(this.#options.now(), this.lastTime)
    return this.#reader.use(this.#ledger.checkpoint, ({ store, lookup }) => read({ store, lookup, time }))
  }

  submit(note: Uint8Array): Promise<Accepted | Refusal> {
    return this.submitAll([note])[0]!
  }

  submitAll(notes: readonly Uint8Array[]): readonly Promise<Accepted | Refusal>[] {
    const { notes: mostNotes, bytes: mostBytes } = this.#options.room ?? ROOM
    let full: NotTaken | undefined
    return notes.map((note) => {
      if (this.#waitingNotes >= mostNotes || this.#waitingBytes + note.length > mostBytes)
        full ??= new NotTaken('busy', 'The ledger has too many transactions waiting; try again in a moment.')
      const answering = full === undefined ? this.#submitInRoom(note) : Promise.reject(full)
      return observed(answering, this.#options.observer, (error) => this.explain(error))
    })
  }

  async #submitInRoom(note: Uint8Array): Promise<Accepted | Refusal> {
    this.#waitingNotes += 1
    this.#waitingBytes += note.length
    try {
      return await this.#submit(note)
    } finally {
      this.#waitingNotes -= 1
      this.#waitingBytes -= note.length
    }
  }

  signRefusal(note: Uint8Array, refusal: Refusal): Promise<Uint8Array | undefined> {
    const sequencerKeys = this.#options.sequencerKeys()
    return this.reading(({ store, time }) => signRefusal({ ...LEDGER_TOOLS, store, sequencerKeys, time }, note, refusal))
  }

  async #submit(note: Uint8Array): Promise<Accepted | Refusal> {
    if (this.#failure !== undefined) throw new NotTaken('busy', `The ledger takes nothing now: ${this.#failure.message}`)
    const ledger = this.#ledger
    try {
      const answer = await ledger.submit(note)
      if (answer.status === 'accepted') this.#grow(ledger)
      return answer
    } catch (error) {
      if (!(error instanceof NotTaken)) this.#fail(ledger, error)
      throw error
    }
  }

  async grown(size: number, signal: AbortSignal): Promise<void> {
    if (this.size > size) return
    for await (const now of this.#growth.listen(AbortSignal.any([signal, this.#life.signal]))) if (now > size) return
    if (this.#life.signal.aborted) throw new StoreError('offline', 'The hub is ending.')
  }

  async publishedBeyond(size: number, signal: AbortSignal): Promise<void> {
    if (this.published !== undefined && sizeOf(this.published) > size) return
    for await (const now of this.#publication.listen(AbortSignal.any([signal, this.#life.signal]))) if (now > size) return
    if (this.#life.signal.aborted) throw new StoreError('offline', 'The hub is ending.')
  }

  explain(error: unknown): Failure {
    return this.#options.explain(error)
  }

  /** Opens the ledger anew once what is under way is answered: with other keys, for instance. */
  async reopen(): Promise<void> {
    if (this.#failure !== undefined) return
    const error = new NotTaken('busy', 'The ledger is being opened again; try again in a moment.')
    this.#become(this.explain(error))
    this.#recovery = this.#recover(this.#ledger, error, 0)
    await this.#recovery
  }

  /** Answers what is under way and lets go of the ledger. */
  async close(): Promise<void> {
    this.#life.abort()
    await this.#recovery
    this.#reader.retire()
    if (this.#failure === undefined) await this.#ledger.close()
  }

  /** After each commit. */
  #grow(ledger: Ledger): void {
    const checkpoint = checkpointOf(ledger)
    if (checkpoint === this.#checkpoint) return
    this.#checkpoint = checkpoint
    this.#growth.say(this.size)
    this.#options.grew?.(this.size)
    if (this.#cosigning === undefined) this.#publication.say(this.size)
    else this.#cosigning.grown()
  }

  /** Once for each sequencer that fails, whatever number of notes it fails with. */
  #fail(ledger: Ledger, error: unknown): void {
    if (ledger !== this.#ledger || this.#failure !== undefined) return
    this.#become(this.explain(error))
    this.#recovery = this.#recover(ledger, error)
  }

  #become(failure: Failure | undefined): void {
    this.#failure = failure
    this.#options.report?.(failure)
  }

  async #recover(failed: Ledger, error: unknown, firstPauseMs = FIRST_PAUSE_MS): Promise<void> {
    await failed.close()
    const { open, pause = rest } = this.#options
    const { signal } = this.#life
    // What does not pass (a broken invariant, damage) is for somebody to look at, and nothing is signed until then.
    for (let [last, wait] = [error, firstPauseMs]; isPassing(last); wait = longer(wait)) {
      await pause(wait, signal)
      if (signal.aborted) return
      try {
        this.#ledger = await open()
        // Nobody held its lock meanwhile, so its files may be others.
        this.#reader.retire()
        this.#become(undefined)
        this.#grow(this.#ledger)
        return
      } catch (again) {
        last = again
        this.#become(this.explain(again))
      }
    }
  }
}

function longer(waitMs: number): number {
  return Math.min(Math.max(2 * waitMs, FIRST_PAUSE_MS), LONGEST_PAUSE_MS)
}

function isPassing(error: unknown): boolean {
  return error instanceof StoreError && PASSING.includes(error.code)
}

async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {})
}

function sizeOf(checkpoint: Uint8Array): number {
  const head = readCheckpoint(checkpoint)
  assert(!(head instanceof Malformed), 'a checkpoint that was signed here is one')
  return head.size
}

function checkpointOf({ checkpoint }: Ledger): Uint8Array {
  assert(checkpoint !== undefined, 'a ledger that is open has a checkpoint')
  return checkpoint
}
