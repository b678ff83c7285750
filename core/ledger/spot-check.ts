/**
 * A look at a few places of a book, in the time that a person waits: entries against the tree and the ids, and the balances of
 * accounts against what the last entry that touched each of them left. It finds damage that is in many places; an audit finds
 * everything.
 */

import { equalBytes } from '../base/bytes.ts'
import { ACCOUNT_BOOKS, isAccountBook } from '../domain/books.ts'
import type { Tools } from '../domain/envelope.ts'
import { type Account, accounts } from '../domain/state.ts'
import { HASH_BYTES, leafHash } from '../log/merkle.ts'
import { TILE_WIDTH } from '../log/tiles.ts'
import { decodeEntries } from './accepted.ts'
import { readPlatform, readTable } from './queries.ts'
import type { StoreReader } from './store.ts'

/** How many entries, and how many accounts, are looked at. */
const SAMPLES = 100

/** The first fault found, as a sentence. Throws StoreError where something cannot be read at all. */
export async function spotCheck(tools: Tools, store: StoreReader): Promise<string | undefined> {
  const size = await store.size()
  for (let index = 0; index < size; index += step(size)) {
    const wrong = await checkEntry(tools, store, index)
    if (wrong !== undefined) return wrong
  }
  const { accounts: count } = await readPlatform(store)
  let number = 0
  for await (const { key, row } of readTable(store, accounts)) {
    if (number++ % step(count) !== 0) continue
    const wrong = await checkAccount(tools, store, key, row)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function step(count: number): number {
  return Math.max(1, Math.floor(count / SAMPLES))
}

async function checkEntry(tools: Tools, store: StoreReader, index: number): Promise<string | undefined> {
  const [entry] = await store.entries(index, 1)
  if (entry === undefined) return `Entry ${index} is missing.`
  const [accepted] = await decodeEntries(tools, store, [entry])
  const [stored] = await store.indexes([accepted!.transaction.id])
  if (stored !== index) return `The id of entry ${index} is stored for ${stored === undefined ? 'no entry' : `entry ${stored}`}.`
  const hashes = await store.tile(0, Math.floor(index / TILE_WIDTH))
  const offset = (index % TILE_WIDTH) * HASH_BYTES
  const leaf = hashes?.subarray(offset, offset + HASH_BYTES)
  const isSame = leaf !== undefined && equalBytes(leaf, leafHash(tools.sha256, entry.bytes))
  return isSame ? undefined : `Entry ${index} is not the one that the tree was built over.`
}

async function checkAccount(tools: Tools, store: StoreReader, account: string, row: Account): Promise<string | undefined> {
  const entries = await store.entries(row.last, 1)
  const [last] = entries.length === 0 ? [] : await decodeEntries(tools, store, entries)
  if (last === undefined || !last.outcome.touched.some((one) => one.account === account))
    return `Entry ${row.last} should be the last one of ${account}, and does not touch it.`
  for (const posting of last.outcome.postings) {
    const { book, balanceMicros } = posting
    if (posting.account !== account || !isAccountBook(book) || row[ACCOUNT_BOOKS[book].field] === balanceMicros) continue
    // The last posting to a book is what stays; an entry may post to it several times.
    const isLast = last.outcome.postings.findLast((one) => one.account === account && one.book === book) === posting
    if (isLast) return `The stored ${book} of ${account} is not what entry ${row.last} left.`
  }
  return undefined
}
