/** What an operator does with credits from the command line: grants, refunds, payouts. */

import { beforeAll, describe, expect, it } from 'vitest'
import { DATASET, foundMarket, type Market } from './market.ts'
import { accepted, cli, expectRefused, ok } from './run.ts'

let market: Market

const tx = (type: string, signer: string, body: unknown, ...more: string[]) =>
  cli(market.dir, ['tx', type, '--as', signer, '--body', JSON.stringify(body), ...more])

beforeAll(async () => {
  market = await foundMarket()
})

describe('credits', () => {
  it('are granted until a day, and the balance shows each grant until then', async () => {
    const { Chiara } = market.accounts
    const before = await ok(cli(market.dir, ['balance', 'Chiara']))
    expect(before.grants).toEqual([])
    const grant = { account: Chiara, amount: '5', expiresAt: '2026-03-01T00:00:00Z', reason: 'welcome', provider: 'campaign' }
    const { created } = await accepted(tx('credit.grant', 'operator', { ...grant, reference: 'welcome:chiara' }))
    expect(created).toMatch(/^grt_[0-9a-f]{32}$/)
    const after = await ok(cli(market.dir, ['balance', 'Chiara']))
    expect(after.grants).toEqual([{ id: created, remaining: '5', expiresAt: '2026-03-01T00:00:00Z' }])
    expect(after.paid).toBe(before.paid)
    expect(Number(after.spendable)).toBe(Number(before.spendable) + 5)
    const { stdout } = await cli(market.dir, ['balance', 'Chiara'], { plain: true })
    expect(stdout).toMatch(new RegExp(`${created} +5 +until 2026-03-01T00:00:00Z`))
    const late = await ok(cli(market.dir, ['balance', 'Chiara', '--at', '2026-03-01T00:00:00Z']))
    expect(late).toMatchObject({ grants: [], spendable: before.spendable })
  })

  it('are refunded by the entry of their payment', async () => {
    const { created } = await accepted(tx('listing.publish', 'Ada', { ...DATASET, title: 'Short lived' }))
    const bought = await accepted(tx('dataset.purchase', 'Chiara', { listing: created, terms: 1, price: '25' }))
    const refund = { entry: bought.index, amount: '25', reason: 'not as described' }
    const { balances } = await accepted(tx('credit.refund', 'operator', refund))
    const { [`wallet:${market.accounts.Chiara}`]: wallet } = balances as Record<string, string>
    expect(wallet).toBe(((await ok(cli(market.dir, ['balance', 'Chiara']))) as Record<string, string>).spendable)
    expectRefused(await tx('credit.refund', 'operator', refund), 'over_refund')
    expectRefused(await tx('credit.refund', 'operator', { ...refund, entry: 999_999 }), 'unknown_entry')
  })
})
