/**
 * The paid time of plans and subscriptions, as it was on any day: what was active, what began and ended, and what all of it pays
 * in a year. The state knows the last two periods of each alone, so the entries that pay periods, change plans or give periods
 * back are followed: those of plans by the very rules of their types, with nothing but plans in view; a subscription by its
 * calendar.
 *
 * Something is active on a day if its paid time runs to the end of the day, which is UTC's. It begins with a period that does not
 * follow upon another one without a gap, and ends with a period upon which none follows. So what is active at the end of a day is
 * what was at the end of the day before, and began, and did not end.
 */

import { assert } from '../../base/assert.ts'
import type { Sha256 } from '../../base/bytes.ts'
import { type Micros, micros } from '../../domain/money.ts'
import { firstPeriod, nextPeriod, unended, withoutPeriod } from '../../domain/paid-periods.ts'
import { renewalRows } from '../../domain/plans.ts'
import * as state from '../../domain/state.ts'
import type { RowKey } from '../../domain/table.ts'
import { dayOf, type Period, type Seconds, wholeSeconds } from '../../domain/time.ts'
import type { Accepted } from '../accepted.ts'
import type { LoadedRows } from '../rows.ts'
import type { Kept } from './kept.ts'
import { PlansView } from './plans-view.ts'
import { OFFERS, SUBSCRIPTIONS, type Tallies } from './tallies.ts'

const PERIODS_A_YEAR: Readonly<Record<Period, bigint>> = { week: 52n, month: 12n, quarter: 4n, year: 1n }

/** A subscription, as far as its calendar goes. */
interface Subscribed {
  readonly anchor: Seconds
  readonly period: Period
  readonly periods: readonly (state.PaidPeriod & { readonly entry: number })[]
  readonly end: Seconds
}

/** A plan's or a subscription's periods. */
interface Paid {
  readonly periods: readonly (state.PlanPeriod | Subscribed['periods'][number])[]
}

/** The entry that paid a period. */
function entryOf(period: Paid['periods'][number]): number {
  return 'entry' in period ? period.entry : period.entries.at(-1)!
}

/** A paid period as it is counted. */
interface Run extends state.PaidPeriod {
  /** The entry that paid it. */
  readonly entry: number
  readonly subject: string
  /** What it pays in a year, and what the platform takes of that. */
  readonly yearlyMicros: Micros
  readonly takeMicros: Micros
  /** Whether it follows upon another one without a gap. */
  readonly isNext: boolean
}

interface Runs {
  readonly runs: readonly Run[]
}

/** The types of entries that change what somebody paid for, or which plans are sold. */
const TYPES: ReadonlySet<string> = new Set([
  ...['plan.subscribe', 'plan.change', 'plan.cancel', 'plan.renew'],
  ...['subscription.start', 'subscription.renew'],
  ...['policy.update', 'ledger.genesis'],
])

/** Whether paid time depends on an entry of this type: such an entry is needed with its transaction. */
export function isOfPaidTime(type: string): boolean {
  return TYPES.has(type)
}

function typeOf({ transaction }: Accepted): string {
  return transaction.definition.type
}

/** Whose paid time an entry pays or changes; the platform's row where it says which plans are sold. */
function rowOf(entry: Accepted): RowKey {
  const { signer, body } = entry.transaction
  const named = body as { readonly subscription: string; readonly account: string }
  switch (typeOf(entry)) {
    case 'subscription.start':
      return state.subscriptions.at(entry.outcome.created!)
    case 'subscription.renew':
      return state.subscriptions.at(named.subscription)
    case 'plan.renew':
      return state.planSubscriptions.at(named.account)
    case 'policy.update':
    case 'ledger.genesis':
      return state.platform
    default:
      return state.planSubscriptions.at(signer)
  }
}

function isSubscription({ table }: RowKey): boolean {
  return table === state.subscriptions
}

function runsKey({ path }: RowKey): string {
  return `runs ${path}`
}

/** Under which all is kept that following the entry, or giving its payment back, takes. */
export function paidTimeKeys(entry: Accepted): string[] {
  const row = rowOf(entry)
  return [state.platform.path, row.path, runsKey(row)]
}

/** Follows an entry, once what is kept is loaded. */
export async function addPaidTime(
  sha256: Sha256,
  tallies: Tallies,
  kept: Kept,
  rows: LoadedRows,
  entry: Accepted,
): Promise<void> {
  const row = rowOf(entry)
  const time = wholeSeconds(entry.time)
  if (isSubscription(row)) {
    const run = subscriptionRun(entry, followSubscription(kept, row, entry))
    recount(tallies, kept, row, time, run)
    return
  }
  await followPlan(sha256, kept, rows, row, entry)
  if (row === state.platform) return
  const run = planRun(entry, kept.get<state.PlanSubscription>(row.path)!)
  recount(tallies, kept, row, time, run)
  if (run !== undefined) countPlan(tallies, entry, run)
}

function followSubscription(kept: Kept, { path }: RowKey, { index, time, transaction }: Accepted): Subscribed {
  const now = wholeSeconds(time)
  const before = kept.get<Subscribed>(path)
  const period = before?.period ?? (transaction.body as { readonly period: Period }).period
  assert(period !== undefined, 'a subscription is started before it is renewed')
  const { anchor, start, end } = before === undefined ? firstPeriod(now, period) : nextPeriod(before, now)
  const periods = [...unended(before?.periods ?? [], now), { entry: index, start, end }]
  const after = { anchor, period, periods, end }
  kept.put(path, after)
  return after
}

function subscriptionRun({ outcome }: Accepted, { period, periods }: Subscribed): Omit<Run, 'isNext'> {
  const { entry, start, end } = periods.at(-1)!
  const { grossMicros, feeMicros } = outcome.payment!
  return { entry, start, end, subject: SUBSCRIPTIONS, ...yearly(period, grossMicros, feeMicros) }
}

/** Plans by the rules of their types, whose rows are kept as the state has them. */
async function followPlan(sha256: Sha256, kept: Kept, rows: LoadedRows, row: RowKey, entry: Accepted): Promise<void> {
  const { offer } = entry.transaction.body as { readonly offer?: string }
  const plan = row === state.platform ? undefined : kept.get<state.PlanSubscription>(row.path)
  await rows.load([...renewalRows(plan), ...(offer === undefined ? [] : [state.offers.at(offer)])])
  entry.transaction.definition.apply(new PlansView(sha256, kept, rows, entry) as never)
}

/** The period that the entry began, if it began one. */
function planRun({ index }: Accepted, { period, periods }: state.PlanSubscription): Omit<Run, 'isNext'> | undefined {
  const last = periods.at(-1)
  if (last?.entries.at(-1) !== index) return undefined
  const { plan, start, end, priceMicros } = last
  const subject = plan.startsWith(OFFERS) ? OFFERS : plan
  // All of it is the platform's.
  return { entry: index, start, end, subject, ...yearly(period, priceMicros, priceMicros) }
}

function yearly(period: Period, grossMicros: bigint, takeMicros: bigint): Pick<Run, 'yearlyMicros' | 'takeMicros'> {
  const times = PERIODS_A_YEAR[period]
  return { yearlyMicros: micros(grossMicros * times), takeMicros: micros(takeMicros * times) }
}

function countPlan(tallies: Tallies, entry: Accepted, { subject }: Pick<Run, 'subject'>): void {
  const isRenewal = typeOf(entry) === 'plan.renew'
  const sums = [entry.outcome.payment?.grossMicros ?? 0n, isRenewal ? 0n : 1n, isRenewal ? 1n : 0n]
  tallies.add('plan', dayOf(wholeSeconds(entry.time)), subject, sums)
}

/** Ends at `time` what an entry paid for, which was given back in full. */
export function endPaidTime(tallies: Tallies, kept: Kept, paid: Accepted, time: Seconds): void {
  const row = rowOf(paid)
  const before = kept.get<Paid>(row.path)!
  const left = withoutPeriod(before, (period) => entryOf(period) === paid.index, time)
  kept.put(row.path, left)
  recount(tallies, kept, row, time, undefined)
}

/** Counts the runs of a row anew, as they are now: what was counted of them before is taken back. */
function recount(tallies: Tallies, kept: Kept, row: RowKey, time: Seconds, begun: Omit<Run, 'isNext'> | undefined): void {
  const { periods } = kept.get<Paid>(row.path)!
  const paying = new Set(periods.map(entryOf))
  const before = kept.get<Runs>(runsKey(row))?.runs ?? []
  const runs = runsAfter(before, (entry) => paying.has(entry), time, begun)
  for (const [counted, sign] of [[before, -1n] as const, [runs, 1n] as const]) countRuns(tallies, counted, sign)
  // What has ended stays as it was counted, but for one that ends now, upon which another may follow yet.
  kept.put(runsKey(row), { runs: runs.filter(({ end }) => end >= time) })
}

/**
 * The runs after something changed at `time`. A run whose period is paid no more ends now, or never was if it has not begun; then
 * the next one, if it is paid already, is in force at once. A run that has begun is put behind them.
 */
function runsAfter(
  before: readonly Run[],
  isPaid: (entry: number) => boolean,
  time: Seconds,
  begun: Omit<Run, 'isNext'> | undefined,
): Run[] {
  const runs: Run[] = []
  let isCut = false
  for (const run of before) {
    if (run.end <= time || isPaid(run.entry)) {
      const last = runs.at(-1)
      const start = isCut && run.start > time ? time : run.start
      runs.push({ ...run, start, isNext: last === undefined ? run.isNext : last.end === start })
      isCut &&= run.start <= time
    } else {
      isCut = true
      if (run.start < time) runs.push({ ...run, end: time })
    }
  }
  return begun === undefined ? runs : [...runs, { ...begun, isNext: runs.at(-1)?.end === begun.start }]
}

function countRuns(tallies: Tallies, runs: readonly Run[], sign: bigint): void {
  runs.forEach(({ start, end, subject, yearlyMicros, takeMicros, isNext }, at) => {
    const goesOn = runs[at + 1]?.isNext === true
    const begins = [yearlyMicros, takeMicros, 1n, isNext ? 0n : 1n, 0n]
    const ends = [-yearlyMicros, -takeMicros, -1n, 0n, goesOn ? 0n : 1n]
    for (const [seconds, sums] of [[start, begins] as const, [end, ends] as const]) {
      tallies.add(
        'paid-time',
        dayOf(seconds),
        subject,
        sums.map((sum) => sign * sum),
      )
    }
  })
}
