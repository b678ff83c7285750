/**
 * Entries found through an index: those of an account, of a type, with an amount. The index says where to look; every entry is
 * read from the ledger and has to be what was asked for, and those of an account have to follow one upon the other as their
 * outcomes say. An index that does not bear this out is given up, and who asked goes on without it.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Sha256 } from '../base/bytes.ts'
import type { Rules } from '../domain/envelope.ts'
import { accounts } from '../domain/state.ts'
import type { Milliseconds } from '../domain/time.ts'
import { type Accepted, decodeEntries } from './accepted.ts'
import type { Lookup } from './lookup.ts'
import { amountOf, payeeOf } from './payments.ts'
import { LoadedRows } from './rows.ts'
import type { EntryQuery } from './search-index.ts'
import type { StoredEntry, StoreReader } from './store.ts'
import { timeOfEntry } from './tree.ts'

export interface Tools {
  readonly rules: Rules
  readonly sha256: Sha256
}

/** A consistent state of the ledger, and the index beside it. */
export interface Searched {
  readonly store: StoreReader
  readonly lookup: Lookup
}

export interface EntryFilter {
  /** Entries that touched an account; with `isPayee`, those whose payment reached it. */
  readonly account?: string | undefined
  readonly isPayee?: boolean | undefined
  readonly type?: string | undefined
  /** What the entry moved: the gross of its payment, or the largest of its postings if that is more. */
  readonly leastMicros?: bigint | undefined
  readonly mostMicros?: bigint | undefined
}

export type EntryRange = Pick<EntryQuery, 'from' | 'to' | 'order'>

/** Entries read at a time: few at first, for most answers are short. */
const FIRST_PAGE = 16
const LARGEST_PAGE = 256
/** Entries among which an amount is looked for between two turns of the event loop: there is no order by amount. */
const AMOUNT_WINDOW = 200_000

/** Whether anything is asked for that an index helps to find. */
export function isFiltered({ account, type, leastMicros, mostMicros }: EntryFilter): boolean {
  return [account, type, leastMicros, mostMicros].some((one) => one !== undefined)
}

export function isWanted(filter: EntryFilter, { transaction, outcome }: Accepted): boolean {
  const { account, isPayee, type, leastMicros, mostMicros } = filter
  if (type !== undefined && transaction.definition.type !== type) return false
  if (account !== undefined && !outcome.touched.some((one) => one.account === account)) return false
  if (isPayee && (outcome.payment === undefined || payeeOf(outcome) !== account)) return false
  if (leastMicros === undefined && mostMicros === undefined) return true
  const amount = amountOf(outcome)
  return (leastMicros ?? amount) <= amount && amount <= (mostMicros ?? amount)
}

/** The entry that touched an account before this one; undefined for its first. */
export function previousOf({ outcome }: Accepted, account: string): number | undefined {
  return outcome.touched.find((one) => one.account === account)?.previous
}

/**
 * The entries of a range that the index knows, in order, after `before` where that is given. It ends early where the index is
 * given up: its size is then 0.
 */
export async function* findIndexed(
  tools: Tools,
  { store, lookup }: Searched,
  filter: EntryFilter,
  { from, to, order }: EntryRange,
  before?: Accepted,
): AsyncGenerator<Accepted> {
  const { account: name, ...rest } = filter
  const account = name === undefined ? undefined : await numberOf(store, name)
  if (name !== undefined && account === undefined) return
  const isChain = name !== undefined && !filter.isPayee && !isFiltered({ ...filter, account: undefined })
  let last = before
  for await (const part of windowsOf(filter, { from, to }, order)) {
    let [low, high] = [part.from, part.to]
    for (let limit = FIRST_PAGE; low < high; limit = Math.min(2 * limit, LARGEST_PAGE)) {
      const query = { ...rest, account, from: low, to: high, order, limit }
      const indexes = await lookup.ask((index) => index.findEntries(query))
      if (indexes === undefined) return
      const entries = await readEach(tools, store, indexes)
      if (entries.length < indexes.length) return lookup.distrust()
      for (const entry of entries) {
        const follows = !isChain || last === undefined || isNext(last, entry, name, order)
        if (!isWanted(filter, entry) || !follows) return lookup.distrust()
        yield entry
        last = entry
      }
      if (indexes.length < limit) break
      if (order === 'up') low = indexes.at(-1)! + 1
      else high = indexes.at(-1)!
    }
  }
}

/** An account's entries name each other, so none between two of them is missing. */
function isNext(before: Accepted, entry: Accepted, account: string, order: EntryQuery['order']): boolean {
  const [older, newer] = order === 'up' ? [before, entry] : [entry, before]
  return previousOf(newer, account) === older.index
}

/** The range in parts, where each takes as long to look through as it has entries. */
async function* windowsOf({ leastMicros, mostMicros }: EntryFilter, range: { from: number; to: number }, order: 'up' | 'down') {
  const { from, to } = range
  if (leastMicros === undefined && mostMicros === undefined) {
    yield range
    return
  }
  for (let done = 0; done < to - from; done += AMOUNT_WINDOW) {
    const next = Math.min(done + AMOUNT_WINDOW, to - from)
    yield order === 'up' ? { from: from + done, to: from + next } : { from: to - next, to: to - done }
    await nextTurn()
  }
}

export async function readEach({ rules, sha256 }: Tools, store: StoreReader, indexes: readonly number[]): Promise<Accepted[]> {
  const stored: StoredEntry[] = []
  for (const index of indexes) stored.push(...(await store.entries(index, 1)))
  return decodeEntries(rules, sha256, store, stored)
}

async function numberOf(store: StoreReader, account: string): Promise<number | undefined> {
  const rows = new LoadedRows(store)
  await rows.load([accounts.at(account)])
  return rows.get(accounts.at(account))?.number
}

/** The index of the first entry at a time or after it, which is how many came before: times never go back, so by halving. */
export async function entriesBefore(store: StoreReader, time: Milliseconds): Promise<number> {
  let [low, high] = [0, await store.size()]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((await timeOfEntry(store, middle)) < time) low = middle + 1
    else high = middle
  }
  return low
}
