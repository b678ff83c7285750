/**
 * What creators earned, in sums: by creator, by day, by listing. Folded from the log in one pass that later entries continue, and
 * kept in memory alone: like everything that is not the log it can be made again.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Outcome } from '../domain/outcome.ts'
import { type RowKey, type Subscription, subscriptions } from '../domain/state.ts'
import { dayOf, type Milliseconds, wholeSeconds } from '../domain/time.ts'
import { type Accepted, decodeEntries } from './accepted.ts'
import type { LedgerOptions } from './ledger.ts'
import { readRow } from './queries.ts'
import type { StoreReader } from './store.ts'

export interface Sums {
  readonly grossMicros: bigint
  readonly feeMicros: bigint
  readonly payments: number
}

interface CreatorRevenue extends Sums {
  /** By number of the UTC day. */
  readonly byDay: ReadonlyMap<number, Sums>
  readonly byListing: ReadonlyMap<string, Sums>
}

const NO_SUMS: Sums = { grossMicros: 0n, feeMicros: 0n, payments: 0 }
const NO_REVENUE: CreatorRevenue = { ...NO_SUMS, byDay: new Map(), byListing: new Map() }

/** Entries read between two turns of the event loop, so that a long log does not hold up a window. */
const PAGE = 250

interface Kept extends Sums {
  byDay: Map<number, Sums>
  byListing: Map<string, Sums>
}

export class Revenue {
  readonly #options: Pick<LedgerOptions, 'rules' | 'sha256'>
  readonly #creators = new Map<string, Kept>()
  /** The entries folded so far. */
  #size = 0
  #folding: Promise<unknown> = Promise.resolve()

  constructor(options: Pick<LedgerOptions, 'rules' | 'sha256'>) {
    this.#options = options
  }

  /** A creator's sums over all entries that the store has. */
  async of(store: StoreReader, account: string): Promise<CreatorRevenue> {
    // One after the other: a second caller must not fold the same entries again.
    const folded = this.#folding.then(() => this.#fold(store))
    this.#folding = folded.catch(() => {})
    await folded
    return this.#creators.get(account) ?? NO_REVENUE
  }

  async #fold(store: StoreReader): Promise<void> {
    const { rules, sha256 } = this.#options
    const size = await store.size()
    while (this.#size < size) {
      const entries = await decodeEntries(rules, sha256, store, await store.entries(this.#size, PAGE))
      const payments = await Promise.all(entries.map((entry) => paymentOf(store, entry)))
      for (const payment of payments) if (payment !== undefined) this.#add(payment)
      this.#size += entries.length
      await nextTurn()
    }
  }

  #add({ payee, listing, time, sums }: PaymentTo): void {
    const kept = this.#creators.get(payee) ?? { ...NO_SUMS, byDay: new Map(), byListing: new Map() }
    const day = dayOf(wholeSeconds(time))
    kept.byDay.set(day, plus(kept.byDay.get(day), sums))
    if (listing !== undefined) kept.byListing.set(listing, plus(kept.byListing.get(listing), sums))
    this.#creators.set(payee, { ...kept, ...plus(kept, sums) })
  }
}

function plus(before: Sums = NO_SUMS, more: Sums): Sums {
  return {
    grossMicros: before.grossMicros + more.grossMicros,
    feeMicros: before.feeMicros + more.feeMicros,
    payments: before.payments + more.payments,
  }
}

interface PaymentTo {
  readonly payee: string
  readonly listing: string | undefined
  readonly time: Milliseconds
  readonly sums: Sums
}

/** The payment of an entry: to whom, for which listing. */
async function paymentOf(store: StoreReader, { transaction, outcome, time }: Accepted): Promise<PaymentTo | undefined> {
  const payee = payeeOf(outcome)
  const { payment, lines } = outcome
  if (payment === undefined || payee === undefined) return undefined
  const payments = lines === undefined ? 1 : lines.filter((line) => line.status === 'charged' && line.grossMicros > 0n).length
  const { grossMicros, feeMicros } = payment
  return { payee, listing: await listingOf(store, transaction.body as object), time, sums: { grossMicros, feeMicros, payments } }
}

/** Whom a payment reached: earnings grow, or a debt becomes less. */
export function payeeOf({ postings }: Outcome): string | undefined {
  const reached = (book: string) => postings.find((posting) => posting.book === book && posting.amountMicros > 0n)?.account
  return reached('earnings') ?? reached('receivable')
}

/** What was paid for: named in the body, or by the subscription that it names. */
async function listingOf(store: StoreReader, body: { listing?: string; subscription?: string }): Promise<string | undefined> {
  if (body.listing !== undefined || body.subscription === undefined) return body.listing
  return (await readRow(store, subscriptions.at(body.subscription) as RowKey<Subscription>))?.listing
}
