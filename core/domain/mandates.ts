/** Mandates: what a payer lets a listing's meters charge, found by who signed for what. */

import type { Context } from './define.ts'
import { add, type Micros, ZERO } from './money.ts'
import { type Mandate, mandateHolders, mandates, type RowKey } from './state.ts'
import { dayOf, monthOf, type Seconds } from './time.ts'

type Use = Pick<Mandate, 'day' | 'dayMicros' | 'month' | 'monthMicros'>

/** What was charged in the day and the month that run at `time`, by calendar in UTC, with `grossMicros` more. */
export function use(before: Use | undefined, time: Seconds, grossMicros: Micros): Use {
  const day = dayOf(time)
  const month = monthOf(time)
  return {
    day,
    dayMicros: add(before?.day === day ? before.dayMicros : ZERO, grossMicros),
    month,
    monthMicros: add(before?.month === month ? before.monthMicros : ZERO, grossMicros),
  }
}

/** What counts against a mandate's limit. */
export function counted(per: Mandate['per'], { dayMicros, monthMicros }: Use): Micros {
  return per === 'day' ? dayMicros : monthMicros
}

/** The row of the mandate signed last, once the holder's row of the round before is known. */
export function mandateRow(
  context: Pick<Context<unknown>, 'get'>,
  account: string,
  listing: string,
): RowKey<Mandate> | undefined {
  const holder = context.get(mandateHolders.at(account, listing))
  return holder && mandates.at(holder.mandate)
}
