/** statement: what an account had, what happened to it, what it has. */

import { type Command, Option } from 'commander'
import { MAX_STATEMENT_ENTRIES } from '../../base/limits.ts'
import type { Milliseconds } from '../../domain/time.ts'
import { writePartsDurably } from '../../drivers/durable-file.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { type Period, presentStatement, readStatement, type Statement } from '../../ledger/statement.ts'
import { LEDGER_TOOLS, type Place, resolveAccount } from '../desk.ts'
import { Failure } from '../failure.ts'
import { isRead, print, printJson, progressBar } from '../output.ts'
import { searching } from '../searching.ts'
import { statementCsv } from '../statement/csv.ts'
import { statementTable } from '../statement/table.ts'
import { type GlobalOptions, parseDayOrTime, placeOf, targetFile } from './options.ts'

const FORMATS = ['table', 'json', 'csv', 'pdf'] as const
type Format = (typeof FORMATS)[number]

interface StatementOptions extends GlobalOptions {
  readonly from?: Milliseconds
  readonly to?: Milliseconds
  readonly format?: Format
  readonly output?: string
}

interface Found {
  readonly statement: Statement
  /** The ledger's name and origin. */
  readonly ledger: { readonly name: string; readonly origin: string }
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

function find(place: Place, name: string, period: Period): Promise<Found> {
  // Without an end it is read from the newest entry back, which needs no index.
  const wanted = period.to === undefined ? {} : { account: name }
  return searching(place.dir, wanted, async (searched) => {
    const platform = await readPlatform(searched.store)
    const tools = { ...LEDGER_TOOLS, progress: progressBar('statement') }
    const statement = await readStatement(tools, searched, resolveAccount(place, platform, name), period)
    if (statement === undefined) throw new Failure('usage', `There is no account ${name} on this ledger.`)
    if (statement === 'too_long') {
      const most = `A statement has at most ${MAX_STATEMENT_ENTRIES} entries`
      throw new Failure('usage', `${most}; take a shorter period with --from and --to.`)
    }
    return { statement, ledger: { name: platform.name, origin: platform.origin } }
  })
}

async function printStatement(found: Found, format: Format): Promise<void> {
  if (format === 'pdf' && process.stdout.isTTY) {
    throw new Failure('usage', 'A PDF is nothing to read on a terminal: give -o FILE.')
  }
  for await (const part of await partsOf(found, format)) if (isRead()) process.stdout.write(part)
}

async function writeStatement(found: Found, format: Format, file: string, json: boolean): Promise<void> {
  await writePartsDurably(file, await partsOf(found, format))
  if (json) printJson({ file })
  else print(`Wrote the statement of ${found.statement.name} to ${file}`)
}

type Parts = AsyncIterable<Uint8Array> | Iterable<string>

async function partsOf({ statement, ledger }: Found, format: Format): Promise<Parts> {
  if (format === 'json') return [`${JSON.stringify(presentStatement(statement))}\n`]
  if (format === 'table') return statementTable(statement).map((line) => `${line}\n`)
  if (format === 'csv') return [statementCsv(statement)]
  // Loaded only here: it would make every command start at half the speed.
  const { statementPdf } = await import('../statement/pdf.ts')
  return statementPdf(statement, ledger)
}
