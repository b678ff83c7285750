/** Payouts: those that an account asked for, and those that wait for the operator. */

import { assert } from '../base/assert.ts'
import type { Tools } from '../domain/envelope.ts'
import { add, formatMicros, parseAmount } from '../domain/money.ts'
import { accounts, payouts } from '../domain/state.ts'
import { formatMilliseconds } from '../domain/time.ts'
import { createdId } from '../domain/view.ts'
import type { Accepted } from '../ledger/accepted.ts'
import { readBackwards } from '../ledger/history.ts'
import { everyBook } from '../ledger/queries.ts'
import { LoadedRows } from '../ledger/rows.ts'
import type { StoreReader } from '../ledger/store.ts'
import type { Sight } from './host.ts'
import { MAX_PAGE } from './inputs.ts'
import type { PayoutPage, PayoutView } from './views.ts'

interface Asked {
  readonly account?: string
  readonly before?: number | undefined
  readonly limit: number
}

/** Found by the entries that asked for them. */
export async function readPayouts(tools: Tools, sight: Sight, asked: Asked): Promise<PayoutPage> {
  const { store } = sight
  const { entries, next } = await readBackwards(tools, sight, { ...asked, type: 'payout.request' })
  return { size: await store.size(), payouts: await payoutViews(store, entries), ...(next !== undefined && { next }) }
}

/**
 * Those that are neither settled nor failed nor called off, the oldest first. What all accounts together are to be paid tells
 * when the last of them is found, so that older ones are not looked through.
 */
export async function readPendingPayouts(tools: Tools, sight: Sight): Promise<PayoutPage> {
  let unfoundMicros = 0n
  for await (const { book, balanceMicros } of everyBook(sight.store)) unfoundMicros += book === 'payable' ? balanceMicros : 0n
  const pending: PayoutView[] = []
  let before: number | undefined
  while (unfoundMicros > 0n) {
    const page = await readPayouts(tools, sight, { before, limit: MAX_PAGE })
    const found = page.payouts.filter(({ status }) => status === 'pending')
    unfoundMicros -= add(...found.map(({ amount }) => parseAmount(amount)!))
    pending.push(...found)
    before = page.next
    assert(unfoundMicros === 0n || before !== undefined, 'whatever is to be paid out was asked for')
  }
  return { size: await sight.store.size(), payouts: pending.reverse().slice(0, MAX_PAGE) }
}

async function payoutViews(store: StoreReader, entries: readonly Accepted[]): Promise<PayoutView[]> {
  const rows = new LoadedRows(store)
  const named = entries.map((entry) => ({ entry, key: payouts.at(createdId(entry.transaction)!) }))
  await rows.load(named.flatMap(({ entry, key }) => [key, accounts.at(entry.transaction.signer)]))
  return named.map(({ entry: { index, time }, key }) => {
    const { account, amountMicros, destination, status } = rows.get(key)!
    const { name } = rows.get(accounts.at(account))!
    const amount = formatMicros(amountMicros)
    return { payout: key.key, account, name, amount, destination, status, index, time: formatMilliseconds(time) }
  })
}
