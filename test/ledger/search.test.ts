/**
 * Searches through an index answer what the ledger alone answers: however far the index has come, and whatever it says. Over a
 * marketplace in which something of every transaction type happens.
 */

import { beforeAll, describe, expect, it, test } from 'vitest'
import { formatMicros, parseAmount } from '../../core/domain/money.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { MemoryIndex } from '../../core/drivers/memory/search-index.ts'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import type { Accepted } from '../../core/ledger/accepted.ts'
import { findAccounts, findCreators, findListings, findModels, findSubscribers } from '../../core/ledger/catalogue.ts'
import type { EntryFilter, Searched } from '../../core/ledger/entry-search.ts'
import { readBackwards } from '../../core/ledger/history.ts'
import { followLog } from '../../core/ledger/indexer.ts'
import { Lookup } from '../../core/ledger/lookup.ts'
import { presentEntry } from '../../core/ledger/present.ts'
import { readLog } from '../../core/ledger/queries.ts'
import { Revenue } from '../../core/ledger/revenue.ts'
import type { EntryQuery, SearchIndex } from '../../core/ledger/search-index.ts'
import { readSpending } from '../../core/ledger/spending.ts'
import { presentStatement, readStatement } from '../../core/ledger/statement.ts'
import { StoreError } from '../../core/ledger/store.ts'
import { every } from '../support/every.ts'
import { openMarketplace, trade } from './marketplace.ts'
import { ADA, BOB, CYD, DAY, memoryHome, OPERATOR, person, TestLedger } from './support.ts'

const TOOLS = { rules, sha256 }
const PEOPLE = [OPERATOR, ADA, BOB, CYD]
const NOBODY = person('Nobody')
/** Days of all times. */
const EVER = { from: 0, to: 100_000 }

let memory: MemoryLedger
let log: Accepted[]
/** The time for which the catalogue is asked. */
let now: number

beforeAll(async () => {
  memory = new MemoryLedger()
  const ledger = await TestLedger.found(memoryHome(memory))
  const market = await openMarketplace(ledger)
  ledger.time += DAY
  await trade(ledger, market)
  ledger.time += DAY
  const refund = (refunded: { entry: number; line?: number; amount: string }) =>
    ledger.accept(OPERATOR, 'credit.refund', { ...refunded, reason: 'a part of it' })
  await refund({ entry: entryOf('dataset.purchase'), amount: '10' })
  await refund({ entry: entryOf('query.charge'), amount: '0.0001' })
  await refund({ entry: entryOf('usage.batch'), line: 0, amount: '0.0002' })
  await ledger.accept(ADA, 'account.profile', { name: 'Ada King' })
  await ledger.accept(ADA, 'listing.update', { listing: market.dataset, title: 'Clauses' })
  await ledger.accept(ADA, 'payout.request', { amount: '25', destination: 'bank' }).catch(() => {})
  await ledger.ledger.submit(ledger.topup(BOB, '1'))
  now = ledger.time / 1_000
  await ledger.close()
  log = await every(readLog(TOOLS, await without(), { from: 0, limit: Number.POSITIVE_INFINITY }))
})

/** The first entry of a type. */
function entryOf(type: string): number {
  return memory.entries.find(({ bytes }) => Buffer.from(bytes).includes(`"type":"${type}"`))!.index
}

async function without(): Promise<Searched> {
  return { store: await openMemoryReader(memory), lookup: Lookup.none() }
}

/** An index that has followed the log up to a size. */
async function indexTo(size: number): Promise<MemoryIndex> {
  const index = new MemoryIndex()
  await followLog(TOOLS, index, () => openMemoryReader(memory), { most: size })
  return index
}

async function searchedWith(index: SearchIndex): Promise<Searched> {
  const store = await openMemoryReader(memory)
  return { store, lookup: await Lookup.over(TOOLS, store, index) }
}

/** With an index at nothing, at each of some places in the log, and at its end. */
const places = () => [0, 1, 7, Math.floor(log.length / 2), log.length - 3, log.length - 1, log.length]

const FILTERS: readonly EntryFilter[] = [
  ...[...PEOPLE, NOBODY].flatMap(({ account }) => [{ account }, { account, isPayee: true }, { account, type: 'usage.batch' }]),
  ...['credit.topup', 'hold.open', 'period.close', 'listing.update'].map((type) => ({ type })),
  { leastMicros: 25_000_000n },
  { mostMicros: 500_000n, account: BOB.account },
  { leastMicros: 1n, mostMicros: 10_000_000n, type: 'subscription.start' },
  { leastMicros: 10n ** 15n },
]

/** What a filter means, told by every entry there is. */
function wanted({ account, isPayee, type, leastMicros = 0n, mostMicros = 10n ** 30n }: EntryFilter): number[] {
  return log
    .filter(({ transaction }) => type === undefined || transaction.definition.type === type)
    .filter(({ outcome }) => account === undefined || outcome.touched.some((one) => one.account === account))
    .filter((entry) => !isPayee || presentEntry(entry).gross !== undefined)
    .filter(({ outcome }) => !isPayee || outcome.postings.some(({ book, account: of }) => book === 'earnings' && of === account))
    .filter(({ outcome: { payment, postings } }) => {
      const moved = postings.map(({ amountMicros }) => (amountMicros < 0n ? -amountMicros : amountMicros))
      const most = [payment?.grossMicros ?? 0n, ...moved].reduce((a, b) => (a > b ? a : b), 0n)
      return leastMicros <= most && most <= mostMicros
    })
    .map(({ index }) => index)
}

async function upwards(searched: Searched, filter: EntryFilter, limit = Number.POSITIVE_INFINITY, from = 0): Promise<number[]> {
  return (await every(readLog(TOOLS, searched, { ...filter, from, limit }))).map(({ index }) => index)
}

/** Page by page from the newest end. */
async function downwards(searched: Searched, filter: EntryFilter, limit = 3): Promise<number[]> {
  const indexes: number[] = []
  for (let before: number | undefined; ; ) {
    const { entries, next } = await readBackwards(TOOLS, searched, { ...filter, before, limit })
    indexes.push(...entries.map(({ index }) => index))
    if (next === undefined) return indexes
    expect(next).toBeLessThan(before ?? Number.POSITIVE_INFINITY)
    before = next
  }
}

describe('entries', () => {
  it('are found by account, payee, type and amount, from both ends, wherever the index is', async () => {
    for (const place of places()) {
      const index = await indexTo(place)
      for (const filter of FILTERS) {
        const [searched, expected] = [await searchedWith(index), wanted(filter)]
        expect(searched.lookup.size).toBe(place)
        expect(await upwards(searched, filter), JSON.stringify(filter, replacer)).toEqual(expected)
        expect(await upwards(searched, filter, 2)).toEqual(expected.slice(0, 2))
        expect(await upwards(searched, filter, 9, 12)).toEqual(expected.filter((one) => one >= 12).slice(0, 9))
        expect(await downwards(searched, filter), JSON.stringify(filter, replacer)).toEqual(expected.toReversed())
        expect(searched.lookup.size).toBe(place)
      }
    }
  })

  it('are found by time', async () => {
    const time = log[20]!.time
    const [since, until] = [time, log.find((entry) => entry.time > time)!.time]
    const expected = log.filter((entry) => entry.time >= since && entry.time < until).map(({ index }) => index)
    for (const place of places()) {
      const searched = await searchedWith(await indexTo(place))
      const range = { since, until, limit: 1_000 }
      for (const filter of [{}, { account: ADA.account }]) {
        const ofFilter = expected.filter((one) => wanted(filter).includes(one))
        expect((await every(readLog(TOOLS, searched, { ...range, ...filter, from: 0 }))).map(({ index }) => index)).toEqual(
          ofFilter,
        )
        const page = await readBackwards(TOOLS, searched, { ...range, ...filter })
        expect(page.entries.map(({ index }) => index)).toEqual(ofFilter.toReversed())
        expect(page.next).toBeUndefined()
      }
    }
  })
})

function replacer(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? formatMicros(value as never) : value
}

test('statements of any period are the same through an index', async () => {
  const times = [...new Set(log.map(({ time }) => time))]
  const periods = [{}, ...times.flatMap((to) => [{ to }, { from: to }, { from: Math.min(to, times[0]! + 1), to }])]
  for (const place of places()) {
    const index = await indexTo(place)
    for (const { account } of PEOPLE) {
      for (const period of periods) {
        const searched = await searchedWith(index)
        const found = await readStatement(TOOLS, searched, account, period)
        const expected = await readStatement(TOOLS, await without(), account, period)
        expect(typeof found === 'object' && presentStatement(found)).toEqual(
          typeof expected === 'object' && presentStatement(expected),
        )
        expect(searched.lookup.size).toBe(place)
      }
    }
  }
})

/** Everything that the pages of the console ask of the catalogue and the sums. */
async function pages(searched: Searched) {
  const ask = { limit: 100 }
  const revenue = new Revenue()
  return {
    accounts: await Promise.all(['', 'ada', 'KING', 'nim1', 'x'].map((text) => findAccounts(searched, { ...ask, text }))),
    listings: await Promise.all(
      [
        {},
        { text: 'law questions' },
        { text: 'king clauses' },
        { kind: 'dataset' as const },
        { seller: BOB.account },
        { mostMicros: 3_000_000n },
      ].map((filter) => findListings(searched, now, { ...ask, ...filter })),
    ),
    page: await findListings(searched, now, { limit: 1 }),
    models: await findModels(searched, ADA.account, now),
    subscribers: await findSubscribers(searched, ADA.account, now, ask),
    creators: await findCreators(
      searched,
      PEOPLE.map(({ account }) => account),
    ),
    revenue: await Promise.all(PEOPLE.map(({ account }) => revenue.of(searched.store, account, searched.lookup))),
    spending: await Promise.all(PEOPLE.map(({ account }) => readSpending(searched, account, EVER))),
  }
}

test('the catalogue and the sums of revenue and of spending are the same through an index', async () => {
  const expected = await pages(await without())
  expect(expected.listings.map(({ items }) => items.length)).toEqual([3, 1, 1, 1, 0, 2])
  expect(expected.accounts.map(({ items }) => items.length)).toEqual([4, 1, 1, 4, 0])
  expect(expected.revenue[1]!.grossMicros).toBeGreaterThan(0n)
  for (const place of places()) expect(await pages(await searchedWith(await indexTo(place)))).toEqual(expected)
})

/** What a statement says was paid for calls over a period, less what was refunded of it. */
async function callsIn(account: string, period: { from?: number; to?: number }): Promise<bigint> {
  const statement = await readStatement(TOOLS, await without(), account, period)
  const types = ['query.charge', 'hold.capture', 'usage.batch']
  const entries = typeof statement === 'object' ? statement.entries : []
  const amounts = entries.map(({ index, type, payment, headings }) => {
    const { entry } = log[index]!.transaction.body as { entry?: number }
    if (type === 'credit.refund' && types.includes(log[entry!]!.transaction.definition.type))
      return -(headings.get('refundsReceived') ?? 0n)
    return types.includes(type) && payment?.role === 'payer' ? payment.grossMicros : 0n
  })
  return amounts.reduce((sum, amount) => sum + amount, 0n)
}

test('what was spent on calls ties to the statement, over all time and day by day, wherever the index is', async () => {
  const dayMs = 86_400_000
  const days = [...new Set(log.map(({ time }) => Math.floor(time / dayMs)))]
  for (const place of places()) {
    const searched = await searchedWith(await indexTo(place))
    for (const { account } of [ADA, BOB, CYD]) {
      const all = await readSpending(searched, account, EVER)
      expect(all.costMicros).toBe(await callsIn(account, {}))
      expect([...all.byDay.keys()]).toEqual([...all.byDay.keys()].sort((a, b) => a - b))
      for (const day of days) {
        const ofDay = await readSpending(searched, account, { from: day, to: day + 1 })
        expect(ofDay.costMicros).toBe(await callsIn(account, { from: day * dayMs, to: (day + 1) * dayMs }))
        expect(all.byDay.get(day)?.costMicros ?? 0n).toBe(ofDay.costMicros)
      }
    }
  }
  const [bob, cyd] = await Promise.all([BOB, CYD].map(async ({ account }) => readSpending(await without(), account, EVER)))
  // Of the batches one line of Bob's and three of Cyd's were charged; then he had a hold captured, and she signed a call.
  expect([bob!.calls, bob!.costMicros > 0n, [...bob!.byListing.values()].length]).toEqual([2, true, 1])
  expect([cyd!.calls, cyd!.costMicros > 0n]).toEqual([4, true])
})

test('an account whose unknown entries are too many is told to come back', async () => {
  const { store, lookup } = await without()
  const endless = new Proxy(store, {
    get: (target, name) => {
      // The chain of this account never gets anywhere.
      if (name === 'entries') return (_from: number, limit: number) => target.entries(log.length - 1, limit)
      const method = target[name as keyof typeof store]
      return typeof method === 'function' ? method.bind(target as never) : method
    },
  })
  await expect(readSpending({ store: endless, lookup }, BOB.account, EVER)).rejects.toMatchObject({ code: 'busy' })
})

test('a refund takes back what the payment was, even where its fee was withdrawn', async () => {
  const kept = new MemoryLedger()
  const ledger = await TestLedger.found(memoryHome(kept))
  const { dataset } = await openMarketplace(ledger)
  const { index } = await ledger.accept(CYD, 'dataset.purchase', { listing: dataset, terms: 1, price: '25' })
  const sums = async () => new Revenue().of(await openMemoryReader(kept), ADA.account, Lookup.none())
  expect(await sums()).toMatchObject({ grossMicros: parseAmount('25'), feeMicros: parseAmount('3.75') })
  ledger.time += 40 * DAY
  await ledger.accept(OPERATOR, 'revenue.withdraw', { book: 'fees', amount: '3.75', provider: 'bank', reference: 'fees' })
  await ledger.accept(OPERATOR, 'credit.refund', { entry: index, amount: '20', reason: 'broken' })
  expect(await sums()).toMatchObject({ grossMicros: parseAmount('5'), feeMicros: parseAmount('0.75') })
  await ledger.close()
})

test('sums go on from memory and from an index that comes later, with the same result', async () => {
  const revenue = new Revenue()
  const expected = await revenue.of(await openMemoryReader(memory), ADA.account, Lookup.none())
  for (const place of [5, 5, log.length - 2, log.length, 0]) {
    const { store, lookup } = await searchedWith(await indexTo(place))
    expect(await revenue.of(store, ADA.account, lookup)).toEqual(expected)
  }
})

describe('an index that says what the ledger does not', () => {
  const lies: Record<string, (found: number[], query: EntryQuery) => number[]> = {
    'leaves entries out': (found) => found.filter((index) => index % 5 !== 0),
    'names others': (found) => found.map((index) => (index % 4 === 0 ? index - 1 : index)).filter((index) => index >= 0),
    'names what is not there': (found, { order }) => (order === 'up' ? [...found, 1_000_000] : [1_000_000, ...found]),
  }

  it.each(Object.entries(lies))('because it %s is given up and forgets, and the answer is the right one', async (_what, lie) => {
    for (const { account } of [OPERATOR, ADA, BOB]) {
      const index = await indexTo(log.length - 2)
      const liar = lying(index, lie)
      const searched = await searchedWith(liar)
      expect(await upwards(searched, { account })).toEqual(wanted({ account }))
      expect(searched.lookup.size).toBe(0)
      expect(await index.position()).toMatchObject({ size: 0 })
      expect(await downwards(await searchedWith(lying(await indexTo(log.length - 2), lie)), { account })).toEqual(
        wanted({ account }).toReversed(),
      )
    }
  })

  it.each(Object.entries(lies))('because it %s changes no statement', async (_what, lie) => {
    const times = [...new Set(log.map(({ time }) => time))]
    for (const { account } of PEOPLE) {
      for (const to of times) {
        const searched = await searchedWith(lying(await indexTo(log.length), lie))
        const found = await readStatement(TOOLS, searched, account, { to })
        const expected = await readStatement(TOOLS, await without(), account, { to })
        expect(typeof found === 'object' && presentStatement(found)).toEqual(
          typeof expected === 'object' && presentStatement(expected),
        )
      }
    }
  })

  it('or nothing, because it fails, is given up', async () => {
    const index = await indexTo(log.length)
    const broken = new Proxy(index, {
      get: (target, name) => {
        if (name === 'position') return () => target.position()
        return async () => {
          throw new StoreError('damaged', 'The index is damaged.')
        }
      },
    })
    expect(await upwards(await searchedWith(broken), { account: ADA.account })).toEqual(wanted({ account: ADA.account }))
    expect(await downwards(await searchedWith(broken), { account: ADA.account })).toEqual(
      wanted({ account: ADA.account }).toReversed(),
    )
    expect(await pages(await searchedWith(broken))).toEqual(await pages(await without()))
  })
})

/** An index whose answers about entries are changed. */
function lying(index: MemoryIndex, lie: (found: number[], query: EntryQuery) => number[]): SearchIndex {
  return new Proxy(index, {
    get: (target, name) => {
      if (name === 'findEntries') return async (query: EntryQuery) => lie(await target.findEntries(query), query)
      const method = target[name as keyof MemoryIndex]
      return typeof method === 'function' ? method.bind(target as never) : method
    },
  })
}
