/**
 * How an index follows the log: what each entry is found by, the things of the state that it made or changed, what was earned
 * and spent by it. A step is bounded, and an interruption leaves the index at the step before.
 */

import type { AccountBook } from '../domain/books.ts'
import type { Tools } from '../domain/envelope.ts'
import { dayOf, wholeSeconds } from '../domain/time.ts'
import { foldBusiness } from './business/fold.ts'
import { Kept } from './business/kept.ts'
import { Tallies } from './business/tallies.ts'
import { plusCalls, readCalls } from './calls.ts'
import { isOfHistory } from './lookup.ts'
import { amountOf, type PlainEntry, payeeOf, readPayments, readPlainly } from './payments.ts'
import { LoadedRows } from './rows.ts'
import type { IndexedEntry, IndexedRevenue, IndexedSpending, IndexStep, SearchIndex, SearchIndexWriter } from './search-index.ts'
import type { StoreReader } from './store.ts'
import { keysOfThings, readThings } from './things.ts'
import { frontierAt } from './tree.ts'

/** An index need not follow while fewer entries than this have to be read from the log itself. */
export const WORTH_ENTRIES = 1_000
/** Entries of one step at most. */
const STEP_ENTRIES = 1_000

export interface Pace {
  /** How many entries it follows at most. */
  readonly most?: number
  /** Called between two steps. */
  readonly pause?: () => Promise<void>
  readonly progress?: (done: number, total: number) => void
}

/**
 * Makes an index follow the log to its end, or as far as `most` allows. The store is opened after the index was asked for its
 * position; so an index that is ahead of the store is of another history, and starts from nothing. Returns how many entries are
 * left.
 */
export async function followLog(
  tools: Tools,
  index: SearchIndexWriter,
  openStore: () => Promise<StoreReader>,
  { most = Number.POSITIVE_INFINITY, pause, progress }: Pace = {},
): Promise<number> {
  let position = await index.position()
  const store = await openStore()
  try {
    if (!(await isOfHistory(tools.sha256, store, position))) {
      await index.forget()
      position = await index.position()
    }
    const [start, size] = [position.size, await store.size()]
    const end = Math.min(size, start + most)
    let next = start
    while (next < end) {
      const step = await readStep(tools, index, store, next, Math.min(STEP_ENTRIES, end - next))
      // Another program makes the index follow at the same time.
      if (!(await index.follow(step))) break
      next += step.entries.length
      progress?.(next - start, end - start)
      await pause?.()
    }
    return size - next
  } finally {
    await store.close()
  }
}

async function readStep(tools: Tools, index: SearchIndex, store: StoreReader, size: number, limit: number): Promise<IndexStep> {
  const { sha256 } = tools
  const stored = await store.entries(size, limit)
  const rows = new LoadedRows(store)
  const entries = await readPlainly(rows, stored)
  const keys = new Map(stored.flatMap((entry, i) => keysOfThings(tools, entry, entries[i]!)))
  const payments = await readPayments(store, rows, entries)
  const business = { tallies: new Tallies(), kept: new Kept((wanted) => index.kept(wanted)) }
  await foldBusiness({ tools, store, rows }, business, stored, entries)
  return {
    size,
    entries: entries.map(indexedEntry),
    things: await readThings(rows, keys),
    revenue: payments.map(
      ({ payee, listing, time, sums }): IndexedRevenue => ({
        payee,
        day: dayOf(wholeSeconds(time)),
        ...(listing !== undefined && { listing }),
        sums,
      }),
    ),
    spending: await readSpending(store, rows, entries),
    tallies: business.tallies.all,
    kept: business.kept.changed,
    root: (await frontierAt(sha256, store, size + stored.length)).root(),
  }
}

/** One sum for each payer, day and listing: a hundred payers stand in one batch, and again in the next. */
async function readSpending(store: StoreReader, rows: LoadedRows, entries: readonly PlainEntry[]): Promise<IndexedSpending[]> {
  const spending = new Map<string, IndexedSpending>()
  for (const { payer, listing, time, sums } of await readCalls(store, rows, entries)) {
    const day = dayOf(wholeSeconds(time))
    const key = `${payer} ${day} ${listing}`
    spending.set(key, { payer, day, listing, sums: plusCalls(spending.get(key)?.sums, sums) })
  }
  return [...spending.values()]
}

function indexedEntry(entry: PlainEntry): IndexedEntry {
  const { index, type, outcome } = entry
  const payee = outcome.payment === undefined ? undefined : payeeOf(entry)
  const touched = outcome.touched.map(({ account, number }) => {
    const books = outcome.postings.filter((posting) => posting.account === account).map(({ book }) => book as AccountBook)
    return { account: number, isPayee: account === payee, books: [...new Set(books)] }
  })
  return { index, type, amountMicros: amountOf(outcome), touched }
}
