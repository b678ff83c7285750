/**
 * Calls to a model: whether its listing serves a payer, and what a call costs. The included units of a running subscription are
 * used first, unit by unit, then the terms' prices apply. Shared by everything that charges calls: usage.batch, query.charge,
 * hold.capture.
 */

import { type Check, type Context, check, type Effects } from './define.ts'
import type { Usage } from './fields.ts'
import type { Micros } from './money.ts'
import { NO_USAGE, priceOf, UNITS, useIncluded } from './pricing.ts'
import type { RefusalData } from './refusal.ts'
import {
  isServingSubscribers,
  listingRow,
  nearestTerms,
  notForSale,
  ownListing,
  type SaleBody,
  saleRows,
  termsChanged,
  whyClosed,
} from './sales.ts'
import {
  type Listing,
  platform,
  type QueryPrices,
  type Subscription,
  type SubscriptionPeriod,
  subscribers,
  terms,
} from './state.ts'
import { type ActiveSubscription, activeSubscription, subscriptionRows } from './subscriptions.ts'
import type { Seconds } from './time.ts'

interface Call {
  readonly payer: string
  readonly listing: string
  /** The version of the listing's terms at which it is charged. */
  readonly terms: number
  readonly usage: Usage
}

export interface Quote {
  readonly grossMicros: Micros
  /** The subscription as it is once the call has used included units; absent where it uses none. */
  readonly included?: ActiveSubscription
}

/** The rows of a call that its signer pays for, in two rounds. */
export const callRows = [
  (context: Context<SaleBody>) => [listingRow(context), subscribers.at(context.signer, context.body.listing)],
  (context: Context<SaleBody>) => {
    return [...saleRows(context), ...subscriptionRows(context, context.signer, context.body.listing)]
  },
] as const

/**
 * Why a listing serves none of these payers. One that sells nothing more, being withdrawn or its model suspended, still serves
 * those whose paid period runs.
 */
export function whyClosedTo(context: Context<{ readonly listing: string }>, payers: readonly string[]): string | undefined {
  const because = whyClosed(context)
  if (because === undefined || !isServingSubscribers(context)) return because
  return payers.some((payer) => activeSubscription(context, payer, context.body.listing)) ? undefined : because
}

/**
 * The checks of a call that its signer pays for, after unknown_listing: not_for_sale, own_listing, subscription_required,
 * terms_changed.
 */
export function callChecks<Body extends SaleBody>(): readonly Check<Body>[] {
  return [
    notForSale(
      (context) => whyClosedTo(context, [context.signer]),
      ({ query }) => query !== undefined,
    ),
    ownListing(),
    check('subscription_required', (context) => {
      const { signer, body } = context
      const isOpen = nearestTerms(context).access !== 'subscription'
      return isOpen || activeSubscription(context, signer, body.listing) ? undefined : { listing: body.listing, payer: signer }
    }),
    termsChanged(),
  ]
}

/** Whether an account may count the calls of a listing and charge them: its creator, or the operator. */
export function mayMeter(context: Context<unknown>, { account }: Listing, signer: string): boolean {
  return signer === account || signer === context.need(platform).operator
}

/** The data of key_scope for an account that is no meter of the listing. */
export function needsMeter(type: string, account: string): RefusalData {
  return { account, type, needs: "the listing's creator or the operator" }
}

/** What the call costs now. Needs the row of its terms and the payer's subscription. */
export function quote(context: Context<unknown>, { payer, listing, terms: version, usage }: Call): Quote {
  const prices = context.need(terms.at(listing, version)).query!
  return quoteAt(prices, activeSubscription(context, payer, listing), usage, context.time)
}

/** The same at known prices, for a payer with this subscription. */
export function quoteAt(prices: QueryPrices, active: ActiveSubscription | undefined, usage: Usage, time: Seconds): Quote {
  if (active === undefined) return { grossMicros: priceOf(usage, prices) }
  const { row, subscription } = active
  const { start, included } = runningPeriod(subscription, time)
  // Units are included anew in each paid period.
  const before = subscription.usedFrom === start ? subscription.used : NO_USAGE
  const { billable, used } = useIncluded(usage, included, before)
  const grossMicros = priceOf(billable, prices)
  if (UNITS.every((unit) => used[unit] === before[unit])) return { grossMicros }
  return { grossMicros, included: { row, subscription: { ...subscription, used, usedFrom: start } } }
}

/** Uses up the included units that the quote was made with. */
export function countIncluded(effects: Effects<unknown>, { included }: Quote): void {
  if (included !== undefined) effects.put(included.row, included.subscription)
}

/** The paid period that runs or, where it was given back, the one that was paid ahead. */
function runningPeriod({ periods }: Subscription, time: number): SubscriptionPeriod {
  return periods.find(({ start, end }) => start <= time && time < end) ?? periods.at(-1)!
}
