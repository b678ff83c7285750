/** Pages of the log, as the console and the hub show them. */

import type { Tools } from '../domain/envelope.ts'
import { type HistoryFilter, readBackwards, readRange } from '../ledger/history.ts'
import type { StoreReader } from '../ledger/store.ts'
import type { Sight } from './host.ts'
import { entryViews } from './present.ts'
import type * as view from './views.ts'

/** The newest entries that a filter lets through, newest first. */
export async function logPage(
  tools: Tools,
  sight: Pick<Sight, 'store' | 'lookup'>,
  filter: HistoryFilter,
): Promise<view.LogPage> {
  const { store } = sight
  const { entries, next } = await readBackwards(tools, sight, filter)
  return { size: await store.size(), entries: await entryViews(store, entries), ...(next !== undefined && { next }) }
}

export async function logRange(tools: Tools, store: StoreReader, from: number, limit: number): Promise<view.LogRange> {
  const entries = await readRange(tools, store, from, limit)
  return { size: await store.size(), entries: await entryViews(store, entries) }
}
