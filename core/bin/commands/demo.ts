/** demo: a small marketplace to look at. */

import type { Command } from 'commander'
import { demoPlace, makeDemo } from '../demo/run.ts'
import { EXIT } from '../failure.ts'
import { formatFields, print, printJson, progressBar } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import { type GlobalOptions, placeOf } from './options.ts'
import { showOutcome } from './transaction.ts'

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description(
      'found a small marketplace and tell its first year, with a manual clock; its passphrase is "demo" unless you give one',
    )
    .action(async (_options, command: Command) => {
      process.exitCode = await runDemo(command.optsWithGlobals<GlobalOptions>())
    })
}

async function runDemo(options: GlobalOptions): Promise<number> {
  const place = demoPlace(placeOf(options))
  const made = await makeDemo(place, await readPassphrase(place.passphrase, false), progressBar('billing'))
  if ('status' in made) return showOutcome(made, options)
  const { founded } = made
  if (options.json) printJson(founded)
  else print(`Founded the demonstration in ${place.dir}`, ...formatFields(founded).map((line) => `  ${line}`))
  return EXIT.done
}
