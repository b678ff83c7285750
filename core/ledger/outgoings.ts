/**
 * What an account spent lately, by what it was spent on: calls, through the sums that there are of them, and purchases, found by
 * their types. What was given back counts against it on the day on which it was.
 */

import type { Tools } from '../domain/envelope.ts'
import { parseAmount } from '../domain/money.ts'
import { dayOf, type Seconds } from '../domain/time.ts'
import type { Accepted } from './accepted.ts'
import { isCall } from './calls.ts'
import type { Searched } from './entry-search.ts'
import { readBackwards } from './history.ts'
import { listingOf, type PlainEntry, readRefunded } from './payments.ts'
import { presentBody } from './present.ts'
import { LoadedRows } from './rows.ts'
import { readSpending } from './spending.ts'

/** What is paid by the period. */
const RENEWING = ['plan.subscribe', 'plan.change', 'plan.renew', 'subscription.start', 'subscription.renew'] as const
const ONCE = ['dataset.purchase', 'dataset.license', 'feature.purchase'] as const
const REFUND = 'credit.refund'

/** Entries of a type that are looked at, at most: the newest. */
const MAX_ENTRIES = 1_000

export interface Outgoings {
  /** By listing; what the platform was paid is under undefined. */
  readonly byListing: ReadonlyMap<string | undefined, bigint>
  /** The part of it that was paid by the period. */
  readonly renewingMicros: bigint
  readonly totalMicros: bigint
}

interface Outgoing {
  readonly listing: string | undefined
  readonly isRenewing: boolean
  readonly micros: bigint
}

/** `from` is the beginning of a day of UTC. */
export async function readOutgoings(tools: Tools, searched: Searched, account: string, from: Seconds): Promise<Outgoings> {
  const calls = await readSpending(searched, account, { from: dayOf(from), to: Number.MAX_SAFE_INTEGER })
  const outgoings: Outgoing[] = Array.from(calls.byListing, ([listing, { costMicros }]) => ({
    ...{ listing, isRenewing: false, micros: costMicros },
  }))
  const rows = new LoadedRows(searched.store)
  for (const type of [...RENEWING, ...ONCE, REFUND]) {
    const filter = { account, type, book: 'wallet', since: from * 1_000, limit: MAX_ENTRIES } as const
    const { entries } = await readBackwards(tools, searched, filter)
    for (const entry of entries.map(plainly)) {
      const found = await (type === REFUND ? backBy(searched, rows, account, entry) : paidBy(rows, account, entry))
      if (found !== undefined) outgoings.push(found)
    }
  }
  const byListing = new Map<string | undefined, bigint>()
  for (const { listing, micros } of outgoings) byListing.set(listing, (byListing.get(listing) ?? 0n) + micros)
  return {
    byListing,
    renewingMicros: sumOf(outgoings.filter(({ isRenewing }) => isRenewing)),
    totalMicros: sumOf(outgoings),
  }
}

function sumOf(outgoings: readonly Outgoing[]): bigint {
  return outgoings.reduce((sum, { micros }) => sum + micros, 0n)
}

/** What the account paid by an entry; undefined where somebody else paid. */
async function paidBy(rows: LoadedRows, account: string, { type, body, outcome }: PlainEntry): Promise<Outgoing | undefined> {
  if (outcome.payment?.payer !== account) return undefined
  const isRenewing = (RENEWING as readonly string[]).includes(type)
  return { listing: await listingOf(rows, body), isRenewing, micros: outcome.payment.grossMicros }
}

/** Of a refund: what comes back to the account. Refunds of calls are in the sums of calls. */
async function backBy({ store }: Searched, rows: LoadedRows, account: string, entry: PlainEntry): Promise<Outgoing | undefined> {
  const refunded = await readRefunded(store, rows, entry)
  const paid = refunded && !isCall(refunded) ? await paidBy(rows, account, refunded) : undefined
  return paid && { ...paid, micros: -parseAmount(entry.body.amount!)! }
}

function plainly({ index, time, transaction, outcome }: Accepted): PlainEntry {
  const { definition, signer } = transaction
  return { index, time, type: definition.type, signer, body: presentBody(transaction) as PlainEntry['body'], outcome }
}
