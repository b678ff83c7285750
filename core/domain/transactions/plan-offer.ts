import { z } from 'zod'
import { plural } from '../../base/plural.ts'
import { unknownAccount } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { formatCredits } from '../money.ts'
import { inForce } from '../policy.ts'
import { accounts, offers } from '../state.ts'
import { formatSeconds } from '../time.ts'

const body = z.strictObject({
  account: field.account,
  modelLimit: field.modelLimit,
  price: field.amount,
  period: field.period,
  expires: field.time,
})
type Body = z.output<typeof body>

/** Offers one account more room than the largest plan has. Until it expires the account takes it like a plan. */
export const planOffer = defineTransaction<Body>({
  type: 'plan.offer',
  signer: 'operator',
  body,
  creates: { prefix: 'off', table: offers },
  reads: [({ body }) => [accounts.at(body.account)]],
  checks: [
    unknownAccount(),
    check('limit', (context) => {
      const { modelLimit } = context.body
      const largest = Math.max(0, ...inForce(context).plans.map((plan) => plan.modelLimit))
      if (modelLimit > largest) return undefined
      return { because: `an offer is for more models than the largest plan, ${largest}, and this is for ${modelLimit}`, largest }
    }),
  ],
  apply: (effects) => {
    const { account, modelLimit, price, period, expires } = effects.body
    effects.put(offers.at(effects.created), { account, modelLimit, priceMicros: price, period, expires })
  },
  describe: ({ account, modelLimit, price, period, expires }) => {
    const what = `room for ${plural(modelLimit, 'model')} at ${formatCredits(price)} a ${period}`
    return `Offers ${account} ${what}, to be taken before ${formatSeconds(expires)}`
  },
})
