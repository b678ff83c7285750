import { z } from 'zod'
import { payerRows, shortfall, spendable } from '../credits.ts'
import { type Context, check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import type { Micros } from '../money.ts'
import { nextPeriod, unended } from '../paid-periods.ts'
import { aboveSigned, hasLapsed, notDue, payerFrozen, type Renewal, renewalScope, wasCancelled } from '../renewals.ts'
import { currentTermsOf, sellerRows, whyListingClosed } from '../sales.ts'
import { listings, subscribers, subscriptions, terms } from '../state.ts'
import { paidPeriod, periodPrice, subscriptionOf, unknownSubscription } from '../subscriptions.ts'

const body = z.strictObject({ subscription: field.thing('sub') })
type Body = z.output<typeof body>

const renewal: Renewal<Body> = {
  type: 'subscription.renew',
  rowOf: subscriptionOf,
  payerOf: (context) => subscriptionOf(context).account,
  whatOf: ({ body }) => `The subscription ${body.subscription}`,
}

/** What the period costs at the current terms; undefined where they have no such price. */
function currentPrice(context: Context<Body>): Micros | undefined {
  const { listing, period } = subscriptionOf(context)
  return periodPrice(currentTermsOf(context, listing), period)
}

/**
 * Pays the next period of a subscription, at the listing's current terms, if its price is at most the one that the payer signed.
 */
export const subscriptionRenew = defineTransaction<Body>({
  type: renewal.type,
  signer: 'account',
  operatorScope: 'schedule',
  spends: (context) => context.get(subscriptions.at(context.body.subscription))?.account === context.signer,
  body,
  reads: [
    ({ body }) => [subscriptions.at(body.subscription)],
    (context) => {
      const { subscription } = context.body
      const row = context.get(subscriptions.at(subscription))
      if (row === undefined) return []
      return [...payerRows(row.account), listings.at(row.listing), subscribers.at(row.account, row.listing)]
    },
    (context) => {
      const row = context.get(subscriptions.at(context.body.subscription))
      if (row === undefined) return []
      const { version } = context.need(listings.at(row.listing))
      return [...sellerRows(context, row.listing), terms.at(row.listing, version)]
    },
  ],
  checks: [
    unknownSubscription(),
    renewalScope(renewal),
    notDue(renewal),
    wasCancelled(renewal),
    hasLapsed(renewal, (context) => {
      const { account, listing } = subscriptionOf(context)
      return context.need(subscribers.at(account, listing)).subscription !== context.body.subscription
    }),
    check('not_for_sale', (context) => {
      const { listing } = subscriptionOf(context)
      const noPrice = currentPrice(context) === undefined ? 'its terms have no such price' : undefined
      const because = whyListingClosed(context, listing) ?? noPrice
      return because === undefined ? undefined : { listing, because }
    }),
    payerFrozen(renewal),
    check('no_mandate', (context) => {
      const { priceMicros } = subscriptionOf(context)
      return aboveSigned(currentPrice(context)!, priceMicros, `the subscription ${context.body.subscription}`)
    }),
    check('exceeds_credits', (context) => shortfall(currentPrice(context)!, spendable(context, subscriptionOf(context).account))),
  ],
  apply: (effects) => {
    const { body, time } = effects
    const before = subscriptionOf(effects)
    const { account, version } = effects.need(listings.at(before.listing))
    effects.pay(before.account, account, currentPrice(effects)!)
    const { anchor, ...next } = nextPeriod(before, time)
    const paid = paidPeriod(effects, next, currentTermsOf(effects, before.listing))
    const periods = [...unended(before.periods, time), paid]
    effects.put(subscriptions.at(body.subscription), { ...before, terms: version, anchor, periods, end: next.end })
  },
  describe: ({ subscription }) => `Renews the subscription ${subscription} for one more period, at up to the price signed for it`,
})
