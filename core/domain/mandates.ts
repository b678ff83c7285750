/** Mandates: what a payer lets a listing's meters charge, found by payer and listing. */

import type { Context } from './define.ts'
import { windowOf } from './key-limits.ts'
import { add, type Micros, ZERO } from './money.ts'
import { type Mandate, mandateHolders, mandates, wallets } from './state.ts'
import type { RowKey } from './table.ts'
import type { Seconds } from './time.ts'

type Use = Pick<Mandate, 'day' | 'dayMicros' | 'month' | 'monthMicros'>

/** What was charged in the UTC day and month of `time`, with `grossMicros` more. */
export function usedWith(before: Use | undefined, time: Seconds, grossMicros: Micros): Use {
  const day = windowOf('day', time)
  const month = windowOf('month', time)
  return {
    day,
    dayMicros: add(before?.day === day ? before.dayMicros : ZERO, grossMicros),
    month,
    monthMicros: add(before?.month === month ? before.monthMicros : ZERO, grossMicros),
  }
}

/** What was charged in the window of a mandate's limit, the day or the month. */
export function usedIn(per: Mandate['per'], { dayMicros, monthMicros }: Use): Micros {
  return per === 'day' ? dayMicros : monthMicros
}

/** What is set aside for a mandate. */
export function reserveOf(context: Pick<Context<unknown>, 'get'>, payer: string, mandate: string): Micros {
  const reserve = context.get(wallets.at(payer))?.reserves.find(({ id }) => id === mandate)
  return reserve?.amountMicros ?? ZERO
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
