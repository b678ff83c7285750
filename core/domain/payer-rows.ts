/**
 * The rows by which a meter's batches charge a payer. A meter charges the same payers again and again, and a batch asks for their
 * rows in every round, so the keys of the rows are made once and kept: a lookup by the same key object finds its row at once.
 */

import type { Context } from './define.ts'
import {
  type Account,
  accounts,
  type Mandate,
  mandateHolders,
  mandates,
  type Subscription,
  subscribers,
  subscriptions,
  type Wallet,
  wallets,
} from './state.ts'
import type { RowKey } from './table.ts'

type Reader = Pick<Context<unknown>, 'get'>

export class PayerRows {
  readonly account: RowKey<Account>
  readonly wallet: RowKey<Wallet>
  readonly holder: RowKey<{ readonly mandate: string }>
  readonly subscriber: RowKey<{ readonly subscription: string }>
  #mandate: RowKey<Mandate> | undefined
  #subscription: RowKey<Subscription> | undefined

  constructor(listing: string, payer: string) {
    this.account = accounts.at(payer)
    this.wallet = wallets.at(payer)
    this.holder = mandateHolders.at(payer, listing)
    this.subscriber = subscribers.at(payer, listing)
  }

  /** The row of the mandate signed last, once the holder's row of the round before is known. */
  mandate(context: Reader): RowKey<Mandate> | undefined {
    const holder = context.get(this.holder)
    if (holder === undefined) return undefined
    if (this.#mandate?.key !== holder.mandate) this.#mandate = mandates.at(holder.mandate)
    return this.#mandate
  }

  /** The row of the subscription started last, once the subscriber's row of the round before is known. */
  subscription(context: Reader): RowKey<Subscription> | undefined {
    const subscriber = context.get(this.subscriber)
    if (subscriber === undefined) return undefined
    if (this.#subscription?.key !== subscriber.subscription) this.#subscription = subscriptions.at(subscriber.subscription)
    return this.#subscription
  }
}

/** How many are kept, by listing and payer; a few more, until the next batch. */
const MAX_KEPT = 4_000
const kept = new Map<string, Map<string, PayerRows>>()
let count = 0

/** The rows of a batch's payers, in the batch's order. */
export function rowsOfPayers({ listing, payers }: { readonly listing: string; readonly payers: readonly string[] }): PayerRows[] {
  if (count >= MAX_KEPT) {
    kept.clear()
    count = 0
  }
  const ofListing = kept.get(listing) ?? new Map<string, PayerRows>()
  kept.set(listing, ofListing)
  return payers.map((payer) => {
    const known = ofListing.get(payer)
    if (known !== undefined) return known
    const rows = new PayerRows(listing, payer)
    ofListing.set(payer, rows)
    count += 1
    return rows
  })
}
