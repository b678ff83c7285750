/** Entries in bundles and after them: however they were committed, they are read from anywhere. */

import { zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { ENTRY_BYTES, OUTCOMES } from '../../core/drivers/sqlite/bundles.ts'
import { openSqliteReader, openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import type { StoredEntry } from '../../core/ledger/store.ts'
import { formatBundle } from '../../core/log/tiles.ts'
import { emptyLedger, withDatabase, withReader } from './folders.ts'
import { sampleCommit, sampleEntry } from './samples.ts'

function sampleEntries(from: number, end: number): StoredEntry[] {
  const entries: StoredEntry[] = []
  for (let index = from; index < end; index++) {
    entries.push({ index, bytes: sampleEntry(index), outcome: utf8(`outcome ${index}`) })
  }
  return entries
}

function commitOf(size: number, count: number) {
  return { ...sampleCommit(size, count), rows: [], tiles: [] }
}

const EXAMPLES = [
  [255, 1, 1],
  [256, 256],
  [1, 254, 2, 600, 1],
  [767, 1],
  [3, 1_000, 22],
]
const PAGES: [number, number][] = [
  [255, 2],
  [256, 300],
  [250, 10],
  [513, 1],
]

test('any commits, read in any pages', async () => {
  const counts = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 6 })
  const pages = fc.array(fc.tuple(fc.nat({ max: 4_000 }), fc.nat({ max: 4_000 })), { minLength: 4, maxLength: 4 })
  const examples = EXAMPLES.map((example): [number[], [number, number][]] => [example, PAGES])
  await fc.assert(fc.asyncProperty(counts, pages, committedAndRead), { numRuns: 12, examples })
})

async function committedAndRead(counts: readonly number[], pages: readonly [number, number][]): Promise<void> {
  const folder = await emptyLedger()
  const writer = await openSqliteWriter(folder)
  let size = 0
  for (const count of counts) {
    await writer.commit(commitOf(size, count))
    size += count
    const reader = await openSqliteReader(folder)
    for (const store of [writer, reader]) {
      expect(await store.size()).toBe(size)
      for (const [start, limit] of pages) {
        const from = start % (size + 2)
        expect(await store.entries(from, limit)).toEqual(sampleEntries(from, Math.min(size, from + limit)))
      }
      expect(await store.entries(0, size + 1)).toEqual(sampleEntries(0, size))
    }
    await reader.close()
  }
  expect(await writer.defects()).toEqual([])
  await writer.close()
  const rows = withDatabase(folder, 'ledger.db', (database) =>
    ['bundles', 'entries'].map((table) => database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()),
  )
  expect(rows).toEqual([Math.floor(size / 256), size % 256])
}

test('a full bundle is told as it is stored, for those who unpack it themselves', async () => {
  const folder = await emptyLedger()
  const writer = await openSqliteWriter(folder)
  await writer.commit(commitOf(0, 600))
  for (const number of [0, 1]) {
    const packed = await writer.packedBundle(number)
    const bytes = sampleEntries(number * 256, (number + 1) * 256).map((entry) => entry.bytes)
    expect(new Uint8Array(zstdDecompressSync(packed!))).toEqual(formatBundle(bytes))
  }
  expect(await writer.packedBundle(2)).toBeUndefined()
  await writer.close()
})

test('a reader sees the bundles and the entries of its moment', async () => {
  const folder = await emptyLedger()
  const writer = await openSqliteWriter(folder)
  await writer.commit(commitOf(0, 200))
  await withReader(folder, async (reader) => {
    await writer.commit(commitOf(200, 400))
    expect(await reader.size()).toBe(200)
    expect(await reader.entries(0, 1_000)).toEqual(sampleEntries(0, 200))
    expect(await reader.defects()).toEqual([])
  })
  await writer.close()
})

test('a bundle that cannot be unpacked is a defect, and damage to whoever reads it', async () => {
  const folder = await emptyLedger()
  const writer = await openSqliteWriter(folder)
  await writer.commit(commitOf(0, 600))
  await writer.close()
  withDatabase(folder, 'ledger.db', (database) => {
    const { sql } = database.prepare("SELECT sql FROM sqlite_schema WHERE name = 'bundles_update'").get() as { sql: string }
    database.exec(`DROP TRIGGER bundles_update; UPDATE bundles SET outcomes = x'28b52ffd' WHERE number = 1; ${sql}`)
  })
  await withReader(folder, async (reader) => {
    expect(await reader.defects()).toMatchObject([{ table: 'bundles', key: '1' }])
    expect(await reader.entries(0, 256)).toEqual(sampleEntries(0, 256))
    expect(await reader.entries(512, 88)).toEqual(sampleEntries(512, 600))
    await expect(reader.entries(300, 1)).rejects.toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('bundle 1 has no outcomes that can be read'),
    })
  })
})

describe.each([
  ['entries', ENTRY_BYTES, 300],
  ['outcomes', OUTCOMES, 70_000],
] as const)('packed %s', (_, { pack, unpack }, longest) => {
  const items = Array.from({ length: 256 }, (_item, i) => new Uint8Array(i === 9 ? longest : (i * 7) % 300).fill(i))

  test('are the same unpacked', () => {
    expect(unpack(pack(items))).toEqual(items)
    expect(unpack(pack(Array(256).fill(new Uint8Array())))).toEqual(Array(256).fill(new Uint8Array()))
  })

  test('are none where a byte is another, missing or too much', () => {
    const packed = pack(items)
    for (let i = 0; i < packed.length; i += 1) {
      const spoilt = packed.slice()
      spoilt[i]! ^= 0x10
      const found = unpack(spoilt)
      // Some bits of a frame mean nothing; what is unpacked is right or it is nothing.
      if (!(found instanceof Malformed)) expect(found).toEqual(items)
    }
    for (const spoilt of [packed.subarray(0, -1), packed.subarray(0, 3), new Uint8Array(), Buffer.concat([packed, packed])])
      expect(unpack(spoilt)).toBeInstanceOf(Malformed)
  })

  test('are none where there are fewer or more than 256', () => {
    expect(unpack(pack(items.slice(1)))).toBeInstanceOf(Malformed)
  })
})
