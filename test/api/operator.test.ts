/** What the operator is told: accounts in any order, offers and what became of them, deposits that tie, lines of a batch. */

import { beforeAll, describe, expect, it } from 'vitest'
import { RIGHTS } from '../../core/api/procedure.ts'
import { consoleRouter } from '../../core/api/router.ts'
import { tryFromBase64 } from '../../core/base/bytes.ts'
import { ConsoleDesk } from '../../core/bin/console/console-desk.ts'
import { micros } from '../cli/exact-money.ts'
import type { Market } from '../cli/market.ts'
import { accepted, cli, PASSPHRASE } from '../cli/run.ts'
import { usedMarket } from './usage-ledger.ts'

let market: Market
let caller: ReturnType<typeof consoleRouter.createCaller>

const AT = '2026-02-01T12:00:00Z'
const LATER = '2026-02-01T13:00:00Z'

async function tell(type: string, as: string, body: object, at = AT): Promise<{ created?: string; index: number }> {
  return (await accepted(cli(market.dir, ['tx', type, '--as', as, '--at', at, '--body', JSON.stringify(body)]))) as never
}

beforeAll(async () => {
  market = await usedMarket()
  const desk = new ConsoleDesk({ dir: market.dir, version: '0.0.0', lockAfterMinutes: 0 })
  await desk.unlock(PASSPHRASE)
  caller = consoleRouter.createCaller({ host: desk, rights: () => RIGHTS[desk.status] })
  return () => desk.close()
})

describe('accounts', () => {
  type Order = 'number' | 'name' | 'spendable' | 'earnings'
  const named = async (by: Order, isDescending: boolean) =>
    (await caller.account.list({ by, isDescending })).accounts.map(({ name }) => name)

  it('are put in order by number, name and what they have, both ways', async () => {
    expect(await named('number', false)).toEqual(['Test', 'Ada', 'Bob', 'Chiara'])
    expect(await named('number', true)).toEqual(['Chiara', 'Bob', 'Ada', 'Test'])
    expect(await named('name', false)).toEqual(['Ada', 'Bob', 'Chiara', 'Test'])
    const { accounts } = await caller.account.list({ by: 'spendable', isDescending: true })
    const amounts = accounts.map(({ spendable }) => micros(spendable))
    expect(amounts).toEqual(amounts.toSorted((a, b) => (a < b ? 1 : -1)))
    expect((await named('earnings', true))[0]).toBe('Ada')
  })

  it('part by part they are the same, each once, and only those that are looked for', async () => {
    const all = await named('spendable', true)
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await caller.account.list({ by: 'spendable', isDescending: true, limit: 1, after })
      seen.push(...page.accounts.map(({ name }) => name))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual(all)
    const found = await caller.account.list({ by: 'name', text: 'a' })
    expect(found.accounts.map(({ name }) => name)).toEqual(['Ada', 'Chiara'])
    await expect(caller.account.list({ by: 'size' as never })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  it('that are frozen tell since when, why, and by which entry', async () => {
    const account = market.accounts.Chiara!
    expect((await caller.account.show({ account })).frozen).toBeUndefined()
    await tell('account.freeze', 'operator', { account, reason: 'first' })
    await tell('account.unfreeze', 'operator', { account, reason: 'done' })
    const { index } = await tell('account.freeze', 'operator', { account, reason: 'asked for' })
    const detail = await caller.account.show({ account })
    expect(detail).toMatchObject({ name: 'Chiara', number: 3, frozen: { reason: 'asked for', entry: index } })
    await tell('account.unfreeze', 'operator', { account, reason: 'done' })
    expect((await caller.account.show({ account })).frozen).toBeUndefined()
  })
})

it('an offer is open, then taken, and another one expires', async () => {
  const account = market.accounts.Ada!
  const terms = { account, modelLimit: 40, price: '99', period: 'month' }
  const { created: expiring } = await tell('plan.offer', 'operator', { ...terms, expires: '2026-02-01T12:30:00Z' })
  const { created: offer } = await tell('plan.offer', 'operator', { ...terms, expires: '2026-06-01T00:00:00Z' })
  const { offers } = await caller.account.offers()
  expect(offers.map((one) => [one.offer, one.isOpen, one.taken])).toEqual([
    [offer, true, undefined],
    [expiring, true, undefined],
  ])
  const { index } = await tell('plan.change', 'Ada', { offer, price: '99' }, LATER)
  const after = (await caller.account.offers({ account })).offers
  expect(after.map((one) => [one.offer, one.isOpen, one.taken])).toEqual([
    [offer, true, index],
    [expiring, false, undefined],
  ])
  expect(after[0]).toMatchObject({ name: 'Ada', modelLimit: 40, price: '99', period: 'month' })
  expect((await caller.account.offers({ account: market.accounts.Bob! })).offers).toEqual([])
})

it('deposits by provider tie to the books, before and after more of them; the file has each of them once', async () => {
  const tied = async () => {
    const view = await caller.treasury.deposits()
    const sum = view.providers.reduce((total, { held }) => total + micros(held), 0n)
    expect([view.earlier, sum]).toEqual(['0', micros(view.held)])
    const [wallets, creators, revenue, owed] = [view.wallets, view.creators, view.revenue, view.owed].map(micros)
    expect(micros(view.held) + micros(view.promotions)).toBe(wallets! + creators! + revenue! - owed!)
    return view
  }
  expect((await tied()).providers.map(({ provider }) => provider)).toEqual(['bank'])
  const account = market.accounts.Bob!
  const { index: topup } = await tell(
    'credit.topup',
    'operator',
    { account, amount: '40', provider: 'stripe', reference: 'pi_1' },
    LATER,
  )
  const back = { entry: topup, provider: 'stripe' }
  await tell('credit.return', 'operator', { ...back, amount: '10', reference: 're_1' }, LATER)
  await tell('credit.chargeback', 'operator', { ...back, amount: '5', reference: 'dp_1' }, LATER)
  const { created: payout } = await tell('payout.request', 'Ada', { amount: '25', destination: 'a bank' }, LATER)
  await tell('payout.settle', 'operator', { payout, provider: 'bank', reference: 'tr_1' }, LATER)
  const { providers } = await tied()
  expect(providers).toMatchObject([
    { provider: 'bank', held: '725', sums: { 'payout.settle': { amount: '25', entries: 1 }, 'credit.topup': { entries: 3 } } },
    { provider: 'stripe', held: '25', sums: { 'credit.return': { amount: '10' }, 'credit.chargeback': { amount: '5' } } },
  ])
  expect(await caller.treasury.deposits()).toEqual(await tied())
  const file = async (period: object) => {
    const { bytes } = await caller.treasury.depositsFile(period)
    return new TextDecoder().decode(tryFromBase64(bytes)).trim().split('\r\n')
  }
  const lines = await file({})
  expect(lines[0]).toBe('entry,time,type,provider,reference,account,name,amount,topup')
  expect(lines).toHaveLength(1 + 7)
  expect(lines).toContain(`${topup + 1},2026-02-01T13:00:00.000Z,credit.return,stripe,re_1,${account},Bob,-10,${topup}`)
  expect(await file({ from: '2026-02-01T00:00:00Z' })).toHaveLength(1 + 4)
  const sum = lines.slice(1).reduce((total, line) => total + signed(line.split(',')[7]!), 0n)
  expect(sum).toBe(micros((await caller.treasury.deposits()).held))
})

function signed(amount: string): bigint {
  return amount.startsWith('-') ? -micros(amount.slice(1)) : micros(amount)
}

it('the lines of a batch tell who was charged how much for what, and what was given back', async () => {
  const [batch] = (await caller.log.page({ type: 'usage.batch' })).entries
  const { lines } = await caller.log.lines({ index: batch!.index })
  expect(lines).toMatchObject([
    { line: 0, name: 'Bob', status: 'charged', usage: { requests: 1, inputTokens: 1_000_000, outputTokens: 0 } },
    { line: 1, name: 'Bob', status: 'charged', refunded: '0.5' },
  ])
  expect(lines.reduce((sum, { gross }) => sum + micros(gross!), 0n)).toBe(micros(batch!.gross!))
  expect(lines[0]!.refunded).toBeUndefined()
  const first = await caller.log.lines({ index: batch!.index, limit: 1 })
  expect(first.lines).toEqual(lines.slice(0, 1))
  expect(await caller.log.lines({ index: batch!.index, limit: 1, after: first.next })).toMatchObject({ lines: lines.slice(1) })
  await expect(caller.log.lines({ index: 1 })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(caller.log.lines({ index: 1e9 })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

it('an entry tells what was given back of it', async () => {
  const body = { account: market.accounts.Bob!, amount: '8', provider: 'bank', reference: 'to be returned' }
  const { index } = await tell('credit.topup', 'operator', body, LATER)
  expect((await caller.log.entry({ index })).undone).toBeUndefined()
  await tell('credit.return', 'operator', { entry: index, amount: '3', provider: 'bank', reference: 'back' }, LATER)
  expect((await caller.log.entry({ index })).undone).toBe('3')
})
