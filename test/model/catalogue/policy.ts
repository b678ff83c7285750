/** Fee, plans and policy in force at a time: those of the genesis, then each update's fields as they take effect. */

import { DAY, toSeconds } from './calendar.ts'
import type { Fields, Value } from './form.ts'
import { type Event, first, type History, micros } from './history.ts'

const NOTICE = 7 * DAY
const MOST_PENDING = 16

/** An update that names the past is in force from its entry on. */
function takesEffect({ body, time }: { readonly body: Fields; readonly time: number }): number {
  return Math.max(toSeconds(body.effectiveFrom as string), time)
}

/** A field of the rules, those of `policy` too, as the last change of it that has taken effect left it. */
function inForce(past: History, time: number, read: (body: Fields) => Value | undefined): Value {
  const updates = past.all('policy.update').filter((event) => read(event.body) !== undefined && takesEffect(event) <= time)
  // Sorting is stable: of two with the same time the later entry comes last.
  const inOrder = updates.sort((a, b) => takesEffect(a) - takesEffect(b))
  return read(inOrder.at(-1)?.body ?? past.genesis!)!
}

export function feeBps(past: History, time: number): number {
  return inForce(past, time, (body) => body.feeBps) as number
}

export function plans(past: History, time: number): readonly Fields[] {
  return inForce(past, time, (body) => body.plans) as readonly Fields[]
}

export function policy(past: History, time: number): Fields {
  const fields = Object.keys(past.genesis!.policy as Fields)
  const read = (field: string) => inForce(past, time, (body) => (body.policy as Fields | undefined)?.[field])
  return Object.fromEntries(fields.map((field) => [field, read(field)]))
}

export function largestPlan(past: History, time: number): number {
  return Math.max(0, ...plans(past, time).map(({ modelLimit }) => modelLimit as number))
}

/** Whether nobody pays more by the update than without it, at the time from which it holds. */
function onlyLowers(past: History, body: Fields, time: number): boolean {
  const from = takesEffect({ body, time })
  if ('policy' in body) return false
  if ('feeBps' in body && (body.feeBps as number) > feeBps(past, from)) return false
  const offered = body.plans as readonly Fields[] | undefined
  if (offered === undefined) return true
  return plans(past, from).every(({ plan, period, price, modelLimit }) => {
    const now = offered.find((one) => one.plan === plan)
    if (now === undefined || now.period !== period) return false
    return micros(now.price) <= micros(price) && (now.modelLimit as number) >= (modelLimit as number)
  })
}

export function pending(past: History, time: number): Event[] {
  return past.all('policy.update').filter((event) => takesEffect(event) > time)
}

export function updateCode(past: History, body: Fields, time: number): string | undefined {
  const days = (body.policy ?? {}) as Fields
  const changes = pending(past, time).length + (takesEffect({ body, time }) > time ? 1 : 0)
  return first(
    ['too_soon', () => toSeconds(body.effectiveFrom as string) < time + NOTICE && !onlyLowers(past, body, time)],
    [
      'limit',
      () =>
        ((body.feeBps ?? 0) as number) > 1500 ||
        ((days.earningsHoldDays ?? 0) as number) > 90 ||
        ((days.graceDays ?? 0) as number) > 90 ||
        changes > MOST_PENDING,
    ],
  )
}
