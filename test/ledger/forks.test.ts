/**
 * The guard against forks: what the sequencer refuses to sign over, who may sequence, and what is stale after the guard was
 * lost.
 */

import { describe, expect, test } from 'vitest'
import { MemoryLedger } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { createSqliteGuard } from '../../core/drivers/sqlite/store.ts'
import { frontierAt } from '../../core/ledger/tree.ts'
import { signCheckpoint } from '../../core/log/checkpoint.ts'
import { homes, type RestorableHome, restorableMemory, sqliteHome } from './homes.ts'
import {
  ADA,
  accepted,
  BOB,
  FOUNDED,
  GENESIS,
  MODEL,
  OTHER_SEQUENCER,
  openedCheckpoint,
  SECOND,
  SEQUENCER,
  TestLedger,
} from './support.ts'

async function withEntries(home: RestorableHome, count: number): Promise<TestLedger<RestorableHome>> {
  const test = await TestLedger.found(home)
  accepted(await test.ledger.submit(test.opening(ADA)))
  await append(test, count)
  return test
}

async function append(test: TestLedger, count: number, name = 'm'): Promise<void> {
  for (let i = 0; i < count; i++) accepted(await test.ledger.submit(test.model(ADA, name)))
}

async function resign(test: TestLedger, change: (head: { origin: string; size: number; root: Uint8Array }) => Uint8Array) {
  const head = openedCheckpoint(await test.store.checkpoint())
  await test.store.replaceCheckpoint(await test.store.checkpoint(), change(head))
}

describe.each(homes)('a ledger on $kind', ({ make }) => {
  const home: () => Promise<RestorableHome> = make

  test('with an older copy of its book does not open, until the book is back', async () => {
    const test = await withEntries(await home(), 3)
    await test.close()
    const restoreOld = test.home.keep('book')
    await test.open()
    await append(test, 2)
    await test.close()
    const restoreNew = test.home.keep('book')
    restoreOld()
    await expect(test.open()).rejects.toMatchObject({
      name: 'StoreError',
      code: 'damaged',
      message:
        'The ledger has 5 entries, but a checkpoint of 7 was signed: it is an older copy, and signing on would fork the log.',
    })
    expect((await test.audit()).defects).toMatchObject([{ table: 'checkpoint', message: /covers 7 entries; there are 5/ }])
    restoreNew()
    await test.open()
    expect(test.ledger.size).toBe(7)
  })

  test('with an older copy of its book, which went on in another way, does not open', async () => {
    const test = await withEntries(await home(), 3)
    await test.close()
    const [oldBook, oldGuard] = [test.home.keep('book'), test.home.keep('guard')]
    await test.open()
    await append(test, 2)
    await test.close()
    const newGuard = test.home.keep('guard')
    // Both restored: from here nothing local can know what was signed.
    oldBook()
    oldGuard()
    await test.open()
    await append(test, 4, 'other')
    await test.close()
    newGuard()
    await expect(test.open()).rejects.toMatchObject({
      code: 'damaged',
      message: 'The tree of 7 entries is not the one that the last checkpoint was signed over.',
    })
    expect((await test.audit()).ok).toBe(false)
  })

  test('with the book of another ledger of the same size and keys does not open', async () => {
    const test = await withEntries(await home(), 3)
    const other = new TestLedger(await home())
    other.time += SECOND
    await other.found()
    accepted(await other.ledger.submit(other.opening(ADA)))
    await append(other, 3)
    await test.close()
    await other.close()
    test.home.take('book', other.home)
    await expect(test.open()).rejects.toMatchObject({
      code: 'damaged',
      message: /not those that the last checkpoint was signed over/,
    })
  })

  test('that lost its guard does not open', async () => {
    const test = await withEntries(await home(), 3)
    await test.close()
    test.home.lose('guard')
    await expect(test.open()).rejects.toMatchObject({ name: 'StoreError', code: 'damaged', message: /guard|checkpoint/ })
  })

  test('opens with an older guard, and signs what was not signed', async () => {
    const test = await withEntries(await home(), 3)
    await test.close()
    const restoreOld = test.home.keep('guard')
    await test.open()
    await append(test, 2)
    await test.close()
    restoreOld()
    expect(await test.audit()).toMatchObject({ ok: true, size: 7, unsigned: 2 })
    await test.open()
    expect(openedCheckpoint(await test.store.checkpoint()).size).toBe(7)
  })

  test('is not opened with another sequencer key', async () => {
    const test = await withEntries(await home(), 3)
    const before = await test.store.checkpoint()
    await expect(test.reopen({ sequencerKeys: [OTHER_SEQUENCER] })).rejects.toMatchObject({
      code: 'damaged',
      message: /sequencer/,
    })
    await test.reopen()
    expect(await test.store.checkpoint()).toEqual(before)
  })

  test('is not opened with another sequencer key where nothing was signed yet', async () => {
    const test = await TestLedger.found(await home())
    await test.close()
    const unsigned = await home()
    unsigned.take('book', test.home)
    const other = new TestLedger(unsigned, { sequencerKeys: [OTHER_SEQUENCER] })
    const message = 'The sequencer key at hand is not the one that the log names.'
    await expect(other.open()).rejects.toMatchObject({ code: 'damaged', message })
    other.settings = {}
    await other.open()
    expect(openedCheckpoint(await other.store.checkpoint()).size).toBe(1)
  })

  test('is not founded by a sequencer that its genesis does not name', async () => {
    const test = new TestLedger(await home(), { sequencerKeys: [OTHER_SEQUENCER] })
    await test.found().catch(() => {})
    await test.close()
    const reader = await test.home.openReader()
    expect([await reader.size(), await reader.checkpoint()]).toEqual([0, undefined])
    await reader.close()
    // And so it is not lost: with the right key it can still be founded.
    test.settings = {}
    accepted(await test.found())
  })

  test('is not founded under another origin than its sequencer signs for', async () => {
    const test = new TestLedger(await home(), { sequencerKeys: [{ ...SEQUENCER, name: 'other.example/credits' }] })
    await test.found(test.genesis(GENESIS)).catch(() => {})
    expect(await test.store.size()).toBe(0)
  })

  test.each([
    [
      'signed by another key',
      (head: never) => signCheckpoint({ ...(head as object), extensions: [] } as never, [OTHER_SEQUENCER]),
    ],
    [
      'of another log',
      (head: never) => signCheckpoint({ ...(head as object), origin: 'x.example', extensions: [] } as never, [SEQUENCER]),
    ],
    ['that is none', () => new Uint8Array([1, 2, 3])],
  ])('with a checkpoint %s in its guard does not open', async (_what, change) => {
    const test = await withEntries(await home(), 3)
    await resign(test, change as never)
    await expect(test.reopen()).rejects.toMatchObject({
      code: 'damaged',
      message: 'The last checkpoint in the guard is not one that this sequencer signed.',
    })
  })

  test('with a checkpoint over another tree does not open', async () => {
    const test = await withEntries(await home(), 3)
    await resign(test, (head) => signCheckpoint({ ...head, root: new Uint8Array(32), extensions: [] }, [SEQUENCER]))
    await expect(test.reopen()).rejects.toMatchObject({ code: 'damaged', message: /^The tree of 5 entries is not the one/ })
  })

  test('has one writer at a time, and readers beside it', async () => {
    const test = await withEntries(await home(), 1)
    const second = new TestLedger(test.home)
    await expect(second.open()).rejects.toMatchObject({ name: 'StoreError', code: 'locked' })
    await expect(second.found()).rejects.toMatchObject({ name: 'StoreError', code: 'locked' })
    const reader = await test.home.openReader()
    await append(test, 1)
    expect([await reader.size(), await test.store.size()]).toEqual([3, 4])
    await reader.close()
    await test.close()
    await second.open()
    expect(second.ledger.size).toBe(4)
  })

  test('whose opening failed lets go of its lock', async () => {
    const test = await withEntries(await home(), 1)
    await expect(test.reopen({ sequencerKeys: [OTHER_SEQUENCER] })).rejects.toThrow()
    await test.open().catch(() => {})
    await test.reopen()
    expect(test.ledger.size).toBe(3)
  })
})

describe('a book that was changed behind the back of its guard', () => {
  test('does not answer a known id with the entry of another', async () => {
    const memory = new MemoryLedger()
    const test = await TestLedger.found(await restorableMemory(memory))
    accepted(await test.ledger.submit(test.opening(ADA)))
    const [first, second] = [test.model(ADA, 'one'), test.model(ADA, 'two')]
    const { transaction } = accepted(await test.ledger.submit(first))
    accepted(await test.ledger.submit(second))
    memory.ids.set(transaction.id, 3)
    await test.reopen()
    await expect(test.ledger.submit(first)).rejects.toMatchObject({ name: 'StoreError', code: 'damaged' })
  })

  test('is not signed where an entry that was not signed yet is another than its leaf', async () => {
    const memory = new MemoryLedger()
    const test = await TestLedger.found(await restorableMemory(memory))
    accepted(await test.ledger.submit(test.opening(ADA)))
    const signed = memory.checkpoint
    memory.fault = (change) => {
      if (change === 'replaceCheckpoint') throw new Error('the power failed')
    }
    await expect(test.ledger.submit(test.model(ADA))).rejects.toThrow('the power failed')
    memory.fault = () => {}
    const last = memory.entries[2]!
    const bytes = new Uint8Array(last.bytes)
    bytes[bytes.length - 10]! ^= 1
    memory.entries[2] = { ...last, bytes }
    await expect(test.reopen()).rejects.toMatchObject({ name: 'StoreError', code: 'damaged' })
    expect(memory.checkpoint).toEqual(signed)
  })
})

describe('after the guard was lost', () => {
  const STALE_BEFORE = FOUNDED / 1000 + 60

  async function expectStale(test: TestLedger): Promise<void> {
    test.time = FOUNDED + 90 * SECOND
    const before = test.sign(ADA, 'model.create', MODEL, { made: STALE_BEFORE - 1 })
    const after = test.sign(ADA, 'model.create', MODEL, { made: STALE_BEFORE })
    expect(await test.ledger.submit(before)).toMatchObject({ status: 'refused', code: 'stale' })
    expect(accepted(await test.ledger.submit(after)).repeated).toBeUndefined()
    await test.reopen()
    expect(await test.ledger.submit(before)).toMatchObject({ code: 'stale' })
  }

  test('older notes are stale, newer ones are not, and accepted ones keep their outcome', async () => {
    const lost = new MemoryLedger({ staleBefore: STALE_BEFORE })
    const whole = await withEntries(await restorableMemory(), 1)
    const known = whole.model(ADA)
    const first = accepted(await whole.ledger.submit(known))
    await whole.close()
    const place = await restorableMemory(lost)
    place.take('book', whole.home)
    place.take('guard', whole.home)
    lost.refusals.clear()
    const test = new TestLedger(place)
    await test.open()
    expect(accepted(await test.ledger.submit(known))).toMatchObject({ index: first.index, repeated: true })
    await expectStale(test)
  })

  test('a new guard takes its place, and the sequencer goes on where its operator says so', async () => {
    const place = await homes[1]!.make()
    const test = await withEntries(place, 3)
    const known = test.model(ADA)
    accepted(await test.ledger.submit(known))
    await test.close()
    place.lose('guard')
    await createSqliteGuard((place as unknown as { folder: string }).folder, STALE_BEFORE)
    await test.open()
    expect(openedCheckpoint(await test.store.checkpoint()).size).toBe(6)
    expect(accepted(await test.ledger.submit(known)).repeated).toBe(true)
    await expectStale(test)
  })
})

test('a checkpoint in the guard that is ahead of an empty book is refused', async () => {
  const place = await sqliteHome()
  const test = new TestLedger(place)
  const store = await place.openWriter()
  const root = (await frontierAt(sha256, store, 0)).root()
  await store.replaceCheckpoint(undefined, signCheckpoint({ origin: SEQUENCER.name, size: 1, root, extensions: [] }, [SEQUENCER]))
  await store.close()
  await expect(test.found()).rejects.toMatchObject({ code: 'damaged' })
  await expect(test.open()).rejects.toMatchObject({ code: 'locked' })
  await test.close()
  await expect(test.open()).rejects.toMatchObject({ code: 'damaged', message: /older copy/ })
  accepted(await (await TestLedger.found(await sqliteHome())).ledger.submit(test.opening(BOB)))
})
