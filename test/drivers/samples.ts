/** Commits, rows and refusals for tests of stores. Their contents mean nothing, as they do to a store. */

import { concatBytes, utf8 } from '../../core/base/bytes.ts'
import { refuse } from '../../core/domain/refusal.ts'
import type { RowKey } from '../../core/domain/table.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import type { Commit, RememberedRefusal, StoreReader, StoreWriter } from '../../core/ledger/store.ts'
import { rowKey } from '../support/row-key.ts'

export const NOW = 1_795_305_600

/** The id of the sample transaction with this number, whose note is valid until `validUntil`. */
export function sampleId(number: number, validUntil = NOW + 3_600): string {
  return validUntil.toString(16).padStart(8, '0') + number.toString(16).padStart(40, '0')
}

export function sampleHash(text: string): Uint8Array {
  return new Uint8Array(sha256(utf8(text)))
}

/** Entries `size` up to `size + count`, and the rows and the tile that they would change; entries stay in the first tile. */
export function sampleCommit(size: number, count: number): Commit {
  const numbers = Array.from({ length: count }, (_, i) => size + i)
  return {
    size,
    entries: numbers.map((number) => ({ id: sampleId(number), bytes: sampleEntry(number), outcome: utf8(`outcome ${number}`) })),
    rows: [
      ...numbers.map((number) => ({ table: 'model', key: `mdl_${number}`, value: `{"number":${number}}` })),
      { table: 'platform', key: '', value: `{"accounts":${size + count}}` },
    ],
    tiles: [{ level: 0, number: 0, hashes: concatBytes(...Array.from({ length: size + count }, (_, i) => sampleHash(`${i}`))) }],
  }
}

/** A megabyte of entries, which take as much when they are bundled. */
export function largeCommit(size: number): Commit {
  const entries = sampleCommit(size, LARGE_COMMIT_ENTRIES).entries.map((entry, i) => ({
    ...entry,
    bytes: noise(size + i, 60_000),
  }))
  return { size, entries, rows: [], tiles: [] }
}

export const LARGE_COMMIT_ENTRIES = 17

/** Bytes that cannot be compressed (xorshift32), the same for a seed. */
function noise(seed: number, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4))
  let x = seed + 1
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    words[i] = x
  }
  return new Uint8Array(words.buffer, 0, length)
}

export function sampleEntry(number: number): Uint8Array {
  return utf8(`2026-11-22T08:31:09.123Z\nnote ${number}\n`)
}

export function sampleRefusal(number: number, validUntil?: number): RememberedRefusal {
  return { id: sampleId(number, validUntil), refusal: refuse('unknown_model', { model: `mdl_${number} – Łódź` }) }
}

export function sampleKey(table: string, key: string): RowKey {
  return rowKey(table, key)!
}

/** A checkpoint, as far as a store knows: bytes. */
export function sampleCheckpoint(size: number): Uint8Array {
  return utf8(`test.example/credits\n${size}\n`)
}

/** A few entries, a checkpoint over them, and two refusals. */
export async function fillStore(store: StoreWriter): Promise<void> {
  await store.commit(sampleCommit(0, 5))
  await store.replaceCheckpoint(undefined, sampleCheckpoint(5))
  await store.rememberRefusals([sampleRefusal(100), sampleRefusal(101)], NOW)
}

/** Everything that a store answers, for comparing two of them and for touching every page. */
export async function readAll(store: StoreReader) {
  const size = await store.size()
  const entries = await store.entries(0, 1_000)
  const ids = await store.scanIds(undefined, 1_000)
  const rows = await store.scanRows(undefined, 1_000)
  const tiles = await store.scanTiles(undefined, 1_000)
  const indexes = await store.indexes(Array.from({ length: 10 }, (_, i) => sampleId(i)))
  const models = await store.rows(Array.from({ length: 10 }, (_, i) => sampleKey('model', `mdl_${i}`)))
  return { size, entries, ids, rows, tiles, indexes, models, tile: await store.tile(0, 0), checkpoint: await store.checkpoint() }
}
