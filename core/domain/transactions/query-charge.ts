import { z } from 'zod'
import { MAX_CHARGE_REFERENCES } from '../../base/limits.ts'
import { callChecks, callRows, countIncluded, mayMeter, needsMeter, quote } from '../calls.ts'
import { exceedsCredits } from '../credits.ts'
import { type Context, check, defineTransaction, type Effects } from '../define.ts'
import * as field from '../fields.ts'
import { exceedsBudget } from '../key-limits.ts'
import type { Micros } from '../money.ts'
import { listingOf, unknownListing } from '../sales.ts'
import { chargePlaces, chargeReferences, charges } from '../state.ts'

const body = z.strictObject({
  listing: field.thing('lst'),
  terms: field.number,
  usage: field.usage,
  reference: field.reference,
})
type Body = z.output<typeof body>

const [listingRows, termsRows] = callRows

function countRow({ signer, body }: Context<Body>) {
  return charges.at(signer, body.listing)
}

function referenceRow({ signer, body }: Context<Body>, reference: string) {
  return chargeReferences.at(signer, body.listing, reference)
}

/** Where the call's reference will stand: in the place of the oldest one that is kept. */
function placeRow(context: Context<Body>) {
  const count = context.get(countRow(context))?.count ?? 0
  return chargePlaces.at(context.signer, context.body.listing, count % MAX_CHARGE_REFERENCES)
}

function quoted({ signer, body }: Context<Body>) {
  const { listing, terms, usage } = body
  return { payer: signer, listing, terms, usage }
}

function costOf(context: Context<Body>): Micros {
  return quote(context, quoted(context)).grossMicros
}

/** Keeps the reference among the last ones, and lets go of the oldest where there are as many as are kept. */
function keepReference(effects: Effects<Body>): void {
  const { reference } = effects.body
  const place = placeRow(effects)
  const oldest = effects.get(place)
  if (oldest !== undefined) effects.remove(referenceRow(effects, oldest.reference))
  effects.put(place, { reference })
  effects.put(referenceRow(effects, reference), { entry: effects.index })
  effects.put(countRow(effects), { count: (effects.get(countRow(effects))?.count ?? 0) + 1 })
}

/** One finished call that its payer and the listing's meter agree on, paid at once. */
export const queryCharge = defineTransaction<Body>({
  type: 'query.charge',
  signer: 'account',
  scope: 'spend',
  cosigned: 'meter',
  spends: true,
  body,
  reads: [
    (context) => [...listingRows(context), countRow(context), referenceRow(context, context.body.reference)],
    (context) => [...termsRows(context), placeRow(context)],
    (context) => {
      const oldest = context.get(placeRow(context))
      return oldest === undefined ? [] : [referenceRow(context, oldest.reference)]
    },
  ],
  checks: [
    unknownListing(),
    check('key_scope', (context) => {
      // A preview may know the payer alone.
      const cosigner = context.signers[1]
      if (cosigner === undefined || mayMeter(context, listingOf(context), cosigner)) return undefined
      return needsMeter('query.charge', cosigner)
    }),
    ...callChecks<Body>(),
    check('reference_used', (context) => {
      const { listing, reference } = context.body
      const used = context.get(referenceRow(context, reference))
      return used && { listing, reference, entry: used.entry }
    }),
    exceedsBudget(costOf),
    exceedsCredits(costOf),
  ],
  apply: (effects) => {
    const call = quote(effects, quoted(effects))
    countIncluded(effects, call)
    effects.pay(effects.signer, listingOf(effects).account, call.grossMicros)
    keepReference(effects)
  },
  describe: ({ listing, reference }) => `Pays for the call ${reference} to ${listing}, as the payer and its meter counted it`,
})
