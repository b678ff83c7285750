/** What the pages show, over a market whose every figure is known. */

import { beforeAll, describe, expect, it } from 'vitest'
import { RIGHTS } from '../../core/api/procedure.ts'
import { consoleRouter } from '../../core/api/router.ts'
import { ConsoleDesk } from '../../core/bin/console/console-desk.ts'
import { micros } from '../cli/exact-money.ts'
import type { Market } from '../cli/market.ts'
import { PASSPHRASE } from '../cli/run.ts'
import { marketCopy } from './console.ts'

let market: Market
let desk: ConsoleDesk
let caller: ReturnType<typeof consoleRouter.createCaller>

beforeAll(async () => {
  market = await marketCopy()
  desk = new ConsoleDesk({ dir: market.dir, version: '0.0.0', lockAfterMinutes: 0 })
  await desk.unlock(PASSPHRASE)
  caller = consoleRouter.createCaller({ host: desk, rights: () => RIGHTS[desk.status] })
  return () => desk.close()
})

const person = (name: string) => market.accounts[name]!

describe('a creator', () => {
  it('sees what was paid, by day and by listing, to the last microcredit', async () => {
    const overview = await caller.creator.overview({ account: person('Ada') })
    // A month 10, the dataset 25, its licence 9, the feature 4; and two calls of Bob: 353 µ, and 461.5 µ rounded up.
    expect(overview.gross).toBe('48.000815')
    expect(micros(overview.fee)).toBe((micros(overview.gross) * 15n) / 100n)
    expect(micros(overview.takeHome)).toBe(micros(overview.gross) - micros(overview.fee))
    expect(overview.payments).toBe(6)
    expect(overview.byDay).toEqual([expect.objectContaining({ day: '2026-01-02', gross: overview.gross, payments: 6 })])
    expect(overview.byListing.map(({ title, payments }) => [title, payments])).toEqual([
      ['Contracts, annotated', 2],
      ['Law 7B', 3],
      ['Priority', 1],
    ])
    expect(overview).toMatchObject({ slots: { used: 1, limit: 3 }, plan: { plan: 'starter', standing: 'active' } })
    expect(overview.subscribers).toEqual({ active: 1, suspended: 0, lapsed: 0 })
    const earnings = await caller.creator.earnings({ account: person('Ada') })
    expect(earnings).toMatchObject({ total: overview.takeHome, pending: overview.takeHome, available: '0', holdDays: 7 })
    expect(earnings.releases).toEqual([{ availableFrom: '2026-01-10T00:00:00Z', amount: overview.takeHome }])
  })

  it('sees every payment, page by page', async () => {
    const all = await caller.creator.payments({ account: person('Ada') })
    const types = ['usage.batch', 'feature.purchase', 'dataset.license', 'dataset.purchase', 'subscription.start']
    expect(all.payments.map(({ type }) => type)).toEqual(types)
    const pages: string[] = []
    for (let before: number | undefined; ; ) {
      const page = await caller.creator.payments({ account: person('Ada'), limit: 2, before })
      pages.push(...page.payments.map(({ type }) => type))
      if (page.next === undefined) break
      before = page.next
    }
    expect(pages).toEqual(types)
    expect(all.payments[3]).toMatchObject({ gross: '25', fee: '3.75', takeHome: '21.25', earned: '21.25' })
  })

  it('sees models, listings and subscribers', async () => {
    const { models, slots } = await caller.creator.models({ account: person('Ada') })
    expect(slots).toEqual({ used: 1, limit: 3 })
    const byName = Object.fromEntries(models.map((model) => [model.name, model]))
    expect(byName['law-7b']).toMatchObject({ isDeployed: true, isServing: true, listings: [market.things.listing] })
    expect(byName['spare-1b']).toMatchObject({ isDeployed: false, isServing: false, listings: [] })
    const { listings } = await caller.creator.listings({ account: person('Ada') })
    expect(listings.map(({ title }) => title).sort()).toEqual(['Contracts, annotated', 'Law 7B', 'Priority'])
    const { subscriptions } = await caller.creator.subscribers({ account: person('Ada') })
    expect(subscriptions).toEqual([
      expect.objectContaining({ subscriber: 'Chiara', title: 'Law 7B', period: 'month', price: '10', standing: 'active' }),
    ])
    expect((await caller.creator.overview({ account: person('Bob') })).gross).toBe('0')
  })
})

describe('the marketplace', () => {
  it('finds listings by words, kind and seller, page by page', async () => {
    const titles = async (filter: Parameters<typeof caller.market.search>[0]) =>
      (await caller.market.search(filter)).listings.map(({ title }) => title).sort()
    expect(await titles({})).toEqual(['Contracts, annotated', 'Law 7B', 'Priority'])
    expect(await titles({ text: 'CONTRACT law' })).toEqual(['Law 7B'])
    expect(await titles({ text: 'ada' })).toHaveLength(3)
    expect(await titles({ kind: 'dataset' })).toEqual(['Contracts, annotated'])
    expect(await titles({ seller: person('Bob') })).toEqual([])
    const found: string[] = []
    for (let after: string | undefined; ; ) {
      const page = await caller.market.search({ limit: 1, after })
      found.push(...page.listings.map(({ title }) => title))
      if (page.next === undefined) break
      after = page.next
    }
    expect(found.sort()).toEqual(await titles({}))
  })

  it('shows a listing with its terms, and what its viewer has of it', async () => {
    const law = await caller.market.listing({ listing: market.things.listing!, viewer: person('Chiara') })
    expect(law).toMatchObject({
      seller: 'Ada',
      modelName: 'law-7b',
      version: 1,
      terms: { access: 'open', query: { perRequest: '0.0001', perMInput: '0.5', perMOutput: '1.5', perSecond: '0' } },
      owned: { subscription: { standing: 'active', used: { requests: 0 } }, licences: [] },
    })
    expect([...law.terms.subscription!].sort((a, b) => (a.price > b.price ? 1 : -1))).toEqual([
      { period: 'month', price: '10' },
      { period: 'week', price: '3' },
    ])
    const data = await caller.market.listing({ listing: market.things.dataset!, viewer: person('Bob') })
    expect(data).toMatchObject({
      terms: { purchase: '25', licences: [{ price: '9', days: 365, seats: 5, redistribution: false }] },
    })
    expect(data.owned!.licences).toEqual([expect.objectContaining({ licence: 0, seats: 5, isRunning: true })])
    await expect(caller.market.listing({ listing: `lst_${'0'.repeat(32)}` })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('a wallet', () => {
  it('shows what is there, and what was bought', async () => {
    const wallet = await caller.wallet.show({ account: person('Chiara') })
    expect(wallet).toMatchObject({ name: 'Chiara', spendable: '215', held: '0', earnings: '0', frozen: false })
    const { subscriptions, entitlements } = await caller.wallet.holdings({ account: person('Chiara') })
    expect(subscriptions).toHaveLength(1)
    expect(entitlements).toEqual([expect.objectContaining({ kind: 'purchase', title: 'Contracts, annotated', isRunning: true })])
    expect(entitlements[0]).not.toHaveProperty('end')
    const bob = await caller.wallet.holdings({ account: person('Bob') })
    expect(bob.entitlements.map(({ kind }) => kind)).toEqual(['licence', 'feature'])
    expect(bob.mandates).toEqual([expect.objectContaining({ limit: '100', per: 'month', isRunning: true })])
    expect(micros(bob.mandates[0]!.used)).toBeGreaterThan(0n)
    await expect(caller.wallet.show({ account: `nim1${'q'.repeat(38)}` })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('the log', () => {
  it('is read from its newest end, by account and by type, to its first entry', async () => {
    const { size } = await caller.log.checkpoint()
    const indexes: number[] = []
    for (let before: number | undefined; ; ) {
      const page = await caller.log.page({ limit: 7, before })
      indexes.push(...page.entries.map(({ index }) => index))
      if (page.next === undefined) break
      before = page.next
    }
    expect(indexes).toEqual(Array.from({ length: size }, (_, i) => size - 1 - i))
    const ofChiara: string[] = []
    for (let before: number | undefined; ; ) {
      const page = await caller.log.page({ limit: 2, before, account: person('Chiara') })
      ofChiara.push(...page.entries.map(({ type }) => type))
      if (page.next === undefined) break
      before = page.next
    }
    expect(ofChiara).toEqual(['dataset.purchase', 'subscription.start', 'credit.topup', 'account.open'])
    const topups = await caller.log.page({ type: 'credit.topup' })
    expect(topups.entries.map(({ type }) => type)).toEqual(['credit.topup', 'credit.topup', 'credit.topup'])
  })

  it('is read at any place, with the names of whoever is in it', async () => {
    const { entries, size } = await caller.log.range({ from: 3, limit: 4 })
    expect(entries.map(({ index }) => index)).toEqual([3, 4, 5, 6])
    expect((await caller.log.range({ from: size, limit: 4 })).entries).toEqual([])
    const topup = (await caller.log.page({ type: 'credit.topup', limit: 1 })).entries[0]!
    expect(topup.names[person('Chiara')]).toBe('Chiara')
    const batch = (await caller.log.page({ type: 'usage.batch', limit: 1 })).entries[0]!
    expect(batch).toMatchObject({ lines: { charged: 2, duplicates: 0, refused: {} } })
    expect(batch.names[market.things.listing!]).toBe('Law 7B')
  })

  it('has books that sum to zero', async () => {
    const { books, sum } = await caller.treasury.show()
    expect(sum).toBe('0')
    expect(Object.values(books).reduce((total, amount) => total + micros(amount), 0n)).toBe(0n)
    expect(books['revenue:plans']).toBe('19')
  })
})

describe('accounts', () => {
  it('are found by name and by the beginning of their id', async () => {
    const names = async (text: string) => (await caller.account.list({ text })).accounts.map(({ name }) => name)
    expect(await names('BO')).toEqual(['Bob'])
    expect(await names(person('Ada').slice(0, 12))).toEqual(['Ada'])
    expect((await names('')).length).toBe(4)
  })
})
