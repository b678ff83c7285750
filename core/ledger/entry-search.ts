/**
 * Entries found through an index: those of an account, of a type, with an amount. The index says where to look; every entry is
 * read from the ledger and has to be what was asked for, and those of an account have to follow one upon the other as their
 * outcomes say. An index that does not stand this test is given up, and the caller goes on without it.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AccountBook } from '../domain/books.ts'
import type { Tools } from '../domain/envelope.ts'
import type { Milliseconds } from '../domain/time.ts'
import { type Accepted, decodeEntries } from './accepted.ts'
import { chainFrom, previousOf, readAccount } from './chain.ts'
import type { Lookup } from './lookup.ts'
import { amountOf, payeeOf } from './payments.ts'
import type { EntryQuery } from './search-index.ts'
import type { StoredEntry, StoreReader } from './store.ts'
import { timeOfEntry } from './tree.ts'

/** A consistent state of the ledger, and the index beside it. */
export interface Searched {
  readonly store: StoreReader
  readonly lookup: Lookup
}

export interface EntryFilter {
  /** Entries that touched an account; with `isPayee`, those whose payment reached it; with `book`, those that posted to it. */
  readonly account?: string | undefined
  readonly isPayee?: boolean | undefined
  readonly book?: AccountBook | undefined
  readonly type?: string | undefined
  /** What the entry moved: the gross of its payment, or the largest of its postings if that is more. */
  readonly leastMicros?: bigint | undefined
  readonly mostMicros?: bigint | undefined
}

export type EntryRange = Pick<EntryQuery, 'from' | 'to' | 'order'>

/** Entries read at a time: few at first, for most answers are short. */
const FIRST_PAGE = 16
const LARGEST_PAGE = 256
/** Among how many entries an amount is looked for between two turns of the event loop: there is no order by amount. */
const AMOUNT_WINDOW = 200_000

/** Whether the filter has anything that an index helps to find. */
export function isFiltered({ account, type, leastMicros, mostMicros }: EntryFilter): boolean {
  return [account, type, leastMicros, mostMicros].some((one) => one !== undefined)
}

export function isWanted(filter: EntryFilter, { transaction, outcome }: Accepted): boolean {
  const { account, isPayee, book, type, leastMicros, mostMicros } = filter
  if (type !== undefined && transaction.definition.type !== type) return false
  if (account !== undefined && !outcome.touched.some((one) => one.account === account)) return false
  if (book !== undefined && !outcome.postings.some((one) => one.book === book && one.account === account)) return false
  const { signer, body } = transaction
  if (isPayee && (outcome.payment === undefined || payeeOf({ signer, body: body as object, outcome }) !== account)) return false
  if (leastMicros === undefined && mostMicros === undefined) return true
  const amount = amountOf(outcome)
  return (leastMicros ?? amount) <= amount && amount <= (mostMicros ?? amount)
}

/**
 * The entries of a range that the index knows, in order. Ends early where the index is given up; its size is then 0. None of an
 * account's entries can be missing: they name each other, and the first one after the range names the last one in it.
 */
export async function* findIndexed(
  tools: Tools,
  searched: Searched,
  filter: EntryFilter,
  range: EntryRange,
): AsyncGenerator<Accepted> {
  const { store, lookup } = searched
  const { account, ...rest } = filter
  const row = account === undefined ? undefined : await readAccount(store, account)
  if (account !== undefined && row === undefined) return
  const isChain = account !== undefined && !filter.isPayee && filter.book === undefined && !isFiltered(rest)
  const links = isChain ? new Links(account, range, () => lastBefore(tools, searched, account, range.to)) : undefined
  for await (const part of windowsOf(filter, range)) {
    let [low, high] = [part.from, part.to]
    for (let limit = FIRST_PAGE; low < high; limit = Math.min(2 * limit, LARGEST_PAGE)) {
      const query = { ...rest, account: row?.number, from: low, to: high, order: range.order, limit }
      const indexes = await lookup.ask((index) => index.findEntries(query))
      if (indexes === undefined) return
      const entries = await readEach(tools, store, indexes)
      if (entries.length < indexes.length) return lookup.distrust()
      for (const entry of entries) {
        if (!isWanted(filter, entry) || (await links?.follows(entry)) === false) return lookup.distrust()
        yield entry
      }
      if (indexes.length < limit) break
      if (range.order === 'up') low = indexes.at(-1)! + 1
      else high = indexes.at(-1)!
    }
  }
  if ((await links?.isEnd()) === false) await lookup.distrust()
}

/** Whether the entries of an account that were found in a range are all there are. */
class Links {
  readonly #account: string
  readonly #range: EntryRange
  readonly #lastBefore: () => Promise<number | undefined>
  #before: Accepted | undefined

  constructor(account: string, range: EntryRange, lastBefore: () => Promise<number | undefined>) {
    this.#account = account
    this.#range = range
    this.#lastBefore = lastBefore
  }

  /** Whether this entry is the next one. */
  async follows(entry: Accepted): Promise<boolean> {
    const before = this.#before
    this.#before = entry
    if (this.#range.order === 'up') {
      const previous = previousOf(entry, this.#account)
      return before === undefined ? this.#isOutside(previous) : previous === before.index
    }
    return entry.index === (before === undefined ? await this.#lastBefore() : previousOf(before, this.#account))
  }

  /** Whether there are no more. */
  async isEnd(): Promise<boolean> {
    const last = this.#before
    if (last !== undefined && this.#range.order === 'down') return this.#isOutside(previousOf(last, this.#account))
    const expected = await this.#lastBefore()
    return last === undefined ? this.#isOutside(expected) : expected === last.index
  }

  #isOutside(index: number | undefined): boolean {
    return index === undefined || index < this.#range.from
  }
}

/** The last entry of an account before a place that the index knows, as the first entry after that place names it. */
export async function lastBefore(
  tools: Tools,
  { store, lookup }: Searched,
  account: string,
  place: number,
): Promise<number | undefined> {
  const row = await readAccount(store, account)
  const query = { account: row?.number, from: place, to: lookup.size, order: 'up', limit: 1 } as const
  const [after] = await readEach(tools, store, (await lookup.ask((index) => index.findEntries(query))) ?? [])
  if (after !== undefined) return previousOf(after, account)
  // The index was given up meanwhile.
  if (lookup.size === 0) return undefined
  for await (const entry of chainFrom(tools, store, account, row?.last)) if (entry.index < lookup.size) return entry.index
  return undefined
}

/** The range, cut into windows where an amount is asked for: looking for one takes as long as the window has entries. */
async function* windowsOf({ leastMicros, mostMicros }: EntryFilter, range: EntryRange) {
  const { from, to, order } = range
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

export async function readEach(tools: Tools, store: StoreReader, indexes: readonly number[]): Promise<Accepted[]> {
  const stored: StoredEntry[] = []
  for (const index of indexes) stored.push(...(await store.entries(index, 1)))
  return decodeEntries(tools, store, stored)
}

/**
 * The index of the first entry accepted at a time or later, which is also how many came before it. Found by halving, since times
 * never go back.
 */
export async function entriesBefore(store: StoreReader, time: Milliseconds): Promise<number> {
  let [low, high] = [0, await store.size()]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((await timeOfEntry(store, middle)) < time) low = middle + 1
    else high = middle
  }
  return low
}
