/**
 * How long credits last at a pace of spending, with the renewals that are due on the way. Grants burn as the ledger burns them,
 * the one that expires soonest first, and what is left of one when it expires is lost. Pure: it supposes that nothing comes in,
 * that the pace stays, and that renewals are charged when the paid time ends.
 */

import type { Lot } from '../domain/state.ts'
import { addPeriods, DAY_SECONDS, type Period, type Seconds } from '../domain/time.ts'

/** Further ahead nothing is foretold. */
export const HORIZON_SECONDS = 366 * DAY_SECONDS

/** So much in so long: 30 credits in 30 days are one a day. */
export interface Pace {
  readonly micros: bigint
  readonly seconds: Seconds
}

/** What renews by itself, each time for a period at a price. */
export interface Renewing {
  readonly priceMicros: bigint
  readonly period: Period
  /** The next one: the end of the paid time, or now where that is over. */
  readonly at: Seconds
}

export interface Credits {
  readonly paidMicros: bigint
  /** In the order in which they burn. */
  readonly lots: readonly Pick<Lot, 'remainingMicros' | 'expiresAt'>[]
}

export interface Forecast<Due extends Renewing> {
  /** When the credits are used up, or do not suffice for a renewal; undefined where they last beyond the horizon. */
  readonly until?: Seconds
  /** The renewal that they do not suffice for. */
  readonly unpaid?: Due
  /** What the renewals before that cost together. */
  readonly renewedMicros: bigint
  /** How much of each lot expires unspent, in their order. */
  readonly lostMicros: readonly bigint[]
}

type Event<Due> = { readonly at: Seconds; readonly due: Due } | { readonly at: Seconds; readonly lot: number }

export function forecast<Due extends Renewing>(
  now: Seconds,
  { paidMicros, lots }: Credits,
  pace: Pace,
  renewing: readonly Due[],
): Forecast<Due> {
  const end = now + HORIZON_SECONDS
  // Paid credits are the lot that burns last and never expires.
  const left = [...lots.map(({ remainingMicros }): bigint => remainingMicros), paidMicros]
  const lostMicros = lots.map(() => 0n)
  let spentMicros = 0n
  let renewedMicros = 0n
  const take = (micros: bigint) => {
    for (let lot = 0, missing = micros; missing > 0n; lot++) {
      const part = left[lot]! < missing ? left[lot]! : missing
      left[lot]! -= part
      missing -= part
    }
  }
  const available = () => left.reduce((sum, micros) => sum + micros, 0n)
  for (const event of eventsOf(end, lots, renewing)) {
    const soFar = spentBy(pace, event.at - now)
    // What was spent before an event can be paid; the moment at which it cannot any more lies before the event otherwise.
    if (soFar - spentMicros > available())
      return { until: endOf(pace, now, spentMicros + available()), renewedMicros, lostMicros }
    take(soFar - spentMicros)
    spentMicros = soFar
    if ('lot' in event) {
      lostMicros[event.lot] = left[event.lot]!
      left[event.lot] = 0n
    } else if (event.due.priceMicros > available()) {
      return { until: event.at, unpaid: event.due, renewedMicros, lostMicros }
    } else {
      take(event.due.priceMicros)
      renewedMicros += event.due.priceMicros
    }
  }
  const isEnough = spentBy(pace, end - now) - spentMicros <= available()
  return { ...(!isEnough && { until: endOf(pace, now, spentMicros + available()) }), renewedMicros, lostMicros }
}

/** What the pace takes in so long, cut to whole microcredits. */
function spentBy({ micros, seconds }: Pace, elapsed: Seconds): bigint {
  return (micros * BigInt(elapsed)) / BigInt(seconds)
}

/** The last second in which no more than this is spent. */
function endOf({ micros, seconds }: Pace, now: Seconds, spentMicros: bigint): Seconds {
  return now + Number(((spentMicros + 1n) * BigInt(seconds) - 1n) / micros)
}

/** In order of time: a grant that expires when something renews is lost first. */
function eventsOf<Due extends Renewing>(end: Seconds, lots: Credits['lots'], renewing: readonly Due[]): readonly Event<Due>[] {
  const expiries = lots.map(({ expiresAt }, lot) => ({ at: expiresAt, lot }))
  const renewals = renewing.flatMap((due) => datesOf(due, end).map((at) => ({ at, due })))
  return [...expiries, ...renewals].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
}

function datesOf({ at, period }: Renewing, end: Seconds): Seconds[] {
  const dates: Seconds[] = []
  for (let count = 0, next = at; next <= end; next = addPeriods(at, period, ++count)) dates.push(next)
  return dates
}
