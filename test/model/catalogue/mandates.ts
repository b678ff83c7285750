/** Mandates: what a payer lets the meters of a listing charge, and when that ends. */

import { DAY, toSeconds, windowName } from './calendar.ts'
import type { Fields, Value } from './form.ts'
import { type Event, first, type History, micros, sum, thing } from './history.ts'
import { saleCode } from './subscriptions.ts'
import { giveBackHeld, heldSlices, move, spendable, take } from './wallet.ts'

const NOTICE = DAY
const MOST_RESERVES = 64

/** When a mandate ends: at its expiry, a day after it was revoked, or when a newer one replaces it. */
export function mandateEnd(past: History, mandate: Event): number {
  const id = thing('man', mandate)
  const revoked = past.last('usage.revoke', ({ body }) => body.mandate === id)
  const replaced = past.history.find(
    ({ type, signer, body, index }) =>
      type === 'usage.mandate' && signer === mandate.signer && body.listing === mandate.body.listing && index > mandate.index,
  )
  return Math.min(
    toSeconds(mandate.body.expires as string),
    (revoked?.time ?? Number.POSITIVE_INFINITY) + NOTICE,
    replaced?.time ?? Number.POSITIVE_INFINITY,
  )
}

export function mandateOf(past: History, account: string, listing: Value | undefined): Event | undefined {
  return past.last('usage.mandate', ({ signer, body }) => signer === account && body.listing === listing)
}

export function limitOf(mandate: Event): { readonly amount: bigint; readonly per: 'day' | 'month' } {
  const { amount, per } = mandate.body.limit as Fields
  return { amount: micros(amount), per: per as 'day' | 'month' }
}

/** Charged to the payer by the listing's meters in the day or month, as the mandate in force says, that runs at `time`. */
export function mandateUsed(past: History, payer: string, listing: Value | undefined, time: number): bigint {
  const { per } = limitOf(mandateOf(past, payer, listing)!)
  const batches = past
    .all('usage.batch')
    .filter((event) => event.body.listing === listing && windowName(per, event.time) === windowName(per, time))
  return sum(batches.flatMap(({ payments }) => payments.filter((one) => one.payer === payer).map(({ gross }) => gross)))
}

/** What the mandate's reserve still holds. */
export function reserveOf(past: History, mandate: Event): bigint {
  return sum(heldSlices(past, mandate.signer, thing('man', mandate)).map(({ amount }) => amount))
}

export function mandateCode(past: History, signer: string, body: Fields, time: number): string | undefined {
  const old = mandateOf(past, signer, body.listing)
  const others = past.all('usage.mandate', signer).filter((one) => one !== old && reserveOf(past, one) > 0n)
  const reserve = micros(body.reserve)
  return (
    saleCode(past, signer, body, time, 'query') ??
    first(
      ['bad_expiry', () => toSeconds(body.expires as string) <= time],
      ['too_many', () => reserve > 0n && others.filter((one) => time < mandateEnd(past, one)).length >= MOST_RESERVES],
      ['exceeds_credits', () => reserve > 0n && reserve > afterGivingBack(past, signer, old, time)],
    )
  )
}

/** What can be spent once the old mandate's reserve has come back. */
function afterGivingBack(past: History, account: string, old: Event | undefined, time: number): bigint {
  return past.wondering(time, (event) => {
    if (old !== undefined) giveBackHeld(past, event, account, thing('man', old))
    return spendable(past, account, time)
  })
}

export function mandate(past: History, event: Event): void {
  const { signer, body, index } = event
  const isOld = (one: Event) => one.signer === signer && one.body.listing === body.listing && one.index < index
  const old = past.last('usage.mandate', isOld)
  if (old !== undefined) giveBackHeld(past, event, signer, thing('man', old))
  for (const slice of take(past, event, signer, micros(body.reserve))) {
    move(event, 'held', signer, `${thing('man', event)}/${slice.origin}`, slice.amount)
  }
}

export function revokeCode(past: History, signer: string, body: Fields, time: number): string | undefined {
  const mandate = past.maker('usage.mandate', 'man', body.mandate)
  const isRevoked = () => past.last('usage.revoke', (event) => event.body.mandate === body.mandate) !== undefined
  return first(
    ['unknown_mandate', () => mandate?.signer !== signer],
    ['already_ended', () => isRevoked() || mandateEnd(past, mandate!) <= time],
  )
}
