import { z } from 'zod'
import { exceedsCredits } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import { buy, lastPiece } from '../entitlements.ts'
import * as field from '../fields.ts'
import { exceedsBudget } from '../key-limits.ts'
import { formatCredits } from '../money.ts'
import { listingRow, pricedSaleChecks, saleRows } from '../sales.ts'
import { purchases } from '../state.ts'

const body = z.strictObject({ listing: field.thing('lst'), terms: field.number, price: field.amount })
type Body = z.output<typeof body>

/** Buys a dataset for ever. */
export const datasetPurchase = defineTransaction<Body>({
  type: 'dataset.purchase',
  signer: 'account',
  scope: 'spend',
  spends: true,
  body,
  creates: { prefix: 'pur' },
  reads: [(context) => [listingRow(context), purchases.at(context.signer, context.body.listing)], saleRows],
  checks: [
    ...pricedSaleChecks(({ purchaseMicros }) => purchaseMicros),
    check('already_owned', (context) => {
      const { listing } = context.body
      const owned = lastPiece(context.get(purchases.at(context.signer, listing)), context.time)
      return owned && { listing, entry: owned.entry }
    }),
    exceedsBudget(({ body }) => body.price),
    exceedsCredits(({ body }) => body.price),
  ],
  apply: (effects) => buy(effects, purchases.at(effects.signer, effects.body.listing), {}),
  describe: ({ listing, price }) => `Buys the dataset ${listing} for ${formatCredits(price)}`,
})
