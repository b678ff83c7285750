/**
 * A witness, c2sp.org/tlog-witness: it cosigns a log's checkpoints as long as each continues the one before. What it signs says
 * that this is the largest tree of the log that it has seen, so that a log cannot show different trees to different people
 * without its witnesses' help.
 *
 * All of its safety is one rule: what is cosigned is kept first, by compare and set against the very checkpoint that it was found
 * to continue. Two requests at a time, or two programs, cannot bring the memory back to an older tree.
 */

import { equalBytes, type Sha256, toHex, tryUtf8Decode, utf8 } from '../base/bytes.ts'
import { MAX_NOTE_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { entryCount } from '../base/plural.ts'
import type { Seconds } from '../domain/time.ts'
import { StoreError, type WitnessStore } from '../ledger/store.ts'
import { type AddCheckpoint, continuationFault, parseAddCheckpoint } from '../log/add-checkpoint.ts'
import {
  type Checkpoint,
  cosignatureSigner,
  cosignatureTime,
  cosignatureVerifier,
  noteVerifier,
  parseCheckpoint,
} from '../log/checkpoint.ts'
import { emptyRoot, type TreeHead } from '../log/merkle.ts'
import {
  formatNote,
  formatSignatureLines,
  type Note,
  type NoteSignature,
  openNote,
  parseNote,
  type VerifierKey,
} from '../log/note.ts'
import type { VerifySignature } from '../log/signature.ts'
import type { Evidence } from './evidence.ts'

const NEWLINE = 0x0a

interface WitnessOptions {
  readonly sha256: Sha256
  readonly verify: VerifySignature
  /** The witness's own key, of type 04, and what makes its Ed25519 signatures. */
  readonly key: VerifierKey
  readonly sign: (message: Uint8Array) => Uint8Array
  /** The logs that it cosigns, by their origins, with the keys that they sign with. */
  readonly logs: ReadonlyMap<string, readonly VerifierKey[]>
  readonly store: WitnessStore
  readonly now: () => Seconds
  /** Is called when a log signed two trees of one size. */
  readonly caught?: (origin: string, evidence: Evidence) => void
}

export type WitnessAnswer =
  /** The cosignature, as lines of a note. */
  | { readonly status: 200; readonly lines: string }
  /** The size of what was cosigned last is another one. */
  | { readonly status: 409; readonly size: number }
  | { readonly status: 400 | 403 | 404 | 422; readonly reason: string }

/** What was cosigned last. */
interface Held extends TreeHead {
  readonly text: string
  readonly signed: Uint8Array
  readonly cosignature: NoteSignature
}

/** A checkpoint that its log signed. */
interface Submitted {
  readonly request: AddCheckpoint
  readonly checkpoint: Checkpoint
  readonly note: Note
  /** Those of the log's known keys. */
  readonly signatures: readonly NoteSignature[]
}

export class Witness {
  readonly #options: WitnessOptions
  /** Origins by their hashes, under which their checkpoints are served. */
  readonly #origins: ReadonlyMap<string, string>

  constructor(options: WitnessOptions) {
    this.#options = options
    this.#origins = new Map([...options.logs.keys()].map((origin) => [toHex(options.sha256(utf8(origin))), origin]))
  }

  /** Answers the body of an add-checkpoint request. */
  async addCheckpoint(body: Uint8Array): Promise<WitnessAnswer> {
    const submitted = this.#open(body)
    if ('status' in submitted) return submitted
    const { sha256, store } = this.#options
    const { request, checkpoint } = submitted
    for (;;) {
      const held = await this.#held(checkpoint.origin)
      const old: TreeHead = held ?? { size: 0, root: emptyRoot(sha256) }
      if (request.oldSize !== old.size) return { status: 409, size: old.size }
      const fault = continuationFault(sha256, old, checkpoint, request.proof)
      if (fault !== undefined) {
        if (held?.size === checkpoint.size) this.#catch(held, submitted)
        return { status: 422, reason: fault }
      }
      const seconds = this.#options.now()
      const known = held?.text === submitted.note.text ? held.cosignature : undefined
      // One text at one time is signed in one way: whoever asks again within a second costs no write.
      if (known !== undefined && cosignatureTime(known.signature) === BigInt(seconds)) return cosigned(known)
      const cosignature = this.#cosign(submitted.note, seconds)
      const next = formatNote(submitted.note.text, [...submitted.signatures, cosignature])
      // If another request was quicker, this one is checked again, against what that one left.
      if (await store.replaceCosigned(checkpoint.origin, held?.signed, next)) return cosigned(cosignature)
    }
  }

  /** The last checkpoint cosigned of the log whose origin has this hash, in lower-case hex. */
  async latest(originHash: string): Promise<Uint8Array | undefined> {
    const origin = this.#origins.get(originHash)
    return origin === undefined ? undefined : (await this.#held(origin))?.signed
  }

  #open(body: Uint8Array): Submitted | WitnessAnswer {
    const request = parseAddCheckpoint(body)
    if (request instanceof Malformed) return { status: 400, reason: request.reason }
    // Whatever is wrong with the rest, its first line says whose it is.
    const origin = tryUtf8Decode(request.checkpoint.subarray(0, request.checkpoint.indexOf(NEWLINE)))
    const keys = origin === undefined ? undefined : this.#options.logs.get(origin)
    if (keys === undefined) return { status: 404, reason: 'this log is not witnessed here' }
    const note = parseNote(request.checkpoint, MAX_NOTE_BYTES)
    // Signature lines that cannot be read count as signatures that fail.
    if (note instanceof Malformed) return { status: 403, reason: note.reason }
    const checkpoint = parseCheckpoint(note.text)
    if (checkpoint instanceof Malformed) return { status: 400, reason: checkpoint.reason }
    const known = keys.map((key) => noteVerifier(this.#options.verify, key))
    const signatures = openNote(note, known)
    if (signatures instanceof Malformed) return { status: 403, reason: signatures.reason }
    if (request.oldSize > checkpoint.size) return { status: 400, reason: "the old size is above the checkpoint's" }
    return { request, checkpoint, note, signatures }
  }

  /** What was cosigned last for a log. It carries the witness's own signature, so damage to it shows. */
  async #held(origin: string): Promise<Held | undefined> {
    const { key, store, verify } = this.#options
    const signed = await store.cosigned(origin)
    if (signed === undefined) return undefined
    const note = parseNote(signed, MAX_NOTE_BYTES)
    const own = note instanceof Malformed ? note : openNote(note, [cosignatureVerifier(verify, key)])
    const checkpoint = note instanceof Malformed ? note : parseCheckpoint(note.text)
    if (note instanceof Malformed || own instanceof Malformed || checkpoint instanceof Malformed || checkpoint.origin !== origin)
      throw new StoreError('damaged', `What is kept of ${origin} is not a checkpoint that this witness cosigned.`)
    return { ...checkpoint, text: note.text, signed, cosignature: own[0]! }
  }

  #cosign({ textBytes }: Note, seconds: Seconds): NoteSignature {
    const { name, keyId } = this.#options.key
    const signer = cosignatureSigner(this.#options.key, seconds, this.#options.sign)
    return { name, keyId, signature: signer.sign(textBytes) }
  }

  /** The log signed a second tree of one size: the two checkpoints together show it to anybody. */
  #catch(held: Held, { checkpoint, request }: Submitted): void {
    if (equalBytes(held.root, checkpoint.root)) return
    const message = `The log signed two different trees of ${entryCount(held.size)}.`
    const evidence: Evidence = { kind: 'fork', message, held: held.signed, shown: request.checkpoint }
    this.#options.caught?.(checkpoint.origin, evidence)
  }
}

function cosigned(cosignature: NoteSignature): WitnessAnswer {
  return { status: 200, lines: formatSignatureLines([cosignature]) }
}
