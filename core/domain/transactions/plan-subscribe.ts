import { z } from 'zod'
import { exceedsCredits } from '../credits.ts'
import { type Context, check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { formatMicros } from '../money.ts'
import { planStanding } from '../plans.ts'
import { type Plan, planSubscriptions, platform } from '../state.ts'
import { addPeriods, formatSeconds } from '../time.ts'

const body = z.union([
  z.strictObject({ plan: field.name, price: field.amount }),
  z.strictObject({ offer: field.thing('off'), price: field.amount }),
])
type Body = z.output<typeof body>

function nameOf(body: Body): string {
  return 'plan' in body ? body.plan : body.offer
}

function planOf(context: Context<Body>): Plan | undefined {
  return context.need(platform).plans.find(({ plan }) => plan === nameOf(context.body))
}

/** Takes a plan: its first period is paid now, and the signature is the mandate to renew at up to that price. */
export const planSubscribe = defineTransaction<Body>({
  type: 'plan.subscribe',
  signer: 'account',
  spends: true,
  body,
  reads: [({ signer }) => [planSubscriptions.at(signer)]],
  checks: [
    check('unknown_plan', (context) => {
      if (planOf(context) !== undefined) return undefined
      const plans = context.need(platform).plans.map(({ plan }) => plan)
      return { plan: nameOf(context.body), plans }
    }),
    check('price_changed', (context) => {
      const { priceMicros } = planOf(context)!
      const { price } = context.body
      return price === priceMicros ? undefined : { price: formatMicros(priceMicros), named: formatMicros(price) }
    }),
    check('already_subscribed', (context) => {
      const current = context.get(planSubscriptions.at(context.signer))
      if (current === undefined || planStanding(context, current) === 'lapsed') return undefined
      return { what: `The plan ${current.plan}`, until: formatSeconds(current.end) }
    }),
    exceedsCredits(({ body }) => body.price),
  ],
  apply: (effects) => {
    const { signer, time } = effects
    const { plan, modelLimit, priceMicros, period } = planOf(effects)!
    effects.postTo(signer, 'wallet', -priceMicros)
    effects.post('revenue:plans', priceMicros)
    const end = addPeriods(time, period, 1)
    const terms = { plan, modelLimit, priceMicros, period }
    effects.put(planSubscriptions.at(signer), { ...terms, anchor: time, start: time, end, cancelled: false })
  },
  describe: (body) => `Takes the plan ${nameOf(body)} for ${formatMicros(body.price)} credits, to renew at up to that price`,
})
