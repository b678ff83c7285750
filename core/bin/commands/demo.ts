/** demo: a small marketplace to look at. */

import type { Command } from 'commander'
import { demoPlace, foundDemo } from '../demo/run.ts'
import { EXIT } from '../failure.ts'
import { formatFields, print, printJson } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import { type GlobalOptions, placeOf } from './options.ts'
import { showOutcome } from './transaction.ts'

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('found a small marketplace to look at, with a manual clock; its passphrase is "demo" unless you give one')
    .action(async (_options, command: Command) => {
      process.exitCode = await runDemo(command.optsWithGlobals<GlobalOptions>())
    })
}

async function runDemo(options: GlobalOptions): Promise<number> {
  const place = demoPlace(placeOf(options))
  const founded = await foundDemo(place, await readPassphrase(place.passphrase, false))
  if (founded.status === 'refused') return showOutcome(founded as never, options)
  if (options.json) printJson(founded as never)
  else print(`Founded the demonstration in ${place.dir}`, ...formatFields(founded as never).map((line) => `  ${line}`))
  return EXIT.done
}
