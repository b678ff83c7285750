/** What is exported: a ledger as it stands, entry by entry, and every book after the last one. */

import type { Accepted } from '../../ledger/accepted.ts'
import { Lookup } from '../../ledger/lookup.ts'
import { type BookBalance, everyBook, readLog, readPlatform } from '../../ledger/queries.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { LEDGER_TOOLS } from '../desk.ts'

export interface ExportSource {
  readonly origin: string
  /** What people call the ledger. */
  readonly name: string
  readonly size: number
  readonly entries: AsyncIterable<Accepted>
  /** From the state, not from the entries: a balance assertion asserts that both agree. */
  readonly books: AsyncIterable<BookBalance>
}

/** Writes a ledger part by part, so that a log of any length fits into little memory. */
export type ExportWriter = (source: ExportSource) => AsyncIterable<string>

export async function exportSource(store: StoreReader): Promise<ExportSource> {
  const { origin, name } = await readPlatform(store)
  const everything = { from: 0, limit: Number.POSITIVE_INFINITY }
  const entries = readLog(LEDGER_TOOLS, { store, lookup: Lookup.none() }, everything)
  return { origin, name, size: await store.size(), entries, books: everyBook(store) }
}
