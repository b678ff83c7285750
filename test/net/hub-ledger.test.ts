/** The ledger behind a hub: what fails under it is told, reading goes on, and it comes back by itself where it can. */

import { copyFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Failure } from '../../core/api/failures.ts'
import { Feed } from '../../core/api/hub/feed.ts'
import { knownFailureOf } from '../../core/bin/failure.ts'
import { HubLedger } from '../../core/bin/hub/hub-ledger.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { openSqliteSearched } from '../../core/drivers/sqlite/index-follower.ts'
import { Ledger } from '../../core/ledger/ledger.ts'
import { StoreError, type StoreWriter } from '../../core/ledger/store.ts'
import { sqliteHome } from '../ledger/homes.ts'
import {
  ADA,
  accepted,
  BOB,
  interpose,
  MODEL,
  openedCheckpoint,
  openUnindexed,
  SEQUENCER,
  TestLedger,
  VERIFIER,
} from '../ledger/support.ts'

/** A ledger whose store fails with whatever it is told to, and pauses that end when they are told to. */
type Options = Parameters<typeof HubLedger.open>[0]

async function unsteady(options: Partial<Pick<Options, 'room'>> = {}, openSearched?: typeof openSqliteSearched) {
  const home = await sqliteHome()
  const test = await TestLedger.found(home)
  accepted(await test.ledger.submit(test.opening(ADA)))
  await test.close()
  const state = {
    fault: undefined as Error | undefined,
    openings: 0,
    pauses: [] as number[],
    told: [] as (Failure | undefined)[],
  }
  const waiting: (() => void)[] = []
  const failing = (store: StoreWriter) =>
    interpose(store, async (method, call) => {
      if (state.fault !== undefined && (method === 'commit' || method === 'replaceCheckpoint')) throw state.fault
      return call()
    })
  const ledger = await HubLedger.open({
    open: async () => {
      state.openings += 1
      const store = await home.openWriter()
      try {
        if (state.openings > 1 && state.fault !== undefined) throw state.fault
        const settings = { rules, sha256, verifier: VERIFIER, now: () => test.time, sequencerKeys: [SEQUENCER] }
        return await Ledger.open({ ...settings, store: failing(store) })
      } catch (error) {
        await store.close()
        throw error
      }
    },
    openSearched: () => openSearched?.(home.folder) ?? openUnindexed(home),
    ...options,
    sequencerKeys: () => [SEQUENCER],
    now: () => test.time,
    explain: (error) => knownFailureOf(error) ?? { code: 'defect', message: String(error) },
    report: (failure) => state.told.push(failure),
    pause: (milliseconds, signal) => {
      state.pauses.push(milliseconds)
      return new Promise<void>((resolve) => {
        waiting.push(resolve)
        signal.addEventListener('abort', () => resolve())
      })
    },
  })
  onTestFinished(() => ledger.close())
  const passPause = async () => {
    await expect.poll(() => waiting.length).toBeGreaterThan(0)
    waiting.shift()!()
  }
  return { home, test, ledger, state, passPause }
}

const FULL = new StoreError('disk_full', 'The disk is full: ledger.db cannot grow.')

describe('a full disk', () => {
  it('leaves the lock to others; the files that are there afterwards are those that are read', async () => {
    const { home, test, ledger, state, passPause } = await unsteady({}, openSqliteSearched)
    const size = () => ledger.reading(({ store }) => store.size())
    state.fault = FULL
    await expect(ledger.submit(test.opening(BOB))).rejects.toThrow(FULL.message)
    expect(await size()).toBe(2)
    // Somebody makes room by moving the book to another disk and back, while others go on reading.
    const reading = setInterval(() => void size(), 10)
    onTestFinished(() => clearInterval(reading))
    for (const suffix of ['', '-wal']) {
      const file = join(home.folder, `ledger.db${suffix}`)
      copyFileSync(file, `${file}.moved`)
      renameSync(`${file}.moved`, file)
    }
    rmSync(join(home.folder, 'ledger.db-shm'))
    state.fault = undefined
    expect(await size()).toBe(2)
    await passPause()
    await expect.poll(() => ledger.failure).toBeUndefined()
    expect(accepted(await ledger.submit(test.opening(BOB))).index).toBe(2)
    clearInterval(reading)
    expect(await size()).toBe(3)
  })

  it('is told to whoever submits, while the log is still read; with room again notes are taken again', async () => {
    const { test, ledger, state, passPause } = await unsteady()
    state.fault = FULL
    const note = test.opening(BOB)
    await expect(ledger.submit(note)).rejects.toThrow(FULL.message)
    expect(ledger.failure).toMatchObject({ code: 'disk_full', message: FULL.message })
    await expect(ledger.submit(note)).rejects.toMatchObject({ code: 'busy' })
    expect(await ledger.reading(({ store }) => store.size())).toBe(2)
    expect(openedCheckpoint(ledger.checkpoint).size).toBe(2)
    // Still full: asked again after pauses that grow.
    for (let i = 0; i < 8; i++) await passPause()
    await expect.poll(() => state.pauses.length).toBe(9)
    expect(state.pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    state.fault = undefined
    await passPause()
    await expect.poll(() => ledger.failure).toBeUndefined()
    expect(accepted(await ledger.submit(note)).index).toBe(2)
    expect(openedCheckpoint(ledger.checkpoint).size).toBe(3)
    expect(state.told.at(0)).toMatchObject({ code: 'disk_full' })
    expect(state.told.at(-1)).toBeUndefined()
  })

  it('stands in nobody’s way who ends the hub', async () => {
    const { test, ledger, state } = await unsteady()
    state.fault = FULL
    await expect(ledger.submit(test.opening(BOB))).rejects.toThrow()
    await expect.poll(() => state.pauses.length).toBe(1)
    await ledger.close()
    expect(state.openings).toBe(1)
  })
})

describe('a note whose fate is unknown', () => {
  it('is answered as it was taken once the ledger is back: its entry may be there', async () => {
    const { test, ledger, passPause } = await unsteady()
    const note = test.opening(BOB)
    // The entry is committed, and its checkpoint is not.
    const trap = new StoreError('offline', 'The device did not answer.')
    const original = ledger.reader as StoreWriter
    const replace = original.replaceCheckpoint.bind(original)
    Object.defineProperty(original, 'replaceCheckpoint', { configurable: true, value: () => Promise.reject(trap) })
    await expect(ledger.submit(note)).rejects.toThrow(trap.message)
    Object.defineProperty(original, 'replaceCheckpoint', { configurable: true, value: replace })
    await passPause()
    await expect.poll(() => ledger.failure).toBeUndefined()
    expect(openedCheckpoint(ledger.checkpoint).size).toBe(3)
    expect(await ledger.submit(note)).toMatchObject({ status: 'accepted', index: 2, repeated: true })
  })
})

describe('what does not pass', () => {
  it.each([
    ['damage', new StoreError('damaged', 'ledger.db is damaged.')],
    ['a defect', new Error('An invariant does not hold.')],
  ])('%s: nothing is signed until somebody has looked', async (_what, fault) => {
    const { test, ledger, state } = await unsteady()
    state.fault = fault
    await expect(ledger.submit(test.opening(BOB))).rejects.toThrow(fault.message)
    state.fault = undefined
    await expect(ledger.submit(test.opening(BOB))).rejects.toMatchObject({ code: 'busy' })
    expect(state.pauses).toEqual([])
    expect(state.openings).toBe(1)
    expect(ledger.failure).toBeDefined()
    expect(await ledger.reading(({ store }) => store.size())).toBe(2)
  })
})

describe('a call that finds too little room', () => {
  it('is taken up to the first note that finds none: what comes after it may depend on it', async () => {
    const call = fc.record({
      lengths: fc.array(fc.integer({ min: 0, max: 1_500 }), { minLength: 2, maxLength: 24 }),
      percent: fc.integer({ min: 0, max: 100 }),
      places: fc.integer({ min: 1, max: 40 }),
    })
    const room = { notes: 0, bytes: 0 }
    const { test, ledger } = await unsteady({ room })
    await fc.assert(
      fc.asyncProperty(call, async ({ lengths, percent, places }) => {
        const notes = lengths.map((length) => test.sign(ADA, 'model.create', { ...MODEL, description: 'x'.repeat(length) }))
        const largest = Math.max(...notes.map(({ length }) => length))
        const total = notes.reduce((sum, { length }) => sum + length, 0)
        room.notes = places
        room.bytes = largest + (percent / 100) * (total - largest)
        const order: number[] = []
        const first = ledger.size
        for (let left = notes; left.length > 0; ) {
          const answers = await Promise.allSettled(ledger.submitAll(left))
          const full = answers.findIndex(({ status }) => status === 'rejected')
          const taken = full < 0 ? answers.length : full
          for (const answer of answers.slice(taken)) expect(answer).toMatchObject({ reason: { code: 'busy' } })
          for (const answer of answers.slice(0, taken)) expect(answer).toMatchObject({ value: { status: 'accepted' } })
          expect(taken).toBeGreaterThan(0)
          for (const answer of answers.slice(0, taken) as { value: { index: number } }[]) order.push(answer.value.index)
          left = left.slice(taken)
        }
        expect(order).toEqual(notes.map((_, i) => first + i))
      }),
      { numRuns: 60 },
    )
  })
})

describe('opening again', () => {
  it('loses no note that was under way, and takes the next', async () => {
    const { test, ledger, state, passPause } = await unsteady()
    const first = ledger.submit(test.opening(BOB))
    const reopened = ledger.reopen()
    await expect(ledger.submit(test.topup(ADA, '1'))).rejects.toMatchObject({ code: 'busy' })
    await passPause()
    await reopened
    expect(accepted(await first).index).toBe(2)
    expect(accepted(await ledger.submit(test.topup(ADA, '1'))).index).toBe(3)
    expect(state.openings).toBe(2)
  })

  it('ends those who wait for more once the hub ends', async () => {
    const { ledger } = await unsteady()
    const waiting = ledger.grown(2, new AbortController().signal)
    await ledger.close()
    await expect(waiting).rejects.toMatchObject({ code: 'offline' })
    await expect(ledger.grown(2, new AbortController().signal)).rejects.toMatchObject({ code: 'offline' })
  })
})

describe('a watcher far behind', () => {
  it('gets a page in a turn, so that what others ask is answered in between', async () => {
    const { ledger, test } = await unsteady()
    await Promise.all(Array.from({ length: 600 }, (_, i) => ledger.submit(test.model(ADA, `m${i}`))))
    const feed = new Feed(ledger)
    let turns = 0
    let isOver = false
    const turn = () => {
      turns += 1
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    onTestFinished(() => {
      isOver = true
    })
    const behind = async () => {
      let pages = 0
      for (let next = 0; next < ledger.size; pages++) next += (await feed.from(next)).length
      return pages
    }
    const pages = await Promise.all(Array.from({ length: 5 }, behind))
    expect(pages).toEqual([7, 7, 7, 7, 7])
    expect(turns).toBeGreaterThanOrEqual(35)
  })
})
