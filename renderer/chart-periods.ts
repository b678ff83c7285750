/**
 * Sums by day or by month of the ledger, which goes by UTC: every period up to now, those with nothing in them too, so that a
 * chart of them is true to the calendar.
 *
 *     periodsOf([{ day: '2026-01-30', … }], 'month', '2026-03-02T10:00:00Z', sumRevenue)      2026-01, 2026-02, 2026-03
 */
import type { CallCost, Sums } from '../core/api/views.ts'
import { sumOf } from './format.ts'

export const UNITS = ['day', 'month'] as const
export type Unit = (typeof UNITS)[number]

interface OfDay {
  readonly day: string
}

/** Bars of a chart: so many that each can still be told from the next. */
const MOST: Readonly<Record<Unit, number>> = { day: 60, month: 36 }
/** Characters of a day's name that name the period. */
const NAME: Readonly<Record<Unit, number>> = { day: 10, month: 7 }

/** The newest `MOST` at most, the oldest of them first. `days` stand in order. */
export function periodsOf<Day extends OfDay, Total extends object>(
  days: readonly Day[],
  unit: Unit,
  now: string,
  sum: (days: readonly Day[]) => Total,
): (Total & { readonly period: string })[] {
  const ofPeriod = new Map<string, Day[]>()
  for (const one of days) {
    const name = one.day.slice(0, NAME[unit])
    ofPeriod.set(name, [...(ofPeriod.get(name) ?? []), one])
  }
  return namesOf(days, unit, now).map((period) => ({ period, ...sum(ofPeriod.get(period) ?? []) }))
}

/** "2026-01-30" or "2026-01", one after the other. */
function namesOf(days: readonly OfDay[], unit: Unit, now: string): string[] {
  const nameOf = (day: string) => day.slice(0, NAME[unit])
  const first = nameOf(days[0]?.day ?? now)
  const last = nameOf(days.at(-1)?.day ?? now)
  const names: string[] = []
  for (let at = startOf(later(nameOf(now), last)); names.length < MOST[unit]; at = before(at, unit)) {
    const name = nameOf(at.toISOString())
    names.unshift(name)
    if (name <= first) break
  }
  return names
}

/** Days as long as all of them can be shown, then months. */
export function usualUnit(days: readonly OfDay[], now: string): Unit {
  return days[0] === undefined || namesOf(days, 'day', now)[0]! <= days[0].day ? 'day' : 'month'
}

export function sumRevenue(days: readonly Sums[]): Sums {
  const sum = (field: 'gross' | 'fee' | 'takeHome') => sumOf(days.map((day) => day[field]))
  const payments = days.reduce((count, day) => count + day.payments, 0)
  return { gross: sum('gross'), fee: sum('fee'), takeHome: sum('takeHome'), payments }
}

export function sumCosts(days: readonly CallCost[]): CallCost {
  return { cost: sumOf(days.map(({ cost }) => cost)), calls: days.reduce((count, { calls }) => count + calls, 0) }
}

/** Steps of a scale: round figures that people reckon with. */
const ROUND = [1, 2, 5] as const
const MOST_STEPS = 4

/** Where the lines of a scale stand that reaches `largest`, from zero on: at round figures, at most five of them. */
export function scaleTo(largest: number): number[] {
  for (let power = 1; ; power *= 10) {
    for (const round of ROUND) {
      const step = round * power
      const steps = Math.max(1, Math.ceil(largest / step))
      if (steps <= MOST_STEPS) return Array.from({ length: steps + 1 }, (_, at) => at * step)
    }
  }
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
