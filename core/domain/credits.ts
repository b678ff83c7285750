/**
 * What an account can spend, and how a payment between accounts moves credits: gross from the payer's wallet, the fee to the
 * platform, the take-home to the payee's earnings, which become available after the holding period.
 */

import { ACCOUNT_BOOKS } from './books.ts'
import { type Check, type Context, check } from './define.ts'
import { add, formatMicros, type Micros, micros, negate, ZERO } from './money.ts'
import type { RefusalData } from './refusal.ts'
import { type Account, accounts, type Earnings, earnings, type RowKey, type Treasury } from './state.ts'
import { DAY_SECONDS, dayOf, type Seconds } from './time.ts'

/** The rows that spending from an account's wallet touches. */
export function payerRows(account: string): readonly RowKey[] {
  return [accounts.at(account)]
}

/** The rows that a payment to an account touches. */
export function payeeRows(account: string): readonly RowKey[] {
  return [accounts.at(account), earnings.at(account)]
}

/** What an account can spend: nothing while it owes. */
export function spendable(account: Account): Micros {
  return owes(account) ? ZERO : account.walletMicros
}

/** Credits sold and granted that were not settled out again. */
export function outstanding({ issuedMicros, promotionsMicros, redeemedMicros }: Treasury): Micros {
  return negate(add(issuedMicros, promotionsMicros, redeemedMicros))
}

/** Whether the account owes after a refund or chargeback that it could not cover. */
export function owes(account: Account): boolean {
  return account[ACCOUNT_BOOKS.receivable.field] < 0n
}

/** Refuses where the signer cannot spend what `needed` says. */
export function exceedsCredits<Body>(needed: (context: Context<Body>) => Micros): Check<Body> {
  return check('exceeds_credits', (context) => shortfall(needed(context), spendable(context.need(accounts.at(context.signer)))))
}

function shortfall(neededMicros: Micros, spendableMicros: Micros): RefusalData | undefined {
  if (neededMicros <= spendableMicros) return undefined
  return {
    needed: formatMicros(neededMicros),
    spendable: formatMicros(spendableMicros),
    missing: formatMicros(neededMicros - spendableMicros),
  }
}

const NO_EARNINGS: Earnings = { availableMicros: ZERO, days: [] }

/** Earnings with those whose holding period is over moved to what is available. */
export function matured(row: Earnings | undefined, time: Seconds): Earnings {
  const { availableMicros, days } = row ?? NO_EARNINGS
  const due = days.filter((day) => day.availableFrom <= time)
  if (due.length === 0) return { availableMicros, days }
  return {
    availableMicros: add(availableMicros, ...due.map((day) => day.amountMicros)),
    days: days.filter((day) => day.availableFrom > time),
  }
}

/**
 * Earnings with `amountMicros` earned now: available from 00:00 UTC of the day after the holding period of `holdDays` full days.
 */
export function earned(row: Earnings | undefined, amountMicros: Micros, time: Seconds, holdDays: number): Earnings {
  const { availableMicros, days } = matured(row, time)
  const availableFrom = (dayOf(time) + 1 + holdDays) * DAY_SECONDS
  const sameDay = days.find((day) => day.availableFrom === availableFrom)
  const sum = { availableFrom, amountMicros: micros(amountMicros + (sameDay?.amountMicros ?? 0n)) }
  const others = days.filter((day) => day !== sameDay)
  return { availableMicros, days: [...others, sum].sort((a, b) => a.availableFrom - b.availableFrom) }
}
