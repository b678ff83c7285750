/** The log as a person reads it: the newest entries first, those of an account or a type, and one entry with its proof. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Sha256 } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { accounts } from '../domain/state.ts'
import { readCheckpoint } from '../log/checkpoint.ts'
import { foldRanges, inclusionRanges, nodesOf } from '../log/merkle.ts'
import { formatProof } from '../log/proof.ts'
import { readNode, tilesOf } from '../log/tiles.ts'
import { type Accepted, decodeEntries } from './accepted.ts'
import type { LedgerOptions } from './ledger.ts'
import { readRow } from './queries.ts'
import { StoreError, type StoreReader } from './store.ts'
import { tileReader } from './tree.ts'

/** Entries that one call looks at, at most; it then answers what it found so far, and where to go on. */
const MAX_SCANNED_ENTRIES = 20_000
/** Entries read between two turns of the event loop. */
const PAGE = 250

type Options = Pick<LedgerOptions, 'rules' | 'sha256'>

interface HistoryFilter {
  /** Only entries before this index. */
  readonly before?: number | undefined
  readonly limit: number
  readonly account?: string | undefined
  readonly type?: string | undefined
  readonly accepts?: (entry: Accepted) => boolean
}

interface HistoryPage {
  readonly entries: readonly Accepted[]
  /** Give as `before` for what is older; undefined where there is nothing older. */
  readonly next?: number
}

/** Entries from the newest to older ones. */
export async function readBackwards(options: Options, store: StoreReader, filter: HistoryFilter): Promise<HistoryPage> {
  const { before = await store.size(), account, limit } = filter
  if (account === undefined) return readDownwards(options, store, filter, before)
  const entries: Accepted[] = []
  let seen = 0
  let last: number | undefined
  for await (const entry of chainOf(options, store, account, before)) {
    if (entries.length === limit || seen === MAX_SCANNED_ENTRIES) return { entries, ...(last !== undefined && { next: last }) }
    if (isWanted(filter, entry)) entries.push(entry)
    seen += 1
    last = entry.index
  }
  return { entries }
}

/** Page by page from an index down. What is of another type is told by its bytes, without being read any further. */
async function readDownwards(options: Options, store: StoreReader, filter: HistoryFilter, before: number): Promise<HistoryPage> {
  const { limit, type } = filter
  const entries: Accepted[] = []
  const end = Math.min(before, await store.size())
  const lowest = Math.max(0, end - MAX_SCANNED_ENTRIES)
  const size = type === undefined ? Math.min(limit, PAGE) : PAGE
  for (let next = end; next > lowest; ) {
    const start = Math.max(lowest, next - size)
    const page = await store.entries(start, next - start)
    const wanted = type === undefined ? page : page.filter(({ bytes }) => isOfType(bytes, type))
    for (const entry of (await decodeEntries(options.rules, options.sha256, store, wanted)).reverse()) {
      if (!isWanted(filter, entry)) continue
      if (entries.length === limit) return { entries, next: entry.index + 1 }
      entries.push(entry)
    }
    next = start
    if (entries.length === limit) return { entries, ...(next > 0 && { next }) }
    await nextTurn()
  }
  return { entries, ...(lowest > 0 && { next: lowest }) }
}

function isWanted({ type, accepts }: HistoryFilter, entry: Accepted): boolean {
  return (type === undefined || entry.transaction.definition.type === type) && (accepts === undefined || accepts(entry))
}

/** Whether an entry seems to be of a type: in a canonical text the type and the version stand side by side. */
function isOfType(bytes: Uint8Array, type: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(`,"type":${JSON.stringify(type)},"v":`)
}

/** The entries that touched an account. One that did tells which did before it, so a page goes on where the last one ended. */
async function* chainOf(options: Options, store: StoreReader, account: string, before: number): AsyncGenerator<Accepted> {
  const newest = (await readRow(store, accounts.at(account)))?.last
  const [known] = await readRange(options, store, before, 1)
  // The entry at which the page before ended, where `before` is one; otherwise the chain is walked from its newest end.
  const previous = known?.outcome.touched.find((one) => one.account === account)
  let next = previous === undefined ? newest : previous.previous
  while (next !== undefined) {
    const [entry] = await readRange(options, store, next, 1)
    if (entry === undefined)
      throw new StoreError('damaged', `Entry ${next} of ${account} is missing; nimledger verify tells more.`)
    if (entry.index < before) yield entry
    next = entry.outcome.touched.find((one) => one.account === account)?.previous
  }
}

/** Entries from an index on, in order. */
export async function readRange(
  { rules, sha256 }: Options,
  store: StoreReader,
  from: number,
  limit: number,
): Promise<Accepted[]> {
  return decodeEntries(rules, sha256, store, await store.entries(from, limit))
}

/** The proof that an entry is in the log, by the last checkpoint; undefined where that does not cover it yet. */
export async function proveEntry(sha256: Sha256, store: StoreReader, index: number): Promise<Uint8Array | undefined> {
  const checkpoint = await store.checkpoint()
  const head = checkpoint && readCheckpoint(checkpoint)
  if (checkpoint === undefined || head === undefined) return undefined
  if (head instanceof Malformed) throw new StoreError('damaged', 'The last checkpoint is damaged; nimledger verify tells more.')
  if (index >= head.size) return undefined
  const ranges = inclusionRanges(index, head.size)
  const nodes = nodesOf(ranges)
  const readTile = await tileReader(store, tilesOf(nodes, head.size))
  const hashes = nodes.map((node) => readNode(sha256, readTile, node))
  return formatProof({ index, path: foldRanges(sha256, ranges, hashes), checkpoint })
}
