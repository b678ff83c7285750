/** Earnings that leave: how much of them is available, and the payouts that were asked for. */

import { matured, withoutAvailable, withReturned } from './aged-sum.ts'
import { payeeRows } from './credits.ts'
import { type Check, type Context, check, type Effects } from './define.ts'
import { formatMicros, type Micros } from './money.ts'
import { earnings, type Payout, payouts } from './state.ts'
import type { RowKey } from './table.ts'

interface Naming {
  readonly payout: string
}

/** Refuses where the signer's earnings that are available are less than the body's amount. */
export function exceedsEarnings<Body extends { readonly amount: Micros }>(): Check<Body> {
  return check('exceeds_earnings', (context) => {
    const { availableMicros } = matured(context.get(earnings.at(context.signer)), context.time)
    const { amount } = context.body
    if (amount <= availableMicros) return undefined
    return {
      needed: formatMicros(amount),
      available: formatMicros(availableMicros),
      missing: formatMicros(amount - availableMicros),
    }
  })
}

/** Available earnings of the signer leave their book, the oldest first. */
export function takeEarnings(effects: Effects<unknown>, amountMicros: Micros): void {
  const row = earnings.at(effects.signer)
  effects.put(row, withoutAvailable(effects.get(row), amountMicros, effects.time))
  effects.postTo(effects.signer, 'earnings', -amountMicros)
}

/** First round: the payout. Second: the account that asked for it. */
export function payoutRow({ body }: Context<Naming>): RowKey<Payout> {
  return payouts.at(body.payout)
}

export function payoutAccountRows(context: Context<Naming>): readonly RowKey[] {
  const payout = context.get(payoutRow(context))
  return payout === undefined ? [] : payeeRows(payout.account)
}

/** The payout that the body names, once the check `unknown_payout` has passed. */
function payoutOf(context: Context<Naming>): Payout {
  return context.need(payoutRow(context))
}

/** Refuses where there is no such payout; for others than the operator, where it is another account's. */
export function unknownPayout<Body extends Naming>(of: 'anybody' | 'signer'): Check<Body> {
  return check('unknown_payout', (context) => {
    const payout = context.get(payoutRow(context))
    const isKnown = payout !== undefined && (of === 'anybody' || payout.account === context.signer)
    return isKnown ? undefined : { payout: context.body.payout }
  })
}

export function notPending<Body extends Naming>(): Check<Body> {
  return check('not_pending', (context) => {
    const { status } = payoutOf(context)
    return status === 'pending' ? undefined : { payout: context.body.payout, status }
  })
}

/**
 * Ends a payout that is not made. Its earnings were available and become available again, but first cover what the account owes.
 */
export function giveBackPayout(effects: Effects<Naming>, status: 'failed' | 'cancelled'): void {
  const payout = payoutOf(effects)
  const { account, amountMicros } = payout
  effects.postTo(account, 'payable', -amountMicros)
  const row = earnings.at(account)
  effects.put(row, withReturned(effects.get(row), effects.earn(account, amountMicros), effects.time))
  effects.put(payoutRow(effects), { ...payout, status })
}

/** Ends a payout that was made. */
export function settlePayout(effects: Effects<Naming>): void {
  const payout = payoutOf(effects)
  effects.postTo(payout.account, 'payable', -payout.amountMicros)
  effects.post('redeemed', payout.amountMicros)
  effects.put(payoutRow(effects), { ...payout, status: 'settled' })
}
