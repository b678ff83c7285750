/**
 * An hledger journal (https://hledger.org/hledger.html#journal-format).
 *
 *   account wallet:nim1q…
 *
 *   2026-01-01 * (12) Buys the dataset lst_… for 25 credits
 *       ; index: 12
 *       ; type: dataset.purchase
 *       wallet:nim1q…        -25.000000 CREDIT = 975.000000 CREDIT
 *       revenue:fees           3.750000 CREDIT =   3.750000 CREDIT
 *       earnings:nim1p…       21.250000 CREDIT =  21.250000 CREDIT
 *
 * Accounts are the books, by their own names and with their own signs. Every posting asserts its book's balance after it, and a
 * last transaction asserts every book as the ledger's state has it. `hledger check --strict` finds all accounts and the commodity
 * declared.
 *
 * Of what people wrote, only the description has any, and none of it can end the description: ; | and control characters are
 * escaped. Comments hold nothing but figures and ids, so nobody's text can become a tag, a date or a posting.
 */

import { entryCount } from '../../base/plural.ts'
import type { BookClass } from '../../domain/books.ts'
import { bookName } from '../../domain/books.ts'
import { postingBook } from '../../domain/outcome.ts'
import { formatMilliseconds } from '../../domain/time.ts'
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

/** hledger's types of accounts, for its balance sheet: assets, liabilities, equity. The accounts below inherit them. */
const TYPES: Record<string, 'A' | 'L' | 'E'> = {
  wallet: 'A',
  held: 'A',
  earnings: 'A',
  payable: 'A',
  revenue: 'A',
  receivable: 'L',
  issued: 'E',
  promotions: 'E',
  redeemed: 'E',
} satisfies Record<Top<BookClass>, 'A' | 'L' | 'E'>

type Top<Name> = Name extends `${infer Parent}:${string}` ? Parent : Name

export async function* hledger({ origin, name, size, entries, books }: ExportSource): AsyncGenerator<string> {
  yield `; ${escapeCharacters(name)}, the ledger ${origin}: ${entryCount(size)}, as an hledger journal.\n\n`
  yield `decimal-mark .\ncommodity 1000.000000 ${COMMODITY}\n\n`
  for (const [account, type] of Object.entries(TYPES)) yield `account ${account.padEnd(10)}  ; type: ${type}\n`
  yield PLATFORM_BOOK_NAMES.filter((book) => !(book in TYPES))
    .map((book) => `account ${book}\n`)
    .join('')
  let day = ''
  for await (const entry of entries) {
    day = dayText(entry.time)
    yield transactionText(entry, day)
  }
  yield `\n${day} * The books after ${entryCount(size)}\n`
  for await (const { book, account, balanceMicros } of books) yield postingText(bookName(book, account), 0n, balanceMicros)
}

function transactionText(entry: Accepted, day: string): string {
  const { index, time, transaction, outcome } = entry
  const { created } = outcome
  const payment = creatorPayment(outcome)
  const tags = {
    index,
    time: formatMilliseconds(time),
    type: transaction.definition.type,
    id: transaction.id,
    signer: transaction.signer,
    ...(created !== undefined && { created }),
    ...(payment && {
      gross: amountText(payment.grossMicros),
      fee: amountText(payment.feeMicros),
      'take-home': amountText(payment.grossMicros - payment.feeMicros),
    }),
  }
  return [
    ...accountsOpenedBy(entry).map((account) => `\n${declarations(account)}`),
    `\n${day} * (${index}) ${escapeCharacters(describe(transaction), ';|')}\n`,
    ...Object.entries(tags).map(([tag, value]) => `    ; ${tag}: ${value}\n`),
    ...outcome.postings.map((posting) => postingText(postingBook(posting), posting.amountMicros, posting.balanceMicros)),
  ].join('')
}

function declarations(account: string): string {
  return ACCOUNT_BOOK_NAMES.map((book) => `account ${bookName(book, account)}\n`).join('')
}

function postingText(account: string, amountMicros: bigint, balanceMicros: bigint): string {
  return `    ${accountAndAmount(account, amountMicros)} = ${amountText(balanceMicros)}\n`
}
