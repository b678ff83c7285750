/**
 * What an account spent on calls, by day and by listing. The index keeps these sums up to the entry that it has reached; what
 * came since then is read along the account's own chain of entries, so nobody else's entries are.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { dayOf, wholeSeconds } from '../domain/time.ts'
import { type CallSums, isOfCalls, plusCalls, readCalls } from './calls.ts'
import { previousOf, readAccount } from './chain.ts'
import type { Searched } from './entry-search.ts'
import { readPlainly } from './payments.ts'
import { LoadedRows } from './rows.ts'
import type { Days } from './search-index.ts'
import { StoreError } from './store.ts'

interface Spending extends CallSums {
  /** By number of the UTC day, in order. */
  readonly byDay: ReadonlyMap<number, CallSums>
  readonly byListing: ReadonlyMap<string, CallSums>
}

/** The account's entries that are read where the index does not know them; with more, it has to be made first. */
const MAX_READ_ENTRIES = 20_000
/** Entries read between two turns of the event loop. */
const PAGE = 250

interface Spent {
  readonly day: number
  readonly listing: string
  readonly sums: CallSums
}

export async function readSpending(searched: Searched, account: string, days: Days): Promise<Spending> {
  const known = (await searched.lookup.ask((index) => index.spendingOf(account, days))) ?? []
  const fresh = await readUnknown(searched, account, days)
  let total: CallSums = { costMicros: 0n, calls: 0 }
  const byDay = new Map<number, CallSums>()
  const byListing = new Map<string, CallSums>()
  for (const { day, listing, sums } of [...known, ...fresh].sort((a, b) => a.day - b.day)) {
    total = plusCalls(total, sums)
    byDay.set(day, plusCalls(byDay.get(day), sums))
    byListing.set(listing, plusCalls(byListing.get(listing), sums))
  }
  return { ...total, byDay, byListing }
}

/** What the account spent in the entries that the index does not know, the newest first. */
async function readUnknown({ store, lookup }: Searched, account: string, { from, to }: Days): Promise<Spent[]> {
  const spent: Spent[] = []
  const rows = new LoadedRows(store)
  let next = (await readAccount(store, account))?.last
  for (let read = 1; next !== undefined && next >= lookup.size; read++) {
    if (read > MAX_READ_ENTRIES) throw new StoreError('busy', 'The sums of this account are being made: try again in a minute.')
    const [entry] = await readPlainly(rows, await store.entries(next, 1))
    const day = dayOf(wholeSeconds(entry!.time))
    if (day < from) break
    if (day < to && isOfCalls(entry!)) {
      const paid = await readCalls(store, rows, [entry!])
      for (const { payer, listing, sums } of paid) if (payer === account) spent.push({ day, listing, sums })
    }
    next = previousOf(entry!, account)
    if (read % PAGE === 0) await nextTurn()
  }
  return spent
}
