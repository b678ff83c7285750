/**
 * Commits of many entries are made in a thread and those of few are not: the book is the same, and what fails in the thread
 * fails as it does without it.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { MemoryLedger, openMemoryWriter } from '../../core/drivers/memory/store.ts'
import { BookWriter, type NumberedCommit } from '../../core/drivers/sqlite/book.ts'
import { packCommit, unpackCommit } from '../../core/drivers/sqlite/commit-message.ts'
import { openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import type { ChangedRow, Commit, StoreWriter } from '../../core/ledger/store.ts'
import { commitBehind, emptyLedger, filledLedger } from './folders.ts'
import { readAll, sampleCommit, sampleHash } from './samples.ts'

/** Few enough entries to be committed without the thread, and enough for the thread. */
const [FEW, MANY] = [3, 20]

afterEach(() => vi.restoreAllMocks())

/** Commits made in this thread so far. */
function countHere(): () => number {
  const here = vi.spyOn(BookWriter.prototype, 'commit')
  return () => here.mock.calls.length
}

/** Commits many entries at a time until the thread, which is started by the second, makes one. */
async function startThread(writer: StoreWriter): Promise<void> {
  const here = countHere()
  for (;;) {
    const before = here()
    await writer.commit({ ...sampleCommit(await writer.size(), MANY), tiles: [] })
    if (here() === before) return
    await sleep(20)
  }
}

/** A ledger whose thread is there. */
async function withThread() {
  const folder = await filledLedger()
  const writer = await openSqliteWriter(folder)
  await startThread(writer)
  return { folder, writer, size: await writer.size() }
}

const text = fc.string({ unit: 'binary', maxLength: 40 })
const bytes = fc.uint8Array({ maxLength: 300 })
const numberedCommit: fc.Arbitrary<NumberedCommit> = fc.record({
  size: fc.nat(),
  entries: fc.array(fc.record({ id: text, bytes, outcome: bytes }), { maxLength: 40 }),
  rows: fc.array(
    fc.record({
      number: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      table: text,
      key: text,
      value: fc.option(
        text.filter((value) => value !== ''),
        { nil: undefined },
      ),
    }),
    { maxLength: 40 },
  ),
  tiles: fc.array(fc.record({ level: fc.nat(), number: fc.nat(), hashes: bytes }), { maxLength: 4 }),
})

test('a commit arrives in the thread as it was', () => {
  fc.assert(
    fc.property(numberedCommit, (commit) => {
      const message = packCommit(commit)
      expect(unpackCommit(structuredClone(message, { transfer: [message.bytes.buffer] }))).toEqual(commit)
    }),
  )
})

/** Rows that come, change and go, by how many of them there were. */
function rowsAt(step: number): ChangedRow[] {
  const row = (n: number, value: string | undefined) => ({ table: 'model', key: `own_${n}`, value })
  return [row(step, `{"made":${step}}`), row(step - 1, `{"changed":${step}}`), ...(step > 2 ? [row(step - 3, undefined)] : [])]
}

test('few and many in turns leave the book that a store without a thread has', async () => {
  const folder = await emptyLedger()
  const [writer, model] = [await openSqliteWriter(folder), await openMemoryWriter(new MemoryLedger())]
  const here = countHere()
  for (let step = 0; here() < 15 || step - here() < 15; step++) {
    const size = await model.size()
    const { entries, rows } = sampleCommit(size, step % 3 === 2 ? FEW : MANY)
    const tiles = [{ level: 0, number: step, hashes: sampleHash(`tile ${step}`) }]
    const commit: Commit = { size, entries, rows: [...rows, ...rowsAt(step)], tiles }
    await writer.commit(commit)
    await model.commit(commit)
    if (here() === step + 1) await sleep(20)
  }
  const { models: _, ...expected } = await readAll(model)
  expect(await readAll(writer)).toMatchObject(expected)
  expect(await writer.defects()).toEqual([])
  await writer.close()
  const again = await openSqliteWriter(folder)
  expect(await readAll(again)).toMatchObject(expected)
  await again.close()
})

test('reads show the book before a commit under way or after it, and closing waits for it', async () => {
  const { writer, size } = await withThread()
  let isDone = false
  const commit = writer.commit({ ...sampleCommit(size, 200), tiles: [] }).then(() => {
    isDone = true
  })
  expect([size, size + 200]).toContain(await writer.size())
  expect(isDone).toBe(false)
  await writer.close()
  expect(isDone).toBe(true)
  await commit
})

describe('what fails in the thread', () => {
  test('is told as it is without it, and nothing is written afterwards', async () => {
    const { folder, writer, size } = await withThread()
    commitBehind(folder, { ...sampleCommit(size, 1), tiles: [] })
    const late = { ...sampleCommit(size, MANY), tiles: [] }
    await expect(writer.commit(late)).rejects.toMatchObject({
      name: 'StoreError',
      code: 'damaged',
      message: expect.stringContaining(`has ${size + 1} entries, not the ${size}`),
    })
    await expect(writer.commit(late)).rejects.toMatchObject({ code: 'offline' })
    await writer.close()
  })

  test('as a broken invariant ends it, and with it the writer', async () => {
    const { folder, writer, size } = await withThread()
    // It takes the number that the next row is given.
    commitBehind(folder, { size, entries: [], rows: [{ table: 'model', key: 'foreign', value: '{}' }], tiles: [] })
    await expect(writer.commit({ ...sampleCommit(size, MANY), tiles: [] })).rejects.toThrow('the number of the row')
    await expect(writer.commit({ ...sampleCommit(size, FEW), tiles: [] })).rejects.toMatchObject({ code: 'offline' })
    expect(await writer.size()).toBe(size)
    await writer.close()
  })
})
