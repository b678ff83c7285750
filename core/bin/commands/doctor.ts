/** doctor: what is wrong with a ledger's folder, its keys and its machine, and how to mend it. It changes nothing. */

import { statSync } from 'node:fs'
import type { Command } from 'commander'
import { openSqliteReader } from '../../drivers/sqlite/store.ts'
import { book, databases } from '../doctor/book.ts'
import { exitCodeOf, type Finding, finding, findingOf } from '../doctor/finding.ts'
import { keys, outbox, unanswered, vault } from '../doctor/keys.ts'
import { disk, files, lock, programs } from '../doctor/machine.ts'
import { EXIT, failureOf } from '../failure.ts'
import { print, printJson } from '../output.ts'
import type { Place } from '../place.ts'
import { type GlobalOptions, placeOf } from './options.ts'

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('say what is wrong here and how to mend it; nothing is changed')
    .action(async (_options, command: Command) => {
      process.exitCode = await examine(command.optsWithGlobals<GlobalOptions>())
    })
}

async function examine(options: GlobalOptions): Promise<number> {
  const place = placeOf(options)
  const findings = await findAll(place)
  const exitCode = exitCodeOf(findings)
  if (options.json) printJson({ ok: exitCode === EXIT.done, dir: place.dir, findings: findings.map((one) => ({ ...one })) })
  else show(place, findings)
  return exitCode
}

async function findAll(place: Place): Promise<Finding[]> {
  const { dir } = place
  const now = Date.now()
  const found = await collect(() => programs())
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true)
    return [
      ...found,
      finding('no_ledger', `There is no folder ${dir}.`, 'Give the folder of the ledger with --dir, or found one: init.'),
    ]
  for (const look of [disk, files, lock, unanswered, outbox]) found.push(...(await collect(() => look(dir))))
  found.push(...(await collect(() => vault(place))))
  const missing = [...databases(dir)]
  if (missing.length > 0) return [...found, ...missing]
  const store = await openSqliteReader(dir).catch((error: unknown) => findingOf(failureOf(error)))
  if ('code' in store) return [...found, store]
  try {
    found.push(...(await collect(() => book(dir, store, now))))
    // Keys that cannot be read were reported already.
    if (!found.some(({ code }) => code === 'keys_damaged')) found.push(...(await collect(() => keys(place, store))))
    return found
  } finally {
    await store.close()
  }
}

/** What a check finds, and what prevented it from going on. */
async function collect(look: () => Iterable<Finding> | AsyncIterable<Finding>): Promise<Finding[]> {
  const found: Finding[] = []
  try {
    for await (const one of look()) found.push(one)
  } catch (error) {
    found.push(findingOf(failureOf(error)))
  }
  return found
}

function show({ dir }: Place, findings: readonly Finding[]): void {
  for (const { code, severity, message, remedy } of findings)
    print(`${severity.toUpperCase()} ${code}`, `  ${message}`, `  ${remedy}`)
  const [errors, warnings] = ['error', 'warning'].map((severity) => findings.filter((one) => one.severity === severity).length)
  if (errors === 0) print(warnings === 0 ? `Nothing is wrong in ${dir}.` : `Nothing is broken in ${dir}; warnings: ${warnings}.`)
  else print(`Something is wrong in ${dir}; errors: ${errors}, warnings: ${warnings}.`)
}
