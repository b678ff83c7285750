import { z } from 'zod'
import { payerRows, planRevenueRows, shortfall, spendable } from '../credits.ts'
import { type Context, check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { renewalOf, renewalOffered, renewalRows, renewedPlan } from '../plans.ts'
import { aboveSigned, hasLapsed, notDue, payerFrozen, type Renewal, renewalScope, wasCancelled } from '../renewals.ts'
import { type PlanSubscription, planSubscriptions } from '../state.ts'

const body = z.strictObject({ account: field.account })
type Body = z.output<typeof body>

function planOf(context: Context<Body>): PlanSubscription {
  return context.need(planSubscriptions.at(context.body.account))
}

const renewal: Renewal<Body> = {
  type: 'plan.renew',
  rowOf: planOf,
  payerOf: ({ body }) => body.account,
  whatOf: (context) => `The plan ${planOf(context).plan}`,
}

/**
 * Pays the next period of a plan, at the current price of what it renews to, if that is at most what its taker signed. A change
 * that was scheduled is made first.
 */
export const planRenew = defineTransaction<Body>({
  type: renewal.type,
  signer: 'account',
  operatorScope: 'schedule',
  spends: ({ signer, body }) => signer === body.account,
  body,
  reads: [
    ({ body }) => [planSubscriptions.at(body.account), ...payerRows(body.account), ...planRevenueRows],
    (context) => renewalRows(context.get(planSubscriptions.at(context.body.account))),
  ],
  checks: [
    check('no_plan', (context) => {
      const { account } = context.body
      return context.get(planSubscriptions.at(account)) === undefined ? { account } : undefined
    }),
    renewalScope(renewal),
    notDue(renewal),
    wasCancelled(renewal),
    payerFrozen(renewal),
    check('no_mandate', (context) => {
      const { plan, priceMicros, period } = renewalOf(planOf(context))
      const offered = renewalOffered(context, planOf(context))
      if (offered === undefined) return { because: `the plan ${plan} is not sold any more; change to another one` }
      if (offered.period !== period)
        return { because: `the plan ${plan} is paid by the ${offered.period} now, not by the ${period}` }
      return aboveSigned(offered.priceMicros, priceMicros, `the plan ${plan}`)
    }),
    hasLapsed(renewal),
    check('exceeds_credits', (context) =>
      shortfall(renewalOffered(context, planOf(context))!.priceMicros, spendable(context, context.body.account)),
    ),
  ],
  apply: (effects) => {
    const { account } = effects.body
    const offered = renewalOffered(effects, planOf(effects))!
    effects.payPlatform(account, offered.priceMicros)
    effects.put(planSubscriptions.at(account), renewedPlan(effects, planOf(effects), offered))
  },
  describe: ({ account }) => `Renews the plan of ${account} for one more period, at up to the price signed for it`,
})
