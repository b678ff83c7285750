/** Plans: what a creator pays the platform to deploy, use and list models; the platform's own, and offers to one account. */

import { z } from 'zod'
import { type Check, type Context, check } from './define.ts'
import * as field from './fields.ts'
import { formatMicros, ZERO } from './money.ts'
import { firstPeriod, type Standing, standing } from './paid-periods.ts'
import { inForce, type Reader } from './policy.ts'
import { deployments, offers, type PlanSubscription, planSubscriptions, type SignedPlan } from './state.ts'
import type { RowKey } from './table.ts'

/** How a body names what it takes, a plan of the platform's or an offer, and the price that its signer saw. */
export const planChoice = z.union([
  z.strictObject({ plan: field.name, price: field.amount }),
  z.strictObject({ offer: field.thing('off'), price: field.amount }),
])
type PlanChoice = z.output<typeof planChoice>

export function nameOf(choice: PlanChoice): string {
  return 'plan' in choice ? choice.plan : choice.offer
}

/** The row of the offer that a body or a plan names, if it is one. */
export function offerRows(name: string | undefined): readonly RowKey[] {
  return isOffer(name) ? [offers.at(name)] : []
}

function isOffer(name: string | undefined): name is string {
  return name?.startsWith('off_') === true
}

/** What the signer can take under that name now. */
export function onOffer(context: Context<PlanChoice>): SignedPlan | undefined {
  const { signer, time, body } = context
  if ('plan' in body) return sold(context, body.plan)
  const offer = context.get(offers.at(body.offer))
  return offer?.account === signer && time < offer.expires ? sold(context, body.offer) : undefined
}

/** What a plan or offer costs and gives now, also where an offer can no longer be taken; undefined where it is not sold. */
export function sold(context: Reader, name: string): SignedPlan | undefined {
  if (!isOffer(name)) return inForce(context).plans.find(({ plan }) => plan === name)
  const offer = context.get(offers.at(name))
  return offer && { plan: name, modelLimit: offer.modelLimit, priceMicros: offer.priceMicros, period: offer.period }
}

/** The checks of taking a plan: unknown_plan, price_changed. */
export function planChoiceChecks<Body extends PlanChoice>(): readonly Check<Body>[] {
  return [
    check('unknown_plan', (context) => {
      if (onOffer(context) !== undefined) return undefined
      return { plan: nameOf(context.body), plans: inForce(context).plans.map(({ plan }) => plan) }
    }),
    check('price_changed', (context) => {
      const { priceMicros } = onOffer(context)!
      const { price } = context.body
      return price === priceMicros ? undefined : { price: formatMicros(priceMicros), named: formatMicros(price) }
    }),
  ]
}

/**
 * A plan whose first period begins now, worth its price. `entries` are those whose payments were carried over into that worth.
 */
export function startedPlan(context: Context<unknown>, signed: SignedPlan, entries: readonly number[]): PlanSubscription {
  const { plan, modelLimit, priceMicros, period } = signed
  const { anchor, count, start, end } = firstPeriod(context.time, period)
  const paid = { start, end, entries: [...entries, context.index], priceMicros, refundedMicros: ZERO }
  return { plan, modelLimit, priceMicros, period, anchor, count, periods: [paid], end, cancelled: false }
}

export function planStanding(context: Reader, plan: PlanSubscription): Standing {
  return standing(plan, context.time, inForce(context).graceDays)
}

/** The account's plan while it is active or suspended. */
export function currentPlan(context: Reader, account: string): PlanSubscription | undefined {
  const plan = context.get(planSubscriptions.at(account))
  return plan !== undefined && planStanding(context, plan) !== 'lapsed' ? plan : undefined
}

export function activePlan(context: Reader, account: string): PlanSubscription | undefined {
  const plan = context.get(planSubscriptions.at(account))
  return plan !== undefined && planStanding(context, plan) === 'active' ? plan : undefined
}

/** How many models the account may have deployed now: none without an active plan. */
export function limitInForce(context: Reader, account: string): number {
  return activePlan(context, account)?.modelLimit ?? 0
}

/** Whether a model is deployed and, by its rank in order of deployment, within the limit in force. */
export function isServing(context: Reader, account: string, model: string): boolean {
  const rank = (context.get(deployments.at(account))?.models ?? []).indexOf(model)
  return rank >= 0 && rank < limitInForce(context, account)
}
