import { z } from 'zod'
import { REVOCATION_NOTICE_SECONDS } from '../../base/limits.ts'
import { type Context, check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { reserveOf } from '../mandates.ts'
import { type Mandate, mandateHolders, mandates } from '../state.ts'

const body = z.strictObject({ mandate: field.thing('man') })
type Body = z.output<typeof body>

/** The mandate of the body, if the signer signed it. */
function own(context: Context<Body>): Mandate | undefined {
  const mandate = context.get(mandates.at(context.body.mandate))
  return mandate?.account === context.signer ? mandate : undefined
}

/** Ends a mandate a day later, so that what was used by now can still be charged; its reserve comes back then. */
export const usageRevoke = defineTransaction<Body>({
  type: 'usage.revoke',
  signer: 'account',
  body,
  reads: [
    (context) => [mandates.at(context.body.mandate)],
    (context) => {
      const mandate = own(context)
      return mandate === undefined ? [] : [mandateHolders.at(context.signer, mandate.listing)]
    },
  ],
  checks: [
    check('unknown_mandate', (context) => (own(context) === undefined ? { mandate: context.body.mandate } : undefined)),
    check('already_ended', (context) => {
      const { mandate: id } = context.body
      const { listing, expires, isRevoked } = own(context)!
      const isReplaced = context.need(mandateHolders.at(context.signer, listing)).mandate !== id
      return isReplaced || isRevoked || context.time >= expires ? { mandate: id } : undefined
    }),
  ],
  apply: (effects) => {
    const { signer, time, body } = effects
    const { mandate: id } = body
    const mandate = effects.need(mandates.at(id))
    const expires = Math.min(mandate.expires, time + REVOCATION_NOTICE_SECONDS)
    effects.put(mandates.at(id), { ...mandate, expires, isRevoked: true })
    if (reserveOf(effects, signer, id) > 0n) effects.moveEnd(signer, { kind: 'reserves', id }, expires)
  },
  describe: ({ mandate }) => `Revokes the mandate ${mandate}, which ends within 24 hours`,
})
