/**
 * A commit on its way to the thread that makes it (committer.ts). An object for each row and entry would cost more to hand over
 * than to write, so it goes as a few flat pieces:
 *
 *   text, textLengths     ids of the entries; then table, key and value of each row, '' for the value of one that is removed
 *   bytes, byteLengths    entries; then their outcomes; then the hashes of the tiles
 *   numbers               of the rows
 *
 *   two entries, a row and a tile: text = id id table key value, bytes = entry entry outcome outcome hashes
 */

import { assert } from '../../base/assert.ts'
import { concatBytes } from '../../base/bytes.ts'
import type { StoredTile } from '../../ledger/store.ts'
import type { NumberedCommit } from './book.ts'
import type { BundledEntry } from './bundles.ts'
import type { NumberedChange } from './state-rows.ts'

export interface CommitMessage {
  readonly size: number
  readonly text: string
  /** In UTF-16 units. */
  readonly textLengths: Uint32Array
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly byteLengths: Uint32Array
  readonly numbers: Float64Array
  readonly tiles: readonly Omit<StoredTile, 'hashes'>[]
}

export function packCommit({ size, entries, rows, tiles }: NumberedCommit): CommitMessage {
  const texts: string[] = []
  for (const { id } of entries) texts.push(id)
  const numbers = new Float64Array(rows.length)
  rows.forEach(({ number, table, key, value }, i) => {
    assert(value !== '', 'the value of a row is never empty')
    texts.push(table, key, value ?? '')
    numbers[i] = number
  })
  const parts: Uint8Array[] = []
  for (const { bytes } of entries) parts.push(bytes)
  for (const { outcome } of entries) parts.push(outcome)
  for (const { hashes } of tiles) parts.push(hashes)
  return {
    size,
    text: texts.join(''),
    textLengths: lengthsOf(texts),
    bytes: concatBytes(...parts),
    byteLengths: lengthsOf(parts),
    numbers,
    tiles: tiles.map(({ level, number }) => ({ level, number })),
  }
}

export function unpackCommit({ size, text, textLengths, bytes, byteLengths, numbers, tiles }: CommitMessage): NumberedCommit {
  const count = (byteLengths.length - tiles.length) / 2
  const texts = pieces(textLengths, (start, end) => text.slice(start, end))
  const parts = pieces(byteLengths, (start, end) => bytes.subarray(start, end))
  const entries: ({ readonly id: string } & BundledEntry)[] = []
  for (let i = 0; i < count; i++) entries.push({ id: texts[i]!, bytes: parts[i]!, outcome: parts[count + i]! })
  const rows: NumberedChange[] = []
  numbers.forEach((number, i) => {
    const [table, key, value] = texts.slice(count + 3 * i, count + 3 * i + 3)
    rows.push({ number, table: table!, key: key!, value: value === '' ? undefined : value! })
  })
  return { size, entries, rows, tiles: tiles.map((place, i) => ({ ...place, hashes: parts[2 * count + i]! })) }
}

function lengthsOf(pieces: readonly { readonly length: number }[]): Uint32Array {
  const lengths = new Uint32Array(pieces.length)
  pieces.forEach(({ length }, i) => {
    lengths[i] = length
  })
  return lengths
}

function pieces<Piece>(lengths: Uint32Array, cut: (start: number, end: number) => Piece): Piece[] {
  const all: Piece[] = []
  let start = 0
  for (const length of lengths) {
    all.push(cut(start, start + length))
    start += length
  }
  return all
}
