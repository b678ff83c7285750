/**
 * The entries of a full bundle as a book keeps them: 256 together, as tlog-tiles bundles them, and compressed. Entries of a
 * ledger are much alike (names of fields, the ledger's, accounts, things), so together they take a quarter of the room.
 *
 *   bytes      Zstandard (RFC 8878) of the entry bundle: for each entry a u16 big-endian length, and its bytes
 *   outcomes   Zstandard of: for each entry a u32 big-endian length, and its outcome
 *
 * Each is one frame with its checksum, so that what a disk spoils is not taken for anything else.
 */

import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { assert } from '../../base/assert.ts'
import { MAX_BUNDLE_OUTCOMES_BYTES, MAX_ENTRY_BYTES } from '../../base/limits.ts'
import { Malformed } from '../../base/malformed.ts'
import { formatBundle, parseBundle, TILE_WIDTH } from '../../log/tiles.ts'

/** Entries in a full bundle. */
export const BUNDLE_ENTRIES = TILE_WIDTH

/** An entry without its index. */
export interface BundledEntry {
  readonly bytes: Uint8Array
  readonly outcome: Uint8Array
}

/** What one of the two columns holds, and how it is packed. */
export interface Packing {
  pack(items: readonly Uint8Array[]): Uint8Array
  /** Views of what was unpacked; Malformed where it is no such column. */
  unpack(packed: Uint8Array): Uint8Array[] | Malformed
}

export const ENTRY_BYTES: Packing = {
  pack: (items) => compress(formatBundle(items)),
  unpack: (packed) => decompress(packed, BUNDLE_ENTRIES * (MAX_ENTRY_BYTES + 2), (bytes) => parseBundle(bytes, BUNDLE_ENTRIES)),
}

export const OUTCOMES: Packing = {
  pack: (items) => compress(joinOutcomes(items)),
  unpack: (packed) => decompress(packed, MAX_BUNDLE_OUTCOMES_BYTES, splitOutcomes),
}

/** Bundles are written often, so writing has to be fast; the slower levels make them no smaller. */
const LEVEL = 1
/** A bundle of purchases has some 120 KB. */
const CHUNK_BYTES = 128 * 1024

function compress(bytes: Uint8Array): Uint8Array {
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 }
  return zstdCompressSync(bytes, { chunkSize: CHUNK_BYTES, params })
}

function decompress(
  packed: Uint8Array,
  maxOutputLength: number,
  split: (bytes: Uint8Array) => Uint8Array[] | Malformed,
): Uint8Array[] | Malformed {
  try {
    const bytes = zstdDecompressSync(packed, { chunkSize: CHUNK_BYTES, maxOutputLength })
    return split(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch (error) {
    // Whatever the message (a wrong checksum, a missing end, too many bytes), these are not bytes that were packed.
    return new Malformed(`it cannot be unpacked (${(error as Error).message})`)
  }
}

const LENGTH_BYTES = 4

function joinOutcomes(outcomes: readonly Uint8Array[]): Uint8Array {
  const length = outcomes.reduce((sum, outcome) => sum + LENGTH_BYTES + outcome.length, 0)
  assert(length <= MAX_BUNDLE_OUTCOMES_BYTES, 'the outcomes of a bundle stay within their bound')
  const joined = new Uint8Array(length)
  const view = new DataView(joined.buffer)
  let offset = 0
  for (const outcome of outcomes) {
    view.setUint32(offset, outcome.length)
    joined.set(outcome, offset + LENGTH_BYTES)
    offset += LENGTH_BYTES + outcome.length
  }
  return joined
}

function splitOutcomes(bytes: Uint8Array): Uint8Array[] | Malformed {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const outcomes: Uint8Array[] = []
  let offset = 0
  while (outcomes.length < BUNDLE_ENTRIES) {
    const start = offset + LENGTH_BYTES
    const end = start > bytes.length ? Number.NaN : start + view.getUint32(offset)
    if (!(end <= bytes.length)) return new Malformed(`it ends before outcome ${outcomes.length} does`)
    outcomes.push(bytes.subarray(start, end))
    offset = end
  }
  return offset === bytes.length ? outcomes : new Malformed('it goes on after its last outcome')
}
