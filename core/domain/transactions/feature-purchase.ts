import { z } from 'zod'
import { exceedsCredits } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import { buy, endsTooLate, lastPiece } from '../entitlements.ts'
import * as field from '../fields.ts'
import { exceedsBudget } from '../key-limits.ts'
import { formatCredits } from '../money.ts'
import { listingRow, pricedSaleChecks, saleRows, termsOf } from '../sales.ts'
import { features } from '../state.ts'

const body = z.strictObject({ listing: field.thing('lst'), terms: field.number, price: field.amount })
type Body = z.output<typeof body>

/** Buys a premium feature for its days, or for ever where it has none; again while it runs extends it. */
export const featurePurchase = defineTransaction<Body>({
  type: 'feature.purchase',
  signer: 'account',
  scope: 'spend',
  spends: true,
  body,
  creates: { prefix: 'pur' },
  reads: [(context) => [listingRow(context), features.at(context.signer, context.body.listing)], saleRows],
  checks: [
    ...pricedSaleChecks(({ featureMicros }) => featureMicros),
    // Paying again for what is owned for ever would buy nothing, so nobody may do it by mistake.
    check('already_owned', (context) => {
      const { listing } = context.body
      const owned = lastPiece(context.get(features.at(context.signer, listing)), context.time)
      return owned !== undefined && owned.end === undefined ? { listing, entry: owned.entry } : undefined
    }),
    endsTooLate(
      (context) => context.get(features.at(context.signer, context.body.listing)),
      (context) => termsOf(context).days,
    ),
    exceedsBudget(({ body }) => body.price),
    exceedsCredits(({ body }) => body.price),
  ],
  apply: (effects) => {
    buy(effects, features.at(effects.signer, effects.body.listing), { days: termsOf(effects).days })
  },
  describe: ({ listing, price }) => `Buys the feature ${listing} for ${formatCredits(price)}`,
})
