import { z } from 'zod'
import { exceedsCredits } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { formatCredits } from '../money.ts'
import { firstPeriod } from '../paid-periods.ts'
import { NO_USAGE } from '../pricing.ts'
import { listingOf, listingRow, pricedSaleChecks, saleRows, termsOf } from '../sales.ts'
import { subscribers, subscriptions } from '../state.ts'
import { currentSubscription, paidPeriod, periodPrice, subscriptionRows } from '../subscriptions.ts'
import { formatSeconds } from '../time.ts'

const body = z.strictObject({ listing: field.thing('lst'), terms: field.number, period: field.period, price: field.amount })
type Body = z.output<typeof body>

/** Subscribes to a model's API: the first period is paid now, and the signature is the mandate to renew at up to that price. */
export const subscriptionStart = defineTransaction<Body>({
  type: 'subscription.start',
  signer: 'account',
  spends: true,
  body,
  creates: { prefix: 'sub', table: subscriptions },
  reads: [
    (context) => [listingRow(context), subscribers.at(context.signer, context.body.listing)],
    (context) => [...saleRows(context), ...subscriptionRows(context, context.signer, context.body.listing)],
  ],
  checks: [
    ...pricedSaleChecks<Body>((terms, { period }) => periodPrice(terms, period)),
    check('already_subscribed', (context) => {
      const { listing } = context.body
      const current = currentSubscription(context, context.signer, listing)
      return current && { what: `The subscription to ${listing}`, until: formatSeconds(current.end) }
    }),
    exceedsCredits(({ body }) => body.price),
  ],
  apply: (effects) => {
    const { body, signer, time, created } = effects
    const { listing, terms, period, price } = body
    effects.pay(signer, listingOf(effects).account, price)
    const { anchor, start, end } = firstPeriod(time, period)
    const periods = [paidPeriod(effects, { start, end }, termsOf(effects))]
    effects.put(subscriptions.at(created), {
      account: signer,
      anchor,
      cancelled: false,
      end,
      listing,
      period,
      periods,
      priceMicros: price,
      terms,
      used: NO_USAGE,
      usedFrom: start,
    })
    effects.put(subscribers.at(signer, listing), { subscription: created })
  },
  describe: ({ listing, period, price }) =>
    `Subscribes to ${listing} by the ${period} for ${formatCredits(price)}, to renew at up to that price`,
})
