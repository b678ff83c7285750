/** What the two formats of plain-text accounting, hledger's and beancount's, have in common. */

import { ACCOUNT_BOOKS, type AccountBook, PLATFORM_BOOKS, type PlatformBook } from '../../domain/books.ts'
import { formatMicros } from '../../domain/money.ts'
import { formatMilliseconds, type Milliseconds } from '../../domain/time.ts'
import type { Accepted } from '../../ledger/accepted.ts'

/** The commodity. Letters only: both formats take it without quotes. */
export const COMMODITY = 'CREDIT'

export const PLATFORM_BOOK_NAMES = Object.keys(PLATFORM_BOOKS) as PlatformBook[]
export const ACCOUNT_BOOK_NAMES = Object.keys(ACCOUNT_BOOKS) as AccountBook[]

const DECIMALS = 6

/** An amount with all its decimals: from the digits written, both programs infer how exactly a transaction must balance. */
export function amountText(amountMicros: bigint): string {
  const [whole, fraction = ''] = formatMicros(amountMicros).split('.')
  return `${whole}.${fraction.padEnd(DECIMALS, '0')} ${COMMODITY}`
}

/** Account and amount in columns, at least two spaces between them. */
const ACCOUNT_WIDTH = 66
const AMOUNT_WIDTH = 24

export function accountAndAmount(account: string, amountMicros: bigint): string {
  return `${account.padEnd(ACCOUNT_WIDTH)}  ${amountText(amountMicros).padStart(AMOUNT_WIDTH)}`
}

/** The day of an entry, or one that is so many days after it, in UTC. */
export function dayText(time: Milliseconds, daysAfter = 0): string {
  return formatMilliseconds(time + daysAfter * 86_400_000).slice(0, 'YYYY-MM-DD'.length)
}

/** The accounts that an entry is the first to touch: where their books open. */
export function accountsOpenedBy({ outcome }: Accepted): string[] {
  return outcome.touched.filter(({ previous }) => previous === undefined).map(({ account }) => account)
}

/** A text with line breaks, control characters and those of `special` as escapes: ";" → "\u{3b}". */
export function escapeCharacters(text: string, special = ''): string {
  const isSpecial = (character: string) => special.includes(character) || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(character)
  return Array.from(text, (c) => (isSpecial(c) ? `\\u{${c.codePointAt(0)!.toString(16)}}` : c)).join('')
}
