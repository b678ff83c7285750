/**
 * The state root: what a period.close says that all balances are, in one hash that every owner can check his own against.
 *
 * It is the root of the RFC 6962 tree over one leaf an account, in order of account number (0 is the operator). A leaf is
 * canonical JSON:
 *
 *   {"account":"nim1…","books":{"earnings":"0","held":"1","payable":"0","receivable":"0","wallet":"506"},"carry":0,"entries":12,
 *    "head":"<hex>","last":1234,"number":3,"rest":"<hex>"}
 *
 *   head       the RFC 6962 root over the leaf hashes of the entries that touched the account, so that whoever kept his entries
 *              can prove that none is missing
 *   rest       SHA-256 over the canonical JSON of all rows that belong to the account, [[table, key, row], …] in order of
 *              table and key: its name and keys, lots, holds, plan, models, listings, subscriptions …
 *   platform   in leaf 0 besides: the platform's books and the policy in force
 */

import { assert } from '../base/assert.ts'
import { type Sha256, toHex, utf8 } from '../base/bytes.ts'
import { Frontier, leafHash, type TreeHead, verifyInclusion } from '../log/merkle.ts'
import { ACCOUNT_BOOKS, type AccountBook, BOOK_CLASSES, type BookClass, PLATFORM_BOOKS } from './books.ts'
import { canonicalize, type Json } from './canonical.ts'
import { formatMicros } from './money.ts'
import { platformAt } from './policy.ts'
import type { Account, Platform, Treasury } from './state.ts'
import type { Seconds } from './time.ts'

/** What the books are before an entry: what a period.close states. */
export interface StateSummary {
  readonly accounts: number
  /** Hex. */
  readonly stateRoot: string
  /** Sums by class of book, as texts of credits. */
  readonly totals: { readonly [book in BookClass]: string }
}

/** What a leaf says of one account. */
interface StateLeaf {
  readonly account: string
  readonly row: Account
  /** The root over the entries that touched it. */
  readonly head: Uint8Array
  /** Its rows as they are stored, in order of table and key. */
  readonly rows: readonly { readonly table: string; readonly key: string; readonly value: string }[]
}

/** The text of an account's leaf; the operator's, number 0, also holds what is the platform's. */
export function formatLeaf(sha256: Sha256, { account, row, head, rows }: StateLeaf, platformPart: Json | undefined): string {
  const books = Object.entries(ACCOUNT_BOOKS).map(([book, { field }]) => [book, formatMicros(row[field])])
  // The stored values are canonical JSON themselves, so the canonical form of the list is their texts one after the other.
  const rest = rows.map(({ table, key, value }) => `[${JSON.stringify(table)},${JSON.stringify(key)},${value}]`)
  return canonicalize({
    account,
    books: Object.fromEntries(books),
    carry: row.carry,
    entries: row.entries,
    head: toHex(head),
    last: row.last,
    number: row.number,
    rest: toHex(sha256(utf8(`[${rest.join(',')}]`))),
    ...(platformPart !== undefined && { platform: platformPart }),
  })
}

/** The platform's part of leaf 0: its books, and the policy in force at `time`. */
export function platformPart(books: Treasury, row: Platform, time: Seconds): Json {
  const { feeBps, plans, minimumPayoutMicros, earningsHoldDays, graceDays, creditNote, sequencerKey } = platformAt(row, time)
  const amounts = Object.entries(PLATFORM_BOOKS).map(([book, { field }]) => [book, formatMicros(books[field])])
  const offered = plans.map(({ priceMicros, ...plan }) => ({ ...plan, price: formatMicros(priceMicros) }))
  const policy = { minimumPayout: formatMicros(minimumPayoutMicros), earningsHoldDays, graceDays, creditNote }
  return { books: Object.fromEntries(amounts), feeBps, plans: offered, policy, sequencerKey }
}

/** What the state tree has of a leaf's text. */
export function stateLeafHash(sha256: Sha256, leaf: string): Uint8Array {
  return leafHash(sha256, utf8(leaf))
}

/** Sums by class of book. The rows must be all accounts'. */
export function totalsOf(books: Treasury, rows: Iterable<Account>): StateSummary['totals'] {
  const totals = new Map<BookClass, bigint>(BOOK_CLASSES.map((book) => [book, 0n]))
  for (const [book, { field }] of Object.entries(PLATFORM_BOOKS)) totals.set(book as BookClass, books[field])
  for (const row of rows) {
    for (const [book, { field }] of Object.entries(ACCOUNT_BOOKS)) {
      totals.set(book as AccountBook, totals.get(book as AccountBook)! + row[field])
    }
  }
  assert([...totals.values()].reduce((sum, total) => sum + total, 0n) === 0n, 'all books sum to zero')
  const texts = [...totals].map(([book, total]) => [book, formatMicros(total)])
  return Object.fromEntries(texts) as StateSummary['totals']
}

/** The hashes of all complete subtrees of the tree over the leaves, by "level/index", as core/log/merkle.ts names them. */
export function stateNodes(sha256: Sha256, leaves: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const tree = new Frontier(sha256)
  const nodes = new Map<string, Uint8Array>()
  for (const [index, leaf] of leaves.entries()) {
    tree.append(stateLeafHash(sha256, leaf)).forEach((hash, level) => {
      nodes.set(`${level}/${Math.floor(index / 2 ** level)}`, hash)
    })
  }
  return nodes
}

/** Whether the audit path leads from a leaf, by its account number, to a state root. */
export function stateProofHolds(
  sha256: Sha256,
  leaf: string,
  number: number,
  tree: TreeHead,
  path: readonly Uint8Array[],
): boolean {
  return verifyInclusion(sha256, { index: number, hash: stateLeafHash(sha256, leaf) }, tree, path)
}
