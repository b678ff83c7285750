/**
 * Payments summed by day or by month of the ledger, which goes by UTC: every period up to now, those without a payment too, so
 * that a chart of them is true to the calendar.
 *
 *     periodsOf([{ day: '2026-01-30', … }], 'month', '2026-03-02T10:00:00Z')      2026-01, 2026-02, 2026-03
 */
import type { Sums } from '../core/api/views.ts'
import { sumOf } from './format.ts'

export const UNITS = ['day', 'month'] as const
export type Unit = (typeof UNITS)[number]

type Day = Sums & { readonly day: string }

export interface PeriodSums extends Sums {
  /** "2026-01-30", or "2026-01". */
  readonly period: string
}

/** Bars of a chart: so many that each can still be told from the next. */
const MOST: Readonly<Record<Unit, number>> = { day: 60, month: 36 }
/** Characters of a day's name that name the period. */
const NAME: Readonly<Record<Unit, number>> = { day: 10, month: 7 }

/** The newest `MOST` at most, the oldest of them first. `days` stand in order. */
export function periodsOf(days: readonly Day[], unit: Unit, now: string): PeriodSums[] {
  const nameOf = (day: string) => day.slice(0, NAME[unit])
  const first = nameOf(days[0]?.day ?? now)
  const last = nameOf(days.at(-1)?.day ?? now)
  const names: string[] = []
  for (let at = startOf(later(nameOf(now), last)); names.length < MOST[unit]; at = before(at, unit)) {
    const name = nameOf(at.toISOString())
    names.unshift(name)
    if (name <= first) break
  }
  const paid = new Map<string, Day[]>()
  for (const day of days) paid.set(nameOf(day.day), [...(paid.get(nameOf(day.day)) ?? []), day])
  return names.map((period) => ({ period, ...sumsOf(paid.get(period) ?? []) }))
}

/** Days as long as all of them can be shown, then months. */
export function usualUnit(days: readonly Day[], now: string): Unit {
  return days[0] === undefined || periodsOf(days, 'day', now)[0]!.period <= days[0].day ? 'day' : 'month'
}

function sumsOf(days: readonly Day[]): Sums {
  const sum = (field: 'gross' | 'fee' | 'takeHome') => sumOf(days.map((day) => day[field]))
  const payments = days.reduce((count, day) => count + day.payments, 0)
  return { gross: sum('gross'), fee: sum('fee'), takeHome: sum('takeHome'), payments }
}

function later(one: string, other: string): string {
  return one > other ? one : other
}

function startOf(period: string): Date {
  return new Date(`${period}${period.length === NAME.month ? '-01' : ''}T00:00:00Z`)
}

function before(start: Date, unit: Unit): Date {
  const [year, month, day] = [start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate()]
  return new Date(unit === 'day' ? Date.UTC(year, month, day - 1) : Date.UTC(year, month - 1, 1))
}
