/**
 * What has to be done at its time: renewals of plans and subscriptions, and the closing of the books. Everything else that time
 * decides (grace, lapse, suspension, expiry) is computed when it is asked for and needs nobody.
 *
 * Nothing depends on the scheduler being punctual, or on there being one: a renewal is one period in one entry, refused when it
 * is not due, so it may run twice, late, or be killed in the middle. It makes up for lost time once instead of in a storm: what
 * lapsed stays lapsed, and many days without a closing are closed by one.
 */

import { assert } from '../base/assert.ts'
import { MIN_CLOSING_INTERVAL_SECONDS } from '../base/limits.ts'
import type { Json } from '../domain/canonical.ts'
import { dueAt, standing } from '../domain/paid-periods.ts'
import { platformAt } from '../domain/policy.ts'
import type { Refusal } from '../domain/refusal.ts'
import { closing, type PlanSubscription, planSubscriptions, type Subscription, subscriptions } from '../domain/state.ts'
import type { StateSummary } from '../domain/state-root.ts'
import type { RowKey } from '../domain/table.ts'
import { DAY_SECONDS, dayOf, formatSeconds, type Seconds, wholeSeconds } from '../domain/time.ts'
import type { Accepted } from './accepted.ts'
import { readPlatform, readRow, readTable } from './queries.ts'
import type { StoreReader } from './store.ts'
import { timeOfEntry } from './tree.ts'

/** How often a closing is composed anew where entries came in between. */
const MAX_CLOSING_TRIES = 3

/** What the scheduler works on: a ledger, and an account that may sign for its schedule. */
export interface Schedulable {
  readonly reader: StoreReader
  readonly size: number
  summary(time: Seconds): Promise<StateSummary>
  /** Signs and submits at a time that the ledger's clock has reached. */
  submit(type: string, body: Json, time: Seconds): Promise<Accepted | Refusal>
}

/** What one run did. */
export interface ScheduleReport {
  renewed: number
  closed: number
  /** Renewals that were refused, by code; they are tried again a day later for as long as they can succeed. */
  readonly refused: Record<string, number>
}

type Renewable = PlanSubscription | Subscription

interface Renewal {
  readonly due: Seconds
  readonly type: 'plan.renew' | 'subscription.renew'
  readonly key: RowKey<Renewable>
}

/** By due time; those due at the same time by name, so that every run has one order. */
function inOrder(a: Renewal, b: Renewal): number {
  return a.due - b.due || (a.key.path < b.key.path ? -1 : 1)
}

export class Scheduler {
  readonly #host: Schedulable
  /** Ordered by due time. */
  #renewals: Renewal[] = []
  /** A closing that was refused is not tried again before this time. */
  #closingFrom: Seconds = 0

  private constructor(host: Schedulable) {
    this.#host = host
  }

  /** Looks through all plans and subscriptions once. */
  static async open(host: Schedulable): Promise<Scheduler> {
    const scheduler = new Scheduler(host)
    for await (const { key, row } of readTable(host.reader, planSubscriptions)) {
      scheduler.#expect('plan.renew', planSubscriptions.at(key), row)
    }
    for await (const { key, row } of readTable(host.reader, subscriptions)) {
      scheduler.#expect('subscription.renew', subscriptions.at(key), row)
    }
    scheduler.#renewals.sort(inOrder)
    return scheduler
  }

  #expect(type: Renewal['type'], key: RowKey<Renewable>, row: Renewable): void {
    if (!row.cancelled) this.#renewals.push({ due: dueAt(row), type, key })
  }

  /** Inserts a renewal in order, by halving: there may be hundreds of thousands. */
  #push(renewal: Renewal): void {
    let [from, to] = [0, this.#renewals.length]
    while (from < to) {
      const middle = Math.floor((from + to) / 2)
      if (inOrder(this.#renewals[middle]!, renewal) < 0) from = middle + 1
      else to = middle
    }
    this.#renewals.splice(from, 0, renewal)
  }

  /** When there is something to do next, which may be in the past; undefined where nothing is foreseen. */
  async nextDue(): Promise<Seconds | undefined> {
    const closingDue = await this.#closingDue()
    const renewalDue = this.#renewals[0]?.due
    if (closingDue === undefined || renewalDue === undefined) return closingDue ?? renewalDue
    return Math.min(closingDue, renewalDue)
  }

  /** Does at `time` everything that is due by then. */
  async run(time: Seconds, report: ScheduleReport): Promise<void> {
    // All are taken out first: what is to be tried again comes back with a later time.
    const due = this.#renewals.filter((renewal) => renewal.due <= time)
    this.#renewals = this.#renewals.slice(due.length)
    for (const renewal of due) await this.#renew(renewal, time, report)
    const closingDue = await this.#closingDue()
    if (closingDue !== undefined && closingDue <= time) await this.#close(time, report)
  }

  async #renew({ type, key }: Renewal, time: Seconds, report: ScheduleReport): Promise<void> {
    const body = type === 'plan.renew' ? { account: key.key } : { subscription: key.key }
    const row = await this.#rowOf(key)
    if (!(await this.#canRenew(row, time))) return
    const answer = dueAt(row) <= time ? await this.#host.submit(type, body, time) : undefined
    if (answer?.status === 'accepted') report.renewed += 1
    if (answer?.status === 'refused') report.refused[answer.code] = (report.refused[answer.code] ?? 0) + 1
    const after = await this.#rowOf(key)
    // A renewal that was refused is tried again a day later: the payer may have topped up by then.
    if (await this.#canRenew(after, time)) this.#push({ due: Math.max(dueAt(after), time + DAY_SECONDS), type, key })
  }

  async #rowOf(key: RowKey<Renewable>): Promise<Renewable> {
    const row = await readRow(this.#host.reader, key)
    assert(row !== undefined, `the row ${key.path} exists`)
    return row
  }

  async #canRenew(row: Renewable, time: Seconds): Promise<boolean> {
    const { graceDays } = platformAt(await readPlatform(this.#host.reader), time)
    return !row.cancelled && standing(row, time, graceDays) !== 'lapsed'
  }

  async #closingDue(): Promise<Seconds | undefined> {
    const due = await closingDue(this.#host.reader, this.#host.size)
    return due === undefined ? undefined : Math.max(due, this.#closingFrom)
  }

  async #close(time: Seconds, report: ScheduleReport): Promise<void> {
    for (let tries = 0; tries < MAX_CLOSING_TRIES; tries++) {
      const { size } = this.#host
      const body = { end: formatSeconds(time), size, ...(await this.#host.summary(time)) }
      const answer = await this.#host.submit('period.close', body, time)
      if (answer.status === 'accepted') {
        report.closed += 1
        return
      }
      report.refused[answer.code] = (report.refused[answer.code] ?? 0) + 1
      // Entries that came in between make it stale; anything else will be no better in a moment.
      if (answer.code !== 'stale_size') break
    }
    this.#closingFrom = time + MIN_CLOSING_INTERVAL_SECONDS
  }
}

/**
 * Runs a scheduler up to `until` on a ledger whose clock goes where it is told: each thing at the time at which it is due, or at
 * `from` where that is past.
 */
export async function runThrough(scheduler: Scheduler, from: Seconds, until: Seconds, report: ScheduleReport): Promise<void> {
  let time = from
  for (;;) {
    const due = await scheduler.nextDue()
    if (due === undefined || due > until) return
    time = Math.max(time, due)
    await scheduler.run(time, report)
  }
}

/** The midnight (UTC) after the first entry that the last closing does not cover; undefined where it covers all. */
export async function closingDue(reader: StoreReader, size: number): Promise<Seconds | undefined> {
  const closed = await readRow(reader, closing)
  const first = closed === undefined ? 0 : closed.entry + 1
  if (first >= size) return undefined
  return (dayOf(wholeSeconds(await timeOfEntry(reader, first))) + 1) * DAY_SECONDS
}
