/** What holds of every store, whatever it keeps its bytes in. Each driver's test runs this against it. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import type { RowKey } from '../../core/domain/table.ts'
import type { ChangedRow, NumberedRow, StoredTile, StoreReader, StoreWriter, TableRows } from '../../core/ledger/store.ts'
import {
  fillStore,
  NOW,
  readAll,
  sampleCheckpoint,
  sampleCommit,
  sampleEntry,
  sampleHash,
  sampleId,
  sampleKey,
  sampleRefusal,
} from './samples.ts'

/** A new, empty ledger, which outlives the stores that are opened on it. */
export interface Place {
  openReader(): Promise<StoreReader>
  openWriter(): Promise<StoreWriter>
}

/** Runs the contract against stores on places that `makePlace` makes. */
export function describeStore(makePlace: () => Promise<Place>): void {
  const stage = new Stage()
  beforeEach(async () => stage.begin(await makePlace()))
  afterEach(() => stage.writer.close())
  describe('the book', () => describeBook(stage))
  describe('much at once', () => describeManyAtOnce(stage))
  describe('a commit that must not be', () => describeRefusedCommits(stage))
  describe('scans', () => describeScans(stage))
  describe('the numbers of rows', () => describeNumbers(stage))
  describe('the guard', () => describeGuard(stage))
  describe('readers and writers', () => describeLives(stage))
}

/** A test's place and its writer, which a test may close and open again. */
class Stage {
  place!: Place
  writer!: StoreWriter

  async begin(place: Place): Promise<void> {
    this.place = place
    this.writer = await place.openWriter()
  }

  async reopen(): Promise<void> {
    await this.writer.close()
    this.writer = await this.place.openWriter()
  }

  async read<T>(work: (reader: StoreReader) => Promise<T>): Promise<T> {
    const reader = await this.place.openReader()
    try {
      return await work(reader)
    } finally {
      await reader.close()
    }
  }
}

function describeBook(stage: Stage): void {
  test('begins empty', async () => {
    expect(await stage.read(readAll)).toEqual({
      ...{ size: 0, entries: [], ids: [], rows: [], tiles: [], indexes: Array(10).fill(undefined) },
      ...{ models: Array(10).fill(undefined), tile: undefined, checkpoint: undefined },
    })
    expect(await stage.writer.defects()).toEqual([])
    expect(await stage.writer.staleBefore()).toBe(0)
  })

  test('has what was committed, in the order of the question, for writer and reader alike', async () => {
    await stage.writer.commit(sampleCommit(0, 3))
    await stage.writer.commit(sampleCommit(3, 2))
    const check = async (store: StoreReader) => {
      expect(await store.size()).toBe(5)
      expect(await store.indexes([sampleId(4), sampleId(99), sampleId(0)])).toEqual([4, undefined, 0])
      const keys = [sampleKey('platform', ''), sampleKey('model', 'mdl_9'), sampleKey('model', 'mdl_2')]
      expect(await textsOf(store, keys)).toEqual(['{"accounts":5}', undefined, '{"number":2}'])
      expect(await store.entries(1, 2)).toEqual([
        { index: 1, bytes: sampleEntry(1), outcome: utf8('outcome 1') },
        { index: 2, bytes: sampleEntry(2), outcome: utf8('outcome 2') },
      ])
      expect(await store.entries(4, 10)).toHaveLength(1)
      expect(await store.entries(5, 10)).toEqual([])
      expect((await store.tile(0, 0))?.length).toBe(5 * 32)
      expect(await store.tile(0, 1)).toBeUndefined()
      expect(await store.defects()).toEqual([])
    }
    await check(stage.writer)
    await stage.read(check)
    await stage.reopen()
    await check(stage.writer)
  })

  test('takes a commit without entries, rows or tiles', async () => {
    await stage.writer.commit({ size: 0, entries: [], rows: [], tiles: [] })
    expect(await stage.writer.size()).toBe(0)
  })

  test('shares no bytes with its users', async () => {
    const commit = sampleCommit(0, 1)
    await stage.writer.commit(commit)
    commit.entries[0]!.bytes.fill(0)
    commit.tiles[0]!.hashes.fill(0)
    const stored = await readAll(stage.writer)
    stored.entries[0]!.bytes.fill(1)
    stored.tile!.fill(1)
    const again = await readAll(stage.writer)
    expect(again.entries[0]!.bytes).toEqual(sampleEntry(0))
    expect(again.tile).toEqual(sampleHash('0'))
  })
}

function describeManyAtOnce(stage: Stage): void {
  test('takes commits of any size, and answers as many questions, known and unknown in any order', async () => {
    // More and fewer than a driver may take at once.
    const counts = [1, 3, 4, 31, 32, 33, 64, 65, 200]
    let size = 0
    for (const count of counts) {
      const { rows, ...commit } = sampleCommit(size, count)
      // Every row of the commit before is there no more, or says something else.
      const later = Array.from({ length: size }, (_, i) => ({
        table: 'model',
        key: `mdl_${i}`,
        value: i % 3 ? undefined : `"${size}"`,
      }))
      await stage.writer.commit({ ...commit, tiles: [], rows: [...later, ...rows] })
      const last = size
      size += count
      const numbers = Array.from({ length: size + 7 }, (_, i) => (i * 97) % (size + 7))
      const rowAt = (number: number) => {
        if (number >= last) return number < size ? `{"number":${number}}` : undefined
        return number % 3 ? undefined : `"${last}"`
      }
      for (const store of [stage.writer, await stage.place.openReader()]) {
        expect(await store.indexes(numbers.map((number) => sampleId(number)))).toEqual(
          numbers.map((number) => (number < size ? number : undefined)),
        )
        expect(
          await textsOf(
            store,
            numbers.map((number) => sampleKey('model', `mdl_${number}`)),
          ),
        ).toEqual(numbers.map(rowAt))
        expect((await store.entries(0, size + 1)).map(({ bytes }) => bytes)).toEqual(
          Array.from({ length: size }, (_, i) => sampleEntry(i)),
        )
        if (store !== stage.writer) await store.close()
      }
    }
    expect(await stage.writer.defects()).toEqual([])
  })
}

function describeRefusedCommits(stage: Stage): void {
  test.each([
    ['another size than the book has', { ...sampleCommit(0, 2), size: 1 }],
    ['a size from before', sampleCommit(0, 2)],
    ['a transaction twice', { ...sampleCommit(2, 1), entries: Array(2).fill(sampleCommit(2, 1).entries[0]) }],
    ['a transaction that it has', { ...sampleCommit(2, 1), entries: sampleCommit(0, 1).entries }],
    ['a tile that would change', { ...sampleCommit(2, 1), tiles: [{ level: 0, number: 0, hashes: sampleHash('other') }] }],
  ])('is one with %s; the book stays as it is', async (_, commit) => {
    await stage.writer.commit(sampleCommit(0, 2))
    const before = await readAll(stage.writer)
    await expect(stage.writer.commit(commit)).rejects.toMatchObject({ name: 'StoreError', code: 'damaged' })
    await expect(stage.writer.commit(sampleCommit(2, 1))).rejects.toMatchObject({ name: 'StoreError', code: 'offline' })
    await stage.reopen()
    expect(await readAll(stage.writer)).toEqual(before)
    await stage.writer.commit(sampleCommit(2, 1))
  })
}

function describeScans(stage: Stage): void {
  const keys = ['', 'A', 'a', 'a!', 'a/b', 'a/b/c', 'a/c', 'a0', 'é', '\uFFFD', '\u{1F600}', 'zero\0byte']
  const rows = ['model', 'a-table', 'é'].flatMap((table) =>
    keys.toReversed().map((key) => ({ table, key, value: `${table} ${key}` })),
  )

  test('go through rows as they came, ids and tiles in the order of their keys, page by page', async () => {
    const tiles = [12, 2, 0].flatMap((level) => [300, 5, 0].map((number) => ({ level, number, hashes: sampleHash(`${level}`) })))
    await stage.writer.commit({ size: 0, entries: [], rows: [], tiles })
    await stage.writer.commit({ ...sampleCommit(0, 7), rows, tiles: [] })
    for (const limit of [1, 2, 5, 100]) {
      const scanned = await pages<NumberedRow>((after) => stage.writer.scanRows(after, limit))
      expect(scanned.map(({ number: _, ...row }) => row)).toEqual(rows)
      expect(scanned.map(({ number }) => number)).toEqual(scanned.map(({ number }) => number).toSorted((a, b) => a - b))
      expect(await pages<StoredTile>((after) => stage.writer.scanTiles(after, limit))).toEqual(tiles.toReversed())
      const ids = await pages<{ id: string; index: number }>((after) => stage.writer.scanIds(after?.id, limit))
      expect(ids).toEqual(Array.from({ length: 7 }, (_, index) => ({ id: sampleId(index), index })))
    }
    expect(await stage.writer.scanRows(undefined, 0)).toEqual([])
  })

  test.each<[TableRows, string[]]>([
    [{ table: 'model' }, keys],
    [{ table: 'model', after: '' }, keys.slice(1)],
    [{ table: 'model', after: 'a/b' }, keys.slice(keys.indexOf('a/b') + 1)],
    [{ table: 'model', after: 'b' }, ['zero\0byte', 'é', '\uFFFD', '\u{1F600}']],
    [{ table: 'model', firstPart: 'a' }, ['a', 'a/b', 'a/b/c', 'a/c']],
    [{ table: 'model', firstPart: 'a', after: 'a/b' }, ['a/b/c', 'a/c']],
    [{ table: 'model', firstPart: 'é' }, ['é']],
    [{ table: 'model', firstPart: '' }, ['']],
    [{ table: 'model', firstPart: 'b' }, []],
    [{ table: 'none' }, []],
  ])('of the rows of %o are in the order of their keys', async (wanted, expected) => {
    await stage.writer.commit({ ...sampleCommit(0, 7), rows })
    for (const store of [stage.writer, await stage.place.openReader()]) {
      const found = await listed(store.tableRows(wanted))
      const byBytes = (a: string, b: string) => Buffer.compare(utf8(a), utf8(b))
      expect(found.map(({ key }) => key)).toEqual(expected.toSorted(byBytes))
      expect(found.every(({ table, key, value }) => table === wanted.table && value === `${table} ${key}`)).toBe(true)
      if (store !== stage.writer) await store.close()
    }
  })

  test('of a table of thousands have each row once', async () => {
    const many = Array.from({ length: 2_500 }, (_, i) => ({ table: 'model', key: `mdl_${(i * 977) % 2_500}`, value: `${i}` }))
    await stage.writer.commit({ ...sampleCommit(0, 1), rows: many })
    const found = await listed(stage.writer.tableRows({ table: 'model' }))
    expect(found.map(({ key }) => key)).toEqual(many.map(({ key }) => key).toSorted())
  })
}

const ROW = sampleKey('model', 'mdl_1')
const row = (value: string | undefined, number?: number) => ({ table: 'model', key: 'mdl_1', value, numbered: { number } })
const otherRow = () => ({ table: 'model', key: 'mdl_2', value: 'other', numbered: { number: 0 } })

function describeNumbers(stage: Stage): void {
  const commit = (...rows: readonly ChangedRow[]) => stage.writer.commit({ size: 0, entries: [], tiles: [], rows })

  test('are told of new rows, hold for changes, and end with the row', async () => {
    const first = row('1', 0)
    await commit(otherRow(), first)
    expect(await stage.writer.rows([ROW])).toEqual([expect.objectContaining({ number: first.numbered.number, value: '1' })])
    const { number } = first.numbered
    const changed = { ...first, value: '2' }
    await commit(changed)
    expect(changed.numbered.number).toBe(number)
    expect(await textsOf(stage.writer, [ROW])).toEqual(['2'])
    await stage.reopen()
    const removed = row(undefined, number)
    await commit(removed)
    expect(removed.numbered.number).toBe(0)
    expect(await textsOf(stage.writer, [ROW, sampleKey('model', 'mdl_2')])).toEqual([undefined, 'other'])
    await commit({ ...removed, value: '3' })
    expect(await textsOf(stage.writer, [ROW])).toEqual(['3'])
    expect(await stage.writer.defects()).toEqual([])
  })

  test('that are not known are looked for', async () => {
    const [made, changed, removed, absent] = [row('1'), row('2'), row(undefined), row(undefined)]
    await commit(otherRow(), made)
    await commit(changed)
    expect(changed.numbered.number).toBe(made.numbered.number)
    expect(await textsOf(stage.writer, [ROW])).toEqual(['2'])
    await commit(removed)
    await commit(absent)
    expect([removed.numbered.number, absent.numbered.number]).toEqual([0, 0])
    expect(await textsOf(stage.writer, [ROW])).toEqual([undefined])
    expect(await stage.writer.defects()).toEqual([])
  })

  test.each([
    ["another row's", (of: number) => ({ ...row('2'), numbered: { number: of } })],
    ["another row's, for a removal", (of: number) => ({ ...row(undefined), numbered: { number: of } })],
    ['one that no row has yet', (of: number) => ({ ...row('2'), numbered: { number: of + 10 } })],
  ])('that are wrong end the commit: %s', async (_, wrong) => {
    const other = otherRow()
    await commit(row('1'), other)
    const before = await readAll(stage.writer)
    await expect(commit(wrong(other.numbered.number))).rejects.toThrow('number')
    await stage.reopen()
    expect(await readAll(stage.writer)).toEqual(before)
  })

  test('of rows that were removed are no way to bring them back', async () => {
    const gone = row('1', 0)
    await commit(gone, otherRow())
    const { number } = gone.numbered
    await commit({ ...gone, value: undefined })
    await expect(commit(row('2', number))).rejects.toThrow('number')
    await stage.reopen()
    expect(await textsOf(stage.writer, [ROW])).toEqual([undefined])
    expect(await stage.writer.defects()).toEqual([])
  })
}

function describeGuard(stage: Stage): void {
  test('replaces the checkpoint that is there', async () => {
    await stage.writer.replaceCheckpoint(undefined, sampleCheckpoint(1))
    await stage.writer.replaceCheckpoint(sampleCheckpoint(1), sampleCheckpoint(2))
    expect(await stage.writer.checkpoint()).toEqual(sampleCheckpoint(2))
    await stage.reopen()
    expect(await stage.writer.checkpoint()).toEqual(sampleCheckpoint(2))
    expect(await stage.read((reader) => reader.checkpoint())).toEqual(sampleCheckpoint(2))
    expect(await stage.writer.defects()).toEqual([])
  })

  test.each([undefined, sampleCheckpoint(1), sampleCheckpoint(3)])('keeps the checkpoint that is not %s', async (previous) => {
    await stage.writer.replaceCheckpoint(undefined, sampleCheckpoint(2))
    await expect(stage.writer.replaceCheckpoint(previous, sampleCheckpoint(4))).rejects.toMatchObject({ code: 'damaged' })
    await stage.reopen()
    expect(await stage.writer.checkpoint()).toEqual(sampleCheckpoint(2))
  })

  test('remembers refusals until their notes have expired', async () => {
    const [early, late] = [sampleRefusal(1, NOW + 10), sampleRefusal(2, NOW + 11)]
    await stage.writer.rememberRefusals([early, late], NOW)
    await stage.reopen()
    expect(await stage.writer.refusals([late.id, sampleId(3), early.id])).toEqual([late.refusal, undefined, early.refusal])
    await stage.writer.rememberRefusals([], NOW + 9)
    expect(await stage.writer.refusals([early.id])).toEqual([early.refusal])
    await stage.writer.rememberRefusals([sampleRefusal(4)], NOW + 10)
    expect(await stage.writer.refusals([early.id, late.id])).toEqual([undefined, late.refusal])
    expect(await stage.writer.defects()).toEqual([])
    await stage.writer.rememberRefusals([sampleRefusal(5, NOW)], NOW + 3_600)
    expect(await stage.writer.refusals([late.id, sampleId(4), sampleId(5, NOW)])).toEqual([undefined, undefined, undefined])
    expect(await stage.writer.defects()).toEqual([])
  })

  test('finds those that it remembers among many', async () => {
    const remembered = [5, 40, 41, 99].map((number) => sampleRefusal(number))
    await stage.writer.rememberRefusals(remembered, NOW)
    const ids = Array.from({ length: 100 }, (_, i) => sampleId(99 - i))
    const found = new Map(remembered.map(({ id, refusal }) => [id, refusal]))
    expect(await stage.writer.refusals(ids)).toEqual(ids.map((id) => found.get(id)))
  })

  test('remembers the first refusal of a transaction', async () => {
    const { id, refusal } = sampleRefusal(1)
    await stage.writer.rememberRefusals([{ id, refusal }], NOW)
    await stage.writer.rememberRefusals([{ id, refusal: sampleRefusal(2).refusal }], NOW)
    expect(await stage.writer.refusals([id])).toEqual([refusal])
    expect(await stage.writer.defects()).toEqual([])
  })
}

function describeLives(stage: Stage): void {
  test('a reader sees what was there when it was opened', async () => {
    await fillStore(stage.writer)
    const reader = await stage.place.openReader()
    const before = await readAll(reader)
    await stage.writer.commit(sampleCommit(5, 3))
    await stage.writer.replaceCheckpoint(sampleCheckpoint(5), sampleCheckpoint(8))
    expect(await readAll(reader)).toEqual(before)
    await reader.close()
    expect((await stage.read(readAll)).size).toBe(8)
  })

  test('there is one writer at a time', async () => {
    await expect(stage.place.openWriter()).rejects.toMatchObject({ name: 'StoreError', code: 'locked' })
    await stage.writer.close()
    await stage.reopen()
  })

  test('a closed store is not used, and may be closed again', async () => {
    const reader = await stage.place.openReader()
    for (const store of [reader, stage.writer]) {
      await store.close()
      await store.close()
      await expect(store.size()).rejects.toThrow('closed')
    }
    await expect(stage.writer.commit(sampleCommit(0, 1))).rejects.toThrow('closed')
  })
}

async function textsOf(store: StoreReader, keys: readonly RowKey[]): Promise<(string | undefined)[]> {
  return (await store.rows(keys)).map((row) => row?.value)
}

async function listed<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

/** All pages of a scan, joined. */
async function pages<Item>(scan: (after: Item | undefined) => Promise<Item[]>): Promise<Item[]> {
  const all: Item[] = []
  for (;;) {
    const page = await scan(all.at(-1))
    if (page.length === 0) return all
    all.push(...page)
  }
}
