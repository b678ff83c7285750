/** init: founds a ledger. */

import { type Command, Option } from 'commander'
import { origin as originField } from '../../domain/fields.ts'
import { EXIT, Failure } from '../failure.ts'
import { foundLedger } from '../founding.ts'
import { formatFields, print, printJson } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import { atOption, type GlobalOptions, placeOf } from './options.ts'
import { showOutcome } from './outcome.ts'

interface InitOptions extends GlobalOptions {
  readonly origin?: string
  readonly name: string
  readonly clock: 'system' | 'manual'
}

export function initCommand(program: Command): void {
  program
    .command('init')
    .description('found a ledger: operator and sequencer keys, genesis, first checkpoint')
    .option(
      '--origin <name>',
      'the name of its log for ever, for instance hub.example/credits (default: nimledger.local/ and a random part)',
    )
    .option('--name <text>', 'what people call it', 'NIM Layer')
    .addOption(new Option('--clock <kind>', 'whose time it goes by').choices(['system', 'manual']).default('system'))
    .addOption(atOption())
    .action(async (_options, command: Command) => {
      process.exitCode = await init(command.optsWithGlobals<InitOptions>())
    })
}

async function init(options: InitOptions): Promise<number> {
  const { origin, name, clock, at } = options
  if (origin !== undefined && !originField.safeParse(origin).success) {
    throw new Failure('usage', `${JSON.stringify(origin)} is not an origin; take one such as hub.example/credits.`)
  }
  if (at !== undefined && clock !== 'manual') throw new Failure('usage', '--at is for a manual clock: give --clock manual too.')
  const place = placeOf(options)
  const passphrase = await readPassphrase(place.passphrase, true)
  const founded = await foundLedger(place.dir, passphrase, { origin, name, clock, at })
  if ('status' in founded) return showOutcome(founded, options)
  const { answer, ...shown } = founded
  if (options.json) printJson({ ...shown, size: answer.index + 1 })
  else {
    print(`Founded ${founded.origin} in ${place.dir}`)
    print(...formatFields({ vkey: founded.vkey, operator: founded.operator, clock, size: 1 }).map((line) => `  ${line}`))
    print(
      '',
      'Keep the passphrase: without it the keys of the operator and the sequencer are lost.',
      'Hand out the vkey: it is what others verify with.',
      'Next: nimledger account new NAME',
    )
  }
  return EXIT.done
}
