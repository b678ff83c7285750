import type { z } from 'zod'
import { exceedsCredits, planRevenueRows } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import { formatCredits } from '../money.ts'
import { choiceRows, currentPlan, nameOf, onOffer, planChoice, planChoiceChecks, startedPlan } from '../plans.ts'
import { planSubscriptions } from '../state.ts'
import { formatSeconds } from '../time.ts'

type Body = z.output<typeof planChoice>

/** Takes a plan: its first period is paid now, and the signature is the mandate to renew at up to that price. */
export const planSubscribe = defineTransaction<Body>({
  type: 'plan.subscribe',
  signer: 'account',
  spends: true,
  body: planChoice,
  reads: [({ signer, body }) => [planSubscriptions.at(signer), ...planRevenueRows, ...choiceRows(body)]],
  checks: [
    ...planChoiceChecks<Body>(),
    check('already_subscribed', (context) => {
      const current = currentPlan(context, context.signer)
      return current && { what: `The plan ${current.plan}`, until: formatSeconds(current.end) }
    }),
    exceedsCredits(({ body }) => body.price),
  ],
  apply: (effects) => {
    const { signer, body } = effects
    effects.payPlatform(signer, body.price)
    effects.put(planSubscriptions.at(signer), startedPlan(effects, onOffer(effects)!, []))
  },
  describe: (body) => `Takes the plan ${nameOf(body)} for ${formatCredits(body.price)}, to renew at up to that price`,
})
