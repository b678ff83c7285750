/**
 * An account's books as they stood at an earlier moment: what the entries since then did, undone one after the other. The
 * balance that an entry left must be what the entries after it began with; a stored figure that does not fit is damage.
 */

import { ACCOUNT_BOOKS, type AccountBook } from '../domain/books.ts'
import { formatMicros, type Micros, micros } from '../domain/money.ts'
import type { Account } from '../domain/state.ts'
import type { Accepted } from './accepted.ts'
import type { Share } from './share.ts'
import { StoreError } from './store.ts'

export const BOOKS = Object.keys(ACCOUNT_BOOKS) as AccountBook[]

export type AccountBalances = { readonly [Book in AccountBook]: Micros }

/** The balances of an account as they are now. */
export function booksOf(row: Account): AccountBalances {
  return balancesOf((book) => row[ACCOUNT_BOOKS[book].field])
}

export function balancesOf(balance: (book: AccountBook) => Micros): AccountBalances {
  return Object.fromEntries(BOOKS.map((book) => [book, balance(book)])) as AccountBalances
}

/** An account's books as they stood before the entries that were undone. */
export class BooksBackwards {
  readonly account: string
  balances: AccountBalances
  #earliest = Number.POSITIVE_INFINITY

  constructor(account: string, balances: AccountBalances) {
    this.account = account
    this.balances = balances
  }

  undo({ index }: Accepted, { postings }: Share): void {
    if (index >= this.#earliest) throw this.#damaged(`entry ${index} comes before entry ${this.#earliest} in its chain`)
    this.#earliest = index
    const before: Record<AccountBook, Micros> = { ...this.balances }
    for (const { book, amountMicros, balanceMicros } of postings) {
      const own = book as AccountBook
      if (balanceMicros !== before[own]) {
        throw this.#damaged(`entry ${index} left ${formatMicros(balanceMicros)} in ${book}, not ${formatMicros(before[own])}`)
      }
      before[own] = micros(before[own] - amountMicros)
    }
    this.balances = before
  }

  /** The books before the account's first entry. */
  empty(): AccountBalances {
    const odd = BOOKS.find((book) => this.balances[book] !== 0n)
    if (odd !== undefined) throw this.#damaged(`${formatMicros(this.balances[odd])} in ${odd} come from no entry`)
    return this.balances
  }

  #damaged(what: string): StoreError {
    return new StoreError('damaged', `The entries of ${this.account} do not tie: ${what}; nimledger verify tells more.`)
  }
}
