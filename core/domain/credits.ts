/** What an account can spend, what is outstanding, and the rows that movements of credits read. */

import { MAX_OUTSTANDING_MICROS } from '../base/limits.ts'
import { type Check, type Context, check } from './define.ts'
import { add, formatMicros, type Micros, micros, negate, ZERO } from './money.ts'
import { EMPTY_WALLET, type Purse, settle, spendableIn } from './purse.ts'
import type { RefusalData } from './refusal.ts'
import { type Account, accounts, earnings, revenue, type Treasury, treasury, type Wallet, wallets } from './state.ts'
import type { RowKey } from './table.ts'

/** Revenue may be withdrawn when it is older than this. */
export const REVENUE_HOLD_DAYS = 30

/** The rows that a movement of an account's wallet reads and writes. */
export function payerRows(account: string): readonly RowKey[] {
  return [accounts.at(account), wallets.at(account)]
}

/** The rows that a payment to an account reads and writes. */
export function payeeRows(account: string): RowKey[] {
  return [accounts.at(account), earnings.at(account), revenue.at('fees')]
}

/** The row that a payment to the platform reads and writes besides the payer's. */
export const planRevenueRows: readonly RowKey[] = [revenue.at('plans')]

type Teller = Pick<Context<unknown>, 'get' | 'need' | 'time'>

/** What an account holds at the time of asking, with everything settled that time alone decides. Needs payerRows. */
export function settledPurse(context: Teller, account: string): Purse {
  return settledIn(context, accounts.at(account), wallets.at(account))
}

/** The same for an account whose rows are at hand. */
export function settledIn(context: Teller, account: RowKey<Account>, wallet: RowKey<Wallet>): Purse {
  const { walletMicros, heldMicros, receivableMicros } = context.need(account)
  const owedMicros = micros(-receivableMicros)
  const purse = { wallet: context.get(wallet) ?? EMPTY_WALLET, walletMicros, heldMicros, owedMicros, lapsedMicros: ZERO }
  return settle(purse, context.time)
}

/** What an account can spend now: nothing while it owes. */
export function spendable(context: Teller, account: string): Micros {
  return spendableIn(settledPurse(context, account))
}

/**
 * Credits that somebody holds: those sold and granted and not yet settled out, and those that others hold because somebody owes
 * them.
 */
export function outstanding({ issuedMicros, promotionsMicros, redeemedMicros, receivablesMicros }: Treasury): Micros {
  return negate(add(issuedMicros, promotionsMicros, redeemedMicros, receivablesMicros))
}

/** Refuses where the account that the body names is not on this ledger. */
export function unknownAccount<Body extends { readonly account: string }>(): Check<Body> {
  return check('unknown_account', (context) => {
    const { account } = context.body
    return context.get(accounts.at(account)) === undefined ? { account } : undefined
  })
}

/** Refuses where new credits would take those outstanding over their bound. */
export function exceedsOutstanding<Body extends { readonly amount: Micros }>(): Check<Body> {
  return check('limit', (context) => {
    const after = add(outstanding(context.need(treasury)), context.body.amount)
    if (after <= MAX_OUTSTANDING_MICROS) return undefined
    const limit = formatMicros(MAX_OUTSTANDING_MICROS)
    return { because: `credits outstanding would be ${formatMicros(after)}, and the most is ${limit}`, limit }
  })
}

/** Refuses where the signer cannot spend what `needed` says. */
export function exceedsCredits<Body>(needed: (context: Context<Body>) => Micros): Check<Body> {
  return check('exceeds_credits', (context) => shortfall(needed(context), spendable(context, context.signer)))
}

export function shortfall(neededMicros: Micros, spendableMicros: Micros): RefusalData | undefined {
  if (neededMicros <= spendableMicros) return undefined
  return {
    needed: formatMicros(neededMicros),
    spendable: formatMicros(spendableMicros),
    missing: formatMicros(neededMicros - spendableMicros),
  }
}
