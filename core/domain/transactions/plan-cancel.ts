import { z } from 'zod'
import { defineTransaction } from '../define.ts'
import { currentPlan, noPlan } from '../plans.ts'
import { planSubscriptions } from '../state.ts'

/** Ends the mandate to renew, and a change that was scheduled: the plan runs to the end of its paid time. */
export const planCancel = defineTransaction({
  type: 'plan.cancel',
  signer: 'account',
  body: z.strictObject({}),
  reads: [({ signer }) => [planSubscriptions.at(signer)]],
  checks: [noPlan()],
  apply: (effects) => {
    const { signer } = effects
    const { next: _dropped, ...plan } = currentPlan(effects, signer)!
    effects.put(planSubscriptions.at(signer), { ...plan, cancelled: true })
  },
  describe: () => 'Cancels the plan: it runs to the end of its paid period and does not renew',
})
