/** What becomes of an account's credits, over a market that went on for a month, with grants on top. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { RIGHTS } from '../../core/api/procedure.ts'
import { consoleRouter } from '../../core/api/router.ts'
import { ConsoleDesk } from '../../core/bin/console/console-desk.ts'
import { micros } from '../cli/exact-money.ts'
import type { Market } from '../cli/market.ts'
import { accepted, cli, PASSPHRASE } from '../cli/run.ts'
import { openDesk } from './console.ts'
import { usedMarket } from './usage-ledger.ts'

let market: Market
let desk: ConsoleDesk
let caller: ReturnType<typeof consoleRouter.createCaller>

const AT = '2026-02-01T12:00:00Z'

async function tell(type: string, as: string, body: object): Promise<{ readonly index: number }> {
  return (await accepted(cli(market.dir, ['tx', type, '--as', as, '--at', AT, '--body', JSON.stringify(body)]))) as never
}

async function grant(amount: string, expiresAt: string): Promise<void> {
  const [account, reason] = [market.accounts.Bob!, `for ${amount}`]
  await tell('credit.grant', 'operator', { account, amount, expiresAt, reason, provider: 'campaign', reference: amount })
}

beforeAll(async () => {
  market = await usedMarket()
  await grant('2', '2026-03-01T00:00:00Z')
  await grant('1', '2026-02-03T00:00:00Z')
  desk = new ConsoleDesk({ dir: market.dir, version: '0.0.0', lockAfterMinutes: 0 })
  await desk.unlock(PASSPHRASE)
  caller = consoleRouter.createCaller({ host: desk, rights: () => RIGHTS[desk.status] })
  return () => desk.close()
})

it('grants are told in the order in which they burn, and tie with what was paid to what is spendable', async () => {
  const account = market.accounts.Bob!
  const { grants, paid } = await caller.wallet.outlook({ account })
  expect(grants).toMatchObject([
    { amount: '1', remaining: '1', reason: 'for 1', expires: '2026-02-03T00:00:00Z' },
    { amount: '2', remaining: '2', reason: 'for 2', expires: '2026-03-01T00:00:00Z' },
  ])
  const { spendable } = await caller.wallet.show({ account })
  expect(micros(paid) + micros('3')).toBe(micros(spendable))
})

it('what was spent ties to the statement: calls, purchases, and what was given back', async () => {
  const account = market.accounts.Bob!
  const { burn } = await caller.wallet.outlook({ account })
  const { json } = await cli(market.dir, ['statement', 'Bob', '--json', '--from', burn.from])
  const { entries, totals } = json as unknown as {
    readonly entries: readonly { readonly role?: string; readonly gross: string }[]
    readonly totals: { readonly refundsReceived: string }
  }
  const paidMicros = entries.filter(({ role }) => role === 'payer').reduce((sum, { gross }) => sum + micros(gross), 0n)
  expect(micros(burn.spent)).toBe(paidMicros - micros(totals.refundsReceived))
  expect(burn.byListing.reduce((sum, { spent }) => sum + micros(spent), 0n)).toBe(micros(burn.spent))
  expect(burn.days).toBe(30)
})

it('a purchase is spent, by its listing, and what is given back of it is not', async () => {
  const account = market.accounts.Bob!
  const listing = market.things.dataset!
  const spentOn = async () => {
    const { burn } = await caller.wallet.outlook({ account })
    return burn.byListing.find((one) => one.listing === listing)?.spent
  }
  const { index } = await tell('dataset.purchase', 'Bob', { listing, terms: 1, price: '25' })
  expect(await spentOn()).toBe('25')
  await tell('credit.refund', 'operator', { entry: index, amount: '5', reason: 'a part of it' })
  expect(await spentOn()).toBe('20')
  await tell('credit.refund', 'operator', { entry: index, amount: '20', reason: 'not as described' })
  expect(await spentOn()).toBeUndefined()
})

it('a subscription renews at its end, and the credits last until it cannot be paid', async () => {
  const account = market.accounts.Chiara!
  const { renewals, lasts, held } = await caller.wallet.outlook({ account })
  const { subscriptions } = await caller.wallet.holdings({ account })
  expect(renewals).toEqual([
    expect.objectContaining({ listing: market.things.listing, price: subscriptions[0]!.price, at: expect.any(String) }),
  ])
  // 250 were paid, 35 spent, 2.5 set aside; 13 renewals fall into the year ahead.
  expect(lasts).toEqual({ renewed: '130' })
  expect(held).toEqual([expect.objectContaining({ kind: 'mandate', amount: '2.5', until: '2026-12-01T00:00:00Z' })])
})

it('an account that spent nothing and has nothing that renews lasts for nobody knows how long', async () => {
  const { lasts, burn, renewals } = await caller.wallet.outlook({ account: market.operator })
  expect({ lasts, renewals, spent: burn.spent }).toEqual({ lasts: undefined, renewals: [], spent: '0' })
})

it('the alert is what its owner told, in the folder, and less than what renews', async () => {
  const account = market.accounts.Bob!
  const { spendable } = await caller.wallet.show({ account })
  expect(await caller.wallet.alert({ account })).toMatchObject({ spendable, isBelowLeast: false, isBelowRenewals: false })
  await caller.wallet.setAlert({ account, least: spendable })
  expect(await caller.wallet.alert({ account })).toMatchObject({ least: spendable, isBelowLeast: false })
  await caller.wallet.setAlert({ account, least: '999999' })
  expect(await caller.wallet.alert({ account })).toMatchObject({ least: '999999', isBelowLeast: true })
  expect(openDesk(market.dir).settings.leastBalance(account)).toBe(micros('999999'))
  await caller.wallet.setAlert({ account })
  expect((await caller.wallet.alert({ account })).least).toBeUndefined()
  await expect(caller.wallet.setAlert({ account, least: '0' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

it('a file of settings that is damaged tells nothing and is replaced', () => {
  const account = market.accounts.Bob!
  const file = join(market.dir, 'console.json')
  for (const content of ['{"version":1,"leastBal', '[]', '{"version":1,"leastBalances":{"nim1":"-5"}}']) {
    writeFileSync(file, content)
    const other = openDesk(market.dir)
    expect(other.settings.leastBalance(account)).toBeUndefined()
    other.settings.setLeastBalance(account, 5_000_000n as never)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ version: 1, leastBalances: { [account]: '5' } })
  }
})
