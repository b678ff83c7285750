/** Subscriptions to models' APIs, found by who subscribed to what. */

import { type Check, type Context, check } from './define.ts'
import type { Micros } from './money.ts'
import { standing } from './paid-periods.ts'
import { inForce, type Reader } from './policy.ts'
import { NO_USAGE } from './pricing.ts'
import { type PaidPeriod, type Subscription, type SubscriptionPeriod, subscribers, subscriptions, type Terms } from './state.ts'
import type { RowKey } from './table.ts'
import type { Period } from './time.ts'

interface SubscriptionBody {
  readonly subscription: string
}

function lastStarted(context: Pick<Reader, 'get'>, account: string, listing: string): RowKey<Subscription> | undefined {
  const subscriber = context.get(subscribers.at(account, listing))
  return subscriber && subscriptions.at(subscriber.subscription)
}

/** The row of the subscription started last, once the subscriber's row of the round before is known. */
export function subscriptionRows(context: Pick<Reader, 'get'>, account: string, listing: string): readonly RowKey[] {
  const row = lastStarted(context, account, listing)
  return row === undefined ? [] : [row]
}

/** The subscription that a body names, once the check `unknown_subscription` has passed. */
export function subscriptionOf(context: Context<SubscriptionBody>): Subscription {
  return context.need(subscriptions.at(context.body.subscription))
}

export function unknownSubscription<Body extends SubscriptionBody>(): Check<Body> {
  return check('unknown_subscription', (context) => {
    const { subscription } = context.body
    return context.get(subscriptions.at(subscription)) === undefined ? { subscription } : undefined
  })
}

/** The price of a period at these terms; undefined where there is no such price. */
export function periodPrice({ subscription }: Terms, period: Period): Micros | undefined {
  return subscription?.find((one) => one.period === period)?.priceMicros
}

/** A period that the entry pays, at these terms. */
export function paidPeriod(
  { index }: Pick<Context<unknown>, 'index'>,
  { start, end }: PaidPeriod,
  { included = NO_USAGE }: Terms,
): SubscriptionPeriod {
  return { entry: index, start, end, included }
}

/** The subscription while it is active or suspended. */
export function currentSubscription(context: Reader, account: string, listing: string): Subscription | undefined {
  const row = lastStarted(context, account, listing)
  const subscription = row && context.need(row)
  if (subscription === undefined) return undefined
  return standing(subscription, context.time, inForce(context).graceDays) === 'lapsed' ? undefined : subscription
}

export interface ActiveSubscription {
  readonly row: RowKey<Subscription>
  readonly subscription: Subscription
}

/** The subscription, and its row, while its paid time runs. */
export function activeSubscription(context: Reader, account: string, listing: string): ActiveSubscription | undefined {
  return activeIn(context, lastStarted(context, account, listing))
}

/** The same for the row of the subscription that was started last. */
export function activeIn(context: Reader, row: RowKey<Subscription> | undefined): ActiveSubscription | undefined {
  const subscription = row && context.need(row)
  return row !== undefined && subscription !== undefined && context.time < subscription.end ? { row, subscription } : undefined
}
