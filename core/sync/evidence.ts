/**
 * What a mirror keeps when it catches a log: the checkpoints that the log signed, and whatever shows that they, or what was
 * served under them, cannot be right. One line of canonical JSON:
 *
 *     {"evidence":"nimledger/evidence@v1","held":"<signed checkpoint>","kind":"fork","message":"…","path":["<base64>",…],
 *      "prefix":"<base64>","shown":"<signed checkpoint>"}
 *
 *   fork       the log signed two histories. `held` and `shown` are of one size and have different roots; or the larger tree
 *              begins, as the consistency proof `path` shows, with another tree than the smaller one: its root is `prefix`.
 *              Whoever has the log's key sees it from the file alone.
 *   rollback   `shown`, which is smaller, was served after `held`.
 *   withheld   `resource`, which `shown` implies, was not served.
 *   altered    what was served as `resource` is not what `shown` was signed over.
 *   invalid    `shown` covers `entry`, at `index`, as the inclusion proof `path` shows, and it breaks a rule, which `message`
 *              names; without an entry, `shown` itself is not signed with the key that its entries name.
 *
 * The signatures and proofs hold for anybody; that something was served, or served later, is the mirror's word. A mirror gives it
 * for what it was served twice, and never for an answer that was cut off.
 */

import { equalBytes, type Sha256, toBase64, toHex, tryFromBase64, tryUtf8Decode, utf8 } from '../base/bytes.ts'
import { MAX_EVIDENCE_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { entryCount } from '../base/plural.ts'
import { canonicalize, type Json, parseCanonical } from '../domain/canonical.ts'
import { type Checkpoint, type LogTrust, openCheckpoint } from '../log/checkpoint.ts'
import { leafHash, type TreeHead, verifyConsistency, verifyInclusion } from '../log/merkle.ts'
import { Unverified } from '../log/note.ts'

const FORMAT = 'nimledger/evidence@v1'
const KINDS = ['fork', 'rollback', 'withheld', 'altered', 'invalid'] as const

export type EvidenceKind = (typeof KINDS)[number]

export interface Evidence {
  readonly kind: EvidenceKind
  readonly message: string
  /** The newest checkpoint that was seen before; undefined where this was the first. */
  readonly held?: Uint8Array
  readonly shown: Uint8Array
  readonly resource?: string
  readonly index?: number
  readonly entry?: Uint8Array
  readonly prefix?: Uint8Array
  readonly path?: readonly Uint8Array[]
}

export function formatEvidence({ kind, message, held, shown, resource, index, entry, prefix, path }: Evidence): Uint8Array {
  const text = (signed: Uint8Array) => tryUtf8Decode(signed)!
  const json: { [field: string]: Json } = { evidence: FORMAT, kind, message, shown: text(shown) }
  if (held !== undefined) json.held = text(held)
  if (resource !== undefined) json.resource = resource
  if (index !== undefined) json.index = index
  if (entry !== undefined) json.entry = toBase64(entry)
  if (prefix !== undefined) json.prefix = toBase64(prefix)
  if (path !== undefined) json.path = path.map(toBase64)
  return utf8(`${canonicalize(json)}\n`)
}

/** What it comes to that a log signed two trees of which neither begins with the other; `prefix`: with what the larger begins. */
export function forkOf(
  smaller: TreeHead,
  larger: TreeHead,
  prefix?: { readonly root: Uint8Array; readonly path: readonly Uint8Array[] },
): Pick<Evidence, 'kind' | 'message' | 'prefix' | 'path'> {
  if (prefix === undefined) return { kind: 'fork', message: `The log signed two different trees of ${entryCount(larger.size)}.` }
  const trees = `its tree of ${entryCount(larger.size)} does not begin with its tree of ${smaller.size}`
  return { kind: 'fork', message: `The log signed two histories: ${trees}.`, prefix: prefix.root, path: prefix.path }
}

/** The name of a file of evidence, by its content. */
export function evidenceName(sha256: Sha256, bytes: Uint8Array): string {
  return `evidence-${toHex(sha256(bytes)).slice(0, 16)}.json`
}

/** Whether a file may hold evidence rather than a proof. */
export function isEvidence(bytes: Uint8Array): boolean {
  return bytes[0] === '{'.charCodeAt(0)
}

export function parseEvidence(bytes: Uint8Array): Evidence | Malformed {
  if (bytes.length > MAX_EVIDENCE_BYTES) return new Malformed(`the file has more than ${MAX_EVIDENCE_BYTES} bytes`)
  const text = tryUtf8Decode(bytes)
  const value = text?.endsWith('\n') ? parseCanonical(text.slice(0, -1)) : new Malformed('the file is not a line of text')
  if (value instanceof Malformed) return value
  const wrong = new Malformed(`the file is no ${FORMAT}`)
  if (typeof value !== 'object' || Array.isArray(value)) return wrong
  const fields = value as { readonly [field: string]: Json }
  if (fields.evidence !== FORMAT || !KINDS.includes(fields.kind as EvidenceKind)) return wrong
  const { held, shown, message, resource, index } = fields
  const texts = [held ?? '', shown, message, resource ?? '']
  if (!texts.every((one) => typeof one === 'string') || (index !== undefined && typeof index !== 'number')) return wrong
  const entry = bytesOf(fields.entry)
  const prefix = bytesOf(fields.prefix)
  const hashes = fields.path === undefined || Array.isArray(fields.path) ? (fields.path as readonly Json[] | undefined) : null
  const path = hashes?.map((hash) => bytesOf(hash))
  if (entry === null || prefix === null || hashes === null || !(path ?? []).every((hash) => hash instanceof Uint8Array))
    return wrong
  return {
    kind: fields.kind as EvidenceKind,
    message: message as string,
    shown: utf8(shown as string),
    ...(held !== undefined && { held: utf8(held as string) }),
    ...(resource !== undefined && { resource: resource as string }),
    ...(index !== undefined && { index }),
    ...(entry !== undefined && { entry }),
    ...(prefix !== undefined && { prefix }),
    ...(path !== undefined && { path: path as Uint8Array[] }),
  }
}

/** Undefined where the field is missing, null where it is not base64. */
function bytesOf(field: Json | undefined): Uint8Array | undefined | null {
  if (field === undefined) return undefined
  return (typeof field === 'string' ? tryFromBase64(field) : undefined) ?? null
}

/** Whether the log's signatures show it; what else a mirror found, it may owe to whatever carries the log to it. */
export function restsOnSignatures(kind: EvidenceKind): boolean {
  return kind === 'fork' || kind === 'invalid'
}

/** What evidence comes to, for those who trust the log so. */
interface ConfirmedEvidence {
  readonly kind: EvidenceKind
  readonly shown: Checkpoint
  readonly held?: Checkpoint
  /**
   * Whether it shows by itself that the log signed what it must not; otherwise it rests on the word of the mirror that wrote it.
   */
  readonly isProof: boolean
}

/** Checks everything in the evidence that anybody can check. Returns what it comes to, or what is wrong with it. */
export function checkEvidence(sha256: Sha256, evidence: Evidence, trust: LogTrust): ConfirmedEvidence | Malformed | Unverified {
  const { kind } = evidence
  const shown = openCheckpoint(evidence.shown, trust)
  if (shown instanceof Malformed) return new Unverified(`the checkpoint that was shown is not good: ${shown.reason}`)
  const held = evidence.held && openCheckpoint(evidence.held, trust)
  if (held instanceof Malformed) return new Unverified(`the checkpoint that was held is not good: ${held.reason}`)
  const wrong = findContradiction(sha256, evidence, shown.checkpoint, held?.checkpoint)
  if (wrong !== undefined) return new Unverified(wrong)
  return { kind, shown: shown.checkpoint, ...(held && { held: held.checkpoint }), isProof: kind === 'fork' }
}

/** Why the evidence does not show what it says; undefined where it does. */
function findContradiction(sha256: Sha256, evidence: Evidence, shown: Checkpoint, held?: Checkpoint): string | undefined {
  const { kind, index, entry, path = [] } = evidence
  if (kind === 'fork') {
    const isFork = held !== undefined && contradicts(sha256, held, shown, evidence)
    return isFork ? undefined : 'the two checkpoints do not contradict each other'
  }
  if (kind === 'rollback' && (held === undefined || shown.size >= held.size))
    return 'the checkpoint that was shown is not smaller than the one that was held'
  if (kind === 'invalid' && entry !== undefined) {
    const leaf = { index: index ?? -1, hash: leafHash(sha256, entry) }
    if (!verifyInclusion(sha256, leaf, shown, path)) return 'the entry is not proven to be in the log'
  }
  return undefined
}

/**
 * Whether two trees cannot both belong to one log; the proof is that the larger begins with `prefix`, which is not the smaller.
 */
function contradicts(sha256: Sha256, a: TreeHead, b: TreeHead, { prefix, path }: Pick<Evidence, 'prefix' | 'path'>): boolean {
  if (a.size === b.size) return !equalBytes(a.root, b.root)
  const [smaller, larger] = a.size < b.size ? [a, b] : [b, a]
  if (prefix === undefined || path === undefined || equalBytes(prefix, smaller.root)) return false
  return verifyConsistency(sha256, { size: smaller.size, root: prefix }, larger, path)
}
