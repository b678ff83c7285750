/** Payouts as a creator and the operator see them, over a market whose creator has earnings that are available. */

import { beforeAll, expect, it } from 'vitest'
import { RIGHTS } from '../../core/api/procedure.ts'
import { consoleRouter } from '../../core/api/router.ts'
import { ConsoleDesk } from '../../core/bin/console/console-desk.ts'
import type { Market } from '../cli/market.ts'
import { accepted, cli, PASSPHRASE } from '../cli/run.ts'
import { marketCopy } from './console.ts'

let market: Market
let caller: ReturnType<typeof consoleRouter.createCaller>

const AT = '2026-02-01T10:00:00Z'

async function tell(type: string, as: string, body: object): Promise<{ created?: string; index: number }> {
  return (await accepted(cli(market.dir, ['tx', type, '--as', as, '--at', AT, '--body', JSON.stringify(body)]))) as never
}

beforeAll(async () => {
  market = await marketCopy()
  const ask = async (amount: string) => (await tell('payout.request', 'Ada', { amount, destination: `of ${amount}` })).created!
  await tell('payout.cancel', 'Ada', { payout: await ask('25') })
  await tell('payout.fail', 'operator', { payout: await ask('26.5'), reason: 'no such account' })
  await ask('27')
  const desk = new ConsoleDesk({ dir: market.dir, version: '0.0.0', lockAfterMinutes: 0 })
  await desk.unlock(PASSPHRASE)
  caller = consoleRouter.createCaller({ host: desk, rights: () => RIGHTS[desk.status] })
  return () => desk.close()
})

it('a creator sees what became of each, the newest first, page by page', async () => {
  const account = market.accounts.Ada!
  const { payouts } = await caller.creator.payouts({ account })
  expect(payouts.map(({ amount, status, destination }) => [amount, status, destination])).toEqual([
    ['27', 'pending', 'of 27'],
    ['26.5', 'failed', 'of 26.5'],
    ['25', 'cancelled', 'of 25'],
  ])
  expect(payouts[0]).toMatchObject({ account, name: 'Ada', time: '2026-02-01T10:00:00.000Z' })
  const first = await caller.creator.payouts({ account, limit: 1 })
  expect(first.payouts).toEqual(payouts.slice(0, 1))
  expect((await caller.creator.payouts({ account, limit: 2, before: first.next })).payouts).toEqual(payouts.slice(1))
  expect((await caller.creator.payouts({ account: market.accounts.Bob! })).payouts).toEqual([])
})

it('the operator sees those that wait, the oldest first', async () => {
  expect((await caller.treasury.payouts()).payouts.map(({ amount }) => amount)).toEqual(['27'])
})

it('what somebody has of a listing is called after both', async () => {
  const signer = market.accounts.Chiara!
  const { subscription } = (await caller.wallet.holdings({ account: signer })).subscriptions[0]!
  const preview = await caller.transaction.preview({ signer, type: 'subscription.cancel', body: { subscription } })
  expect(preview).toMatchObject({ status: 'preview', names: { [subscription]: 'Law 7B (Chiara)' } })
})
