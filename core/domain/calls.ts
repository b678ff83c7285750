/**
 * What a call to a model costs its payer: the included units of a running subscription are used first, unit by unit, then the
 * terms' prices apply. Shared by everything that charges calls: usage.batch, query.charge, hold.capture.
 */

import type { Context, Effects } from './define.ts'
import type { Usage } from './fields.ts'
import type { Micros } from './money.ts'
import { NO_USAGE, priceOf, useIncluded } from './pricing.ts'
import { type PaidPeriod, type Subscription, type Terms, terms } from './state.ts'
import { type ActiveSubscription, activeSubscription } from './subscriptions.ts'
import type { RowKey } from './table.ts'

export interface Call {
  readonly payer: string
  readonly listing: string
  /** The version of the listing's terms at which it is charged. */
  readonly terms: number
  readonly usage: Usage
}

interface Quote {
  readonly grossMicros: Micros
  /** The subscription whose included units it uses, and what of them is used after it. */
  readonly included?: ActiveSubscription & { readonly used: Usage; readonly usedFrom: number }
}

/** The terms that pricing a call reads, once the subscription's row of the round before is known. */
export function callTermsRows(
  context: Context<unknown>,
  { payer, listing, terms: version }: Omit<Call, 'usage'>,
): readonly RowKey[] {
  const active = activeSubscription(context, payer, listing)
  const versions = active === undefined ? [version] : [version, active.subscription.terms]
  return versions.map((one) => terms.at(listing, one))
}

/** What the call costs now. It needs callTermsRows and the payer's subscription. */
export function quote(context: Context<unknown>, { payer, listing, terms: version, usage }: Call): Quote {
  const { query } = context.need<Terms>(terms.at(listing, version))
  const active = activeSubscription(context, payer, listing)
  const included = active && context.need(terms.at(listing, active.subscription.terms)).included
  if (active === undefined || included === undefined) return { grossMicros: priceOf(usage, query!) }
  const { start } = runningPeriod(active.subscription, context.time)
  // Units are included anew in each paid period.
  const used = active.subscription.usedFrom === start ? active.subscription.used : NO_USAGE
  const free = useIncluded(usage, included, used)
  return { grossMicros: priceOf(free.billable, query!), included: { ...active, used: free.used, usedFrom: start } }
}

/** Uses up the included units that the quote was made with. */
export function countIncluded(effects: Effects<unknown>, { included }: Quote): void {
  if (included === undefined) return
  const { row, subscription, used, usedFrom } = included
  effects.put(row, { ...subscription, used, usedFrom })
}

function runningPeriod({ periods }: Subscription, time: number): PaidPeriod {
  return periods.find(({ start, end }) => start <= time && time < end) ?? periods.at(-1)!
}
