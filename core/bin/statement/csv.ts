/**
 * A statement as CSV: first a line for each book's opening balance, then one for each posting, last one for each closing balance.
 * An entry without postings has one line without a book; what an entry has once stands in its first line only. Opening
 * balance and amounts of a book add up to its closing balance.
 *
 *   index,time,type,id,signer,summary,book,amount,balance,role,gross,fee,takeHome
 *   ,2026-01-01T00:00:00.000Z,opening,,,,wallet:nim1…,,0,,,,
 *   1,2026-01-01T08:00:00.000Z,credit.topup,6957…,nim1…,Tops up nim1… by 25 credits…,wallet:nim1…,25,25,,,,
 *   ,2026-02-01T00:00:00.000Z,closing,,,,wallet:nim1…,,25,,,,
 */

import { ACCOUNT_BOOKS, type AccountBook, bookName } from '../../domain/books.ts'
import { postingBook } from '../../domain/outcome.ts'
import { formatMilliseconds, type Milliseconds } from '../../domain/time.ts'
import type { AccountBalances } from '../../ledger/account-books.ts'
import type { Statement, StatementEntry } from '../../ledger/statement.ts'
import { type CsvCell, formatCsv } from '../csv.ts'

const HEADER = 'index time type id signer summary book amount balance role gross fee takeHome'.split(' ')
const NO_PAYMENT = [undefined, undefined, undefined, undefined]

export function statementCsv({ account, from, time, opening, entries, closing }: Statement): string {
  const balanceRows = (type: string, at: Milliseconds | undefined, balances: AccountBalances): CsvCell[][] =>
    (Object.keys(ACCOUNT_BOOKS) as AccountBook[]).map((book) => {
      const when = at === undefined ? undefined : formatMilliseconds(at)
      const line = [undefined, when, type, undefined, undefined, undefined]
      return [...line, bookName(book, account), undefined, balances[book], ...NO_PAYMENT]
    })
  const rows = [...balanceRows('opening', from, opening), ...entries.flatMap(entryRows), ...balanceRows('closing', time, closing)]
  return formatCsv([HEADER, ...rows])
}

function entryRows({ index, time, type, id, signer, summary, postings, payment }: StatementEntry): CsvCell[][] {
  const entry = [index, formatMilliseconds(time), type, id, signer, summary]
  const once = payment
    ? [payment.role, payment.grossMicros, payment.feeMicros, payment.grossMicros - payment.feeMicros]
    : NO_PAYMENT
  if (postings.length === 0) return [[...entry, undefined, undefined, undefined, ...once]]
  return postings.map((posting, i) => {
    const figures = [postingBook(posting), posting.amountMicros, posting.balanceMicros]
    return [...entry, ...figures, ...(i === 0 ? once : NO_PAYMENT)]
  })
}
