/** What renews by itself for an account, and at what price: its plan and its subscriptions. */

import { standing } from '../domain/paid-periods.ts'
import { renewalOf, renewalOffered, renewalRows } from '../domain/plans.ts'
import { platformAt } from '../domain/policy.ts'
import * as state from '../domain/state.ts'
import { periodPrice } from '../domain/subscriptions.ts'
import type { Seconds } from '../domain/time.ts'
import { findHoldings } from './catalogue.ts'
import type { Renewing } from './forecast.ts'
import { rowsAt } from './queries.ts'
import { LoadedRows } from './rows.ts'
import type { StoreReader } from './store.ts'

export interface NextRenewal extends Renewing {
  /** The listing that is subscribed to; none for a plan. */
  readonly listing?: string
  /** The listing's title, or what the plan is called. */
  readonly title: string
}

/**
 * The next renewal of each, the soonest first: of what is active or in grace, not cancelled, still sold, and for no more than
 * what was signed, since nothing else is ever charged.
 */
export async function findRenewals(store: StoreReader, account: string, time: Seconds): Promise<NextRenewal[]> {
  const { subscriptions } = await findHoldings(store, account, time)
  const found = subscriptions.flatMap(({ row, standing: stands, offer }): NextRenewal[] => {
    const { listing, period, end, cancelled, priceMicros: signedMicros } = row
    const priceMicros = offer.closedBecause === undefined ? periodPrice(offer.terms, period) : undefined
    if (cancelled || stands === 'lapsed' || priceMicros === undefined || priceMicros > signedMicros) return []
    return [{ listing, title: offer.row.title, period, priceMicros, at: Math.max(end, time) }]
  })
  const plan = await findPlanRenewal(store, account, time)
  return [...found, ...(plan ? [plan] : [])].sort((a, b) => a.at - b.at)
}

async function findPlanRenewal(store: StoreReader, account: string, time: Seconds): Promise<NextRenewal | undefined> {
  const rows = new LoadedRows(store)
  await rows.load([state.platform, state.planSubscriptions.at(account)])
  const plan = rows.get(state.planSubscriptions.at(account))
  if (plan === undefined || plan.cancelled) return undefined
  const { graceDays } = platformAt(rows.get(state.platform)!, time)
  if (standing(plan, time, graceDays) === 'lapsed') return undefined
  const next = renewalOf(plan)
  await rows.load(renewalRows(plan))
  const offered = renewalOffered(rowsAt(rows, time), plan)
  if (offered === undefined || offered.period !== next.period || offered.priceMicros > next.priceMicros) return undefined
  return { title: next.plan, period: next.period, priceMicros: offered.priceMicros, at: Math.max(plan.end, time) }
}
