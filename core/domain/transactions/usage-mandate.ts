import { z } from 'zod'
import { MAX_RESERVES } from '../../base/limits.ts'
import { settledPurse, shortfall } from '../credits.ts'
import { type Context, check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { mandateRow, reserveOf, usedWith } from '../mandates.ts'
import { formatCredits, type Micros, ZERO } from '../money.ts'
import { settle, spendableIn, withEnd } from '../purse.ts'
import { listingRow, saleChecks, saleRows } from '../sales.ts'
import { mandateHolders, mandates } from '../state.ts'
import { formatSeconds } from '../time.ts'

const body = z.strictObject({
  listing: field.thing('lst'),
  terms: field.number,
  limit: z.strictObject({ amount: field.amount, per: z.enum(['day', 'month']) }),
  reserve: field.amountOrZero,
  expires: field.time,
})
type Body = z.output<typeof body>

function replaced(context: Context<Body>) {
  return mandateRow(context, context.signer, context.body.listing)
}

function replacedId(context: Context<Body>): string | undefined {
  return replaced(context)?.key
}

/** What the signer can spend once the reserve of the mandate that is replaced is given back. */
function spendableWithReserve(context: Context<Body>): Micros {
  const { signer, time } = context
  const purse = settledPurse(context, signer)
  const id = replacedId(context)
  return spendableIn(id === undefined ? purse : settle(withEnd(purse, 'reserves', id, time), time))
}

/** Lets a listing's meters charge the signer for calls, at these terms and up to a limit. A newer one replaces it. */
export const usageMandate = defineTransaction<Body>({
  type: 'usage.mandate',
  signer: 'account',
  spends: ({ body }) => body.reserve > 0n,
  body,
  creates: { prefix: 'man', table: mandates },
  reads: [
    (context) => [listingRow(context), mandateHolders.at(context.signer, context.body.listing)],
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
    check('too_many', (context) => {
      const others = settledPurse(context, context.signer).wallet.reserves.filter(({ id }) => id !== replacedId(context))
      if (context.body.reserve === 0n || others.length < MAX_RESERVES) return undefined
      return { what: 'mandates with a reserve', limit: MAX_RESERVES }
    }),
    check('exceeds_credits', (context) => shortfall(context.body.reserve, spendableWithReserve(context))),
  ],
  apply: (effects) => {
    const { body, signer, time, created } = effects
    const { listing, terms, limit, reserve, expires } = body
    const before = replaced(effects)
    // What was used in the running day and month counts on, so that a new mandate is no second limit.
    const used = usedWith(before && effects.need(before), time, ZERO)
    const limits = { limitMicros: limit.amount, per: limit.per, expires, ...used }
    effects.put(mandates.at(created), { account: signer, listing, terms, ...limits })
    effects.put(mandateHolders.at(signer, listing), { mandate: created })
    // The newer mandate ends the old one now, and its reserve comes back as every ended mandate's does.
    if (before !== undefined && reserveOf(effects, signer, before.key) > 0n)
      effects.moveEnd(signer, { kind: 'reserves', id: before.key }, time)
    if (reserve > 0n) effects.setAside(signer, { kind: 'reserves', id: created }, reserve, expires)
  },
  describe: ({ listing, limit, reserve }) => {
    const aside = reserve > 0n ? `, and sets ${formatCredits(reserve)} aside for them` : ''
    return `Lets the meters of ${listing} charge up to ${formatCredits(limit.amount)} a ${limit.per} for calls${aside}`
  },
})
