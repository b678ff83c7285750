/**
 * Checkpoints side by side: who signed each, whether it is of the log at hand, and whether two of them can both be of one log.
 * The tree at hand decides: a checkpoint of n entries is of this log if its root is that of the first n entries here. What the
 * log signed over anything else is a second history, and the evidence of it convinces whoever has the log's key.
 */

import { equalBytes, type Sha256, tryUtf8Decode, utf8 } from '../base/bytes.ts'
import { MAX_EVIDENCE_BYTES, MAX_NOTE_BYTES, MAX_PROOF_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import type { KeyTerm } from '../ledger/key-terms.ts'
import { type LogReader, StoreError } from '../ledger/store.ts'
import { type Checkpoint, cosignatureTime, type LogTrust, noteVerifier, parseCheckpoint } from '../log/checkpoint.ts'
import { emptyRoot, type TreeHead, verifyConsistency } from '../log/merkle.ts'
import { ED25519, formatVerifierKey, isSameKey, type NoteSignature, parseNote, type VerifierKey } from '../log/note.ts'
import { parseProof } from '../log/proof.ts'
import type { VerifySignature } from '../log/signature.ts'
import { checkEvidence, type Evidence, forkOf, isEvidence, parseEvidence } from './evidence.ts'
import { type Prefix, readPrefix, tilesIn } from './remote-tree.ts'

const PROOF_START = 'c2sp.org/tlog-proof@'

/** What somebody gives: a checkpoint, a receipt or another proof that rests on one, or evidence, which holds two. */
export interface Given {
  readonly what: 'checkpoint' | 'proof' | 'evidence'
  readonly checkpoints: readonly Uint8Array[]
  readonly evidence?: Evidence
}

/** Reads a file, or a text that was copied from somewhere: other ends of lines and space around it are put right. */
export function parseGiven(bytes: Uint8Array): Given | Malformed {
  if (bytes.length > MAX_EVIDENCE_BYTES) return new Malformed(`it has more than ${MAX_EVIDENCE_BYTES} bytes`)
  const text = tryUtf8Decode(bytes)
  if (text === undefined) return new Malformed('it is not a text')
  const tidy = utf8(`${text.replaceAll(/\r\n?/g, '\n').trim()}\n`)
  if (isEvidence(tidy)) {
    const evidence = parseEvidence(tidy)
    if (evidence instanceof Malformed) return evidence
    const { held, shown } = evidence
    return { what: 'evidence', checkpoints: held === undefined ? [shown] : [held, shown], evidence }
  }
  if (!text.trimStart().startsWith(PROOF_START)) return { what: 'checkpoint', checkpoints: [tidy] }
  const proof = parseProof(tidy, MAX_PROOF_BYTES)
  return proof instanceof Malformed ? proof : { what: 'proof', checkpoints: [proof.checkpoint] }
}

/** By what a checkpoint is judged. */
export interface Judge {
  readonly sha256: Sha256
  readonly verify: VerifySignature
  readonly log: Pick<LogReader, 'tile'>
  /** The log's newest checkpoint: what it covers is the tree at hand. */
  readonly own: { readonly signed: Uint8Array; readonly head: Checkpoint }
  readonly terms: readonly KeyTerm[]
  /** Other keys of logs and witnesses, which the reader knows from elsewhere. */
  readonly further: readonly VerifierKey[]
}

/**
 * Whose a key is. `log`: of the log at hand, in force at the checkpoint's size · `earlier`, `later`: of the log, replaced before
 * that size or named after it · `given`: of a log, by the reader's word · `witness`: cosigns, by the reader's word.
 */
type KeyRole = 'log' | 'earlier' | 'later' | 'given' | 'witness'

export interface FoundSignature {
  readonly name: string
  readonly keyId: string
  /** Undefined where nobody here knows the key, so that nothing can be said of the signature. */
  readonly known?: { readonly role: KeyRole; readonly key: VerifierKey; readonly term?: KeyTerm; readonly isValid: boolean }
  /** When a witness says that it saw the checkpoint, in seconds since 1970. */
  readonly seconds?: bigint
}

export interface Examined {
  readonly signed: Uint8Array
  readonly checkpoint: Checkpoint
  readonly signatures: readonly FoundSignature[]
  /**
   * `signed`: by a key that its size is signed with · `out_of_force`: only by a key of the log that was not in force then ·
   * `failed`: a known key's signature does not verify · `unsigned`: no known key of a log signed.
   */
  readonly trust: 'signed' | 'out_of_force' | 'failed' | 'unsigned'
  /** `same`: its root is that of as many entries here · `other`: it is not · `larger`: fewer are here · `another_log`. */
  readonly standing: 'same' | 'other' | 'larger' | 'another_log'
}

export async function examine(judge: Judge, signed: Uint8Array): Promise<Examined | Malformed> {
  const note = parseNote(signed, MAX_NOTE_BYTES)
  if (note instanceof Malformed) return note
  const checkpoint = parseCheckpoint(note.text)
  if (checkpoint instanceof Malformed) return checkpoint
  const signatures = note.signatures.map((one) => judgeSignature(judge, checkpoint, note.textBytes, one))
  const standing = await standingOf(judge, checkpoint)
  return { signed, checkpoint, signatures, trust: trustOf(signatures), standing }
}

function judgeSignature(judge: Judge, checkpoint: Checkpoint, text: Uint8Array, one: NoteSignature): FoundSignature {
  const { name, keyId } = one
  const { role, key, term } = whose(judge, checkpoint, one) ?? {}
  const seconds = cosignatureTime(one.signature)
  const shown = { name, keyId, ...(key?.type !== ED25519 && seconds !== undefined && { seconds }) }
  if (role === undefined || key === undefined) return shown
  const isValid = noteVerifier(judge.verify, key).verify(text, one.signature)
  return { ...shown, known: { role, key, isValid, ...(term && { term }) } }
}

function whose({ terms, further }: Judge, { origin, size }: Checkpoint, one: NoteSignature) {
  const term = terms.find(({ key }) => isSameKey(key, one))
  if (term !== undefined) {
    const inForce = terms.findLast(({ entry }) => entry < size)
    const role: KeyRole = term === inForce ? 'log' : term.entry < size ? 'earlier' : 'later'
    return { role, key: term.key, term }
  }
  const key = further.find((known) => isSameKey(known, one))
  const role: KeyRole = key?.type === ED25519 && key.name === origin ? 'given' : 'witness'
  return key && { role, key, term: undefined }
}

function trustOf(signatures: readonly FoundSignature[]): Examined['trust'] {
  const known = signatures.flatMap((one) => one.known ?? [])
  if (known.some(({ isValid }) => !isValid)) return 'failed'
  if (known.some(({ role }) => role === 'log' || role === 'given')) return 'signed'
  return known.some(({ role }) => role !== 'witness') ? 'out_of_force' : 'unsigned'
}

async function standingOf(judge: Judge, { origin, size, root }: Checkpoint): Promise<Examined['standing']> {
  const { head } = judge.own
  if (origin !== head.origin) return 'another_log'
  if (size > head.size) return 'larger'
  return equalBytes((await prefixOf(judge, size, head)).root, root) ? 'same' : 'other'
}

/** The root of the first entries here, and the proof that a larger tree, which is here as well, begins with them. */
async function prefixOf({ sha256, log }: Judge, size: number, head: TreeHead): Promise<Prefix> {
  if (size === 0) return { root: emptyRoot(sha256), path: [] }
  const prefix = await readPrefix(sha256, tilesIn(log), size, head.size)
  if (verifyConsistency(sha256, { size, root: prefix.root }, head, prefix.path)) return prefix
  throw new StoreError('damaged', 'The tiles here are damaged; nimledger verify tells more.')
}

/**
 * What two checkpoints come to. `unsigned`: of one of them it is not known that the log signed it · `different_logs` ·
 * `contradict`: one log cannot have both trees · `foreign`: the log at hand has another tree than one of them · `same`: one
 * tree · `extends`: the larger begins with the smaller, as `path` proves · `unknown`: what is here cannot tell.
 */
interface Verdict {
  readonly what: 'unsigned' | 'different_logs' | 'contradict' | 'foreign' | 'same' | 'extends' | 'unknown'
  /** The consistency proof between the two. */
  readonly path?: readonly Uint8Array[]
  /** That the log signed two histories, for anybody who has its keys. */
  readonly evidence?: Evidence
}

export async function compare(judge: Judge, a: Examined, b: Examined, given: readonly Given[]): Promise<Verdict> {
  const both = [a, b]
  if (both.some(({ trust }) => trust === 'failed' || trust === 'unsigned')) return { what: 'unsigned' }
  if (a.checkpoint.origin !== b.checkpoint.origin) return { what: 'different_logs' }
  const evidence = (await contradiction(judge, a, b)) ?? provenContradiction(judge, both, given)
  if (evidence !== undefined) return { what: 'contradict', evidence }
  const other = both.find(({ standing }) => standing === 'other')
  if (other !== undefined) {
    const own = await examine(judge, judge.own.signed)
    const evidence = own instanceof Malformed ? undefined : await contradiction(judge, other, own)
    return { what: 'foreign', ...(evidence && { evidence }) }
  }
  const [smaller, larger] = inOrder(a, b)
  if (smaller.checkpoint.size === larger.checkpoint.size) return { what: 'same' }
  if (both.some(({ standing }) => standing !== 'same')) return { what: 'unknown' }
  const { path } = await prefixOf(judge, smaller.checkpoint.size, larger.checkpoint)
  return { what: 'extends', path }
}

function inOrder(a: Examined, b: Examined): [Examined, Examined] {
  return a.checkpoint.size <= b.checkpoint.size ? [a, b] : [b, a]
}

/** That one log cannot have both trees, as far as the tree at hand shows it. */
async function contradiction(judge: Judge, a: Examined, b: Examined): Promise<Evidence | undefined> {
  const [smaller, larger] = inOrder(a, b)
  const sides = { held: smaller.signed, shown: larger.signed }
  const [size, largerSize] = [smaller.checkpoint.size, larger.checkpoint.size]
  if (size === largerSize) {
    if (equalBytes(smaller.checkpoint.root, larger.checkpoint.root)) return undefined
    return { ...forkOf(smaller.checkpoint, larger.checkpoint), ...sides }
  }
  if (smaller.standing !== 'other' || larger.standing !== 'same' || size === 0) return undefined
  const prefix = await prefixOf(judge, size, larger.checkpoint)
  return { ...forkOf(smaller.checkpoint, larger.checkpoint, prefix), ...sides }
}

/** Evidence that was given and shows by itself that these two contradict each other. */
function provenContradiction(
  { sha256, verify }: Judge,
  sides: readonly Examined[],
  given: readonly Given[],
): Evidence | undefined {
  const logKeys = signersOf(sides).map((key) => noteVerifier(verify, key))
  const trust: LogTrust = { origin: sides[0]!.checkpoint.origin, logKeys, witnesses: [], quorum: 0 }
  return given.find(({ evidence }) => {
    const checked = evidence && checkEvidence(sha256, evidence, trust)
    if (checked === undefined || checked instanceof Malformed || !checked.isProof) return false
    const { held, shown } = evidence!
    return [held!, shown].every((signed) => sides.some((side) => equalBytes(side.signed, signed)))
  })?.evidence
}

/** The keys of logs, each once, that signed these checkpoints: what others need to check them with. */
export function signersOf(sides: readonly Pick<Examined, 'signatures'>[]): VerifierKey[] {
  const known = sides.flatMap(({ signatures }) => signatures.flatMap((one) => one.known ?? []))
  const keys = known.filter(({ role, isValid }) => role !== 'witness' && isValid).map(({ key }) => key)
  return [...new Map(keys.map((key) => [formatVerifierKey(key), key])).values()]
}
