/** A market that goes on for a month: calls by a batch and out of a hold, one refunded; and what is allowed for more. */

import { expect } from 'vitest'
import type { Market } from '../cli/market.ts'
import { accepted, cli } from '../cli/run.ts'
import { marketCopy } from './console.ts'

const AT = '2026-02-01T10:00:00Z'

/** Bob has two holds open, one of them opened with a key that has a budget; Chiara a mandate with a reserve. */
export async function usedMarket(): Promise<Market> {
  const market = await marketCopy()
  const listing = market.things.listing!
  const tell = async (type: string, as: string, body: object, options: readonly string[] = []) => {
    const command = ['tx', type, '--as', as, '--at', AT, '--body', JSON.stringify(body), ...options]
    return (await accepted(cli(market.dir, command))) as { readonly created?: string; readonly index: number }
  }
  const lines = [
    [0, 0, 1, 1_000_000, 0, 0],
    [0, 10, 1, 0, 1_000_000, 0],
  ]
  const batch = { listing, stream: 'gateway', first: 3, start: AT, payers: [market.accounts.Bob!], lines }
  const { index } = await tell('usage.batch', 'Ada', batch)
  await tell('credit.refund', 'operator', { entry: index, line: 1, amount: '0.5', reason: 'too slow' })
  const hold = { listing, terms: 1, amount: '0.25', expiresAt: '2026-02-02T09:00:00Z' }
  const { created: captured } = await tell('hold.open', 'Bob', hold)
  const usage = { requests: 1, inputTokens: 100_000, outputTokens: 0, milliseconds: 0 }
  await tell('hold.capture', 'Ada', { hold: captured, usage, reference: 'captured' })
  await tell('hold.open', 'Bob', hold)
  const budget = ['--budget', '5/month', '--label', 'gateway', '--scope', 'spend']
  const { json } = await cli(market.dir, ['keys', 'add', 'Bob', '--at', AT, ...budget])
  expect(json).toMatchObject({ label: 'gateway' })
  await tell('hold.open', 'Bob', { ...hold, amount: '0.75' }, ['--key', 'gateway'])
  const expires = '2026-12-01T00:00:00Z'
  await tell('usage.mandate', 'Chiara', { listing, terms: 1, limit: { amount: '3', per: 'day' }, reserve: '2.5', expires })
  return market
}
