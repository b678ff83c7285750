/** Holds: credits set aside for calls whose cost is not known yet. What captures or releases one names the hold alone. */

import { mayMeter, needsMeter } from './calls.ts'
import { type Check, type Context, check } from './define.ts'
import { type Hold, holds, type Listing, listings } from './state.ts'
import type { RowKey } from './table.ts'

interface HoldBody {
  readonly hold: string
}

export function holdRow({ body }: Context<HoldBody>): RowKey<Hold> {
  return holds.at(body.hold)
}

/** The hold of the body, once the check `unknown_hold` has passed. */
export function holdOf(context: Context<HoldBody>): Hold {
  return context.need(holdRow(context))
}

export function listingOfHold(context: Context<HoldBody>): Listing {
  return context.need(listings.at(holdOf(context).listing))
}

/** The checks of whatever ends a hold: unknown_hold, key_scope. */
export function holdChecks<Body extends HoldBody>(type: string): readonly Check<Body>[] {
  return [
    check('unknown_hold', (context) => (context.get(holdRow(context)) === undefined ? { hold: context.body.hold } : undefined)),
    check('key_scope', (context) => {
      const { signer } = context
      return mayMeter(context, listingOfHold(context), signer) ? undefined : needsMeter(type, signer)
    }),
  ]
}
