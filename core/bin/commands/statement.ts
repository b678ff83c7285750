/** statement: what an account had, what happened to it, what it has. */

import { type Command, Option } from 'commander'
import type { Milliseconds } from '../../domain/time.ts'
import { writePartsDurably } from '../../drivers/durable-file.ts'
import { readPlatform } from '../../ledger/queries.ts'
import type { Period } from '../../ledger/statement.ts'
import { LEDGER_TOOLS } from '../desk.ts'
import { Failure } from '../failure.ts'
import { isRead, print, printJson, progressBar } from '../output.ts'
import { type Place, resolveAccount } from '../place.ts'
import { searching } from '../searching.ts'
import { type FoundStatement, findStatement } from '../statement/find.ts'
import { FORMATS, type Format, partsOf } from '../statement/formats.ts'
import { type GlobalOptions, parseDayOrTime, placeOf, targetFile } from './options.ts'

interface StatementOptions extends GlobalOptions {
  readonly from?: Milliseconds
  readonly to?: Milliseconds
  readonly format?: Format
  readonly output?: string
}

export function statementCommand(program: Command): void {
  program
    .command('statement')
    .description('what an account had, every entry that touched it, and what it has')
    .argument('<account>', 'a local name, operator, or an account id')
    .option('--from <time>', 'entries from this day or time on (default: the first)', parseDayOrTime)
    .option('--to <time>', 'entries before this day or time (default: all)', parseDayOrTime)
    .addOption(new Option('--format <format>', 'how it is written (default: table)').choices(FORMATS))
    .option('-o, --output <file>', 'write it to a file')
    .action(async (name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<StatementOptions>()
      const { from, to, json, output } = options
      const format = options.format ?? (json ? 'json' : 'table')
      if (from !== undefined && to !== undefined && from > to) throw new Failure('usage', 'The period ends before it begins.')
      if (json && format !== 'json' && output === undefined) {
        throw new Failure('usage', `--json prints JSON; for a statement as ${format} give -o FILE.`)
      }
      const found = await find(placeOf(options), name, { from, to })
      if (output === undefined) await printStatement(found, format)
      else await writeStatement(found, format, targetFile(output), json === true)
    })
}

function find(place: Place, name: string, period: Period): Promise<FoundStatement> {
  // Without an end it is read from the newest entry back, which needs no index.
  const wanted = period.to === undefined ? {} : { account: name }
  return searching(place.dir, wanted, async (searched) => {
    const platform = await readPlatform(searched.store)
    const tools = { ...LEDGER_TOOLS, progress: progressBar('statement') }
    return findStatement(tools, searched, resolveAccount(place, platform, name), period)
  })
}

async function printStatement(found: FoundStatement, format: Format): Promise<void> {
  if (format === 'pdf' && process.stdout.isTTY) {
    throw new Failure('usage', 'A PDF is nothing to read on a terminal: give -o FILE.')
  }
  for await (const part of await partsOf(found, format)) if (isRead()) process.stdout.write(part)
}

async function writeStatement(found: FoundStatement, format: Format, file: string, json: boolean): Promise<void> {
  await writePartsDurably(file, await partsOf(found, format))
  if (json) printJson({ file })
  else print(`Wrote the statement of ${found.statement.name} to ${file}`)
}
