/** The scheduler on a ledger that this process writes to, and a clock that it moves if it is a manual one. */

import type { Json } from '../domain/canonical.ts'
import { type Seconds, wholeSeconds } from '../domain/time.ts'
import { runThrough, type Schedulable, type ScheduleReport, Scheduler } from '../ledger/scheduler.ts'
import { type Desk, writing } from './desk.ts'
import { OPERATOR, type Place } from './place.ts'

/** A desk whose ledger's clock can be moved, if it is a manual one. */
export interface TimedDesk {
  readonly desk: Desk
  /** Moves a manual clock to a time, never back; the system's clock goes by itself. */
  setTime(time: Seconds): void
}

/** Opens the ledger in a folder as its one writer, with a clock that can be moved while it is open. */
export function writingThroughTime<T>(place: Place, write: (timed: TimedDesk) => Promise<T>): Promise<T> {
  const clock = { at: place.at }
  const moving: Place = {
    ...place,
    get at() {
      return clock.at
    },
  }
  return writing(moving, (desk) => {
    const isManual = desk.platform.clock === 'manual'
    const setTime = (time: Seconds) => {
      if (isManual) clock.at = Math.max(time * 1000, desk.ledger.lastTime)
    }
    return write({ desk, setTime })
  })
}

export function emptyReport(): ScheduleReport {
  return { renewed: 0, closed: 0, refused: {} }
}

/** Does what is due by `until`: at the time at which it is due on a manual clock, at once on the system's. */
export async function runSchedule(timed: TimedDesk, until: Seconds, report: ScheduleReport): Promise<void> {
  const { desk } = timed
  const now = wholeSeconds(desk.time)
  const scheduler = await Scheduler.open(scheduleOf(timed))
  if (desk.platform.clock === 'manual') await runThrough(scheduler, now, until, report)
  else await scheduler.run(Math.min(now, until), report)
}

/** What a scheduler works on. */
export function scheduleOf(timed: TimedDesk): Schedulable {
  return {
    get reader() {
      return timed.desk.ledger.reader
    },
    get size() {
      return timed.desk.ledger.size
    },
    summary: (time) => timed.desk.ledger.summary(time),
    // It need not be kept until it is answered: what is signed again for a period that is already renewed or closed, the ledger
    // refuses.
    submit: async (type: string, body: Json, time) => {
      timed.setTime(time)
      return timed.desk.ledger.submit(await timed.desk.sign({ signer: OPERATOR, type, body }))
    },
  }
}
