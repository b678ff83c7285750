/** The words of a statement for people, on a terminal and on paper. */

import { entryCount } from '../../base/plural.ts'
import { ACCOUNT_BOOKS, type AccountBook } from '../../domain/books.ts'
import { formatMicros } from '../../domain/money.ts'
import { formatMilliseconds } from '../../domain/time.ts'
import type { Heading } from '../../ledger/share.ts'
import { type Statement, type StatementEntry, takeHomeOf } from '../../ledger/statement.ts'
import { formatValue } from '../output.ts'

const HEADING_WORDS = {
  topups: 'Top-ups',
  grants: 'Grants',
  returns: 'Top-ups returned',
  chargebacks: 'Chargebacks',
  debtForgiven: 'Debt forgiven',
  plans: 'Plans',
  paymentsMade: 'Payments made',
  refundsReceived: 'Refunds received',
  received: 'Payments received, gross',
  fees: 'Platform fees',
  refundsGiven: 'Refunds given',
  payouts: 'Payouts',
  expired: 'Expired',
  other: 'Other',
} as const satisfies Record<Heading, string>

/** Each book's opening and closing balance and what changed between them. */
export function balanceRows({ opening, closing }: Statement): (readonly [string, string, string, string])[] {
  const books = Object.keys(ACCOUNT_BOOKS) as AccountBook[]
  return books.map((book) => {
    const changeMicros = closing[book] - opening[book]
    return [book, formatMicros(opening[book]), formatMicros(changeMicros), formatMicros(closing[book])]
  })
}

/** The headings with their totals, their sum, and what was received after fees. */
export function totalRows(statement: Statement): (readonly [string, string])[] {
  const { totals } = statement
  const sum = [...totals.values()].reduce((total, amount) => total + amount, 0n)
  const received = totals.has('received')
    ? [['Take-home (received less fees)', formatMicros(takeHomeOf(statement))] as const]
    : []
  return [
    ...[...totals].map(([heading, amount]) => [HEADING_WORDS[heading], formatMicros(amount)] as const),
    ['All together', formatMicros(sum)],
    ...received,
  ]
}

export function periodWords({ from, to, time, size }: Statement): string {
  const begin = from === undefined ? 'From the first entry' : `From ${formatMilliseconds(from)}`
  const end = to === time ? `up to ${formatMilliseconds(time)}` : `to the last entry, ${formatMilliseconds(time)}`
  return `${begin} ${end}, when the log had ${entryCount(size)}`
}

/**
 * What the sentence of an entry does not say: who signed it, and what it brought or cost the account; empty where there is
 * nothing.
 */
export function detailWords({ signer, payment, lines }: StatementEntry, account: string): string {
  const parts: string[] = []
  if (payment !== undefined) {
    const { role, grossMicros, feeMicros } = payment
    const done = role === 'payer' ? 'Paid' : 'Received'
    const takeHome = formatMicros(grossMicros - feeMicros)
    parts.push(`${done} gross ${formatMicros(grossMicros)}, fee ${formatMicros(feeMicros)}, take-home ${takeHome}`)
  }
  if (lines !== undefined) parts.push(`lines ${formatValue(lines)}`)
  if (signer !== account) parts.push(`signed by ${signer}`)
  return parts.join(' · ')
}
