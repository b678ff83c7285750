/** What calls cost, what is reserved for them, and how much more is allowed. */

import { beforeAll, expect, it } from 'vitest'
import { RIGHTS } from '../../core/api/procedure.ts'
import { consoleRouter } from '../../core/api/router.ts'
import { ConsoleDesk } from '../../core/bin/console/console-desk.ts'
import { formatMicros } from '../../core/domain/money.ts'
import { micros } from '../cli/exact-money.ts'
import type { Market } from '../cli/market.ts'
import { cli, PASSPHRASE } from '../cli/run.ts'
import { usedMarket } from './usage-ledger.ts'

let market: Market
let caller: ReturnType<typeof consoleRouter.createCaller>

beforeAll(async () => {
  market = await usedMarket()
  const desk = new ConsoleDesk({ dir: market.dir, version: '0.0.0', lockAfterMinutes: 0 })
  await desk.unlock(PASSPHRASE)
  caller = consoleRouter.createCaller({ host: desk, rights: () => RIGHTS[desk.status] })
  return () => desk.close()
})

it('calls are summed by day and by listing, a refund on its own day, and tie to the statement', async () => {
  const account = market.accounts.Bob!
  const spending = await caller.wallet.spending({ account })
  // In January 353 µ and 461.5 µ rounded up. In February 0.5001 and 1.5001, less 0.5, and 0.0501 out of a hold.
  expect(spending.byDay).toEqual([
    { day: '2026-01-02', cost: '0.000815', calls: 2 },
    { day: '2026-02-01', cost: '1.5503', calls: 3 },
  ])
  expect(spending).toMatchObject({ account, cost: '1.551115', calls: 5 })
  expect(spending.byListing).toEqual([{ listing: market.things.listing, title: 'Law 7B', cost: spending.cost, calls: 5 }])
  const { json } = await cli(market.dir, ['statement', 'Bob', '--json'])
  const { entries, totals } = json as unknown as {
    readonly entries: readonly { readonly type: string; readonly role?: string; readonly gross: string }[]
    readonly totals: { readonly refundsReceived: string }
  }
  const paid = entries.filter(({ type, role }) => role === 'payer' && ['usage.batch', 'hold.capture'].includes(type))
  const paidMicros = paid.reduce((sum, { gross }) => sum + micros(gross), 0n)
  expect(formatMicros(paidMicros - micros(totals.refundsReceived))).toBe(spending.cost)
})

it('over a period of whole days of UTC', async () => {
  const account = market.accounts.Bob!
  const days = async (period: { from?: string; to?: string }) =>
    (await caller.wallet.spending({ account, ...period })).byDay.map(({ day }) => day)
  expect(await days({ from: '2026-01-03T00:00:00Z' })).toEqual(['2026-02-01'])
  expect(await days({ from: '2026-01-02T00:00:00Z', to: '2026-02-01T00:00:00Z' })).toEqual(['2026-01-02'])
  expect(await days({ to: '2026-01-02T00:00:00Z' })).toEqual([])
  await expect(days({ from: '2026-01-03T12:00:00Z' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

it('nobody else’s calls are in it', async () => {
  const chiara = await caller.wallet.spending({ account: market.accounts.Chiara! })
  expect(chiara).toMatchObject({ cost: '0', calls: 0, byDay: [], byListing: [] })
  const nobody = `nim1${'q'.repeat(38)}`
  await expect(caller.wallet.spending({ account: nobody })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(caller.wallet.allowances({ account: nobody })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

it('open holds tie to what is held, a budget tells what its key set aside, a mandate what is reserved for it', async () => {
  const account = market.accounts.Bob!
  const { holds, budgets } = await caller.wallet.allowances({ account })
  const shown = { listing: market.things.listing, title: 'Law 7B', seller: 'Ada', expires: '2026-02-02T09:00:00Z' }
  expect(holds).toEqual([
    { ...shown, amount: '0.25', hold: expect.stringMatching(/^hld_/) },
    { ...shown, amount: '0.75', hold: expect.stringMatching(/^hld_/) },
  ])
  expect((await caller.wallet.show({ account })).held).toBe('1')
  expect(budgets).toEqual([{ keyId: expect.any(String), label: 'gateway', limit: '5', per: 'month', used: '0.75' }])
  const { mandates } = await caller.wallet.holdings({ account })
  expect(mandates).toEqual([expect.objectContaining({ limit: '100', used: '2.0002', reserve: '0', isRunning: true })])
  const chiara = { account: market.accounts.Chiara! }
  const reserved = (await caller.wallet.holdings(chiara)).mandates
  expect(reserved).toEqual([expect.objectContaining({ limit: '3', per: 'day', used: '0', reserve: '2.5' })])
  expect((await caller.wallet.show(chiara)).held).toBe('2.5')
})
