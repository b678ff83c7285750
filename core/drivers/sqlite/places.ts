/**
 * Where the index of the state has a row: a number of 47 bits made of hashes, so that the index is narrow and a commit touches
 * few of its pages.
 *
 *   bits   of the hash (FNV-1a, 32 bits, over UTF-8)
 *     11   of the table's name: the upper 11 bits
 *     18   of the first part of the key, which ends before its first '/' or with the key: the upper 18 bits
 *     18   of the whole key: the lower 18 bits
 *
 *   licence nim1mlh5…lwg/lst_112e043c…62a2/0   →   0x140, 0x0ac9d, 0x347d0 → 22001816651728
 *
 * So all rows of a table are one range, and so are those of an account in a table. Different rows may have the same place, by
 * chance or because somebody looked for such names: whoever looks up compares table and key, so it costs time and nothing else.
 *
 * It is a form of storage: books hold these numbers, so they stay as they are for as long as the books do.
 */

const TABLE_BITS = 11
const PART_BITS = 18
const PARTS = 2 ** PART_BITS

/** Places from `first` up to `last`. */
interface Range {
  readonly first: number
  readonly last: number
}

export function placeOf(table: string, key: string): number {
  const slash = key.indexOf('/')
  const first = fnv1a(slash < 0 ? key : key.slice(0, slash))
  const whole = slash < 0 ? first : fnv1a(key, slash, first)
  return placeFrom(table, first >>> (32 - PART_BITS), whole & (PARTS - 1))
}

/** Where the rows of a table are, or those of its rows whose keys have this first part. */
export function placesOf(table: string, firstPart?: string): Range {
  if (firstPart === undefined) return { first: placeFrom(table, 0, 0), last: placeFrom(table, PARTS - 1, PARTS - 1) }
  const part = fnv1a(firstPart) >>> (32 - PART_BITS)
  return { first: placeFrom(table, part, 0), last: placeFrom(table, part, PARTS - 1) }
}

function placeFrom(table: string, first: number, whole: number): number {
  return ((fnv1a(table) >>> (32 - TABLE_BITS)) * PARTS + first) * PARTS + whole
}

const OFFSET_BASIS = 0x811c9dc5
const PRIME = 0x01000193

/**
 * FNV-1a of 32 bits (Fowler, Noll and Vo; draft-eastlake-fnv): for each byte, exclusive or, then times a prime. 'foobar' →
 * 0xbf9cf968. Of text from `start` on, where `hash` is that of what stands before.
 */
export function fnv1a(text: string, start = 0, hash = OFFSET_BASIS): number {
  let h = hash
  for (let i = start; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return ofBytes(Buffer.from(text.slice(i)), h)
    h = Math.imul(h ^ unit, PRIME)
  }
  return h >>> 0
}

function ofBytes(bytes: Uint8Array, hash: number): number {
  let h = hash
  for (const byte of bytes) h = Math.imul(h ^ byte, PRIME)
  return h >>> 0
}
