/**
 * Paid time that renews: plans and subscriptions. A period is [start, end). What time alone decides is computed from the time at
 * which it is asked: active to the end of the paid time, then (unless cancelled) suspended for the grace days, then lapsed.
 *
 * Periods go by the calendar from an anchor, the start of the first one, and keep its day of the month. From one day before the
 * end the next one can be paid, and begins where the old one ends; what was suspended begins anew at the time of paying.
 */

import type { PaidPeriod } from './state.ts'
import { addPeriods, countPeriods, DAY_SECONDS, type Period, type Seconds } from './time.ts'

type Standing = 'active' | 'suspended' | 'lapsed'

/** How what is paid until `end` stands at `time`. */
export function standing(
  paid: { readonly end: Seconds; readonly cancelled: boolean },
  time: Seconds,
  graceDays: number,
): Standing {
  if (time < paid.end) return 'active'
  return !paid.cancelled && time < lapsesAt(paid, graceDays) ? 'suspended' : 'lapsed'
}

/** When what is not renewed lapses. */
export function lapsesAt(paid: { readonly end: Seconds }, graceDays: number): Seconds {
  return paid.end + graceDays * DAY_SECONDS
}

/** When the period that follows can be paid: from one day before the end. */
export function dueAt({ end }: { readonly end: Seconds }): Seconds {
  return end - DAY_SECONDS
}

/** A period, and the start of the first one of those that go by its calendar. */
interface AnchoredPeriod extends PaidPeriod {
  readonly anchor: Seconds
}

/** The first period of a calendar that begins at `start`. */
export function firstPeriod(start: Seconds, period: Period): AnchoredPeriod {
  return { anchor: start, start, end: addPeriods(start, period, 1) }
}

/** The period to be paid next: the calendar goes on where the paid time still runs, and begins anew where it has ended. */
export function nextPeriod(
  { anchor, period, end }: { readonly anchor: Seconds; readonly period: Period; readonly end: Seconds },
  time: Seconds,
): AnchoredPeriod {
  if (time >= end) return firstPeriod(time, period)
  return { anchor, start: end, end: addPeriods(anchor, period, countPeriods(anchor, period, end) + 1) }
}

/** The paid periods that have not ended yet. */
export function unended<P extends PaidPeriod>(periods: readonly P[], time: Seconds): P[] {
  return periods.filter(({ end }) => end > time)
}

/**
 * What is left when one paid period is given back: cancelled, to end with the last other period that has not ended, else now. A
 * period that is over stays.
 */
export function withoutPeriod<T extends { readonly periods: readonly PaidPeriod[] }>(
  paid: T,
  isRefunded: (period: T['periods'][number]) => boolean,
  time: Seconds,
): T {
  const left = unended(paid.periods, time)
  const periods = left.filter((period) => !isRefunded(period))
  if (periods.length === left.length) return paid
  return { ...paid, periods, end: periods.at(-1)?.end ?? time, cancelled: true }
}
