/** Days, weeks and months of UTC by their numbers. Weeks begin on Mondays. */

import { DAY_SECONDS, dayOf, monthOf, weekOf } from '../../domain/time.ts'

export const UNITS = ['day', 'week', 'month'] as const
export type Unit = (typeof UNITS)[number]

/** The number of the day, week or month in which a day is. */
export function periodOf(unit: Unit, day: number): number {
  return unit === 'day' ? day : unit === 'week' ? weekOf(day) : monthOf(day * DAY_SECONDS)
}

/** The first day of a period: the last one is the day before the first of the next. */
export function firstDayOf(unit: Unit, period: number): number {
  if (unit === 'day') return period
  if (unit === 'month') return dayOf(Date.UTC(1970, period, 1) / 1000)
  return firstMonday + 7 * period
}

/** The Monday with which week 0 begins. */
const firstMonday = -3
