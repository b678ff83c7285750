/** What an account bought of a listing, for ever or for days; buying again while it runs extends it. */

import { assert } from '../base/assert.ts'
import type { Effects } from './define.ts'
import { listingOf, type PricedSaleBody } from './sales.ts'
import type { Entitlement, RowKey } from './state.ts'
import { DAY_SECONDS } from './time.ts'

interface Grant {
  /** Days it runs; for ever where absent. */
  readonly days?: number | undefined
  readonly seats?: number
  readonly redistribution?: boolean
}

/** Pays for the listing of the body and writes what was bought into `key`. */
export function buy(effects: Effects<PricedSaleBody>, key: RowKey<Entitlement>, { days, ...terms }: Grant): void {
  const { body, signer, time, index } = effects
  effects.pay(signer, listingOf(effects).account, body.price)
  const bought = { entry: index, terms: body.terms, ...terms }
  if (days === undefined) {
    effects.put(key, { ...bought, start: time })
    return
  }
  const current = effects.get(key)
  assert(current === undefined || current.end !== undefined, 'what is owned for ever is not bought again')
  const running = current?.end !== undefined && time < current.end ? current : undefined
  effects.put(key, { ...bought, start: running?.start ?? time, end: (running?.end ?? time) + days * DAY_SECONDS })
}
