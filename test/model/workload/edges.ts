/** Moments ahead at which something begins or ends: rules are wrong most often a second before, at, or a second after them. */

import { DAY, midnight, nextMonth, toSeconds } from '../catalogue/calendar.ts'
import type { Event } from '../catalogue/history.ts'
import { keysOf } from '../catalogue/keys.ts'
import { mandateEnd } from '../catalogue/mandates.ts'
import { planOf } from '../catalogue/plans.ts'
import { policy } from '../catalogue/policy.ts'
import { piecesOf, subscriptionOf } from '../catalogue/subscriptions.ts'
import type { Desk } from './desk.ts'

export interface Edge {
  readonly time: number
  readonly what:
    | ('window' | 'plan' | 'subscription' | 'mandate' | 'licence' | 'hold')
    | ('grant' | 'key' | 'terms' | 'policy' | 'close')
  readonly account?: string
  /** What began then, or is about to end. */
  readonly event?: Event
}

const HORIZON = 400 * DAY

/** Moments ahead, the nearest first. */
export function edgesAhead(desk: Desk): Edge[] {
  const { now, random } = desk
  const edges = [...(random.chance(0.3) ? ofTheCalendar(desk) : []), ...ofPeriods(desk), ...ofThings(desk)]
  return edges.filter(({ time }) => time > now && time < now + HORIZON).sort((a, b) => a.time - b.time)
}

function ofTheCalendar({ model, now, people }: Desk): Edge[] {
  const closed = model.all('period.close').at(-1)
  const keys = people.flatMap(({ account }) => keysOf(model, account).map(({ expires }) => ({ time: expires, account })))
  const updates = model.all('policy.update').map(({ body }) => toSeconds(body.effectiveFrom as string))
  return [
    { time: midnight(now) + DAY, what: 'window' },
    { time: nextMonth(now), what: 'window' },
    ...(closed === undefined ? [] : [{ time: closed.time + 3600, what: 'close' as const }]),
    ...keys.map((key) => ({ ...key, what: 'key' as const })),
    ...updates.map((time) => ({ time, what: 'policy' as const })),
    ...model.all('listing.update').map((event) => ({ time: event.time + 7 * DAY, what: 'terms' as const, event })),
  ]
}

function ofPeriods({ model, now, people }: Desk): Edge[] {
  const grace = (policy(model, now).graceDays as number) * DAY
  // Renewals are due a day before the end, and the end is looked at twice as often as the rest.
  const around = (end: number) => [end - DAY, end - 3600, end, end, end + grace]
  const plans = people.flatMap(({ account }) => {
    const plan = planOf(model, account)
    return plan === undefined ? [] : around(plan.end).map((time): Edge => ({ time, what: 'plan', account }))
  })
  const subscriptions = model.all('subscription.start').flatMap((event) => {
    const { end } = subscriptionOf(model, event)
    return around(end).map((time): Edge => ({ time, what: 'subscription', account: event.signer, event }))
  })
  return [...plans, ...subscriptions]
}

function ofThings({ model }: Desk): Edge[] {
  const holds = model
    .all('hold.open')
    .map((event): Edge => ({ time: toSeconds(event.body.expiresAt as string), what: 'hold', event }))
  const grants = model
    .all('credit.grant')
    .map(({ body }): Edge => ({ time: toSeconds(body.expiresAt as string), what: 'grant', account: body.account as string }))
  const mandates = model.all('usage.mandate').map((event): Edge => ({ time: mandateEnd(model, event), what: 'mandate', event }))
  const bought = [...model.all('dataset.license'), ...model.all('feature.purchase')]
  const pieces = bought.flatMap((event): Edge[] => {
    const piece = piecesOf(model, event.type, event.signer, event.body).find(({ index }) => index === event.index)
    return piece === undefined ? [] : [{ time: piece.end, what: 'licence', account: event.signer, event }]
  })
  return [...holds, ...grants, ...mandates, ...pieces]
}
