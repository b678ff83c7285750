import { MAX_CARRIED_PAYMENTS } from '../../base/limits.ts'
import { planRevenueRows, shortfall, spendable } from '../credits.ts'
import { type Context, check, defineTransaction } from '../define.ts'
import { formatCredits, type Micros, micros } from '../money.ts'
import {
  carriedEntries,
  choiceRows,
  creditFor,
  currentPlan,
  nameOf,
  noPlan,
  onOffer,
  type PlanChoice,
  planChoice,
  planChoiceChecks,
  startedPlan,
} from '../plans.ts'
import { type PlanPeriod, type PlanSubscription, planSubscriptions } from '../state.ts'

/** The signer's plan, once the check `no_plan` has passed. */
function planOf(context: Context<PlanChoice>): PlanSubscription {
  return currentPlan(context, context.signer)!
}

/** The period that was paid for last, which a change goes from. */
function lastPeriod(context: Context<PlanChoice>): PlanPeriod {
  return planOf(context).periods.at(-1)!
}

/** A plan with another paying period is not the same plan. */
function isSamePlan(context: Context<PlanChoice>): boolean {
  return lastPeriod(context).plan === nameOf(context.body) && onOffer(context)!.period === planOf(context).period
}

/** A change to a higher limit takes effect now, every other one when the paid time ends. */
function isUpgrade(context: Context<PlanChoice>): boolean {
  return !isSamePlan(context) && onOffer(context)!.modelLimit > lastPeriod(context).modelLimit
}

/** What an upgrade costs: the new price, less what is left of the time that is paid. */
function upgradePrice(context: Context<PlanChoice>): Micros {
  const { priceMicros } = onOffer(context)!
  return micros(priceMicros - creditFor(planOf(context), context.time, priceMicros))
}

/**
 * Changes the plan: an upgrade begins now, and what is left of the time that is paid is credited by the second; to a plan that is
 * not larger, the next renewal changes. The same plan is signed again so that it renews at its new price, or renews after all.
 */
export const planChange = defineTransaction<PlanChoice>({
  type: 'plan.change',
  signer: 'account',
  spends: true,
  body: planChoice,
  reads: [({ signer, body }) => [planSubscriptions.at(signer), ...planRevenueRows, ...choiceRows(body)]],
  checks: [
    noPlan(),
    ...planChoiceChecks<PlanChoice>(),
    check('same_plan', (context) => {
      const { priceMicros, cancelled, next } = planOf(context)
      const isSigned = priceMicros === context.body.price && !cancelled && next === undefined
      return isSamePlan(context) && isSigned ? { plan: nameOf(context.body) } : undefined
    }),
    check('too_many', (context) => {
      if (!isUpgrade(context) || carriedEntries(planOf(context), context.time).length < MAX_CARRIED_PAYMENTS) return undefined
      return { what: 'payments carried over into this period', limit: MAX_CARRIED_PAYMENTS }
    }),
    check('exceeds_credits', (context) =>
      isUpgrade(context) ? shortfall(upgradePrice(context), spendable(context, context.signer)) : undefined,
    ),
  ],
  apply: (effects) => {
    const { signer, body, time } = effects
    const before = planOf(effects)
    const row = planSubscriptions.at(signer)
    if (isUpgrade(effects)) {
      const grossMicros = upgradePrice(effects)
      // What is covered by the credit alone is no payment.
      if (grossMicros > 0n) effects.payPlatform(signer, grossMicros)
      effects.put(row, startedPlan(effects, onOffer(effects)!, carriedEntries(before, time)))
      return
    }
    const { period } = onOffer(effects)!
    const signed = { plan: nameOf(body), priceMicros: body.price, period }
    // The newest signature says what is to come: going on as it is calls off a change, and either calls off a cancellation.
    const { next: _, ...current } = before
    effects.put(row, { ...current, ...(isSamePlan(effects) ? signed : { next: signed }), cancelled: false })
  },
  describe: (body) =>
    `Changes to the plan ${nameOf(body)} at ${formatCredits(body.price)}: now if it is larger, else at the period's end`,
})
