/** The scheduler of a hub whose disk fails, whose ledger is opened again, and which ends: everything due happens once. */

import { describe, expect, it } from 'vitest'
import { HubLedger } from '../../core/bin/hub/hub-ledger.ts'
import { runSchedules } from '../../core/bin/hub/schedule.ts'
import { wholeSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { Ledger } from '../../core/ledger/ledger.ts'
import { Lookup } from '../../core/ledger/lookup.ts'
import { readLog } from '../../core/ledger/queries.ts'
import type { Schedulable } from '../../core/ledger/scheduler.ts'
import { StoreError, type StoreWriter } from '../../core/ledger/store.ts'
import { sqliteHome } from '../ledger/homes.ts'
import { openMarketplace } from '../ledger/marketplace.ts'
import { BOB, DAY, interpose, OPERATOR, openUnindexed, SEQUENCER, TestLedger, VERIFIER } from '../ledger/support.ts'

const FULL = new StoreError('disk_full', 'The disk is full: ledger.db cannot grow.')
/** What is due a month after a plan and a subscription were bought. */
const DUE = ['period.close', 'plan.renew', 'subscription.renew']
const CHANGES: readonly string[] = ['commit', 'replaceCheckpoint'] satisfies (keyof StoreWriter)[]

/** Where the disk becomes full: before the nth change of the store is made, or after it. */
interface Fault {
  readonly nth: number
  readonly isWritten: boolean
}

/** A folder in which a renewal of a plan, one of a subscription and a closing of the books are due. */
async function dueLedger() {
  const home = await sqliteHome()
  const test = await TestLedger.found(home)
  const { api } = await openMarketplace(test)
  await test.accept(BOB, 'subscription.start', { listing: api, terms: 1, period: 'month', price: '10' })
  const before = test.ledger.size
  await test.close()
  test.time += 30 * DAY
  const types = async () => {
    const store = await home.openReader()
    const found: string[] = []
    const range = { from: before, limit: 1_000 }
    for await (const { transaction } of readLog({ rules, sha256 }, { store, lookup: Lookup.none() }, range))
      found.push(transaction.definition.type)
    await store.close()
    return found.sort()
  }
  return { home, test, types }
}

type Due = Awaited<ReturnType<typeof dueLedger>>

async function hubOver({ home, test }: Due, fault?: Fault) {
  let changes = 0
  const failing = (store: StoreWriter) =>
    interpose(store, async (method, call) => {
      const isHit = CHANGES.includes(method) && ++changes === fault?.nth
      if (isHit && !fault.isWritten) throw FULL
      const result = await call()
      if (isHit) throw FULL
      return result
    })
  const settings = { rules, sha256, verifier: VERIFIER, now: () => test.time, sequencerKeys: [SEQUENCER] }
  const ledger = await HubLedger.open({
    open: async () => Ledger.open({ ...settings, store: failing(await home.openWriter()) }),
    openSearched: () => openUnindexed(home),
    sequencerKeys: () => [SEQUENCER],
    now: () => test.time,
    explain: (error) => ({ code: 'disk_full', message: String(error) }),
    pause: async () => {},
  })
  const host: Schedulable = {
    get reader() {
      return ledger.reader
    },
    get size() {
      return ledger.size
    },
    summary: (time) => ledger.summary(time),
    submit: (type, body) => ledger.submit(test.sign(OPERATOR, type, body)),
  }
  return { ledger, host, now: () => wholeSeconds(test.time), changes: () => changes }
}

/** The scheduler for some looks, each after the ledger has come back; how many of them failed. */
async function looks(hub: Awaited<ReturnType<typeof hubOver>>, count: number): Promise<number> {
  const ending = new AbortController()
  let [done, failures] = [0, 0]
  const pause = async () => {
    if (++done === count) ending.abort()
    await expect.poll(() => hub.ledger.failure).toBeUndefined()
  }
  await runSchedules({ ...hub, ran: () => {}, failed: () => failures++, pause }, ending.signal)
  return failures
}

describe('a scheduler', () => {
  it('whichever write fails, neither doubles what is due nor stops', async () => {
    let isReached = true
    for (let nth = 1; isReached; nth++)
      for (const isWritten of [false, true]) {
        const due = await dueLedger()
        const hub = await hubOver(due, { nth, isWritten })
        const failures = await looks(hub, 3)
        isReached = hub.changes() >= nth
        expect(failures, `${nth}, ${isWritten}`).toBe(isReached ? 1 : 0)
        expect(await due.types(), `${nth}, ${isWritten}`).toEqual(DUE)
        expect(hub.ledger.failure).toBeUndefined()
        await hub.ledger.close()
        if (nth === 1) expect(isReached).toBe(true)
      }
  })

  it('goes on over a ledger that is opened again meanwhile', async () => {
    const due = await dueLedger()
    const hub = await hubOver(due)
    let opened = 0
    const submit: Schedulable['submit'] = async (...given) => {
      const answer = hub.host.submit(...given)
      opened++
      await hub.ledger.reopen()
      return answer
    }
    const ending = new AbortController()
    const failures: unknown[] = []
    const failed = (error: unknown) => failures.push(error)
    let done = 0
    const pause = async () => void (++done === 3 && ending.abort())
    // A getter would be read once by a spread.
    const host = Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(hub.host), submit: { value: submit } })
    await runSchedules({ host: host as Schedulable, now: hub.now, ran: () => {}, failed, pause }, ending.signal)
    expect(failures).toEqual([])
    expect(opened).toBe(3)
    expect(await due.types()).toEqual(DUE)
    await hub.ledger.close()
  })

  it('that is told to end does so after what is under way, and the next one does the rest', async () => {
    for (let ended = 1; ended <= 3; ended++) {
      const due = await dueLedger()
      const hub = await hubOver(due)
      const ending = new AbortController()
      let submitted = 0
      const submit: Schedulable['submit'] = (...given) => {
        if (++submitted === ended) ending.abort()
        return hub.host.submit(...given)
      }
      const failures: unknown[] = []
      const host = Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(hub.host), submit: { value: submit } })
      const told = { ran: () => {}, failed: (error: unknown) => failures.push(error) }
      await runSchedules({ host: host as Schedulable, now: hub.now, ...told }, ending.signal)
      await hub.ledger.close()
      expect(failures).toEqual([])
      expect(await due.types()).toHaveLength(ended)
      const next = await hubOver(due)
      expect(await looks(next, 2)).toBe(0)
      await next.ledger.close()
      expect(await due.types(), String(ended)).toEqual(DUE)
    }
  })
})
