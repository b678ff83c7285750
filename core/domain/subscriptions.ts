/** Subscriptions to models' APIs, found by who subscribed to what. */

import type { Context } from './define.ts'
import { standing } from './plans.ts'
import { platform, type RowKey, type Subscription, subscribers, subscriptions } from './state.ts'

type Reader = Pick<Context<unknown>, 'get' | 'need' | 'time'>

function lastStarted(context: Pick<Reader, 'get'>, account: string, listing: string): RowKey<Subscription> | undefined {
  const subscriber = context.get(subscribers.at(account, listing))
  return subscriber && subscriptions.at(subscriber.subscription)
}

/** The row of the subscription started last, once the subscriber's row of the round before is known. */
export function subscriptionRow(context: Pick<Reader, 'get'>, account: string, listing: string): readonly RowKey[] {
  const row = lastStarted(context, account, listing)
  return row === undefined ? [] : [row]
}

/** The subscription while it is active or suspended. */
export function currentSubscription(context: Reader, account: string, listing: string): Subscription | undefined {
  const row = lastStarted(context, account, listing)
  const subscription = row && context.need(row)
  if (subscription === undefined) return undefined
  return standing(subscription, context.time, context.need(platform).graceDays) === 'lapsed' ? undefined : subscription
}

/** The subscription, and its row, while its paid period runs. */
export function activeSubscription(
  context: Reader,
  account: string,
  listing: string,
): { readonly row: RowKey<Subscription>; readonly subscription: Subscription } | undefined {
  const row = lastStarted(context, account, listing)
  const subscription = row && context.need(row)
  return row !== undefined && subscription !== undefined && context.time < subscription.end ? { row, subscription } : undefined
}
