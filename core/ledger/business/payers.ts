/**
 * Who paid something in which day, week and month, and the cohorts: accounts by the month in which they first paid. Times of a
 * log never go back, so of each account its first month and its last day, week and month are all that has to be kept. A refund
 * changes nothing of this: who paid has paid.
 */

import { dayOf, monthOf, type Seconds, weekOf } from '../../domain/time.ts'
import type { Kept } from './kept.ts'
import type { Tallies } from './tallies.ts'

/** When an account paid: the month in which it did first, and the day, week and month in which it did last. */
interface Paid {
  readonly first: number
  readonly day: number
  readonly week: number
  readonly month: number
}

/** Under which it is kept when an account paid. */
export function payerKey(account: string): string {
  return `payer ${account}`
}

/** Counts an account that paid something, once what is kept of it is loaded. */
export function addPayer(tallies: Tallies, kept: Kept, account: string, time: Seconds): void {
  const key = payerKey(account)
  const before = kept.get<Paid>(key)
  const [day, month] = [dayOf(time), monthOf(time)]
  const week = weekOf(day)
  if (before?.day === day) return
  const first = before?.first ?? month
  tallies.add('payers-day', day, '', [1n])
  if (before?.week !== week) tallies.add('payers-week', week, '', [1n])
  if (before?.month !== month) {
    tallies.add('payers-month', month, '', [1n])
    tallies.add('cohort', first, String(month), [1n])
  }
  kept.put(key, { first, day, week, month })
}
