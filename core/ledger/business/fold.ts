/**
 * What entries add to the tallies of the business (tallies.ts), and what has to be kept for those after them. Entries are folded
 * once, in their order: by the indexer as far as the index has come, and from there on by whoever asks.
 */

import type { Tools } from '../../domain/envelope.ts'
import { type Accepted, decodeEntries, readAccepted } from '../accepted.ts'
import type { PlainEntry } from '../payments.ts'
import type { LoadedRows } from '../rows.ts'
import type { StoredEntry, StoreReader } from '../store.ts'
import { addIncome, type Income, readIncome } from './income.ts'
import type { Kept } from './kept.ts'
import { addPaidTime, endPaidTime, isOfPaidTime, paidTimeKeys } from './paid-time.ts'
import { addPayer, payerKey } from './payers.ts'
import type { Tallies } from './tallies.ts'

/** Where entries are read from, and rows that never change. */
interface Source {
  readonly tools: Tools
  readonly store: StoreReader
  readonly rows: LoadedRows
}

/** What of an entry matters to the business. */
interface Told {
  readonly income?: Income | undefined
  /** The entry where paid time depends on it; of a refund, the payment that it gives back. */
  readonly paidTime?: Accepted | undefined
}

/** Adds entries, one after the other; each stands in both lists. */
export async function foldBusiness(
  source: Source,
  { tallies, kept }: { readonly tallies: Tallies; readonly kept: Kept },
  stored: readonly StoredEntry[],
  entries: readonly PlainEntry[],
): Promise<void> {
  const told = await readTold(source, stored, entries)
  await kept.load(told.flatMap(keysOf))
  for (const { income, paidTime } of told) {
    const isFull = income !== undefined && addIncome(tallies, kept, income)
    if (income?.what === 'payment') for (const payer of income.payers) addPayer(tallies, kept, payer, income.time)
    if (paidTime === undefined) continue
    if (income?.what !== 'refund') await addPaidTime(source.tools.sha256, tallies, kept, source.rows, paidTime)
    else if (isFull) endPaidTime(tallies, kept, paidTime, income.time)
  }
}

async function readTold(
  { tools, store, rows }: Source,
  stored: readonly StoredEntry[],
  entries: readonly PlainEntry[],
): Promise<Told[]> {
  const decoded = await decodeEntries(
    tools,
    store,
    stored.filter((_, at) => isOfPaidTime(entries[at]!.type)),
  )
  const ofPaidTime = new Map(decoded.map((entry) => [entry.index, entry]))
  const told: Told[] = []
  for (const entry of entries) {
    const income = await readIncome(store, rows, entry)
    const paid = income?.what === 'refund' && isOfPaidTime(income.paid.type) ? income.paid.index : undefined
    const paidTime = paid === undefined ? ofPaidTime.get(entry.index) : await readAccepted(tools, store, paid)
    if (income !== undefined || paidTime !== undefined) told.push({ income, paidTime })
  }
  return told
}

function keysOf({ income, paidTime }: Told): string[] {
  return [
    ...(income?.what === 'payment' ? income.payers.map(payerKey) : []),
    ...(income?.what === 'refund' ? [income.key] : []),
    ...(paidTime === undefined ? [] : paidTimeKeys(paidTime)),
  ]
}
