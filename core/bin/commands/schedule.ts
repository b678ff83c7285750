/** renew: what the scheduler does, for ledgers without a running hub, or with a manual clock. */

import type { Command } from 'commander'
import { formatMilliseconds, formatSeconds, type Seconds, wholeSeconds } from '../../domain/time.ts'
import { Failure } from '../failure.ts'
import { formatFields, print, printJson } from '../output.ts'
import type { Place } from '../place.ts'
import { emptyReport, runSchedule, writingThroughTime } from '../scheduling.ts'
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
function renew(place: Place, until: Seconds) {
  return writingThroughTime(place, async (timed) => {
    const { platform, ledger, time } = timed.desk
    if (platform.clock === 'manual' && until < wholeSeconds(time)) {
      throw new Failure('usage', `--until ${formatSeconds(until)} is before the ledger's time, ${formatMilliseconds(time)}.`)
    }
    const report = emptyReport()
    await runSchedule(timed, until, report)
    return { ...report, size: ledger.size, time: formatMilliseconds(ledger.lastTime) }
  })
}
