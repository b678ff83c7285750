/**
 * Checkpoints, c2sp.org/tlog-checkpoint v1.0.0: signed notes in which a log states its size and root.
 *
 *     ledger.example/credits                            the log's origin, which is also its key's name
 *     3                                                 the tree size, decimal
 *     OF2jDzkXKCyJOd/4UZV+UZqxhGsTUaFMCts7EWMnQqo=      the root hash
 *                                                       (extension lines may follow the root; none of them is empty)
 *     — ledger.example/credits crC12Ip3WsG19g9pdWAouFAGXsqe22fXaCAJ/hdKkDe6XnoNllDhD38miyIy7RT0fJPCLbA3aKIEy7eKIkM0GUHJYgs=
 *     — witness.example/w1 3xwKNQAAAABrAjCALBUze6NwV/SBbV8fcqHeDu8aVkwmX8kIlyF7cZa6UC3Kv/lQieVrG0sUi7FfvpVpoAczbvryh6UzlNej0C53Bw==
 *
 * The second signature is a cosignature, c2sp.org/tlog-cosignature v1 (type 04): a witness states when it saw the log consistent.
 * Its 72 bytes are u64 big-endian seconds since 1970 and an Ed25519 signature over
 *
 *     "cosignature/v1\ntime " || decimal seconds || "\n" || the checkpoint's text
 *
 * which does not hold the witness's name: so one key serves one name.
 */
import { assert } from '../base/assert.ts'
import { concatBytes, toBase64, utf8 } from '../base/bytes.ts'
import { MAX_NOTE_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { HASH_BYTES, parseHash, type TreeHead } from './merkle.ts'
import {
  COSIGNATURE_V1,
  ed25519Verifier,
  isSameKey,
  type Note,
  type NoteSignature,
  type NoteSigner,
  type NoteVerifier,
  openNote,
  parseNote,
  signNote,
  Unverified,
  type VerifierKey,
} from './note.ts'
import { SIGNATURE_BYTES, type VerifySignature, verifyGated } from './signature.ts'

/** What a log signs. */
export interface Checkpoint extends TreeHead {
  readonly origin: string
  readonly extensions: readonly string[]
}

/** Witnesses, and how many of them, counted by name, must have cosigned. A group among them counts as one witness. */
export interface WitnessGroup {
  readonly witnesses: readonly (NoteVerifier | WitnessGroup)[]
  readonly quorum: number
}

/** Whose word is taken about which log. */
export interface LogTrust extends WitnessGroup {
  readonly origin: string
  /** Keys of the log; one of them must have signed. */
  readonly logKeys: readonly NoteVerifier[]
}

/** A checkpoint that was signed as the reader demands. */
export interface OpenedCheckpoint {
  readonly checkpoint: Checkpoint
  readonly note: Note
  /** The signatures of known keys, all of them verified. */
  readonly signatures: readonly NoteSignature[]
}

const ORIGIN = /^[a-z0-9.-]+(\/[a-z0-9._-]+)*$/

/**
 * Whether `text` may name a log of this project: `hub.example/credits`. An origin of this form never begins like a transaction,
 * whose text starts with `{`, so a checkpoint cannot be taken for one. Checkpoints of other logs may have other origins.
 */
export function isOrigin(text: string): boolean {
  return ORIGIN.test(text)
}

/** The text of a checkpoint, the part that gets signed. */
export function formatCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  assert(isOrigin(origin), 'an origin is a host and a path in lower case')
  assert(Number.isSafeInteger(size) && size >= 0, 'a tree size is an integer from 0 to 2^53 - 1')
  assert(root.length === HASH_BYTES, 'a root has 32 bytes')
  assert(
    extensions.every((line) => line !== '' && !line.includes('\n')),
    'an extension line is one line and not empty',
  )
  return [origin, String(size), toBase64(root), ...extensions].map((line) => `${line}\n`).join('')
}

/** Reads the text of a checkpoint of any log. */
export function parseCheckpoint(text: string): Checkpoint | Malformed {
  if (!text.endsWith('\n')) return new Malformed('the checkpoint does not end in a newline')
  const lines = text.slice(0, -1).split('\n')
  if (lines.includes('')) return new Malformed('the checkpoint holds an empty line')
  const [origin, sizeLine, rootLine, ...extensions] = lines
  if (origin === undefined || sizeLine === undefined || rootLine === undefined) {
    return new Malformed('the checkpoint has fewer than three lines')
  }
  const size = parseDecimal(sizeLine)
  if (size === undefined) return new Malformed('the tree size is not a decimal number up to 2^53 - 1')
  const root = parseHash(rootLine)
  if (root === undefined) return new Malformed('the root is not canonical base64 of 32 bytes')
  return { origin, size, root, extensions }
}

/** A decimal number up to 2^53 − 1 without leading zeros; undefined for anything else. */
export function parseDecimal(text: string): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

/** The checkpoint in a note, whoever signed it: for showing and finding one's way, never for trust. */
export function readCheckpoint(bytes: Uint8Array): Checkpoint | Malformed {
  const note = parseNote(bytes, MAX_NOTE_BYTES)
  return note instanceof Malformed ? note : parseCheckpoint(note.text)
}

/** The checkpoint as a note with the signatures of these signers. */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NoteSigner[]): Uint8Array {
  return signNote(formatCheckpoint(checkpoint), signers)
}

/** Reads a checkpoint and believes it if the log and enough witnesses signed; otherwise says what is wrong. */
export function openCheckpoint(bytes: Uint8Array, trust: LogTrust): OpenedCheckpoint | Malformed | Unverified {
  const note = parseNote(bytes, MAX_NOTE_BYTES)
  if (note instanceof Malformed) return note
  const checkpoint = parseCheckpoint(note.text)
  if (checkpoint instanceof Malformed) return checkpoint
  if (checkpoint.origin !== trust.origin) return new Unverified(`the checkpoint is of another log than ${trust.origin}`)
  const signatures = openNote(note, [...trust.logKeys, ...verifiersOf(trust)])
  if (signatures instanceof Malformed) return signatures
  if (!trust.logKeys.some((key) => isSigned(signatures, key))) return new Unverified('the log did not sign the checkpoint')
  const cosigned = countCosigned(trust, signatures)
  if (cosigned < trust.quorum) return new Unverified(`${cosigned} of ${trust.quorum} required witnesses cosigned`)
  return { checkpoint, note, signatures }
}

function verifiersOf({ witnesses }: WitnessGroup): NoteVerifier[] {
  return witnesses.flatMap((one) => ('quorum' in one ? verifiersOf(one) : [one]))
}

/** Whether these signatures, all of them verified, come from as many witnesses as the group demands. */
export function hasQuorum(group: WitnessGroup, signatures: readonly NoteSignature[]): boolean {
  return countCosigned(group, signatures) >= group.quorum
}

/** Two keys of one name are one witness. */
function countCosigned({ witnesses }: WitnessGroup, signatures: readonly NoteSignature[]): number {
  const cosigned = witnesses.filter((one) => ('quorum' in one ? hasQuorum(one, signatures) : isSigned(signatures, one)))
  return new Set(cosigned.map((one) => ('quorum' in one ? one : one.name))).size
}

function isSigned(signatures: readonly NoteSignature[], key: NoteVerifier): boolean {
  return signatures.some((signature) => isSameKey(key, signature))
}

/** A witness that cosigned, and when, in seconds since 1970. */
interface Cosigner {
  readonly name: string
  readonly seconds: bigint
}

/** The witnesses known to the reader that cosigned a checkpoint that was opened. */
export function cosignersOf({ signatures }: OpenedCheckpoint, trust: LogTrust): Cosigner[] {
  const known = verifiersOf(trust)
  return signatures
    .filter((signature) => known.some((key) => isSameKey(key, signature)))
    .map(({ name, signature }) => ({ name, seconds: cosignatureTime(signature)! }))
}

/** The verifier for a key of any type that can be read from a vkey. */
export function noteVerifier(verify: VerifySignature, key: VerifierKey): NoteVerifier {
  return key.type === COSIGNATURE_V1 ? cosignatureVerifier(verify, key) : ed25519Verifier(verify, key)
}

const TIME_BYTES = 8
const MAX_TIME_SECONDS = 2n ** 63n - 1n

/** What a witness signs at a time, in seconds since 1970, about the checkpoint of this text. */
export function cosignatureMessage(seconds: number | bigint, textBytes: Uint8Array): Uint8Array {
  return concatBytes(utf8(`cosignature/v1\ntime ${seconds}\n`), textBytes)
}

/** The seconds since 1970 that a cosignature states; undefined if it is not of the form. */
export function cosignatureTime(signature: Uint8Array): bigint | undefined {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined
  const seconds = new DataView(signature.buffer, signature.byteOffset, TIME_BYTES).getBigUint64(0)
  return seconds <= MAX_TIME_SECONDS ? seconds : undefined
}

/** The verifier of a type 04 key. Whether the time that it states is plausible is for callers to judge. */
export function cosignatureVerifier(verify: VerifySignature, key: VerifierKey): NoteVerifier {
  assert(key.type === COSIGNATURE_V1, 'a cosignature verifier needs a key of type 04')
  return {
    name: key.name,
    keyId: key.keyId,
    verify(textBytes, signature) {
      const seconds = cosignatureTime(signature)
      if (seconds === undefined) return false
      return verifyGated(verify, key.publicKey, cosignatureMessage(seconds, textBytes), signature.subarray(TIME_BYTES))
    },
  }
}

/** A signer that cosigns checkpoints at the given time with a type 04 key; `sign` makes its Ed25519 signatures. */
export function cosignatureSigner(
  key: Pick<VerifierKey, 'name' | 'keyId'>,
  seconds: number,
  sign: (message: Uint8Array) => Uint8Array,
): NoteSigner {
  assert(Number.isSafeInteger(seconds) && seconds >= 0, 'a time is an integer from 0 to 2^53 - 1')
  const time = new Uint8Array(TIME_BYTES)
  new DataView(time.buffer).setBigUint64(0, BigInt(seconds))
  return {
    name: key.name,
    keyId: key.keyId,
    sign: (textBytes) => concatBytes(time, sign(cosignatureMessage(seconds, textBytes))),
  }
}
