/** What limits a key besides its scopes: an end, a list of listings, and a budget by calendar day or month of UTC. */

import { type Check, type Context, check } from './define.ts'
import { add, formatMicros, type Micros, ZERO } from './money.ts'
import { type Key, keys, type Window } from './state.ts'
import { dayOf, monthOf, type Seconds } from './time.ts'

/** The number of the day or month that `time` lies in. */
export function windowOf(per: Window, time: Seconds): number {
  return per === 'day' ? dayOf(time) : monthOf(time)
}

/** What the key will have spent in the running window of its budget with `amountMicros` more; undefined where it has none. */
export function spentWith({ budget, spent }: Key, time: Seconds, amountMicros: Micros): Key['spent'] {
  if (budget === undefined) return undefined
  const window = windowOf(budget.per, time)
  return { window, amountMicros: add(spent?.window === window ? spent.amountMicros : ZERO, amountMicros) }
}

/** Refuses where `needed` would take the signer's key over its budget. */
export function exceedsBudget<Body>(needed: (context: Context<Body>) => Micros): Check<Body> {
  return check('exceeds_budget', (context) => {
    const { signer, keyId, time } = context
    const key = keyId === undefined ? undefined : context.need(keys.at(signer, keyId))
    if (key?.budget === undefined) return undefined
    const neededMicros = needed(context)
    const { amountMicros } = spentWith(key, time, neededMicros)!
    const { amountMicros: limitMicros, per } = key.budget
    if (amountMicros <= limitMicros) return undefined
    const leftMicros = add(limitMicros, neededMicros, -amountMicros)
    return { key: keyId!, needed: formatMicros(neededMicros), left: formatMicros(leftMicros), per }
  })
}
