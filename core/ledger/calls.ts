/**
 * What accounts paid for calls, entry by entry: a call charged at once, one captured from a hold, the lines of a batch; less what
 * a refund gave back of them, on the day on which it did.
 */

import { assert } from '../base/assert.ts'
import { parseAmount } from '../domain/money.ts'
import type { Milliseconds } from '../domain/time.ts'
import { listingOf, type PlainEntry, readRefunded } from './payments.ts'
import type { LoadedRows } from './rows.ts'
import type { StoreReader } from './store.ts'

export interface CallSums {
  readonly costMicros: bigint
  /** Those too that cost nothing, since a subscription includes them. */
  readonly calls: number
}

/** What an account paid by an entry, or got back by a refund. */
interface PaidCalls {
  readonly payer: string
  readonly listing: string
  readonly time: Milliseconds
  readonly sums: CallSums
}

type Share = Pick<PaidCalls, 'payer' | 'sums'>

const CALLS: ReadonlySet<string> = new Set(['query.charge', 'hold.capture', 'usage.batch'])

/** Whether an entry is one by which calls are paid. */
export function isCall({ type }: Pick<PlainEntry, 'type'>): boolean {
  return CALLS.has(type)
}

/** Whether an entry may have been paid for calls, or give such a payment back. */
export function isOfCalls(entry: Pick<PlainEntry, 'type'>): boolean {
  return isCall(entry) || entry.type === 'credit.refund'
}

export async function readCalls(store: StoreReader, rows: LoadedRows, entries: readonly PlainEntry[]): Promise<PaidCalls[]> {
  const found: PaidCalls[] = []
  for (const entry of entries.filter(isOfCalls)) {
    const refunded = await readRefunded(store, rows, entry)
    const paid = refunded ?? entry
    if (!isCall(paid)) continue
    const listing = await listingOf(rows, paid.body)
    assert(listing !== undefined, 'a call is to a listing')
    const shares = refunded === undefined ? sharesOf(entry) : [shareBack(entry, refunded)]
    for (const share of shares) found.push({ ...share, listing, time: entry.time })
  }
  return found
}

/** Sums of calls together. */
export function plusCalls(before: CallSums | undefined, more: CallSums): CallSums {
  return { costMicros: (before?.costMicros ?? 0n) + more.costMicros, calls: (before?.calls ?? 0) + more.calls }
}

/** By payer: a batch has many. */
function sharesOf({ body, outcome: { payment, lines } }: PlainEntry): Share[] {
  if (lines === undefined) {
    const { payer, grossMicros = 0n } = payment ?? {}
    return payer === undefined ? [] : [{ payer, sums: { costMicros: grossMicros, calls: 1 } }]
  }
  const shares = new Map<string, CallSums>()
  lines.forEach((line, at) => {
    if (line.status !== 'charged') return
    const payer = payerOfLine(body, at)
    shares.set(payer, plusCalls(shares.get(payer), { costMicros: line.grossMicros, calls: 1 }))
  })
  return Array.from(shares, ([payer, sums]) => ({ payer, sums }))
}

/** The calls stay calls: what was used stays used. */
function shareBack({ body: { line, amount } }: PlainEntry, { body, outcome }: PlainEntry): Share {
  const payer = line === undefined ? outcome.payment?.payer : payerOfLine(body, line)
  const backMicros = parseAmount(amount ?? '')
  assert(payer !== undefined && backMicros !== undefined, 'a refund gives an amount back to the payer of a payment')
  return { payer, sums: { costMicros: -backMicros, calls: 0 } }
}

function payerOfLine({ payers, lines }: PlainEntry['body'], at: number): string {
  return payers![lines![at]![0]!]!
}
