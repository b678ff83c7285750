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

  it('are told to people by the names that this machine has for accounts', async () => {
    const { Chiara } = market.accounts
    const plain = async (...args: string[]) => (await cli(market.dir, args, { plain: true })).stdout
    const credited = await plain('topup', 'Chiara', '1', '--provider', 'bank', '--reference', 'named')
    expect(credited).toContain('  Tops up Chiara by 1 credit, paid through bank (named)\n')
    expect(credited).toMatch(/^ {2}wallet:Chiara +1$/m)
    expect(await plain('balance', 'Chiara')).toMatch(new RegExp(`^Chiara {2}${Chiara} {2}after \\d+ entries, `))
    const frozen = JSON.stringify({ account: Chiara, reason: 'asked for' })
    expect(await plain('tx', 'account.unfreeze', '--as', 'operator', '--body', frozen)).toContain(
      'The account Chiara is not frozen.',
    )
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
