/**
 * How a log gets its checkpoints cosigned, and which of them it publishes. A round:
 *
 *   target     the last checkpoint that the sequencer signed
 *   ask        all witnesses at once, each with the proof from the size that it cosigned last
 *   publish    once the quorum has cosigned, or once all have answered or their time is over: then without the quorum, or,
 *              where the operator said `hold`, not at all
 *
 * Submitting never waits for it. What is published never goes back: it is kept first, and taken up again at the next start. A
 * cosignature that comes late is added to what is published. A witness that does not answer is left alone for a while, twice as
 * long each time; one that refuses is left alone for longer, since that is for people to look at.
 */

import { assert } from '../base/assert.ts'
import { equalBytes, type Sha256, tryUtf8Decode } from '../base/bytes.ts'
import { MAX_NOTE_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { entryCount } from '../base/plural.ts'
import { printable } from '../base/printable.ts'
import type { Milliseconds } from '../domain/time.ts'
import type { LogReader } from '../ledger/store.ts'
import { formatAddCheckpoint } from '../log/add-checkpoint.ts'
import {
  cosignatureTime,
  cosignatureVerifier,
  hasQuorum,
  parseCheckpoint,
  parseDecimal,
  readCheckpoint,
  type WitnessGroup,
} from '../log/checkpoint.ts'
import {
  formatNote,
  isSameKey,
  type Note,
  type NoteSignature,
  parseNote,
  parseSignatureLines,
  type VerifierKey,
} from '../log/note.ts'
import type { VerifySignature } from '../log/signature.ts'
import { readPrefix, tilesIn } from './remote-tree.ts'

/** A witness that runs somewhere else. */
export interface RemoteWitness {
  /** Its answer to the body of an add-checkpoint request. Throws RemoteError where it does not answer. */
  addCheckpoint(body: Uint8Array, signal: AbortSignal): Promise<{ readonly status: number; readonly body: Uint8Array }>
}

/** What was published, as it is kept between two runs of the program. */
export interface Published {
  /** The last checkpoint that was served. */
  readonly checkpoint?: Uint8Array | undefined
  /** The last one that the quorum had cosigned. */
  readonly cosigned?: Uint8Array | undefined
}

export interface CosigningOptions {
  readonly sha256: Sha256
  readonly verify: VerifySignature
  /** Reads the log as it is now. */
  readonly reading: <T>(read: (log: Pick<LogReader, 'checkpoint' | 'tile'>) => Promise<T>) => Promise<T>
  readonly witnesses: readonly { readonly key: VerifierKey; readonly remote: RemoteWitness }[]
  /** Who has to have cosigned, and what is done with a checkpoint that lacks a quorum. */
  readonly quorum: WitnessGroup
  readonly unwitnessed: 'serve' | 'hold'
  /** How long a witness has for its answer. */
  readonly timeoutMs: number
  /** What was kept, and how to keep more: it is on the disk when `keep` returns. */
  readonly kept: Published
  readonly keep: (published: Published) => void
  /** Called with what is published. */
  readonly publish: (checkpoint: Uint8Array) => void
  /** Called with what went wrong, and with which witness; with none where it is the log itself. */
  readonly report: (message: string, witness?: string) => void
  readonly now: () => Milliseconds
  readonly random: () => number
  /** Resolves after a time, or with the signal. */
  readonly pause: (milliseconds: Milliseconds, signal: AbortSignal) => Promise<unknown>
}

/** What is known of a witness, for those who watch the hub. */
interface WitnessStatus {
  readonly name: string
  /** The tree size that it cosigned last, as far as is known here. */
  readonly size: number
  /** What became of the last requests. */
  readonly counts: Readonly<Record<Outcome, number>>
  readonly isFailing: boolean
  /** When it cosigned last, since the program was started. */
  readonly cosigned?: Milliseconds | undefined
  /** What went wrong with the last request, and when. */
  readonly failure?: Failing | undefined
}

interface Failing {
  readonly message: string
  readonly time: Milliseconds
}

type Outcome = 'cosigned' | 'offline' | 'refused'

/** The time from one round to the next, so that witnesses are asked once for many commits. */
const ROUND_MS = 500
const FIRST_REST_MS = 1_000
const LONGEST_REST_MS = 60_000
/** A witness may say once that it knows another size than we think. */
const MAX_ATTEMPTS = 3

/** A checkpoint on its way to be published, with the cosignatures that it has. */
interface Target {
  readonly signed: Uint8Array
  readonly note: Note
  readonly size: number
  readonly cosignatures: NoteSignature[]
}

interface Asked {
  readonly key: VerifierKey
  readonly remote: RemoteWitness
  size: number
  isBusy: boolean
  failures: number
  cosigned: Milliseconds | undefined
  failure: Failing | undefined
  restUntil: Milliseconds
  readonly counts: Record<Outcome, number>
}

/** The witness answered, and its answer is for people to look at. */
class Refused extends Error {}

export class Cosigning {
  readonly #options: CosigningOptions
  readonly #witnesses: readonly Asked[]
  #published: Published
  #target: Target | undefined
  readonly #life = new AbortController()
  #wake = new AbortController()
  readonly #running: Promise<void>

  constructor(options: CosigningOptions) {
    this.#options = options
    this.#published = options.kept
    this.#witnesses = options.witnesses.map((one) => ({
      ...one,
      size: 0,
      isBusy: false,
      failures: 0,
      cosigned: undefined,
      failure: undefined,
      restUntil: 0,
      counts: { cosigned: 0, offline: 0, refused: 0 },
    }))
    this.#running = this.#run()
  }

  /** What is published; undefined before the first. */
  get published(): Uint8Array | undefined {
    return this.#published.checkpoint
  }

  /** The last checkpoint that the quorum had cosigned. */
  get cosigned(): Uint8Array | undefined {
    return this.#published.cosigned
  }

  get witnesses(): WitnessStatus[] {
    return this.#witnesses.map(({ key, size, counts, failures, cosigned, failure }) => ({
      name: key.name,
      isFailing: failures > 0,
      ...{ size, counts, cosigned, failure },
    }))
  }

  /** Is called when there is a new checkpoint. */
  grown(): void {
    this.#wake.abort()
  }

  async close(): Promise<void> {
    this.#life.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { pause, report } = this.#options
    const { signal } = this.#life
    while (!signal.aborted) {
      this.#wake = new AbortController()
      try {
        await this.#round()
      } catch (error) {
        report(`The log could not be cosigned: ${(error as Error).message}`)
        await pause(FIRST_REST_MS, signal)
        continue
      }
      await pause(ROUND_MS, signal)
      await pause(this.#restMs(), AbortSignal.any([signal, this.#wake.signal]))
    }
  }

  /** For how long there is nothing to do, unless the log grows or a witness answers. */
  #restMs(): Milliseconds {
    const now = this.#options.now()
    const missing = this.#missing().filter(({ isBusy }) => !isBusy)
    return missing.reduce((least, { restUntil }) => Math.min(least, Math.max(0, restUntil - now)), LONGEST_REST_MS)
  }

  #missing(): Asked[] {
    const { cosignatures = [] } = this.#target ?? {}
    return this.#witnesses.filter(({ key }) => !cosignatures.some((cosignature) => isSameKey(cosignature, key)))
  }

  async #round(): Promise<void> {
    const target = await this.#nextTarget()
    if (target === undefined) return
    const now = this.#options.now()
    const ready = this.#missing().filter(({ isBusy, restUntil }) => !isBusy && restUntil <= now)
    const quorum = Promise.withResolvers<void>()
    if (this.#hasQuorum(target)) quorum.resolve()
    let isOver = false
    const asked = ready.map(async (witness) => {
      await this.#ask(witness, target)
      if (isOver) this.#addLate(target)
      else if (this.#hasQuorum(target)) quorum.resolve()
      // If the cosignature is still missing, or the log has grown meanwhile, the next round asks again.
      this.#wake.abort()
    })
    await Promise.race([Promise.all(asked), quorum.promise])
    isOver = true
    this.#publish(target)
  }

  /** A cosignature that came after its target was published: it is published as well, unless a later checkpoint already is. */
  #addLate(target: Target): void {
    if (target !== this.#target) return
    try {
      this.#publish(target)
    } catch (error) {
      this.#options.report(`A cosignature could not be published: ${(error as Error).message}`)
    }
  }

  #hasQuorum({ cosignatures }: Target): boolean {
    return hasQuorum(this.#options.quorum, cosignatures)
  }

  /** The last checkpoint signed, with the cosignatures that it has so far. */
  async #nextTarget(): Promise<Target | undefined> {
    const signed = await this.#options.reading((log) => log.checkpoint())
    if (signed === undefined) return undefined
    if (this.#target !== undefined && equalBytes(this.#target.signed, signed)) return this.#target
    const note = parseNote(signed, MAX_NOTE_BYTES)
    const head = note instanceof Malformed ? note : parseCheckpoint(note.text)
    assert(!(note instanceof Malformed) && !(head instanceof Malformed), 'what the sequencer signed is a checkpoint')
    this.#target = { signed, note, size: head.size, cosignatures: this.#keptCosignatures(note) }
    return this.#target
  }

  /** Those with which the same text was published before. */
  #keptCosignatures({ text, textBytes }: Note): NoteSignature[] {
    const kept = [this.#published.checkpoint, this.#published.cosigned]
      .map((signed) => (signed === undefined ? undefined : parseNote(signed, MAX_NOTE_BYTES)))
      .find((note) => note !== undefined && !(note instanceof Malformed) && note.text === text)
    if (kept === undefined || kept instanceof Malformed) return []
    return kept.signatures.filter((signature) =>
      this.#witnesses.some(({ key }) => isSameKey(key, signature) && this.#isGood(key, textBytes, signature)),
    )
  }

  #isGood(key: VerifierKey, textBytes: Uint8Array, { signature }: NoteSignature): boolean {
    const seconds = cosignatureTime(signature)
    return seconds !== undefined && seconds > 0n && cosignatureVerifier(this.#options.verify, key).verify(textBytes, signature)
  }

  /** Gets a witness's cosignature for a target, if it gives one in time. */
  async #ask(witness: Asked, target: Target): Promise<void> {
    const { now, random, report, timeoutMs } = this.#options
    witness.isBusy = true
    const wasFailing = witness.failures > 0
    try {
      const signal = AbortSignal.any([this.#life.signal, AbortSignal.timeout(timeoutMs)])
      target.cosignatures.push(await this.#cosignature(witness, target, signal))
      witness.size = target.size
      witness.failures = 0
      witness.cosigned = now()
      witness.failure = undefined
      witness.counts.cosigned += 1
    } catch (error) {
      if (this.#life.signal.aborted) return
      const isRefusal = error instanceof Refused
      witness.counts[isRefusal ? 'refused' : 'offline'] += 1
      witness.failures += 1
      witness.failure = { message: (error as Error).message, time: now() }
      const restMs = isRefusal ? LONGEST_REST_MS : Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (witness.failures - 1))
      witness.restUntil = now() + restMs * (0.5 + random() / 2)
      if (!wasFailing || isRefusal) report(witness.failure.message, witness.key.name)
    } finally {
      witness.isBusy = false
    }
  }

  async #cosignature(witness: Asked, target: Target, signal: AbortSignal): Promise<NoteSignature> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const oldSize = witness.size
      const proof = await this.#prove(oldSize, target.size)
      const { status, body } = await witness.remote.addCheckpoint(
        formatAddCheckpoint({ oldSize, proof, checkpoint: target.signed }),
        signal,
      )
      if (status === 200) return this.#readCosignature(witness.key, target, body)
      if (status !== 409)
        throw new Refused(`It refuses the checkpoint of ${entryCount(target.size)}: ${status} ${beginningOf(body)}`)
      witness.size = conflictingSize(body, target.size)
    }
    throw new Refused('It names another size each time that it is asked.')
  }

  /** The proof that the tree of `size` entries begins with that of `oldSize`. */
  async #prove(oldSize: number, size: number): Promise<readonly Uint8Array[]> {
    if (oldSize === 0 || oldSize === size) return []
    const { reading, sha256 } = this.#options
    return reading(async (log) => (await readPrefix(sha256, tilesIn(log), oldSize, size)).path)
  }

  #readCosignature(key: VerifierKey, { note }: Target, body: Uint8Array): NoteSignature {
    const lines = parseSignatureLines(tryUtf8Decode(body) ?? '')
    const own = lines instanceof Malformed ? undefined : lines.find((signature) => isSameKey(signature, key))
    if (own !== undefined && this.#isGood(key, note.textBytes, own)) return own
    throw new Refused('It answers without a cosignature that its key made.')
  }

  /** Publishes a target with the cosignatures that it has, if they are enough, or need not be. */
  #publish(target: Target): void {
    const { keep, publish, unwitnessed } = this.#options
    const isEnough = this.#hasQuorum(target)
    if (!isEnough && unwitnessed === 'hold') return
    // In the order of the witnesses, whichever of them was quickest.
    const cosignatures = this.#witnesses.flatMap(({ key }) => target.cosignatures.filter((one) => isSameKey(one, key)))
    const checkpoint = formatNote(target.note.text, [...target.note.signatures, ...cosignatures])
    const { checkpoint: before } = this.#published
    if (before !== undefined && equalBytes(before, checkpoint)) return
    assert(sizeOf(before) <= target.size, 'what is published never goes back')
    const published = { checkpoint, cosigned: isEnough ? checkpoint : this.#published.cosigned }
    keep(published)
    this.#published = published
    publish(checkpoint)
  }
}

function sizeOf(checkpoint: Uint8Array | undefined): number {
  const head = checkpoint === undefined ? undefined : readCheckpoint(checkpoint)
  return head === undefined || head instanceof Malformed ? 0 : head.size
}

/** The size that a witness says it cosigned last. */
function conflictingSize(body: Uint8Array, size: number): number {
  const text = tryUtf8Decode(body) ?? ''
  const known = text.endsWith('\n') ? parseDecimal(text.slice(0, -1)) : undefined
  if (known === undefined) throw new Refused('It answers 409 without a size.')
  if (known <= size) return known
  throw new Refused(
    `It has cosigned ${entryCount(known)} of this log, and there are ${size}: this ledger is an older copy, or there are two.`,
  )
}

const MAX_SHOWN_CHARACTERS = 200

function beginningOf(body: Uint8Array): string {
  return printable((tryUtf8Decode(body) ?? '').trim().slice(0, MAX_SHOWN_CHARACTERS))
}
