import { z } from 'zod'
import { MAX_HOLDS } from '../../base/limits.ts'
import { callChecks, callRows } from '../calls.ts'
import { exceedsCredits, settledPurse } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { exceedsBudget } from '../key-limits.ts'
import { formatCredits } from '../money.ts'
import { unknownListing } from '../sales.ts'
import { holds } from '../state.ts'
import { DAY_SECONDS, formatSeconds } from '../time.ts'

const body = z.strictObject({ listing: field.thing('lst'), terms: field.number, amount: field.amount, expiresAt: field.time })
type Body = z.output<typeof body>

/** Sets credits aside for calls, at these terms, until they are captured, released or the hold expires. */
export const holdOpen = defineTransaction<Body>({
  type: 'hold.open',
  signer: 'account',
  scope: 'spend',
  spends: true,
  body,
  creates: { prefix: 'hld', table: holds },
  reads: callRows,
  checks: [
    unknownListing(),
    ...callChecks<Body>(),
    check('bad_expiry', ({ body: { expiresAt }, time }) => {
      const latest = time + DAY_SECONDS
      if (expiresAt > time && expiresAt <= latest) return undefined
      return { expires: formatSeconds(expiresAt), time: formatSeconds(time), latest: formatSeconds(latest) }
    }),
    check('too_many', (context) => {
      const { length } = settledPurse(context, context.signer).wallet.holds
      return length < MAX_HOLDS ? undefined : { what: 'open holds', limit: MAX_HOLDS }
    }),
    exceedsBudget(({ body }) => body.amount),
    exceedsCredits(({ body }) => body.amount),
  ],
  apply: (effects) => {
    const { body, signer, created } = effects
    const { listing, terms, amount, expiresAt } = body
    effects.setAside(signer, { kind: 'holds', id: created }, amount, expiresAt)
    effects.put(holds.at(created), { account: signer, listing, terms, amountMicros: amount, expiresAt, isClosed: false })
  },
  describe: ({ listing, amount, expiresAt }) =>
    `Sets ${formatCredits(amount)} aside for calls to ${listing}, until ${formatSeconds(expiresAt)} at the latest`,
})
