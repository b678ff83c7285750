/** What holds of every index, whatever it keeps its rows in. Each driver's test runs this against it. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type {
  EntryQuery,
  IndexStep,
  SearchIndex,
  SearchIndexWriter,
  TallyQuery,
  ThingQuery,
} from '../../core/ledger/search-index.ts'
import { sampleHash } from './samples.ts'

/** An index that outlives whoever opens it. */
interface IndexPlace {
  openWriter(): Promise<SearchIndexWriter>
  openReader(): Promise<SearchIndex | undefined>
}

const EMPTY_ROOT = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** Account 1 pays account 2 for entries 1, 2 and 3; account 3 is only there. */
export const FIRST: IndexStep = {
  size: 0,
  entries: [
    { index: 0, type: 'account.open', amountMicros: 0n, touched: [{ account: 1, isPayee: false, books: [] }] },
    ...[1, 2].map((index) => ({
      index,
      type: 'dataset.purchase',
      amountMicros: BigInt(index) * 1_000n,
      touched: [
        { account: 1, isPayee: false, books: ['wallet' as const] },
        { account: 2, isPayee: true, books: ['earnings' as const] },
      ],
    })),
  ],
  things: [
    { kind: 'account', key: 'nim1ada', owner: 'nim1ada', text: 'ada lovelace\nnim1ada' },
    { kind: 'listing', key: 'lst_1', owner: 'nim1ada', sort: 'dataset', text: 'contracts\nannotated', priceMicros: 5n },
    { kind: 'listing', key: 'lst_3', owner: 'nim1bob', sort: 'model', text: 'łódź 100% law\nmodel' },
    { kind: 'model', key: 'mdl_1', owner: 'nim1bob', text: 'law' },
  ],
  revenue: [
    { payee: 'nim1ada', day: 20_000, listing: 'lst_1', sums: { grossMicros: 10n ** 30n, feeMicros: 3n, payments: 2 } },
    { payee: 'nim1ada', day: 20_000, sums: { grossMicros: 7n, feeMicros: 1n, payments: 1 } },
  ],
  spending: [
    { payer: 'nim1cyd', day: 20_000, listing: 'lst_1', sums: { costMicros: 10n ** 30n, calls: 2 } },
    { payer: 'nim1cyd', day: 20_001, listing: 'lst_1', sums: { costMicros: 5n, calls: 1 } },
  ],
  tallies: [
    { series: 'income', period: 20_000, subject: 'call', sums: [10n ** 30n, 3n] },
    { series: 'income', period: 20_000, subject: 'plan', sums: [7n, 7n] },
    { series: 'income', period: 20_001, subject: 'call', sums: [1n, 0n] },
    { series: 'cohort', period: 670, subject: '671', sums: [4n] },
  ],
  kept: [
    { key: 'payer nim1ada', text: '{"first":670}' },
    { key: 'payer nim1bob', text: '{}' },
  ],
  root: sampleHash('root 3'),
}

export const SECOND: IndexStep = {
  size: 3,
  entries: [
    {
      index: 3,
      type: 'dataset.purchase',
      amountMicros: 2n ** 70n,
      touched: [
        { account: 1, isPayee: false, books: ['wallet', 'held'] },
        { account: 2, isPayee: true, books: ['earnings', 'receivable'] },
      ],
    },
    { index: 4, type: 'period.close', amountMicros: 0n, touched: [{ account: 0, isPayee: false, books: [] }] },
  ],
  things: [
    { kind: 'listing', key: 'lst_2', owner: 'nim1ada', sort: 'dataset', text: 'clauses', priceMicros: 2n ** 70n },
    { kind: 'listing', key: 'lst_1', owner: 'nim1ada', sort: 'dataset', text: 'contracts, new', priceMicros: 4n },
  ],
  revenue: [{ payee: 'nim1ada', day: 20_000, listing: 'lst_1', sums: { grossMicros: 1n, feeMicros: -1n, payments: 0 } }],
  spending: [
    { payer: 'nim1cyd', day: 20_000, listing: 'lst_1', sums: { costMicros: -1n, calls: 0 } },
    { payer: 'nim1cyd', day: 20_000, listing: 'lst_2', sums: { costMicros: 0n, calls: 3 } },
  ],
  tallies: [
    { series: 'income', period: 20_000, subject: 'call', sums: [-1n, 2n] },
    { series: 'income', period: 19_999, subject: 'łódź', sums: [1n, 1n] },
  ],
  kept: [{ key: 'payer nim1bob', text: '{"first":671}' }],
  root: sampleHash('root 5'),
}

const ALL: EntryQuery = { from: 0, to: 100, order: 'up', limit: 100 }

export function describeIndex(makePlace: () => Promise<IndexPlace>): void {
  const stage = new Stage()
  beforeEach(async () => stage.begin(await makePlace()))
  afterEach(() => stage.index.close())
  describe('its position', () => describePosition(stage))
  describe('entries', () => describeEntries(stage))
  describe('things', () => describeThings(stage))
  describeRevenue(stage)
  describe('tallies', () => describeTallies(stage))
}

/** A test's place and its index. */
class Stage {
  place!: IndexPlace
  index!: SearchIndexWriter

  async begin(place: IndexPlace): Promise<void> {
    this.place = place
    this.index = await place.openWriter()
  }

  async follow(): Promise<void> {
    for (const step of [FIRST, SECOND]) expect(await this.index.follow(step)).toBe(true)
  }

  found(query: Partial<EntryQuery>): Promise<number[]> {
    return this.index.findEntries({ ...ALL, ...query })
  }

  things(query: Partial<ThingQuery> & Pick<ThingQuery, 'kind'>): Promise<string[]> {
    return this.index.findThings({ limit: 100, ...query })
  }
}

function describePosition(stage: Stage): void {
  test('is at nothing, then after each step', async () => {
    const { size, root } = await stage.index.position()
    expect([size, Buffer.from(root).toString('hex')]).toEqual([0, EMPTY_ROOT])
    await stage.follow()
    expect(await stage.index.position()).toEqual({ size: 5, root: SECOND.root })
  })

  test('is the only one from which it goes on', async () => {
    expect(await stage.index.follow(SECOND)).toBe(false)
    await stage.follow()
    expect(await stage.index.follow(SECOND)).toBe(false)
    expect(await stage.index.follow(FIRST)).toBe(false)
    expect(await stage.found({})).toEqual([0, 1, 2, 3, 4])
    expect(await stage.index.revenueOf('nim1ada')).not.toEqual([])
  })

  test('and all rows are forgotten together, from a reader too', async () => {
    await stage.follow()
    const reader = await stage.place.openReader()
    await reader!.forget()
    await reader!.close()
    expect(await stage.index.position()).toMatchObject({ size: 0 })
    expect(await stage.found({})).toEqual([])
    expect(await stage.things({ kind: 'listing' })).toEqual([])
    expect(await stage.index.revenueOf('nim1ada')).toEqual([])
    expect(await stage.index.spendingOf('nim1cyd', { from: 0, to: 30_000 })).toEqual([])
    expect(await stage.index.tallies({ series: 'income', from: 0, to: 30_000, limit: 9 })).toEqual([])
    expect(await stage.index.kept(['payer nim1ada'])).toEqual([undefined])
    await stage.follow()
    expect(await stage.found({ type: 'period.close' })).toEqual([4])
  })
}

function describeEntries(stage: Stage): void {
  beforeEach(() => stage.follow())

  test('are found by account, type, payee and book', async () => {
    expect(await stage.found({ account: 1 })).toEqual([0, 1, 2, 3])
    expect(await stage.found({ account: 3 })).toEqual([])
    expect(await stage.found({ type: 'dataset.purchase' })).toEqual([1, 2, 3])
    expect(await stage.found({ type: 'no.such' })).toEqual([])
    expect(await stage.found({ account: 1, type: 'account.open' })).toEqual([0])
    expect(await stage.found({ account: 2, isPayee: true })).toEqual([1, 2, 3])
    expect(await stage.found({ account: 1, isPayee: true })).toEqual([])
    expect(await stage.found({ account: 1, book: 'held' })).toEqual([3])
    expect(await stage.found({ account: 2, book: 'receivable', isPayee: true })).toEqual([3])
    expect(await stage.found({ account: 1, book: 'earnings' })).toEqual([])
  })

  test('are found by amount, however large', async () => {
    expect(await stage.found({ leastMicros: 1_001n })).toEqual([2, 3])
    expect(await stage.found({ mostMicros: 1_000n })).toEqual([0, 1, 4])
    expect(await stage.found({ account: 1, leastMicros: 1_000n, mostMicros: 1_000n })).toEqual([1])
    expect(await stage.found({ leastMicros: 2n ** 70n })).toEqual([3])
  })

  test('come in order, from either end, within a range, and as many as asked for', async () => {
    expect(await stage.found({ order: 'down' })).toEqual([4, 3, 2, 1, 0])
    expect(await stage.found({ account: 1, order: 'down', limit: 2 })).toEqual([3, 2])
    expect(await stage.found({ account: 1, order: 'down', to: 2 })).toEqual([1, 0])
    expect(await stage.found({ account: 1, from: 2, limit: 1 })).toEqual([2])
    expect(await stage.found({ from: 1, to: 4, limit: 2 })).toEqual([1, 2])
  })
}

function describeThings(stage: Stage): void {
  beforeEach(() => stage.follow())

  test('are found by kind, owner, sort and price', async () => {
    expect(await stage.things({ kind: 'listing' })).toEqual(['lst_1', 'lst_2', 'lst_3'])
    expect(await stage.things({ kind: 'listing', owner: 'nim1ada' })).toEqual(['lst_1', 'lst_2'])
    expect(await stage.things({ kind: 'listing', sort: 'model' })).toEqual(['lst_3'])
    expect(await stage.things({ kind: 'listing', mostMicros: 4n })).toEqual(['lst_1'])
    expect(await stage.things({ kind: 'model', owner: 'nim1bob' })).toEqual(['mdl_1'])
    expect(await stage.things({ kind: 'subscription' })).toEqual([])
  })

  test('are found by every word, as it stands, in their own text or in that of their owner', async () => {
    expect(await stage.things({ kind: 'listing', words: ['contr', 'new'] })).toEqual(['lst_1'])
    expect(await stage.things({ kind: 'listing', words: ['annotated'] })).toEqual([])
    expect(await stage.things({ kind: 'listing', words: ['lovelace', 'clauses'] })).toEqual(['lst_2'])
    expect(await stage.things({ kind: 'listing', words: ['100%', 'łódź'] })).toEqual(['lst_3'])
    expect(await stage.things({ kind: 'listing', words: ['1_0'] })).toEqual([])
    expect(await stage.things({ kind: 'account', words: ['ada love'] })).toEqual(['nim1ada'])
  })

  test('come in the order of their keys, after one, and as many as asked for', async () => {
    expect(await stage.things({ kind: 'listing', limit: 2 })).toEqual(['lst_1', 'lst_2'])
    expect(await stage.things({ kind: 'listing', after: 'lst_2' })).toEqual(['lst_3'])
  })
}

function describeRevenue(stage: Stage): void {
  test('revenue is summed by day and listing, without a bound', async () => {
    await stage.follow()
    const totals = new Map<string, bigint[]>()
    for (const { listing = '', sums } of await stage.index.revenueOf('nim1ada')) {
      const [gross = 0n, fee = 0n, payments = 0n] = totals.get(listing) ?? []
      totals.set(listing, [gross + sums.grossMicros, fee + sums.feeMicros, payments + BigInt(sums.payments)])
    }
    expect(Object.fromEntries(totals)).toEqual({ lst_1: [10n ** 30n + 1n, 2n, 2n], '': [7n, 1n, 1n] })
    expect(await stage.index.revenueOf('nim1bob')).toEqual([])
  })

  test('spending is summed by day and listing, without a bound, and told for a range of days', async () => {
    await stage.follow()
    const spent = async (payer: string, from: number, to: number) => {
      const totals: Record<string, [bigint, number]> = {}
      for (const { day, listing, sums } of await stage.index.spendingOf(payer, { from, to })) {
        const [cost, calls] = totals[`${day} ${listing}`] ?? [0n, 0]
        totals[`${day} ${listing}`] = [cost + sums.costMicros, calls + sums.calls]
      }
      return totals
    }
    const first = { '20000 lst_1': [10n ** 30n - 1n, 2], '20000 lst_2': [0n, 3] }
    const second = { '20001 lst_1': [5n, 1] }
    expect(await spent('nim1cyd', 0, 30_000)).toEqual({ ...first, ...second })
    expect(await spent('nim1cyd', 20_000, 20_001)).toEqual(first)
    expect(await spent('nim1cyd', 20_001, 20_002)).toEqual(second)
    expect(await spent('nim1ada', 0, 30_000)).toEqual({})
  })
}

function describeTallies(stage: Stage): void {
  beforeEach(() => stage.follow())

  test('are added up without a bound, and come in order of period and subject, as many as asked for', async () => {
    const found = async (query: Partial<TallyQuery>) =>
      (await stage.index.tallies({ series: 'income', from: 0, to: 30_000, limit: 9, ...query })).map(
        ({ period, subject, sums }) => `${period} ${subject} ${sums}`,
      )
    const all = ['19999 łódź 1,1', `20000 call ${10n ** 30n - 1n},5`, '20000 plan 7,7', '20001 call 1,0']
    expect(await found({})).toEqual(all)
    expect(await found({ from: 20_000, to: 20_001 })).toEqual(all.slice(1, 3))
    expect(await found({ limit: 2 })).toEqual(all.slice(0, 2))
    expect(await found({ after: { period: 20_000, subject: 'call' } })).toEqual(all.slice(2))
    expect(await found({ after: { period: 19_999, subject: 'z' }, to: 20_001 })).toEqual(all.slice(0, 3))
    expect(await found({ after: { period: 20_001, subject: 'call' } })).toEqual([])
    expect(await found({ series: 'cohort' })).toEqual(['670 671 4'])
    expect(await found({ series: 'book' })).toEqual([])
  })

  test('and what is kept for them is the last text under its key', async () => {
    expect(await stage.index.kept(['payer nim1bob', 'payer nim1cyd', 'payer nim1ada'])).toEqual([
      '{"first":671}',
      undefined,
      '{"first":670}',
    ])
  })
}
