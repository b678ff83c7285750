/** The platform's business as its operator is told it, over a ledger whose figures are known. */

import { beforeAll, expect, it } from 'vitest'
import { type Context, RIGHTS } from '../../core/api/procedure.ts'
import { consoleRouter } from '../../core/api/router.ts'
import { ConsoleDesk } from '../../core/bin/console/console-desk.ts'
import type { Market } from '../cli/market.ts'
import { PASSPHRASE } from '../cli/run.ts'
import { usedMarket } from './usage-ledger.ts'

let market: Market
let desk: ConsoleDesk
let caller: ReturnType<typeof consoleRouter.createCaller>

const callerOf = (rights: Context['rights']) => consoleRouter.createCaller({ host: desk, rights })

beforeAll(async () => {
  market = await usedMarket()
  desk = new ConsoleDesk({ dir: market.dir, version: '0.0.0', lockAfterMinutes: 0 })
  await desk.unlock(PASSPHRASE)
  caller = callerOf(() => RIGHTS[desk.status])
  return () => desk.close()
})

const NOTHING = { gross: '0', givenBack: '0', take: '0', payments: 0 }

it('two months: what was paid, what the platform took, and what a refund gave back of it', async () => {
  const { periods, unit } = await caller.revenue.show({ unit: 'month' })
  expect(unit).toBe('month')
  // In January a plan for 19, and 48.000815 to Ada, of which 15 % are 7.20012225: what is less than a microcredit is carried.
  const [january, february] = periods
  expect(january).toMatchObject({ period: '2026-01', to: '2026-01-31', gross: '67.000815', givenBack: '0', take: '26.200122' })
  expect(january!.kinds).toEqual({
    subscription: { gross: '10', givenBack: '0', take: '1.5', payments: 1 },
    call: { gross: '0.000815', givenBack: '0', take: '0.000122', payments: 2 },
    dataset: { gross: '34', givenBack: '0', take: '5.1', payments: 2 },
    feature: { gross: '4', givenBack: '0', take: '0.6', payments: 1 },
    plan: { gross: '19', givenBack: '0', take: '19', payments: 1 },
  })
  expect(january).toMatchObject({ payments: 7, payers: 3, arpu: '8.733374' })
  expect(january!.byPlan).toEqual([{ plan: 'starter', gross: '19', taken: 1, renewed: 0, active: 1 }])
  // In February 0.5001, 1.5001 and 0.0501 for calls, of which 0.5 came back, 0.075 of that from the fees.
  const call = { gross: '2.0503', givenBack: '0.5', take: '0.232545', payments: 3 }
  expect(february).toMatchObject({
    period: '2026-02',
    from: '2026-02-01',
    to: '2026-02-01',
    ...call,
    payers: 1,
    arpu: '0.232545',
  })
  expect(february!.kinds).toEqual({ call, subscription: NOTHING, dataset: NOTHING, feature: NOTHING, plan: NOTHING })
})

it('a subscription and a plan run, and make the MRR', async () => {
  const { periods } = await caller.revenue.show({ unit: 'month' })
  const running = { before: 1, started: 0, ended: 0, active: 1 }
  expect(periods.at(-1)).toMatchObject({
    subscriptions: { ...running, monthly: '10', monthlyTake: '1.5' },
    plans: { ...running, monthly: '19', monthlyTake: '19' },
  })
  expect(periods[0]).toMatchObject({ subscriptions: { ...running, before: 0, started: 1 } })
})

it('days and weeks add up to the months, and go to the day that runs', async () => {
  for (const unit of ['day', 'week'] as const) {
    const { periods } = await caller.revenue.show({ unit })
    expect(periods.at(-1)!.to).toBe('2026-02-01')
    const paid = periods.filter(({ payments }) => payments > 0)
    expect(paid.map(({ take }) => take)).toEqual(['26.200122', '0.232545'])
    expect(paid.map(({ period }) => period)).toEqual(unit === 'day' ? ['2026-01-02', '2026-02-01'] : ['2025-12-29', '2026-01-26'])
  }
})

it('cohorts: of the three accounts of January one paid in February', async () => {
  const { cohorts } = await caller.revenue.show({ unit: 'month' })
  expect(cohorts).toEqual([
    { month: '2026-01', paid: [3, 1] },
    { month: '2026-02', paid: [0] },
  ])
})

it('what was taken, given back and withdrawn comes to the balances of the treasury', async () => {
  const { books } = await caller.revenue.show({ unit: 'day' })
  const balances = (await caller.treasury.show()).books as Readonly<Record<string, string>>
  expect(books).toEqual([
    { book: 'fees', taken: '7.507667', givenBack: '0.075', atOperator: '0', withdrawn: '0', balance: balances['revenue:fees'] },
    { book: 'plans', taken: '19', givenBack: '0', atOperator: '0', withdrawn: '0', balance: balances['revenue:plans'] },
  ])
})

it('by creator, as a page and as a spreadsheet', async () => {
  const asked = { unit: 'month', from: '2026-01-15T00:00:00Z' } as const
  const ada = { account: market.accounts.Ada, name: 'Ada', gross: '48.000815', givenBack: '0', take: '7.200122', payments: 6 }
  const page = await caller.revenue.creators(asked)
  expect(page.creators).toEqual([ada])
  expect(page.next).toBeUndefined()
  expect((await caller.revenue.creators({ ...asked, offset: 1 })).creators).toEqual([])
  const { bytes } = await caller.revenue.creatorsFile({ unit: 'month', from: '2026-02-01T00:00:00Z' })
  expect(Buffer.from(bytes, 'base64').toString()).toBe(
    `account,name,payments,gross,givenBack,take\r\n${ada.account},Ada,3,2.0503,0.5,0.232545\r\n`,
  )
  await expect(caller.revenue.creators({ ...asked, from: '2026-01-15T12:00:00Z' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

it('nobody reads it without the right to read', async () => {
  for (const status of ['empty', 'founding', 'locked'] as const) {
    const { revenue } = callerOf(() => RIGHTS[status])
    await expect(revenue.show({ unit: 'day' })).rejects.toThrow()
    await expect(revenue.creators({ unit: 'day', from: '2026-01-15T00:00:00Z' })).rejects.toThrow()
    await expect(revenue.creatorsFile({ unit: 'day', from: '2026-01-15T00:00:00Z' })).rejects.toThrow()
  }
})
