/**
 * What a log asks of a witness, c2sp.org/tlog-witness: `POST <prefix>/add-checkpoint` with the body
 *
 *     old 1                                             the tree size that the witness cosigned last, 0 for none
 *     4jU3sFDoSvLLqrRvL4PY07X+vI5axiANMGKE9ofUaSQ=      the consistency proof from there, at most 63 hashes, none from 0
 *     THnQ1i989cqIdBVfLTuHXyYl2iuzq8hrvWgz8lupDlE=
 *                                                       an empty line, and the signed checkpoint verbatim
 *     ledger.example/credits
 *     3
 *     …
 *
 * and what comes back:
 *
 *     200     signature lines: the witness's cosignatures on the checkpoint
 *     409     the size that it cosigned last, in decimal, and a newline; of type text/x.tlog.size
 *     403     no key known for the log signed, or a signature of one fails
 *     404     the log is not known
 *     400     the old size is above the checkpoint's, or the body is not of the form
 *     422     the checkpoint does not continue the one that was cosigned last
 */
import { assert } from '../base/assert.ts'
import { concatBytes, equalBytes, type Sha256, toBase64, tryUtf8Decode, utf8 } from '../base/bytes.ts'
import { MAX_NOTE_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { parseDecimal } from './checkpoint.ts'
import { emptyRoot, HASH_BYTES, parseHash, type TreeHead, verifyConsistency } from './merkle.ts'

export interface AddCheckpoint {
  readonly oldSize: number
  /** The consistency proof. */
  readonly proof: readonly Uint8Array[]
  /** The bytes of the signed checkpoint. */
  readonly checkpoint: Uint8Array
}

/** The type of a 409's body. */
export const SIZE_TYPE = 'text/x.tlog.size'

const OLD = 'old '
const NEWLINE = 0x0a
const MAX_PROOF_HASHES = 63
const MAX_LINE_BYTES = 45
/** The old size, 63 hashes, the empty line, and the longest note. */
export const MAX_ADD_CHECKPOINT_BYTES = (MAX_PROOF_HASHES + 2) * MAX_LINE_BYTES + MAX_NOTE_BYTES

export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): Uint8Array {
  assert(Number.isSafeInteger(oldSize) && oldSize >= 0, 'a tree size is an integer from 0 to 2^53 - 1')
  assert(proof.length <= MAX_PROOF_HASHES && proof.every((hash) => hash.length === HASH_BYTES), 'a proof is up to 63 hashes')
  const lines = [OLD + oldSize, ...proof.map(toBase64), '']
  return concatBytes(utf8(lines.map((line) => `${line}\n`).join('')), checkpoint)
}

/** Reads a request. Its checkpoint is left as it is. */
export function parseAddCheckpoint(bytes: Uint8Array): AddCheckpoint | Malformed {
  if (bytes.length > MAX_ADD_CHECKPOINT_BYTES) return new Malformed(`the body has more than ${MAX_ADD_CHECKPOINT_BYTES} bytes`)
  const emptyLine = bytes.findIndex((byte, i) => byte === NEWLINE && bytes[i - 1] === NEWLINE)
  if (emptyLine < 0) return new Malformed('the body has no empty line before the checkpoint')
  const head = tryUtf8Decode(bytes.subarray(0, emptyLine - 1))
  const [old = '', ...hashes] = head?.split('\n', MAX_PROOF_HASHES + 2) ?? []
  const oldSize = old.startsWith(OLD) ? parseDecimal(old.slice(OLD.length)) : undefined
  if (oldSize === undefined) return new Malformed('the first line is not "old" and a decimal number up to 2^53 - 1')
  if (hashes.length > MAX_PROOF_HASHES) return new Malformed(`the proof has more than ${MAX_PROOF_HASHES} hashes`)
  const proof = hashes.map(parseHash)
  if (!proof.every((hash) => hash !== undefined)) return new Malformed('a hash of the proof is not canonical base64 of 32 bytes')
  return { oldSize, proof, checkpoint: bytes.subarray(emptyLine + 1) }
}

/**
 * Why a tree does not continue the one of the old size that was cosigned last, which is of no entries where none was; undefined
 * where it does.
 */
export function continuationFault(
  sha256: Sha256,
  old: TreeHead,
  next: TreeHead,
  proof: readonly Uint8Array[],
): string | undefined {
  if (next.size === 0 && !equalBytes(next.root, emptyRoot(sha256))) return 'the root of no entries is another'
  if (old.size === 0) return proof.length === 0 ? undefined : 'from no entries there is no proof to give'
  if (old.size === next.size && !equalBytes(old.root, next.root)) return 'another tree of this size was cosigned'
  return verifyConsistency(sha256, old, next, proof) ? undefined : 'the consistency proof does not verify'
}
