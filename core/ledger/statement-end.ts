/**
 * Where a statement of a period long past is read from: the last entry of the period that touched the account, and the balances
 * that it left, found through the index instead of by reading everything that came later. None of it is taken on trust. The first
 * entry after the period names the one before it. And each balance is known from both sides: from the last posting to the book in
 * or before the period, and from the first one after it, or the balance that the account has now.
 */

import type { AccountBook } from '../domain/books.ts'
import type { Tools } from '../domain/envelope.ts'
import { type Micros, micros, ZERO } from '../domain/money.ts'
import type { Posting } from '../domain/outcome.ts'
import type { Account } from '../domain/state.ts'
import { type AccountBalances, BOOKS, BooksBackwards, balancesOf, booksOf } from './account-books.ts'
import { chainFrom } from './chain.ts'
import { type EntryRange, lastBefore, readEach, type Searched } from './entry-search.ts'
import { shareOf } from './share.ts'

interface End {
  /** The account's last entry by then; undefined where it has none. */
  readonly newest: number | undefined
  readonly balances: AccountBalances
}

/**
 * How an account stood after the first `size` entries; undefined where the index cannot tell, so that everything has to be read.
 */
export async function findEnd(
  tools: Tools,
  searched: Searched,
  account: string,
  row: Account,
  size: number,
): Promise<End | undefined> {
  const { store, lookup } = searched
  if (size >= lookup.size) return undefined
  // Entries that the index does not know yet are undone one by one.
  const books = new BooksBackwards(account, booksOf(row))
  for await (const entry of chainFrom(tools, store, account, row.last)) {
    if (entry.index < lookup.size) break
    books.undo(entry, shareOf(entry, account))
  }
  const around = new Around(tools, searched, { account, number: row.number }, size)
  const newest = await lastBefore(tools, searched, account, size)
  const isFound = newest === (await around.newest())
  const balances = new Map<AccountBook, Micros | undefined>()
  for (const book of BOOKS) balances.set(book, await around.balance(book, books.balances[book]))
  if (isFound && BOOKS.every((book) => balances.get(book) !== undefined)) {
    return { newest, balances: balancesOf((book) => balances.get(book)!) }
  }
  await lookup.distrust()
  return undefined
}

/** The account's entries on either side of a size. */
class Around {
  readonly #tools: Tools
  readonly #searched: Searched
  readonly #whose: { readonly account: string; readonly number: number }
  readonly #size: number

  constructor(tools: Tools, searched: Searched, whose: { readonly account: string; readonly number: number }, size: number) {
    this.#tools = tools
    this.#searched = searched
    this.#whose = whose
    this.#size = size
  }

  /** The last entry before the size, as the index has it. */
  async newest(): Promise<number | undefined> {
    return (await this.#find({ from: 0, to: this.#size, order: 'down' }))?.index
  }

  /** What was in a book at the size; undefined where the entries before it and after it disagree. */
  async balance(book: AccountBook, now: Micros): Promise<Micros | undefined> {
    const before = await this.#find({ from: 0, to: this.#size, order: 'down' }, book)
    const after = await this.#find({ from: this.#size, to: this.#searched.lookup.size, order: 'up' }, book)
    const isOfBook = (posting: Posting) => posting.book === book && posting.account === this.#whose.account
    const left = before?.outcome.postings.find(isOfBook)
    const taken = after?.outcome.postings.find(isOfBook)
    if ((before !== undefined && left === undefined) || (after !== undefined && taken === undefined)) return undefined
    const found = taken === undefined ? now : micros(taken.balanceMicros - taken.amountMicros)
    return found === (left?.balanceMicros ?? ZERO) ? found : undefined
  }

  async #find(range: EntryRange, book?: AccountBook) {
    const { lookup, store } = this.#searched
    const query = { ...range, account: this.#whose.number, book, limit: 1 }
    const indexes = await lookup.ask((index) => index.findEntries(query))
    const [entry] = await readEach(this.#tools, store, indexes ?? [])
    return entry
  }
}
