/**
 * Money that may be taken only after a holding period: a creator's earnings, the platform's revenue. It is kept as one sum for
 * each UTC day: what came on day D may be taken from 00:00 of D + 1 + the days of the holding period. Sums whose day has come are
 * added up to one.
 */

import { assert } from '../base/assert.ts'
import { add, type Micros, micros, ZERO } from './money.ts'
import type { AgedSum } from './state.ts'
import { DAY_SECONDS, dayOf, type Seconds } from './time.ts'

const NOTHING: AgedSum = { availableMicros: ZERO, days: [] }

/** All of it, available or not. */
export function totalOf(row: AgedSum | undefined): Micros {
  const { availableMicros, days } = row ?? NOTHING
  let totalMicros: bigint = availableMicros
  for (const { amountMicros } of days) totalMicros += amountMicros
  return micros(totalMicros)
}

/** The sum with what may be taken at `time` moved to what is available. */
export function matured(row: AgedSum | undefined, time: Seconds): AgedSum {
  const { availableMicros, days } = row ?? NOTHING
  // Days stand in order, so that in most cases a look at the first one is enough.
  if (days[0] === undefined || days[0].availableFrom > time) return { availableMicros, days }
  const due = days.filter((day) => day.availableFrom <= time)
  return {
    availableMicros: add(availableMicros, ...due.map((day) => day.amountMicros)),
    days: days.slice(due.length),
  }
}

/** The sum with `amountMicros` that came now. */
export function withNew(row: AgedSum | undefined, amountMicros: Micros, time: Seconds, holdDays: number): AgedSum {
  const { availableMicros, days } = matured(row, time)
  const today = dayOf(time)
  const availableFrom = (today + 1 + holdDays) * DAY_SECONDS
  const last = days.at(-1)
  // Mostly money comes on a day that has its sum already, the last one: then the other sums and their order stay as they are.
  if (last?.day === today && last.availableFrom === availableFrom) {
    const more = { amountMicros: micros(last.amountMicros + amountMicros), availableFrom, day: today }
    return { availableMicros, days: days.length === 1 ? [more] : [...days.slice(0, -1), more] }
  }
  const same = days.find((sum) => sum.day === today && sum.availableFrom === availableFrom)
  const sum = { amountMicros: add(same?.amountMicros ?? ZERO, amountMicros), availableFrom, day: today }
  const others = days.filter((one) => one !== same)
  return { availableMicros, days: [...others, sum].sort((a, b) => a.availableFrom - b.availableFrom || a.day - b.day) }
}

/** The sum with `amountMicros` more that may be taken at once: it was available before, and comes back. */
export function withReturned(row: AgedSum | undefined, amountMicros: Micros, time: Seconds): AgedSum {
  const { availableMicros, days } = matured(row, time)
  return { availableMicros: add(availableMicros, amountMicros), days }
}

/** The sum without `amountMicros` of what is available, which must be there. */
export function withoutAvailable(row: AgedSum | undefined, amountMicros: Micros, time: Seconds): AgedSum {
  const { availableMicros, days } = matured(row, time)
  assert(amountMicros <= availableMicros, 'what is taken is available')
  return { availableMicros: micros(availableMicros - amountMicros), days }
}

/**
 * Takes up to `amountMicros`, the newest first: what still waits, by the day on which it came, then what is available.
 * `missingMicros` is what was not there.
 */
export function withoutNewest(
  row: AgedSum | undefined,
  amountMicros: Micros,
  time: Seconds,
): { readonly row: AgedSum; readonly missingMicros: Micros } {
  const { availableMicros, days } = matured(row, time)
  const left = new Map(days.map((sum) => [sum, sum.amountMicros]))
  let missingMicros = amountMicros
  for (const sum of [...days].sort((a, b) => b.day - a.day || b.availableFrom - a.availableFrom)) {
    const takenMicros = sum.amountMicros < missingMicros ? sum.amountMicros : missingMicros
    left.set(sum, micros(sum.amountMicros - takenMicros))
    missingMicros = micros(missingMicros - takenMicros)
  }
  const waiting = days.map((sum) => ({ ...sum, amountMicros: left.get(sum)! })).filter((sum) => sum.amountMicros > 0n)
  const takenMicros = missingMicros < availableMicros ? missingMicros : availableMicros
  return {
    row: { availableMicros: micros(availableMicros - takenMicros), days: waiting },
    missingMicros: micros(missingMicros - takenMicros),
  }
}
