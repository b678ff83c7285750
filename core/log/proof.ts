/**
 * Proofs that an entry is in a log, c2sp.org/tlog-proof@v1: all that a reader needs beside the entry and the keys it trusts, in
 * one text file, `.tlog-proof`. The ledger's receipts have this form.
 *
 *     c2sp.org/tlog-proof@v1
 *     extra <base64>                                    optional, and not authenticated by anything
 *     index 1
 *     KhWNiv1I4/iMtBld/bKp5IF9lfpX/TREDZP5quXE+Cs=      the inclusion proof, the leaf's sibling first
 *     THnQ1i989cqIdBVfLTuHXyYl2iuzq8hrvWgz8lupDlE=
 *                                                       an empty line, and the checkpoint verbatim
 *     ledger.example/credits
 *     3
 *     …
 */
import { assert } from '../base/assert.ts'
import { concatBytes, type Sha256, toBase64, tryFromBase64, tryUtf8Decode, utf8 } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { type LogTrust, type OpenedCheckpoint, openCheckpoint, parseDecimal } from './checkpoint.ts'
import { HASH_BYTES, parseHash, verifyInclusion } from './merkle.ts'
import { Unverified } from './note.ts'

export interface LogProof {
  readonly index: number
  /** The inclusion proof. */
  readonly path: readonly Uint8Array[]
  /** The bytes of the signed checkpoint. */
  readonly checkpoint: Uint8Array
  /** Whatever the application adds. Nothing vouches for it. */
  readonly extra?: Uint8Array
}

const HEADER = 'c2sp.org/tlog-proof@v1'
const EXTRA = 'extra '
const INDEX = 'index '
const NEWLINE = 0x0a
/** No path is longer in a tree of up to 2^63 entries, the most that any of these formats counts. */
const MAX_PATH_HASHES = 63
/** The header, the extra data and the index. */
const MAX_OTHER_LINES = 3

export function formatProof({ index, path, checkpoint, extra }: LogProof): Uint8Array {
  assert(Number.isSafeInteger(index) && index >= 0, 'an index is an integer from 0 to 2^53 - 1')
  assert(path.length <= MAX_PATH_HASHES && path.every((hash) => hash.length === HASH_BYTES), 'a path is up to 63 hashes')
  assert(extra === undefined || extra.length > 0, 'extra data is left out when there is none')
  const lines = [HEADER, ...(extra === undefined ? [] : [EXTRA + toBase64(extra)]), INDEX + index, ...path.map(toBase64), '']
  return concatBytes(utf8(lines.map((line) => `${line}\n`).join('')), checkpoint)
}

/** Reads a proof of at most `maximumBytes`. Its checkpoint is left as it is, for `verifyProof` to read. */
export function parseProof(bytes: Uint8Array, maximumBytes: number): LogProof | Malformed {
  if (bytes.length > maximumBytes) return new Malformed(`the proof has more than ${maximumBytes} bytes`)
  const emptyLine = bytes.findIndex((byte, i) => byte === NEWLINE && bytes[i - 1] === NEWLINE)
  if (emptyLine < 0) return new Malformed('the proof has no empty line before the checkpoint')
  const head = tryUtf8Decode(bytes.subarray(0, emptyLine - 1))
  if (head === undefined) return new Malformed('the proof is not UTF-8')
  const lines = head.split('\n', MAX_OTHER_LINES + MAX_PATH_HASHES + 1)
  if (lines.shift() !== HEADER) return new Malformed(`the proof does not begin with ${HEADER}`)
  const extra = lines[0]?.startsWith(EXTRA) ? tryFromBase64(lines.shift()!.slice(EXTRA.length)) : null
  if (extra === undefined || extra?.length === 0) return new Malformed('the extra data is not canonical base64, or empty')
  const indexLine = lines.shift()
  const index = indexLine?.startsWith(INDEX) ? parseDecimal(indexLine.slice(INDEX.length)) : undefined
  if (index === undefined) return new Malformed('the index is not a decimal number up to 2^53 - 1')
  if (lines.length > MAX_PATH_HASHES) return new Malformed(`the proof has more than ${MAX_PATH_HASHES} hashes`)
  const path = lines.map(parseHash)
  if (!path.every((hash) => hash !== undefined)) return new Malformed('a hash of the proof is not canonical base64 of 32 bytes')
  const checkpoint = bytes.subarray(emptyLine + 1)
  return extra === null ? { index, path, checkpoint } : { index, path, checkpoint, extra }
}

/**
 * Checks that the entry with this leaf hash is in a log that is trusted so. Returns the checkpoint that shows it, or what is
 * wrong. The index is only as good as the checkpoint's size, which no path proves but the signature states.
 */
export function verifyProof(
  sha256: Sha256,
  proof: LogProof,
  leafHash: Uint8Array,
  trust: LogTrust,
): OpenedCheckpoint | Malformed | Unverified {
  const opened = openCheckpoint(proof.checkpoint, trust)
  if (opened instanceof Malformed) return opened
  const isIncluded = verifyInclusion(sha256, { index: proof.index, hash: leafHash }, opened.checkpoint, proof.path)
  return isIncluded ? opened : new Unverified('the proof does not lead from the entry to the root of the checkpoint')
}
