/** The log as a person reads it: the newest entries first, those of an account or a type, and one entry with its proof. */

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
const MAX_SCANNED_ENTRIES = 5_000
const PAGE = 250

type Options = Pick<LedgerOptions, 'rules' | 'sha256'>

interface HistoryFilter {
  /** Only entries before this index. */
  readonly before?: number | undefined
  readonly limit: number
  readonly account?: string | undefined
  readonly accepts?: (entry: Accepted) => boolean
}

interface HistoryPage {
  readonly entries: readonly Accepted[]
  /** Give as `before` for what is older; undefined where there is nothing older. */
  readonly next?: number
}

/** Entries from the newest to older ones. */
export async function readBackwards(options: Options, store: StoreReader, filter: HistoryFilter): Promise<HistoryPage> {
  const { before = await store.size(), limit, account, accepts = () => true } = filter
  const source = account === undefined ? downwards(options, store, before) : chainOf(options, store, account, before)
  const entries: Accepted[] = []
  let seen = 0
  let last: number | undefined
  for await (const entry of source) {
    if (entries.length === limit || seen === MAX_SCANNED_ENTRIES) return { entries, ...(last !== undefined && { next: last }) }
    if (accepts(entry)) entries.push(entry)
    seen += 1
    last = entry.index
  }
  return { entries }
}

async function* downwards({ rules, sha256 }: Options, store: StoreReader, before: number): AsyncGenerator<Accepted> {
  for (let end = Math.min(before, await store.size()); end > 0; ) {
    const start = Math.max(0, end - PAGE)
    const page = await decodeEntries(rules, sha256, store, await store.entries(start, end - start))
    yield* page.reverse()
    end = start
  }
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
