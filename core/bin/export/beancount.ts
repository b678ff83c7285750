/**
 * A beancount file (https://beancount.github.io/docs/beancount_language_syntax.html).
 *
 *   2026-01-01 open Assets:Wallet:Nim1q…  CREDIT
 *
 *   2026-01-01 * "Buys the dataset lst_… for 25 credits"
 *     index: 12
 *     type: "dataset.purchase"
 *     Assets:Wallet:Nim1q…      -25.000000 CREDIT
 *     Assets:Revenue:Fees         3.750000 CREDIT
 *     Assets:Earnings:Nim1p…     21.250000 CREDIT
 *
 *   2026-01-02 balance Assets:Wallet:Nim1q…   975.000000 ~ 0 CREDIT
 *
 * The books keep their signs, and get names that beancount takes: what is held is under Assets, what is owed under Liabilities,
 * the counter-sides under Equity; an account's id gets a capital N. No two books share a name, since classes have different ones
 * and ids differ after the N.
 *
 * An assertion is for the beginning of its day. So after each day with entries the books that changed are asserted, dated the
 * next day, and after the last entry every book as the ledger's state has it. "~ 0" asks for equality; by itself beancount would
 * let a microcredit pass.
 *
 * Of what people wrote, only strings have any, and in a string nothing is special but " and \, which are escaped.
 */

import { entryCount } from '../../base/plural.ts'
import type { BookClass } from '../../domain/books.ts'
import type { Posting } from '../../domain/outcome.ts'
import { formatMilliseconds, type Milliseconds } from '../../domain/time.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import { creatorPayment, describe } from '../../ledger/present.ts'
import {
  ACCOUNT_BOOK_NAMES,
  accountAndAmount,
  accountsOpenedBy,
  amountText,
  COMMODITY,
  dayText,
  escapeCharacters,
  PLATFORM_BOOK_NAMES,
} from './plain-text.ts'
import type { ExportSource } from './source.ts'

const NAMES = {
  wallet: 'Assets:Wallet',
  held: 'Assets:Held',
  earnings: 'Assets:Earnings',
  payable: 'Assets:Payable',
  'revenue:fees': 'Assets:Revenue:Fees',
  'revenue:plans': 'Assets:Revenue:Plans',
  receivable: 'Liabilities:Receivable',
  issued: 'Equity:Issued',
  promotions: 'Equity:Promotions',
  redeemed: 'Equity:Redeemed',
} as const satisfies Record<BookClass, string>

/** The beancount account of a book. */
export function beancountAccount({ book, account }: Pick<Posting, 'book' | 'account'>): string {
  return account === undefined ? NAMES[book] : `${NAMES[book]}:N${account.slice(1)}`
}

export async function* beancount({ origin, name, size, entries, books }: ExportSource): AsyncGenerator<string> {
  yield `; ${entryCount(size)} of the ledger ${origin}, as a beancount file.\n\n`
  yield `option "title" ${quote(`${name} (${origin})`)}\noption "operating_currency" "${COMMODITY}"\n`
  let last: Milliseconds | undefined
  const changed = new Map<string, bigint>()
  for await (const entry of entries) {
    const day = dayText(entry.time)
    if (last === undefined)
      yield `\n${day} commodity ${COMMODITY}\n${PLATFORM_BOOK_NAMES.map((book) => openText(day, { book })).join('')}`
    else if (dayText(last) !== day) {
      yield `\n${[...changed].map(([account, balance]) => balanceText(dayText(last!, 1), account, balance)).join('')}`
      changed.clear()
    }
    last = entry.time
    yield transactionText(entry, day)
    for (const posting of entry.outcome.postings) changed.set(beancountAccount(posting), posting.balanceMicros)
  }
  yield '\n'
  for await (const book of books) yield balanceText(dayText(last!, 1), beancountAccount(book), book.balanceMicros)
}

function openText(day: string, book: Pick<Posting, 'book' | 'account'>): string {
  return `${day} open ${beancountAccount(book)} ${COMMODITY}\n`
}

function balanceText(day: string, account: string, balanceMicros: bigint): string {
  return `${day} balance ${accountAndAmount(account, balanceMicros).replace(` ${COMMODITY}`, ` ~ 0 ${COMMODITY}`)}\n`
}

function transactionText(entry: Accepted, day: string): string {
  const { index, time, transaction, outcome } = entry
  const { created } = outcome
  const payment = creatorPayment(outcome)
  const metadata = {
    index: String(index),
    time: quote(formatMilliseconds(time)),
    type: quote(transaction.definition.type),
    id: quote(transaction.id),
    signer: quote(transaction.signer),
    ...(created !== undefined && { created: quote(created) }),
    ...(payment && {
      gross: amountText(payment.grossMicros),
      fee: amountText(payment.feeMicros),
      'take-home': amountText(payment.grossMicros - payment.feeMicros),
    }),
  }
  const opened = accountsOpenedBy(entry).flatMap((account) => ACCOUNT_BOOK_NAMES.map((book) => openText(day, { book, account })))
  return [
    opened.length === 0 ? '' : `\n${opened.join('')}`,
    `\n${day} * ${quote(describe(transaction))}\n`,
    ...Object.entries(metadata).map(([key, value]) => `  ${key}: ${value}\n`),
    ...outcome.postings.map((posting) => `  ${accountAndAmount(beancountAccount(posting), posting.amountMicros)}\n`),
  ].join('')
}

function quote(text: string): string {
  return `"${escapeCharacters(text).replace(/["\\]/g, '\\$&')}"`
}
