/** demo: a small marketplace to look at, and a real trace billed in it. */

import type { Command } from 'commander'
import { entryCount, plural } from '../../base/plural.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { openSqliteReader } from '../../drivers/sqlite/store.ts'
import { audit } from '../../ledger/audit.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { trialBalance } from '../../ledger/queries.ts'
import { DEMO_PASSPHRASE } from '../demo/marketplace.ts'
import { billTrace, demoPlace, foundedPlace, makeDemo } from '../demo/run.ts'
import { LEDGER_TOOLS } from '../desk.ts'
import { EXIT, Failure } from '../failure.ts'
import { hasLedger } from '../founding.ts'
import { formatFields, print, printJson, progressBar } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import type { Place } from '../place.ts'
import { printTrialBalance } from './balance.ts'
import { type GlobalOptions, placeOf } from './options.ts'
import { showOutcome } from './outcome.ts'
import { describeImport } from './usage.ts'

interface DemoOptions extends GlobalOptions {
  readonly trace?: true
}

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description(
      'found a small marketplace and tell its first year, with a manual clock; its passphrase is "demo" unless you give one',
    )
    .option(
      '--trace',
      'say what billing 19 366 real calls to a model in it came to, verify it, and show the trial balance; may be run again',
    )
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<DemoOptions>()
      process.exitCode = await (options.trace ? billDemo(options) : runDemo(options))
    })
}

async function runDemo(options: GlobalOptions): Promise<number> {
  const place = demoPlace(placeOf(options))
  const made = await makeDemo(place, await readPassphrase(place.passphrase, false), progressBar('billing'))
  if ('status' in made) return showOutcome(made, options)
  const { founded } = made
  if (options.json) printJson(founded)
  else {
    print(`Founded the demonstration in ${place.dir}`, ...formatFields(founded).map((line) => `  ${line}`))
    printNext(place)
  }
  return EXIT.done
}

/** Makes the demonstration where there is none, bills the trace, verifies. Running it again charges nothing twice. */
async function billDemo(options: GlobalOptions): Promise<number> {
  const place = demoPlace(placeOf(options))
  const isFounded = hasLedger(place.dir)
  const billed = isFounded ? await billTrace(foundedPlace(place), progressBar('billing')) : await makeAndBill(place)
  if (billed.status === 'refused') return showOutcome(billed as never, options)
  if (options.json) {
    printJson(billed as never)
    return EXIT.done
  }
  print(`${isFounded ? 'The demonstration in' : 'Founded the demonstration in'} ${place.dir}`)
  print('', 'Real calls to a language model, billed:', ...describeImport(billed as never))
  await verify(place)
  printNext(place)
  return EXIT.done
}

/** How to look at it. */
function printNext(place: Place): void {
  const folder = `--dir ${place.dir}`
  print('', `Next: npm start -- ${folder}`)
  for (const command of ['log --limit 20', 'balance Ada']) print(`      npm run -s nimledger -- ${command} ${folder}`)
  if (foundedPlace(place) !== place) print(`Its keys are sealed under the passphrase "${DEMO_PASSPHRASE}".`)
}

async function makeAndBill(place: Place): Promise<JsonObject | Refusal> {
  const made = await makeDemo(place, await readPassphrase(place.passphrase, false), progressBar('billing'))
  return 'status' in made ? made : made.billed
}

async function verify(place: Place): Promise<void> {
  const store = await openSqliteReader(place.dir)
  try {
    const started = performance.now()
    const report = await audit(store, store, { ...LEDGER_TOOLS, verifier: createVerifier(), progress: progressBar('verify') })
    if (!report.ok) throw new Failure('damaged', `The ledger does not verify: ${JSON.stringify(report.defects)}`)
    const seconds = ((performance.now() - started) / 1000).toFixed(2)
    print('', `ok  ${entryCount(report.entries)} and ${plural(report.signatures, 'signature')} verified in ${seconds} s`, '')
    printTrialBalance((await trialBalance(store, true)) as never, new Map())
  } finally {
    await store.close()
  }
}
