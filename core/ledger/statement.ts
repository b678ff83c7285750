/**
 * An account's statement: what it had, what every entry that touched it did, what it has. It is read along the account's own
 * chain of entries, the newest first, and checked at every step: the balance that an entry left must be what the entries after it
 * began with, and an account's first entry finds empty books. A stored figure that does not fit is damage, not a statement.
 *
 * A period is [from, to). One that is over gives the same statement for ever, whatever is appended later.
 */

import { MAX_STATEMENT_ENTRIES } from '../base/limits.ts'
import { bookName } from '../domain/books.ts'
import type { Tools } from '../domain/envelope.ts'
import { add, formatMicros, type Micros, ZERO } from '../domain/money.ts'
import { postingBook } from '../domain/outcome.ts'
import { formatMilliseconds, type Milliseconds } from '../domain/time.ts'
import type { Accepted } from './accepted.ts'
import { type AccountBalances, BOOKS, BooksBackwards, booksOf } from './account-books.ts'
import { chainFrom, readAccount } from './chain.ts'
import { entriesBefore, type Searched } from './entry-search.ts'
import { describe, type JsonObject } from './present.ts'
import { lastTime } from './queries.ts'
import { HEADINGS, type Heading, type Share, shareOf } from './share.ts'
import { findEnd } from './statement-end.ts'
import { StoreError, type StoreReader } from './store.ts'

export interface Period {
  readonly from?: Milliseconds | undefined
  readonly to?: Milliseconds | undefined
}

export interface StatementEntry extends Share {
  readonly index: number
  readonly time: Milliseconds
  readonly type: string
  readonly id: string
  readonly signer: string
  /** The sentence that says what was done. */
  readonly summary: string
}

export interface Statement extends Period {
  readonly account: string
  /** The name that the account bears now. */
  readonly name: string
  /** What the closing balances are as of: the period's end, or the last entry where the end has not come. */
  readonly time: Milliseconds
  /** How many entries the log had then. */
  readonly size: number
  readonly opening: AccountBalances
  readonly entries: readonly StatementEntry[]
  readonly closing: AccountBalances
  /** The sum of each heading over all entries; together they are closing less opening. */
  readonly totals: ReadonlyMap<Heading, Micros>
}

interface Options extends Tools {
  /** Called with how many of the log's entries were passed on the way back. */
  readonly progress?: (done: number, total: number) => void
}

/**
 * An account's statement over a period; undefined where there is no such account, `too_long` where more entries touched it than a
 * statement may have.
 */
export async function readStatement(
  options: Options,
  searched: Searched,
  account: string,
  period: Period,
): Promise<Statement | 'too_long' | undefined> {
  const { store } = searched
  const row = await readAccount(store, account)
  if (row === undefined) return undefined
  const { from = 0, to } = period
  const end = await endOf(store, to)
  const found = await findEnd(options, searched, account, row, end.size)
  const start = found ?? { newest: row.last, balances: booksOf(row) }
  const books = new BooksBackwards(account, start.balances)
  let closing = books.balances
  let opening: AccountBalances | undefined
  const entries: StatementEntry[] = []
  for await (const entry of chainFrom(options, store, account, start.newest)) {
    if (entry.time < from) {
      opening = books.balances
      break
    }
    options.progress?.(row.last - entry.index, row.last)
    const share = shareOf(entry, account)
    books.undo(entry, share)
    if (to !== undefined && entry.time >= to) closing = books.balances
    else if (entries.length === MAX_STATEMENT_ENTRIES) return 'too_long'
    else entries.push(lineOf(entry, share))
  }
  opening ??= books.empty()
  options.progress?.(row.last, row.last)
  const totals = totalsOf(entries, add(...Object.values(closing)) - add(...Object.values(opening)), account)
  return { account, name: row.name, ...period, ...end, opening, entries: entries.reverse(), closing, totals }
}

function lineOf({ index, time, transaction }: Accepted, share: Share): StatementEntry {
  const { definition, id, signer } = transaction
  return { index, time, type: definition.type, id, signer, summary: describe(transaction), ...share }
}

function totalsOf(entries: readonly StatementEntry[], changeMicros: bigint, account: string): Map<Heading, Micros> {
  const totals = new Map<Heading, Micros>()
  for (const heading of HEADINGS) {
    const amounts = entries.map(({ headings }) => headings.get(heading)).filter((amount) => amount !== undefined)
    if (amounts.length > 0)
      totals.set(
        heading,
        amounts.reduce((sum, amount) => add(sum, amount), ZERO),
      )
  }
  const sum = [...totals.values()].reduce((total, amount) => add(total, amount), ZERO)
  if (sum !== changeMicros) throw new StoreError('damaged', `The totals of ${account} do not tie to its balances.`)
  return totals
}

/** The number of entries before a time, and the time as of which a statement up to it is made. */
async function endOf(store: StoreReader, to: Milliseconds | undefined): Promise<{ size: number; time: Milliseconds }> {
  const size = await store.size()
  const last = await lastTime(store)
  if (to === undefined || to > last) return { size, time: last }
  return { size: await entriesBefore(store, to), time: to }
}

/** What was received, less the fees on it. */
export function takeHomeOf({ totals }: Pick<Statement, 'totals'>): Micros {
  return add(totals.get('received') ?? 0n, totals.get('fees') ?? 0n)
}

/** A statement for programs. */
export function presentStatement(statement: Statement): JsonObject {
  const { account, name, from, to, time, size, opening, entries, closing, totals } = statement
  const balances = (books: AccountBalances) =>
    Object.fromEntries(BOOKS.map((book) => [bookName(book, account), formatMicros(books[book])]))
  return {
    account,
    name,
    ...(from !== undefined && { from: formatMilliseconds(from) }),
    ...(to !== undefined && { to: formatMilliseconds(to) }),
    time: formatMilliseconds(time),
    size,
    opening: balances(opening),
    entries: entries.map(presentStatementEntry),
    closing: balances(closing),
    totals: Object.fromEntries([...totals].map(([heading, amount]) => [heading, formatMicros(amount)])),
    takeHome: formatMicros(takeHomeOf(statement)),
  }
}

function presentStatementEntry(entry: StatementEntry): JsonObject {
  const { index, time, type, signer, id, summary, postings, payment, lines } = entry
  return {
    index,
    time: formatMilliseconds(time),
    type,
    signer,
    id,
    summary,
    postings: postings.map((posting) => ({
      book: postingBook(posting),
      amount: formatMicros(posting.amountMicros),
      balance: formatMicros(posting.balanceMicros),
    })),
    ...(payment && {
      role: payment.role,
      gross: formatMicros(payment.grossMicros),
      fee: formatMicros(payment.feeMicros),
      takeHome: formatMicros(payment.grossMicros - payment.feeMicros),
    }),
    ...(lines && { lines }),
  }
}
