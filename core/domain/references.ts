/**
 * References of payments made outside. A provider's name for a payment is used once and for ever, whatever the purpose, so that
 * the same payment neither credits nor settles twice.
 */

import { type Check, type Context, check, type Effects } from './define.ts'
import { references } from './state.ts'
import type { RowKey } from './table.ts'

interface Referring {
  readonly provider: string
  readonly reference: string
}

export function referenceRow({ body }: Context<Referring>): RowKey<{ readonly entry: number }> {
  return references.at(body.provider, body.reference)
}

export function referenceUsed<Body extends Referring>(): Check<Body> {
  return check('reference_used', (context) => {
    const { provider, reference } = context.body
    const used = context.get(referenceRow(context))
    return used && { provider, reference, entry: used.entry }
  })
}

export function useReference(effects: Effects<Referring>): void {
  effects.put(referenceRow(effects), { entry: effects.index })
}
