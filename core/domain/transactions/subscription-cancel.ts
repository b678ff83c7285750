import { z } from 'zod'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { standing } from '../paid-periods.ts'
import { inForce } from '../policy.ts'
import { subscriptions } from '../state.ts'
import { subscriptionOf, unknownSubscription } from '../subscriptions.ts'

const body = z.strictObject({ subscription: field.thing('sub') })
type Body = z.output<typeof body>

/** Ends the mandate to renew: the subscription runs to the end of its paid time. */
export const subscriptionCancel = defineTransaction<Body>({
  type: 'subscription.cancel',
  signer: 'account',
  body,
  reads: [({ body }) => [subscriptions.at(body.subscription)]],
  checks: [
    unknownSubscription(),
    check('not_owner', (context) =>
      subscriptionOf(context).account === context.signer ? undefined : { thing: `The subscription ${context.body.subscription}` },
    ),
    check('already_cancelled', (context) => {
      const { subscription } = context.body
      const row = subscriptionOf(context)
      const isOver = row.cancelled || standing(row, context.time, inForce(context).graceDays) === 'lapsed'
      return isOver ? { subscription } : undefined
    }),
  ],
  apply: (effects) => effects.put(subscriptions.at(effects.body.subscription), { ...subscriptionOf(effects), cancelled: true }),
  describe: ({ subscription }) =>
    `Cancels the subscription ${subscription}: it runs to the end of its paid period and does not renew`,
})
