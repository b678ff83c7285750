import { z } from 'zod'
import { countIncluded, quote } from '../calls.ts'
import { payeeRows, payerRows } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { holdChecks, holdOf, holdRow, listingOfHold } from '../holds.ts'
import { listings, subscribers, terms } from '../state.ts'
import { subscriptionRows } from '../subscriptions.ts'
import { formatSeconds } from '../time.ts'

const body = z.strictObject({ hold: field.thing('hld'), usage: field.usage, reference: field.reference })
type Body = z.output<typeof body>

/**
 * Takes what the calls cost, by the hold's terms, out of a hold, never more than it holds, and gives the rest back. What happened
 * to the listing meanwhile does not matter: the call was made.
 */
export const holdCapture = defineTransaction<Body>({
  type: 'hold.capture',
  signer: 'account',
  scope: 'meter',
  body,
  reads: [
    (context) => [holdRow(context)],
    (context) => {
      const hold = context.get(holdRow(context))
      if (hold === undefined) return []
      const { account, listing, terms: version } = hold
      return [listings.at(listing), terms.at(listing, version), subscribers.at(account, listing), ...payerRows(account)]
    },
    (context) => {
      const hold = context.get(holdRow(context))
      if (hold === undefined) return []
      const { account, listing } = hold
      return [...payeeRows(listingOfHold(context).account), ...subscriptionRows(context, account, listing)]
    },
  ],
  checks: [
    ...holdChecks<Body>('hold.capture'),
    check('not_open', (context) => {
      const { hold } = context.body
      return holdOf(context).isClosed ? { hold, because: 'it was captured or released' } : undefined
    }),
    check('expired_hold', (context) => {
      const { expiresAt } = holdOf(context)
      return context.time < expiresAt ? undefined : { hold: context.body.hold, expiresAt: formatSeconds(expiresAt) }
    }),
  ],
  apply: (effects) => {
    const { hold: id, usage } = effects.body
    const hold = holdOf(effects)
    const call = quote(effects, { payer: hold.account, listing: hold.listing, terms: hold.terms, usage })
    const grossMicros = call.grossMicros < hold.amountMicros ? call.grossMicros : hold.amountMicros
    countIncluded(effects, call)
    const slices = effects.release(hold.account, { kind: 'holds', id }, grossMicros)
    effects.pay(hold.account, listingOfHold(effects).account, grossMicros, slices)
    effects.put(holdRow(effects), { ...hold, isClosed: true })
  },
  describe: ({ hold, reference }) => `Takes what the call ${reference} cost out of the hold ${hold}, and gives the rest back`,
})
