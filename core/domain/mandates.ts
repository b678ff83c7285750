/** Mandates: what a payer lets a listing's meters charge, found by who signed for what. */

import type { Context } from './define.ts'
import { type Micros, ZERO } from './money.ts'
import { type Mandate, mandateHolders, mandates, type RowKey } from './state.ts'
import { dayOf, monthOf, type Seconds } from './time.ts'

/** The number of the day or month that `time` falls into: limits are counted by calendar in UTC. */
export function windowOf(per: Mandate['per'], time: Seconds): number {
  return per === 'day' ? dayOf(time) : monthOf(time)
}

/** What was charged under a mandate in the day or month that runs at `time`. */
export function usedNow({ per, window, usedMicros }: Mandate, time: Seconds): Micros {
  return window === windowOf(per, time) ? usedMicros : ZERO
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
