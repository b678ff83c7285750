/**
 * The scheduler of a running hub: once a minute it looks for what is due, and once an hour it goes through everything that could
 * be. What fails is tried again a minute later.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Seconds } from '../../domain/time.ts'
import { type Schedulable, type ScheduleReport, Scheduler } from '../../ledger/scheduler.ts'
import { emptyReport } from '../scheduling.ts'

const LOOK_MS = 60_000
const LOOKS_BEFORE_SCAN = 60

interface ScheduleOptions {
  readonly host: Schedulable
  /** The time by the ledger's own clock. */
  readonly now: () => Seconds
  /** What one run did. */
  readonly ran: (report: ScheduleReport) => void
  readonly failed: (error: unknown) => void
  readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
}

/** Goes on until the signal, which ends it after the transaction that is under way. */
export async function runSchedules(options: ScheduleOptions, signal: AbortSignal): Promise<void> {
  const { now, ran, failed, pause = rest } = options
  const host = endingWith(options.host, signal)
  let scheduler: Scheduler | undefined
  for (let look = 0; !signal.aborted; look++) {
    try {
      if (scheduler === undefined || look % LOOKS_BEFORE_SCAN === 0) scheduler = await Scheduler.open(host)
      const report = emptyReport()
      const time = now()
      if (((await scheduler.nextDue()) ?? Number.POSITIVE_INFINITY) <= time) await scheduler.run(time, report)
      ran(report)
    } catch (error) {
      if (signal.aborted) return
      // What was done before the failure is on the ledger; a new look finds the rest.
      scheduler = undefined
      failed(error)
    }
    await pause(LOOK_MS, signal)
  }
}

/**
 * Nothing more is submitted after the signal: many renewals may be due, and whoever ends the hub should not wait for all of them.
 */
function endingWith(host: Schedulable, signal: AbortSignal): Schedulable {
  return {
    get reader() {
      return host.reader
    },
    get size() {
      return host.size
    },
    summary: (time) => host.summary(time),
    submit: async (type, body, time) => {
      signal.throwIfAborted()
      return host.submit(type, body, time)
    },
  }
}

async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {})
}
