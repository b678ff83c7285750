/**
 * npm start: the main job. Founds the demonstration if there is none, bills the real trace in it, verifies the whole log, and
 * shows the trial balance. Running it again charges nothing twice.
 */

import { createVerifier } from '../drivers/sodium/verifier.ts'
import { openSqliteReader } from '../drivers/sqlite/store.ts'
import { audit } from '../ledger/audit.ts'
import type { JsonObject } from '../ledger/present.ts'
import { trialBalance } from '../ledger/queries.ts'
import { printTrialBalance } from './commands/credits.ts'
import { DEMO_PASSPHRASE } from './demo/marketplace.ts'
import { billTrace, demoPlace, foundedPlace, makeDemo } from './demo/run.ts'
import { defaultDir, LEDGER_TOOLS, type Place, userPath } from './desk.ts'
import { Failure, failureOf } from './failure.ts'
import { hasLedger } from './founding.ts'
import { formatFields, note, print, progressBar } from './output.ts'
import { PASSPHRASE_VARIABLE, readPassphrase } from './passphrase.ts'

async function start(place: Place): Promise<void> {
  const isFounded = hasLedger(place.dir)
  if (isFounded) print(`The demonstration in ${place.dir}`)
  const billed = isFounded ? await billTrace(foundedPlace(place), progressBar('billing')) : await makeAndBill(place)
  if (billed.status === 'refused') throw new Failure('usage', String(billed.message))
  const founded = foundedPlace(place)
  print('', '19 366 real calls to a language model, billed', ...indented(formatFields(billed as never)))
  await verify(place)
  const folder = `--dir ${place.dir}`
  print('', `Next: npm run -s nimledger -- log --limit 20 ${folder}`, `      npm run -s nimledger -- balance Ada ${folder}`)
  print('      npm run -s nimledger -- --help')
  if (founded !== place) print(`Its keys are sealed under the passphrase "${DEMO_PASSPHRASE}".`)
}

async function makeAndBill(place: Place): Promise<JsonObject> {
  const made = await makeDemo(place, await readPassphrase(place.passphrase, false), progressBar('billing'))
  if ('status' in made) throw new Failure('usage', made.message)
  print(`Founded the demonstration in ${place.dir}, and told its first year`)
  return made.billed
}

async function verify(place: Place): Promise<void> {
  const store = await openSqliteReader(place.dir)
  try {
    const started = performance.now()
    const report = await audit(store, store, { ...LEDGER_TOOLS, verifier: createVerifier(), progress: progressBar('verify') })
    if (!report.ok) throw new Failure('damaged', `The ledger does not verify: ${JSON.stringify(report.defects)}`)
    const seconds = ((performance.now() - started) / 1000).toFixed(2)
    print('', `Verified ${report.entries} entries and ${report.signatures} signatures in ${seconds} s: ok`, '')
    printTrialBalance((await trialBalance(store, true)) as never)
  } finally {
    await store.close()
  }
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

const [option, dir] = process.argv.slice(2)
try {
  if (option !== undefined && (option !== '--dir' || dir === undefined))
    throw new Failure('usage', 'npm start takes --dir DIR and nothing else.')
  const folder = dir === undefined ? defaultDir('nimledger-demo') : userPath(dir)
  await start(demoPlace({ dir: folder, passphrase: { environment: process.env[PASSPHRASE_VARIABLE] } }))
} catch (error) {
  const failure = failureOf(error)
  note(failure.message)
  process.exitCode = failure.exitCode
}
