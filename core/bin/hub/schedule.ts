/**
 * The scheduler of a hub that runs: it looks once a minute for what is due, and once an hour through everything that could be.
 * What fails is tried again a minute later.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { wholeSeconds } from '../../domain/time.ts'
import { type ScheduleReport, Scheduler } from '../../ledger/scheduler.ts'
import type { Desk } from '../desk.ts'
import { emptyReport, scheduleOf } from '../scheduling.ts'

const LOOK_MS = 60_000
const LOOKS_BEFORE_SCAN = 60

interface Told {
  /** What one run did. */
  ran(report: ScheduleReport): void
  failed(error: unknown): void
}

/** Goes on until the signal. */
export async function runSchedules(desk: Desk, told: Told, signal: AbortSignal): Promise<void> {
  const host = scheduleOf({ desk, setTime: () => {} })
  let scheduler: Scheduler | undefined
  for (let look = 0; !signal.aborted; look++) {
    try {
      if (scheduler === undefined || look % LOOKS_BEFORE_SCAN === 0) scheduler = await Scheduler.open(host)
      const report = emptyReport()
      const now = wholeSeconds(desk.time)
      if (((await scheduler.nextDue()) ?? Number.POSITIVE_INFINITY) <= now) await scheduler.run(now, report)
      told.ran(report)
    } catch (error) {
      // Half done is done: what it did is on the ledger, and a new look finds the rest.
      scheduler = undefined
      told.failed(error)
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {})
  }
}
