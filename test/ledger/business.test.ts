/**
 * The figures of the business against a plain reckoning over the whole log, and over what the state said at the end of every day:
 * while people trade at random, through indexes that have come to different places, and after more entries.
 */

import { beforeAll, describe, expect, it, test } from 'vitest'
import { listings, treasury } from '../../core/domain/state.ts'
import { DAY_SECONDS, dayOf, formatSeconds, wholeSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { MemoryIndex } from '../../core/drivers/memory/search-index.ts'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import type { Accepted } from '../../core/ledger/accepted.ts'
import { readBusiness, readTopCreators } from '../../core/ledger/business/read.ts'
import type { PeriodReport } from '../../core/ledger/business/report.ts'
import { followLog } from '../../core/ledger/indexer.ts'
import { Lookup } from '../../core/ledger/lookup.ts'
import { readLog, readPlatform, readRow } from '../../core/ledger/queries.ts'
import { every } from '../support/every.ts'
import { type Standing, type Traded, tradeAtRandom } from './trading.ts'

const TOOLS = { rules, sha256 }
const UNITS = ['day', 'week', 'month'] as const

async function businessOf(memory: MemoryLedger, index?: MemoryIndex) {
  const store = await openMemoryReader(memory)
  return { tools: TOOLS, store, lookup: await Lookup.over(TOOLS, store, index) }
}

/** An index that has followed the log in several goes. */
async function indexOf(memory: MemoryLedger, ...goes: readonly number[]): Promise<MemoryIndex> {
  const index = new MemoryIndex()
  for (const most of goes) await followLog(TOOLS, index, () => openMemoryReader(memory), { most })
  return index
}

const SEEDS = [1, 2, 3]
const STEPS = 200

/** How often something was traded, with all seeds: types, and types of payments that were given back. */
const traffic = new Map<string, number>()

function countTraffic(log: readonly Accepted[]): void {
  for (const { transaction } of log) {
    const { type } = transaction.definition
    const paid = type === 'credit.refund' ? log[(transaction.body as Body).entry]! : undefined
    const what = paid === undefined ? type : `refund of ${paid.transaction.definition.type}`
    traffic.set(what, (traffic.get(what) ?? 0) + 1)
  }
}

describe.each(SEEDS)('with the seed %i', (seed) => {
  const memory = new MemoryLedger()
  let traded: Traded
  let log: Accepted[]
  let sellers: ReadonlyMap<string, string>

  beforeAll(async () => {
    traded = await tradeAtRandom(memory, seed, STEPS)
    const business = await businessOf(memory)
    log = await every(readLog(TOOLS, business, { from: 0, limit: Number.POSITIVE_INFINITY }))
    countTraffic(log)
    const named = log
      .map(({ transaction }) => (transaction.body as { listing?: string }).listing)
      .filter((one) => one !== undefined)
    sellers = new Map(
      await Promise.all(
        [...new Set(named)].map(async (one) => [one, (await readRow(business.store, listings.at(one)))!.account] as const),
      ),
    )
  })

  /** Of all times: what is told of a day does not change with what comes after it. */
  async function everyPeriod(unit: (typeof UNITS)[number]) {
    const found = new Map<number, PeriodReport>()
    const business = await businessOf(memory, await indexOf(memory, log.length))
    const [first, last] = [wholeSeconds(log[0]!.time), wholeSeconds(traded.time)]
    for (let day = dayOf(last); day >= dayOf(first); day -= 59) {
      const now = (day === dayOf(last) ? last : day * DAY_SECONDS) * 1_000
      const { periods } = await readBusiness(business, unit, now)
      // Of all but the last, the period that runs then is not over.
      for (const period of found.size === 0 ? periods : periods.slice(0, -1)) {
        expect(found.get(period.from) ?? period).toEqual(period)
        found.set(period.from, period)
      }
    }
    return [...found.values()].sort((a, b) => a.from - b.from)
  }

  it.each(UNITS)('income, payers and paid time are as reckoned, by the %s', async (unit) => {
    const periods = await everyPeriod(unit)
    expect(periods[0]!.from).toBeLessThanOrEqual(dayOf(wholeSeconds(log[0]!.time)))
    const reckoned = reckon(log, sellers)
    for (const period of periods) {
      const days = Array.from({ length: period.to - period.from + 1 }, (_, at) => period.from + at)
      const movements = reckoned.filter(({ day }) => days.includes(day))
      const sum = (kind: string, field: 'gross' | 'take' | 'back' | 'takeBack') =>
        movements.filter((one) => one.kind === kind).reduce((total, one) => total + one[field], 0n)
      for (const [kind, sums] of Object.entries(period.kinds)) {
        const { grossMicros, takeMicros, givenBackMicros, takeGivenBackMicros } = sums
        expect([grossMicros, takeMicros, givenBackMicros, takeGivenBackMicros], `${kind} on ${days[0]}`).toEqual([
          sum(kind, 'gross'),
          sum(kind, 'take'),
          sum(kind, 'back'),
          sum(kind, 'takeBack'),
        ])
      }
      expect(period.payers).toBe(new Set(movements.flatMap(({ payers }) => payers)).size)
      const standing = traded.days.get(period.to)!
      for (const kind of ['subscription', 'plan'] as const) {
        const paid = kind === 'plan' ? period.plans : period.subscriptions
        const active = standing.filter((one) => one.kind === kind)
        expect(paid.active, `${kind}s at the end of ${formatSeconds(period.to * DAY_SECONDS)}`).toBe(active.length)
        expect(paid.monthlyMicros, `${kind}s in a month`).toBe(active.reduce((total, one) => total + yearly(log, one), 0n) / 12n)
        expect(paid.active).toBe(paid.before + paid.started - paid.ended)
        expect(paid.before).toBe((traded.days.get(period.from - 1) ?? []).filter((one) => one.kind === kind).length)
      }
      const plans = standing.flatMap(({ plan }) => (plan === undefined ? [] : [plan.startsWith('off_') ? undefined : plan]))
      for (const { plan, active } of period.byPlan) expect(active).toBe(plans.filter((one) => one === plan).length)
      expect(period.byPlan.reduce((total, { active }) => total + active, 0)).toBe(plans.length)
    }
  })

  it('nothing starts or ends on a day that the state does not tell', async () => {
    for (const { from, subscriptions, plans } of await everyPeriod('day')) {
      const keys = (day: number, kind: string) =>
        new Set((traded.days.get(day) ?? []).filter((one) => one.kind === kind).map(({ key }) => key))
      for (const [kind, paid] of [['subscription', subscriptions] as const, ['plan', plans] as const]) {
        const [before, after] = [keys(from - 1, kind), keys(from, kind)]
        const entries = log.filter(({ time, transaction }) => {
          return dayOf(wholeSeconds(time)) === from && transaction.definition.type.startsWith(kind)
        })
        expect(paid.started).toBeGreaterThanOrEqual([...after].filter((key) => !before.has(key)).length)
        expect(paid.started).toBeLessThanOrEqual(entries.length)
        if (entries.length === 0) expect(paid.started).toBe(0)
      }
    }
  })

  it('cohorts are the accounts by the month of their first payment', async () => {
    const { cohorts } = await readBusiness(await businessOf(memory), 'month', traded.time)
    const months = new Map<string, Set<number>>()
    for (const { day, payers } of reckon(log, sellers)) {
      for (const payer of payers) months.set(payer, (months.get(payer) ?? new Set()).add(monthAt(day)))
    }
    expect(cohorts.length).toBe(13)
    for (const { month, paid } of cohorts) {
      const members = [...months.values()].filter((paidIn) => Math.min(...paidIn) === month)
      expect(paid).toEqual(paid.map((_, later) => members.filter((paidIn) => paidIn.has(month + later)).length))
    }
  })

  it('the books tie: what was taken, less what was given back and withdrawn, is what they have', async () => {
    const business = await businessOf(memory)
    const { books } = await readBusiness(business, 'month', traded.time)
    const row = await readRow(business.store, treasury)
    expect(books.map(({ balanceMicros }) => balanceMicros)).toEqual([row!.feesMicros, row!.plansMicros])
    const withdrawn = log.filter(({ transaction }) => transaction.definition.type === 'revenue.withdraw')
    const total = withdrawn.reduce((sum, { transaction }) => sum + (transaction.body as { amount: bigint }).amount, 0n)
    expect(books.reduce((sum, { withdrawnMicros }) => sum + withdrawnMicros, 0n)).toBe(total)
  })

  it('creators are told by what was taken of their sales, page by page', async () => {
    const business = await businessOf(memory)
    const movements = reckon(log, sellers).filter(({ creator }) => creator !== undefined)
    for (const month of new Set(movements.map(({ day }) => monthAt(day)))) {
      const ofMonth = movements.filter(({ day }) => monthAt(day) === month)
      const takeOf = (account: string) =>
        ofMonth.filter(({ creator }) => creator === account).reduce((sum, { take, takeBack }) => sum + take - takeBack, 0n)
      const expected = [...new Set(ofMonth.map(({ creator }) => creator!))].map((one) => [one, takeOf(one)] as const)
      const asked = { unit: 'month', day: ofMonth[0]!.day } as const
      const all = await readTopCreators(business, asked, { offset: 0, limit: 50 })
      expect(new Map(all.creators.map((one) => [one.account, one.takeMicros - one.takeGivenBackMicros]))).toEqual(
        new Map(expected),
      )
      const first = await readTopCreators(business, asked, { offset: 0, limit: 1 })
      const second = await readTopCreators(business, asked, { offset: 1, limit: 1 })
      expect([...first.creators, ...second.creators]).toEqual(all.creators.slice(0, 2))
      expect(first.hasMore).toBe(all.creators.length > 1)
    }
  })

  it('through an index it is the same, wherever that is and however it came there', async () => {
    const all = (business: Awaited<ReturnType<typeof businessOf>>) =>
      Promise.all([...UNITS.map((unit) => readBusiness(business, unit, traded.time)), ...tops(business, traded.time)])
    const expected = await all(await businessOf(memory))
    const { length } = log
    for (const goes of [[1], [Math.floor(length / 3), 7, 1, 40], [length - 1], [length]]) {
      expect(await all(await businessOf(memory, await indexOf(memory, ...goes)))).toEqual(expected)
    }
    const [whole, parts] = [await indexOf(memory, length), await indexOf(memory, ...Array(Math.ceil(length / 5)).fill(5))]
    expect(parts.texts).toEqual(whole.texts)
    const told = ({ sums }: MemoryIndex) => [...sums].filter(([, one]) => one.sums.some((sum) => sum !== 0n)).sort()
    expect(told(parts)).toEqual(told(whole))
  })
})

function tops(business: Awaited<ReturnType<typeof businessOf>>, time: number) {
  const day = dayOf(wholeSeconds(time))
  return UNITS.map((unit) => readTopCreators(business, { unit, day }, { offset: 0, limit: 9 }))
}

interface Movement {
  readonly day: number
  readonly kind: string
  readonly creator: string | undefined
  readonly payers: readonly string[]
  readonly gross: bigint
  readonly take: bigint
  readonly back: bigint
  readonly takeBack: bigint
}

interface Body {
  readonly entry: number
  readonly line?: number
  readonly amount: bigint
  readonly payers: readonly string[]
  readonly lines: readonly (readonly number[])[]
  readonly listing: string
}

/** By the postings and payments of each entry alone. */
function reckon(log: readonly Accepted[], sellers: ReadonlyMap<string, string>): Movement[] {
  const given = new Map<string, bigint>()
  return log.flatMap(({ time, transaction, outcome }): Movement[] => {
    const day = dayOf(wholeSeconds(time))
    const body = transaction.body as Body
    const { payment, lines } = outcome
    if (transaction.definition.type === 'credit.refund') {
      const paid = log[body.entry]!
      const line = body.line === undefined ? undefined : paid.outcome.lines![body.line]
      const { grossMicros, feeMicros } = line?.status === 'charged' ? line : paid.outcome.payment!
      const [kind, creator] = partyOf(paid, sellers)
      const key = `${body.entry} ${body.line}`
      const before = given.get(key) ?? 0n
      given.set(key, before + body.amount)
      const feeBack = (feeMicros * (before + body.amount)) / grossMicros - (feeMicros * before) / grossMicros
      const takeBack = kind === 'plan' ? body.amount : feeBack
      return [{ day, kind, creator, payers: [], gross: 0n, take: 0n, back: body.amount, takeBack }]
    }
    if (payment === undefined) return []
    const [kind, creator] = partyOf({ transaction, outcome }, sellers)
    const charged = lines?.flatMap((line, at) => (line.status === 'charged' && line.grossMicros > 0n ? [at] : []))
    const payers = charged?.map((at) => body.payers[body.lines[at]![0]!]!) ?? (payment.grossMicros > 0n ? [payment.payer!] : [])
    const book = kind === 'plan' ? 'revenue:plans' : 'revenue:fees'
    const take = outcome.postings.find((posting) => posting.book === book)?.amountMicros ?? 0n
    return [{ day, kind, creator, payers, gross: payment.grossMicros, take, back: 0n, takeBack: 0n }]
  })
}

function partyOf({ transaction, outcome }: Pick<Accepted, 'transaction' | 'outcome'>, sellers: ReadonlyMap<string, string>) {
  const kind = transaction.definition.type.replace(/\..*/, '').replace(/^(?:usage|hold|query)$/, 'call')
  const { listing } = transaction.body as Body
  return [kind, outcome.lines === undefined ? outcome.payment!.payee : sellers.get(listing)] as const
}

/** What a plan or subscription pays in a year, by its period that runs: as long as a week, a month, a quarter or a year. */
function yearly(log: readonly Accepted[], { entry, priceMicros, days }: Standing): bigint {
  const times = days === 7 ? 52n : days < 32 ? 12n : days < 93 ? 4n : 1n
  return (priceMicros ?? log[entry]!.outcome.payment!.grossMicros) * times
}

function monthAt(day: number): number {
  const date = new Date(day * DAY_SECONDS * 1_000)
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()
}

test('what was traded covers all that changes paid time', () => {
  const rare = [
    'plan.change',
    'plan.cancel',
    'plan.renew',
    'subscription.renew',
    'policy.update',
    'revenue.withdraw',
    'usage.batch',
  ]
  const refunds = ['plan.subscribe', 'plan.renew', 'subscription.start', 'subscription.renew', 'usage.batch']
  for (const what of [...rare, ...refunds.map((type) => `refund of ${type}`)]) {
    expect(traffic.get(what) ?? 0, what).toBeGreaterThan(0)
  }
})

test('sums that do not tie to the books are not told, and the index that they came from is made anew', async () => {
  const memory = new MemoryLedger()
  const { time } = await tradeAtRandom(memory, 9, 20)
  const index = await indexOf(memory, 1_000)
  const [place, total] = [...index.sums].find(([, { series }]) => series === 'total')!
  index.sums.set(place, { ...total, sums: total.sums.map((sum, at) => (at === 1 ? sum + 1n : sum)) })
  const business = await businessOf(memory, index)
  await expect(readBusiness(business, 'day', time)).rejects.toMatchObject({ code: 'busy' })
  expect(await index.position()).toMatchObject({ size: 0 })
  expect((await readBusiness(business, 'day', time)).books).toHaveLength(2)
})

test('on a ledger on which nothing was paid yet all is zero', async () => {
  const memory = new MemoryLedger()
  const { time } = await tradeAtRandom(memory, 5, 0)
  const store = await openMemoryReader(memory)
  expect(await readPlatform(store)).toBeDefined()
  const { periods } = await readBusiness(await businessOf(memory), 'day', time)
  expect(periods.at(-1)).toMatchObject({ payers: 0, subscriptions: { active: 0, monthlyMicros: 0n } })
})
