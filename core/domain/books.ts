/**
 * The books of the double entry. Every entry's postings sum to zero, and every book stays on its side of zero, after every entry.
 * A book is named by its class, followed, where it belongs to an account, by a colon and the account: "issued", "wallet:nim1…".
 */

import type { Account, Treasury } from './state.ts'

export const PLATFORM_BOOKS = {
  issued: { field: 'issuedMicros', side: 'owing' },
  promotions: { field: 'promotionsMicros', side: 'owing' },
  'revenue:fees': { field: 'feesMicros', side: 'holding' },
  'revenue:plans': { field: 'plansMicros', side: 'holding' },
  redeemed: { field: 'redeemedMicros', side: 'holding' },
} as const satisfies Record<string, { field: keyof Treasury; side: Side }>

export const ACCOUNT_BOOKS = {
  wallet: { field: 'walletMicros', side: 'holding' },
  held: { field: 'heldMicros', side: 'holding' },
  earnings: { field: 'earningsMicros', side: 'holding' },
  payable: { field: 'payableMicros', side: 'holding' },
  receivable: { field: 'receivableMicros', side: 'owing' },
} as const satisfies Record<string, { field: keyof Account; side: Side }>

/** Holding books are never below zero, owing ones never above it. */
type Side = 'holding' | 'owing'

export type PlatformBook = keyof typeof PLATFORM_BOOKS
export type AccountBook = keyof typeof ACCOUNT_BOOKS
export type BookClass = PlatformBook | AccountBook

/** In the order in which stored outcomes number them; new ones go at the end. */
export const BOOK_CLASSES: readonly BookClass[] = [
  'issued',
  'promotions',
  'revenue:fees',
  'revenue:plans',
  'redeemed',
  'wallet',
  'held',
  'earnings',
  'payable',
  'receivable',
]

export function isAccountBook(book: BookClass): book is AccountBook {
  return book in ACCOUNT_BOOKS
}

export function bookName(book: BookClass, account?: string): string {
  return account === undefined ? book : `${book}:${account}`
}

/** Whether a balance is within its book's range. */
export function isInRange(book: BookClass, balanceMicros: bigint): boolean {
  const { side } = isAccountBook(book) ? ACCOUNT_BOOKS[book] : PLATFORM_BOOKS[book]
  return side === 'holding' ? balanceMicros >= 0n : balanceMicros <= 0n
}
