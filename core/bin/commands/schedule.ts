/** renew: what the scheduler does, for ledgers on which no hub runs, or whose clock is told. */

import type { Command } from 'commander'
import { formatMilliseconds, formatSeconds, type Seconds, wholeSeconds } from '../../domain/time.ts'
import { runThrough, type ScheduleReport, Scheduler } from '../../ledger/scheduler.ts'
import { type Desk, OPERATOR, type Place, writing } from '../desk.ts'
import { Failure } from '../failure.ts'
import { formatFields, print, printJson } from '../output.ts'
import { atOption, type GlobalOptions, parseTimeSeconds, placeOf } from './options.ts'

interface RenewOptions extends GlobalOptions {
  readonly until: Seconds
}

export function scheduleCommand(program: Command): void {
  program
    .command('renew')
    .description('do what is due: renewals of plans and subscriptions, and the closing of the books')
    .requiredOption(
      '--until <time>',
      'what is due by then (RFC 3339); a manual clock goes to each thing that is due',
      parseTimeSeconds,
    )
    .addOption(atOption())
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<RenewOptions>()
      const report = await renew(placeOf(options), options.until)
      if (options.json) printJson(report)
      else print(...formatFields(report))
    })
}

/** Runs the scheduler over what is due by `until`, and says what it did. */
export async function renew(place: Place, until: Seconds) {
  const report: ScheduleReport = { renewed: 0, closed: 0, refused: {} }
  // The clock of a ledger that is told its time goes to each thing that is due, one after the other.
  const clock = { at: place.at }
  const moving: Place = {
    ...place,
    get at() {
      return clock.at
    },
  }
  return writing(moving, async (desk) => {
    const now = wholeSeconds(desk.time)
    const isManual = desk.platform.clock === 'manual'
    if (isManual && until < now) {
      throw new Failure(
        'usage',
        `--until ${formatSeconds(until)} is before the last entry, ${formatMilliseconds(desk.ledger.lastTime)}.`,
      )
    }
    const scheduler = await Scheduler.open(
      scheduleOf(desk, (time) => {
        if (isManual) clock.at = Math.max(time * 1000, desk.ledger.lastTime)
      }),
    )
    if (isManual) await runThrough(scheduler, now, until, report)
    else await scheduler.run(Math.min(now, until), report)
    return { ...report, size: desk.ledger.size, time: formatMilliseconds(desk.ledger.lastTime) }
  })
}

function scheduleOf(desk: Desk, setClock: (time: Seconds) => void) {
  return {
    reader: desk.ledger.reader,
    get size() {
      return desk.ledger.size
    },
    summary: (time: Seconds) => desk.ledger.summary(time),
    submit: (type: string, body: Parameters<Desk['submit']>[0]['body'], time: Seconds) => {
      setClock(time)
      return desk.submit({ signer: OPERATOR, type, body })
    },
  }
}
