/**
 * Plans: what a creator pays the platform to deploy, use and list models. What time alone decides is computed here from the time
 * at which it is asked: active to the end of the paid period, then (unless cancelled) suspended for the grace days, then lapsed.
 */

import type { Context } from './define.ts'
import { deployments, type PlanSubscription, planSubscriptions, platform } from './state.ts'
import { DAY_SECONDS, type Seconds } from './time.ts'

type Standing = 'active' | 'suspended' | 'lapsed'

type Reader = Pick<Context<unknown>, 'get' | 'need' | 'time'>

/** How a paid period that ended at `end` stands at `time`; periods are [start, end). Plans and subscriptions alike. */
export function standing(
  paid: { readonly end: Seconds; readonly cancelled: boolean },
  time: Seconds,
  graceDays: number,
): Standing {
  if (time < paid.end) return 'active'
  return !paid.cancelled && time < paid.end + graceDays * DAY_SECONDS ? 'suspended' : 'lapsed'
}

export function planStanding(context: Reader, plan: PlanSubscription): Standing {
  return standing(plan, context.time, context.need(platform).graceDays)
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
