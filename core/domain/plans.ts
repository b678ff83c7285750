/** Plans: what a creator pays the platform to deploy, use and list models; the platform's own, and offers to one account. */

import { z } from 'zod'
import { assert } from '../base/assert.ts'
import { type Check, type Context, check } from './define.ts'
import * as field from './fields.ts'
import { add, formatMicros, type Micros, micros, ZERO } from './money.ts'
import { firstPeriod, nextPeriod, standing, unended } from './paid-periods.ts'
import { inForce, type Reader } from './policy.ts'
import {
  deployments,
  offers,
  type PaidPeriod,
  type Plan,
  type PlanPeriod,
  type PlanSubscription,
  planSubscriptions,
  type SignedPlan,
} from './state.ts'
import type { RowKey } from './table.ts'
import type { Seconds } from './time.ts'

/** How a body names what it takes, a plan of the platform's or an offer, and the price that its signer saw. */
export const planChoice = z.union([
  z.strictObject({ plan: field.name, price: field.amount }),
  z.strictObject({ offer: field.thing('off'), price: field.amount }),
])
export type PlanChoice = z.output<typeof planChoice>

export function nameOf(choice: PlanChoice): string {
  return 'plan' in choice ? choice.plan : choice.offer
}

/** The row of the offer that a body names, if it names one. */
export function choiceRows(choice: PlanChoice): readonly RowKey[] {
  return 'offer' in choice ? [offers.at(choice.offer)] : []
}

/** What the signer can take under that name now. */
export function onOffer(context: Context<PlanChoice>): Plan | undefined {
  const { signer, time, body } = context
  if ('plan' in body) return planInForce(context, body.plan)
  const offer = context.get(offers.at(body.offer))
  return offer?.account === signer && time < offer.expires ? offered(context, body.offer) : undefined
}

function planInForce(context: Reader, name: string): Plan | undefined {
  return inForce(context).plans.find(({ plan }) => plan === name)
}

function offered(context: Reader, id: string): Plan | undefined {
  const offer = context.get(offers.at(id))
  return offer && { plan: id, modelLimit: offer.modelLimit, priceMicros: offer.priceMicros, period: offer.period }
}

/** No plan of the platform has a name of the form of an offer's id. */
function isOffer(name: string): boolean {
  return name.startsWith('off_')
}

/** The row of the offer that the next period comes from, if it comes from one. */
export function renewalRows(plan: PlanSubscription | undefined): readonly RowKey[] {
  const name = plan && renewalOf(plan).plan
  return name !== undefined && isOffer(name) ? [offers.at(name)] : []
}

/** What the next period will be, and up to which price: a change that was scheduled comes first. */
export function renewalOf(plan: PlanSubscription): SignedPlan {
  return plan.next ?? plan
}

/** What a renewal costs and gives now, also of an offer that can no longer be taken; undefined where it is not sold. */
export function renewalOffered(context: Reader, plan: PlanSubscription): Plan | undefined {
  const { plan: name } = renewalOf(plan)
  return isOffer(name) ? offered(context, name) : planInForce(context, name)
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

/** A period of what is offered, worth its price. `carried` are the entries whose payments were carried over into that worth. */
function planPeriod(
  { index }: Context<unknown>,
  { plan, modelLimit, priceMicros }: Plan,
  { start, end }: PaidPeriod,
  carried: readonly number[],
): PlanPeriod {
  return { plan, modelLimit, start, end, entries: [...carried, index], priceMicros, refundedMicros: ZERO }
}

/** A plan whose first period begins now. */
export function startedPlan(context: Context<unknown>, taken: Plan, carried: readonly number[]): PlanSubscription {
  const { plan, priceMicros, period } = taken
  const first = firstPeriod(context.time, period)
  const periods = [planPeriod(context, taken, first, carried)]
  return { plan, priceMicros, period, anchor: first.anchor, periods, end: first.end, cancelled: false }
}

/**
 * The plan with its next period paid. Where a scheduled change makes that period one of another plan, a new calendar begins with
 * it.
 */
export function renewedPlan(context: Context<unknown>, before: PlanSubscription, renewal: Plan): PlanSubscription {
  const { time } = context
  const { plan, priceMicros, period } = renewalOf(before)
  assert(renewal.period === period, 'a plan renews for as long as was signed')
  const isOther = before.next !== undefined
  const { anchor, start, end } = isOther ? firstPeriod(Math.max(before.end, time), period) : nextPeriod(before, time)
  const periods = [...unended(before.periods, time), planPeriod(context, renewal, { start, end }, [])]
  return { plan, priceMicros, period, anchor, periods, end, cancelled: false }
}

/** What an upgrade now is credited: the unused part of what is paid, by the second, up to `mostMicros`. */
export function creditFor(plan: PlanSubscription, time: Seconds, mostMicros: Micros): Micros {
  const parts = unended(plan.periods, time).map(({ start, end, priceMicros, refundedMicros }) => {
    const secondsLeft = BigInt(end - Math.max(start, time))
    return ((priceMicros - refundedMicros) * secondsLeft) / BigInt(end - start)
  })
  const creditMicros = add(ZERO, ...parts)
  return micros(creditMicros < mostMicros ? creditMicros : mostMicros)
}

/** The entries whose payments are in the periods that still run. */
export function carriedEntries(plan: PlanSubscription, time: Seconds): number[] {
  return unended(plan.periods, time).flatMap(({ entries }) => entries)
}

/** The account's plan while it is active or suspended. */
export function currentPlan(context: Reader, account: string): PlanSubscription | undefined {
  const plan = context.get(planSubscriptions.at(account))
  if (plan === undefined) return undefined
  return standing(plan, context.time, inForce(context).graceDays) === 'lapsed' ? undefined : plan
}

/** The account's paid period that runs: what it gives is in force. Where one was given back, the next one is. */
export function activePlan(context: Reader, account: string): PlanPeriod | undefined {
  const plan = context.get(planSubscriptions.at(account))
  return plan && unended(plan.periods, context.time)[0]
}

/** Refuses where the signer has no plan that is active or suspended. */
export function noPlan<Body>(): Check<Body> {
  return check('no_plan', (context) => {
    const { signer } = context
    return currentPlan(context, signer) === undefined ? { account: signer } : undefined
  })
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
