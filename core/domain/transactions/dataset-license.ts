import { z } from 'zod'
import { exceedsCredits } from '../credits.ts'
import { type Context, defineTransaction } from '../define.ts'
import { buy, endsTooLate } from '../entitlements.ts'
import * as field from '../fields.ts'
import { exceedsBudget } from '../key-limits.ts'
import { formatCredits } from '../money.ts'
import { listingRow, pricedSaleChecks, saleRows, termsOf } from '../sales.ts'
import { licences } from '../state.ts'

const body = z.strictObject({ listing: field.thing('lst'), terms: field.number, licence: field.count, price: field.amount })
type Body = z.output<typeof body>

function licenceOf(context: Context<Body>) {
  return termsOf(context).licences![context.body.licence]!
}

function licenceRow({ signer, body }: Context<Body>) {
  return licences.at(signer, body.listing, body.licence)
}

/** Licenses a dataset for the licence's days and seats; again while it runs extends it, at the terms bought last. */
export const datasetLicense = defineTransaction<Body>({
  type: 'dataset.license',
  signer: 'account',
  scope: 'spend',
  spends: true,
  body,
  creates: { prefix: 'pur' },
  reads: [(context) => [listingRow(context), licenceRow(context)], saleRows],
  checks: [
    ...pricedSaleChecks<Body>(({ licences }, { licence }) => licences?.[licence]?.priceMicros),
    endsTooLate(
      (context) => context.get(licenceRow(context)),
      (context) => licenceOf(context).days,
    ),
    exceedsBudget(({ body }) => body.price),
    exceedsCredits(({ body }) => body.price),
  ],
  apply: (effects) => {
    const { days, seats, redistribution } = licenceOf(effects)
    buy(effects, licenceRow(effects), { days, seats, redistribution })
  },
  describe: ({ listing, licence, price }) => `Licenses the dataset ${listing} (licence ${licence}) for ${formatCredits(price)}`,
})
