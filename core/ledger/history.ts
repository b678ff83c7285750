/** The log as a person reads it: the newest entries first, those of an account or a type. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Tools } from '../domain/envelope.ts'
import type { Milliseconds } from '../domain/time.ts'
import { type Accepted, decodeEntries } from './accepted.ts'
import { chainFrom, previousOf, readAccount } from './chain.ts'
import { type EntryFilter, entriesBefore, findIndexed, isFiltered, isWanted, type Searched } from './entry-search.ts'
import type { StoreReader } from './store.ts'

/** Entries that one call looks at, at most; it then returns what it found so far, and where to go on. */
const MAX_SCANNED_ENTRIES = 20_000
/** Entries read between two turns of the event loop. */
const PAGE = 250

export interface HistoryFilter extends EntryFilter {
  /** Only entries before this index. */
  readonly before?: number | undefined
  readonly limit: number
  /** Entries accepted at a time or later, and before one. */
  readonly since?: Milliseconds | undefined
  readonly until?: Milliseconds | undefined
}

interface HistoryPage {
  readonly entries: readonly Accepted[]
  /** Give this as `before` for older entries; undefined where there are none. */
  readonly next?: number
}

/** A part of the log that is read from its newer end. */
interface Range {
  readonly from: number
  readonly to: number
}

/**
 * Entries from the newest to older ones: first those that the index does not know yet, from the log itself, then what the index
 * finds.
 */
export async function readBackwards(tools: Tools, searched: Searched, filter: HistoryFilter): Promise<HistoryPage> {
  const { store, lookup } = searched
  const { before, since, until, account, limit } = filter
  const size = await store.size()
  const start = since === undefined ? 0 : await entriesBefore(store, since)
  const end = Math.max(start, Math.min(before ?? size, until === undefined ? size : await entriesBefore(store, until)))
  const known = isFiltered(filter) ? Math.max(start, Math.min(lookup.size, end)) : start
  const unknown = { from: known, to: end }
  const walk = account === undefined ? readDownwards : readChain
  const page = known < end ? await walk(tools, store, filter, unknown) : { entries: [], next: end }
  if (page.next !== known || known === start || page.entries.length === limit)
    return page.next === start ? { entries: page.entries } : page
  const entries = [...page.entries]
  const older = { from: start, to: known, order: 'down' } as const
  for await (const entry of findIndexed(tools, searched, filter, older)) {
    if (entries.length === limit) return { entries, next: entries.at(-1)!.index }
    entries.push(entry)
  }
  // The index was given up on the way: what is older is read without it.
  if (lookup.size === 0) return readBackwards(tools, searched, filter)
  return { entries }
}

/** Page by page down a range. Entries of another type are recognised by their bytes, and not read any further. */
async function readDownwards(tools: Tools, store: StoreReader, filter: HistoryFilter, range: Range): Promise<HistoryPage> {
  const { limit, type } = filter
  const { from, to } = range
  const entries: Accepted[] = []
  const lowest = Math.max(from, to - MAX_SCANNED_ENTRIES)
  const size = type === undefined ? Math.min(limit, PAGE) : PAGE
  for (let next = to; next > lowest; ) {
    const start = Math.max(lowest, next - size)
    const page = await store.entries(start, next - start)
    const wanted = type === undefined ? page : page.filter(({ bytes }) => isOfType(bytes, type))
    for (const entry of (await decodeEntries(tools, store, wanted)).reverse()) {
      if (!isWanted(filter, entry)) continue
      if (entries.length === limit) return { entries, next: entry.index + 1 }
      entries.push(entry)
    }
    next = start
    if (entries.length === limit) return { entries, next }
    await nextTurn()
  }
  return { entries, next: lowest }
}

/** Whether an entry seems to be of a type: in a canonical text the type and the version stand side by side. */
function isOfType(bytes: Uint8Array, type: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(`,"type":${JSON.stringify(type)},"v":`)
}

/** Along the chain of the entries that touched an account, as far as it lies in a range. */
async function readChain(tools: Tools, store: StoreReader, filter: HistoryFilter, range: Range): Promise<HistoryPage> {
  const entries: Accepted[] = []
  let seen = 0
  let last = range.to
  for await (const entry of chainOf(tools, store, filter.account!, range.to)) {
    if (entry.index < range.from) break
    if (entries.length === filter.limit || seen === MAX_SCANNED_ENTRIES) return { entries, next: last }
    if (isWanted(filter, entry)) entries.push(entry)
    seen += 1
    last = entry.index
  }
  return { entries, next: range.from }
}

/** The entries that touched an account. Each of them names the one before, so a page goes on where the last one ended. */
async function* chainOf(tools: Tools, store: StoreReader, account: string, before: number): AsyncGenerator<Accepted> {
  const [known] = await readRange(tools, store, before, 1)
  const isTouched = known?.outcome.touched.some((one) => one.account === account)
  // `before` is the entry at which the page before ended; if it is none of the account's, the chain is walked from its newest
  // end.
  const start = isTouched ? previousOf(known!, account) : (await readAccount(store, account))?.last
  for await (const entry of chainFrom(tools, store, account, start)) if (entry.index < before) yield entry
}

/** Entries from an index on, in order. */
export async function readRange(tools: Tools, store: StoreReader, from: number, limit: number): Promise<Accepted[]> {
  return decodeEntries(tools, store, await store.entries(from, limit))
}
