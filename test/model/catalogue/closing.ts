/** Closing the books: what they are at a time, said by the operator, and refused where it is not so. */

import { toSeconds } from './calendar.ts'
import { type Fields, toAmount } from './form.ts'
import { first, type History, sum } from './history.ts'

const HOUR = 3600
/** The state root is checked elsewhere: here every state has this one. */
export const STATE_ROOT = '5a'.repeat(32)

const BOOKS = ['issued', 'promotions', 'wallet', 'held', 'earnings', 'payable', 'revenue:fees', 'revenue:plans', 'redeemed']

/** The sum of each class of books, those of accounts over all accounts. */
export function totals(past: History): Fields {
  const books = [...past.books()]
  const total = (name: string) => sum(books.flatMap(([book, balance]) => (book.split(':nim1')[0] === name ? [balance] : [])))
  return Object.fromEntries([...BOOKS, 'receivable'].map((name) => [name, toAmount(total(name))]))
}

export function closeCode(past: History, body: Fields, time: number): string | undefined {
  const before = past.all('period.close').at(-1)
  const stated = body.totals as Fields
  const endOf = (close: Fields) => toSeconds(close.end as string)
  const end = endOf(body)
  return first(
    ['too_soon', () => end > time || (before !== undefined && (time < before.time + HOUR || end <= endOf(before.body)))],
    ['stale_size', () => body.size !== past.history.length],
    [
      'wrong_state',
      () =>
        body.accounts !== past.accounts().length ||
        body.stateRoot !== STATE_ROOT ||
        Object.entries(totals(past)).some(([book, total]) => stated[book] !== total),
    ],
  )
}
