import { z } from 'zod'
import { exceedsCredits } from '../credits.ts'
import { type Context, check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { mandateRow, use } from '../mandates.ts'
import { formatMicros, ZERO } from '../money.ts'
import { listingRow, saleChecks, saleRows } from '../sales.ts'
import { mandateHolders, mandates } from '../state.ts'
import { formatSeconds } from '../time.ts'

const body = z.strictObject({
  listing: field.thing('lst'),
  terms: field.number,
  limit: z.strictObject({ amount: field.amount, per: z.enum(['day', 'month']) }),
  reserve: z.literal('0', 'must be "0": credits are not reserved for mandates in this version').transform(() => ZERO),
  expires: field.time,
})
type Body = z.output<typeof body>

function replaced(context: Context<Body>) {
  return mandateRow(context, context.signer, context.body.listing)
}

/** Lets a listing's meters charge the signer for calls, at these terms and up to a limit. A newer one replaces it. */
export const usageMandate = defineTransaction<Body>({
  type: 'usage.mandate',
  signer: 'account',
  body,
  creates: { prefix: 'man', table: mandates },
  reads: [
    (context) => [...listingRow(context), mandateHolders.at(context.signer, context.body.listing)],
    (context) => {
      const before = replaced(context)
      return before === undefined ? saleRows(context) : [...saleRows(context), before]
    },
  ],
  checks: [
    ...saleChecks<Body>(({ query }) => query !== undefined),
    check('bad_expiry', ({ body, time }) =>
      body.expires > time ? undefined : { expires: formatSeconds(body.expires), time: formatSeconds(time) },
    ),
    exceedsCredits(({ body }) => body.reserve),
  ],
  apply: (effects) => {
    const { body, signer, time, created } = effects
    const { listing, terms, limit, expires } = body
    const before = replaced(effects)
    // What was used in the running day and month counts on, so that a new mandate is no second limit.
    const used = use(before && effects.need(before), time, ZERO)
    const limits = { limitMicros: limit.amount, per: limit.per, expires, ...used }
    effects.put(mandates.at(created), { account: signer, listing, terms, ...limits })
    effects.put(mandateHolders.at(signer, listing), { mandate: created })
  },
  describe: ({ listing, limit }) =>
    `Lets the meters of ${listing} charge up to ${formatMicros(limit.amount)} credits a ${limit.per} for calls`,
})
