/** Plans: the story of an account's plan, told again from its first entry whenever somebody asks. */

import { DAY, endOfPeriod, midnight, type Period, toSeconds } from './calendar.ts'
import type { Fields, Value } from './form.ts'
import { type Event, first, type History, micros, type Paid, type Payment, sum } from './history.ts'
import { largestPlan, plans, policy } from './policy.ts'
import { refunded } from './refunds.ts'
import { move, spendable, take } from './wallet.ts'

const MOST_CARRIED = 64

export type Standing = 'active' | 'suspended' | 'lapsed'

/** What runs in paid periods: a plan, or a subscription (subscriptions.ts). */
export interface Running {
  readonly periods: readonly Paid[]
  /** Where the last paid period ends, or where a refund ended everything. */
  readonly end: number
  readonly isCancelled: boolean
  /** The price up to which renewals are signed. */
  readonly signed: bigint
  /** The start of the first period of the row of periods whose day is kept. */
  readonly anchor: number
}

export interface Plan extends Running {
  /** The kind of period for which a price was signed. */
  readonly period: string
  readonly scheduled: Event['scheduled']
}

interface Offer {
  readonly name: string
  readonly modelLimit: number
  readonly price: bigint
  readonly period: Period
}

export function standing(past: History, { end, isCancelled }: Running, time: number): Standing {
  if (time < end) return 'active'
  const grace = isCancelled ? 0 : (policy(past, time).graceDays as number)
  return time < end + grace * DAY ? 'suspended' : 'lapsed'
}

/** Takes out the period that entry `index` paid for, if it has not ended by `time`; what else was paid for goes on. */
export function withoutPeriod<R extends Running>(running: R, index: number, time: number): R {
  const period = running.periods.find((one) => one.index === index)
  if (period === undefined || period.end <= time) return running
  const rest = running.periods.filter((one) => one !== period)
  const ahead = rest.filter((one) => one.end > time).map(({ end }) => end)
  return { ...running, periods: rest, end: ahead.length > 0 ? Math.max(...ahead) : time, isCancelled: true }
}

/** The period that runs, or the next where a refund has made a gap. */
export function periodAt({ periods, end }: Running, time: number): Paid | undefined {
  return time < end ? periods.find((period) => time < period.end) : undefined
}

/** How the account's plan stands after the first `size` entries, by default after all. */
export function planOf(past: History, account: string, size = past.history.length): Plan | undefined {
  let plan: Plan | undefined
  for (const event of past.history.slice(0, size)) {
    if (event.type === 'plan.renew' ? event.body.account === account : event.signer === account) plan = told(plan, event)
    if (event.ends !== undefined && plan !== undefined) plan = withoutPeriod(plan, event.ends, event.time)
  }
  return plan
}

function told(plan: Plan | undefined, { type, time, paid, scheduled, body }: Event): Plan | undefined {
  const signed = micros(body.price ?? '0')
  switch (type) {
    case 'plan.subscribe': {
      const { end } = paid!
      return { periods: [paid!], end, isCancelled: false, signed, period: paid!.period, anchor: time, scheduled: undefined }
    }
    case 'plan.change':
      if (paid !== undefined) {
        const { end, period } = paid
        return { periods: [paid], end, isCancelled: false, signed, period, anchor: time, scheduled: undefined }
      }
      if (scheduled !== undefined) return { ...plan!, isCancelled: false, scheduled }
      return { ...plan!, isCancelled: false, signed, scheduled: undefined }
    case 'plan.cancel':
      return { ...plan!, isCancelled: true, scheduled: undefined }
    case 'plan.renew':
      return {
        ...plan!,
        periods: [...plan!.periods, paid!],
        end: paid!.end,
        signed: plan!.scheduled?.price ?? plan!.signed,
        period: paid!.period,
        anchor: anchorOf(plan!, paid!, time),
        scheduled: undefined,
      }
    default:
      return plan
  }
}

/** The day of the first period is kept, until a renewal while suspended or to something else begins a new row of periods. */
function anchorOf(plan: Plan, { start, period }: Pick<Paid, 'start' | 'period'>, time: number): number {
  const isNewRow = plan.scheduled !== undefined || time >= plan.end || plan.periods.at(-1)?.period !== period
  return isNewRow ? start : plan.anchor
}

export function limitInForce(past: History, account: string, time: number): number {
  const plan = planOf(past, account)
  return (plan && periodAt(plan, time)?.modelLimit) ?? 0
}

/** A plan in force, or an offer that was made. */
function offered(past: History, name: Value | undefined, time: number): Offer | undefined {
  const isOffer = String(name).startsWith('off_')
  const made = past.maker('plan.offer', 'off', name)?.body
  const found = isOffer ? made : plans(past, time).find(({ plan }) => plan === name)
  if (found === undefined) return undefined
  const { modelLimit, price, period } = found as Fields & { modelLimit: number; period: Period }
  return { name: name as string, modelLimit, price: micros(price), period }
}

/** The plan or offer that the body names, as far as the account may take it now. */
function takeable(past: History, account: string, body: Fields, time: number): Offer | undefined {
  // An offer is named in its own field alone.
  if (!('offer' in body)) return String(body.plan).startsWith('off_') ? undefined : offered(past, body.plan, time)
  const made = past.maker('plan.offer', 'off', body.offer)?.body
  const isOpen = made?.account === account && time < toSeconds(made.expires as string)
  return isOpen ? offered(past, body.offer, time) : undefined
}

export function offerCode(past: History, body: Fields, time: number): string | undefined {
  return first(
    ['unknown_account', () => !past.isAccount(body.account)],
    ['limit', () => (body.modelLimit as number) <= largestPlan(past, time)],
  )
}

/** The plan, unless there is none that still lives. */
function living(past: History, account: string, time: number): Plan | undefined {
  const plan = planOf(past, account)
  return plan !== undefined && standing(past, plan, time) !== 'lapsed' ? plan : undefined
}

export function subscribeCode(past: History, signer: string, body: Fields, time: number): string | undefined {
  const offer = takeable(past, signer, body, time)
  return first(
    ['unknown_plan', () => offer === undefined],
    ['price_changed', () => offer!.price !== micros(body.price)],
    ['already_subscribed', () => living(past, signer, time) !== undefined],
    ['exceeds_credits', () => micros(body.price) > spendable(past, signer, time)],
  )
}

/** What is left of the periods that are paid, less what was refunded of them: nobody gets more out than he put in. */
function credit(past: History, plan: Plan, price: bigint, time: number): bigint {
  const worth = plan.periods.map(({ index, start, end, value, entries }) => {
    // What was refunded before the period was bought is not in its worth any more.
    const given = sum(entries.map((entry) => refunded(past, entry) - refunded(past, entry, undefined, index)))
    const seconds = BigInt(end - start)
    const left = BigInt(Math.min(end - start, Math.max(0, end - time)))
    return value > given ? ((value - given) * left) / seconds : 0n
  })
  const total = time < plan.end ? sum(worth) : 0n
  return total < price ? total : price
}

/** A plan that goes by another kind of period now is another plan. */
function isSame(plan: Plan, offer: Offer): boolean {
  const { name, period } = plan.periods.at(-1)!
  return name === offer.name && period === offer.period
}

function isUpgrade(plan: Plan, offer: Offer): boolean {
  return !isSame(plan, offer) && offer.modelLimit > plan.periods.at(-1)!.modelLimit
}

/** The entries whose payments are in the periods that have not ended. */
function carried(plan: Plan, time: number): number[] {
  return plan.periods.filter((period) => time < period.end && time < plan.end).flatMap(({ entries }) => entries)
}

export function changeCode(past: History, signer: string, body: Fields, time: number): string | undefined {
  const plan = living(past, signer, time)
  const offer = takeable(past, signer, body, time)
  const wouldChange = () =>
    !isSame(plan!, offer!) || plan!.signed !== offer!.price || plan!.isCancelled || plan!.scheduled !== undefined
  const toPay = () => offer!.price - credit(past, plan!, offer!.price, time)
  return first(
    ['no_plan', () => plan === undefined],
    ['unknown_plan', () => offer === undefined],
    ['price_changed', () => offer!.price !== micros(body.price)],
    ['same_plan', () => !wouldChange()],
    ['too_many', () => isUpgrade(plan!, offer!) && carried(plan!, time).length >= MOST_CARRIED],
    ['exceeds_credits', () => isUpgrade(plan!, offer!) && toPay() > spendable(past, signer, time)],
  )
}

export function cancelCode(past: History, signer: string, time: number): string | undefined {
  return first(['no_plan', () => living(past, signer, time) === undefined])
}

/** The period that a renewal now would pay for, and for how much. */
function renewal(past: History, plan: Plan, time: number): { offer: Offer | undefined; isSigned: boolean } {
  const { name, price, period } = plan.scheduled ?? { ...plan, name: plan.periods.at(-1)?.name, price: plan.signed }
  const offer = offered(past, name, time)
  return { offer, isSigned: offer !== undefined && offer.price <= price && offer.period === period }
}

export function renewCode(past: History, signer: string, body: Fields, time: number): string | undefined {
  const account = body.account as string
  const plan = planOf(past, account)
  const { offer, isSigned } = plan === undefined ? { offer: undefined, isSigned: false } : renewal(past, plan, time)
  return first(
    ['no_plan', () => plan === undefined],
    ['key_scope', () => signer !== past.operator && signer !== account],
    ['not_due', () => time < plan!.end - DAY],
    ['cancelled', () => plan!.isCancelled],
    ['frozen', () => past.isFrozen(account)],
    ['no_mandate', () => !isSigned],
    ['lapsed', () => standing(past, plan!, time) === 'lapsed'],
    ['exceeds_credits', () => offer!.price > spendable(past, account, time)],
  )
}

/** Plan payments are the platform's own revenue: no fee. */
function payPlatform(past: History, event: Event, payer: string, gross: bigint): Payment[] {
  const slices = take(past, event, payer, gross)
  move(event, 'revenue:plans', '', String(midnight(event.time)), gross)
  return gross === 0n ? [] : [{ payer, payee: 'platform', gross, fee: 0n, feeBps: 0, slices }]
}

function paidPeriod(event: Event, offer: Offer, start: number, anchor: number, entries: readonly number[]): Paid {
  const { name, modelLimit, period, price } = offer
  const end = endOfPeriod(period, start, anchor)
  return { index: event.index, start, end, name, modelLimit, terms: 0, period, value: price, entries: [...entries, event.index] }
}

export function subscribe(past: History, event: Event): void {
  const { signer, body, time } = event
  const offer = offered(past, body.offer ?? body.plan, time)!
  event.paid = paidPeriod(event, offer, time, time, [])
  event.payments.push(...payPlatform(past, event, signer, offer.price))
}

export function change(past: History, event: Event): void {
  const { signer, body, time } = event
  const plan = planOf(past, signer, event.index)!
  const offer = offered(past, body.offer ?? body.plan, time)!
  if (isSame(plan, offer)) return
  if (!isUpgrade(plan, offer)) {
    event.scheduled = { name: offer.name, price: offer.price, period: offer.period }
    return
  }
  const toPay = offer.price - credit(past, plan, offer.price, time)
  const paid = paidPeriod(event, offer, time, time, carried(plan, time))
  event.payments.push(...payPlatform(past, event, signer, toPay))
  event.paid = paid
}

export function renew(past: History, event: Event): void {
  const { body, time } = event
  const account = body.account as string
  const plan = planOf(past, account, event.index)!
  const offer = renewal(past, plan, time).offer!
  const start = time < plan.end ? plan.end : time
  const paid = paidPeriod(event, offer, start, anchorOf(plan, { start, period: offer.period }, time), [])
  event.payments.push(...payPlatform(past, event, account, offer.price))
  event.paid = paid
}
