/** usage import: bills a trace of calls. */

import type { Command } from 'commander'
import { entryCount, plural } from '../../base/plural.ts'
import { writing } from '../desk.ts'
import { EXIT } from '../failure.ts'
import { formatTable, note, print, printJson, progressBar, wordsOf } from '../output.ts'
import { importUsage } from '../usage/import.ts'
import { atOption, type GlobalOptions, givenFile, placeOf } from './options.ts'
import { showOutcome } from './outcome.ts'

interface ImportOptions extends GlobalOptions {
  readonly listing: string
  readonly payer: string
  readonly meter: string
  readonly stream?: string
}

export function usageCommands(program: Command): void {
  program
    .command('usage')
    .description('bill what was used')
    .command('import')
    .description(
      'charge each line of a trace (CSV: TIMESTAMP, ContextTokens, GeneratedTokens); a second run charges nothing twice',
    )
    .argument('<file>', 'the trace, CSV')
    .requiredOption('--listing <listing>', 'the listing whose query prices are charged')
    .requiredOption('--payer <account>', 'who pays; a mandate must be there')
    .requiredOption('--meter <account>', "who signs: the listing's creator or the operator")
    .option('--stream <name>', "the stream of lines (default: the file's name)")
    .addOption(atOption())
    .action(async (file: string, _options, command: Command) => {
      process.exitCode = await runImport(givenFile(file), command.optsWithGlobals<ImportOptions>())
    })
}

async function runImport(file: string, options: ImportOptions): Promise<number> {
  const { listing, payer, meter, stream, json } = options
  const imported = await writing(placeOf(options), (desk) =>
    importUsage(desk, { file, listing, payer, meter, stream, progress: progressBar('import') }),
  )
  if ('status' in imported && imported.status === 'refused') return showOutcome(imported as never, options)
  const shown = imported as unknown as Imported
  warnOfRefused(shown.refused)
  if (json) printJson(imported as never)
  else print(...describeImport(shown))
  return EXIT.done
}

interface Imported {
  readonly stream: string
  readonly lines: number
  readonly charged: number
  readonly alreadyCharged: number
  readonly refused: Record<string, number>
  readonly gross: string
  readonly fees: string
  readonly takeHome: string
  readonly entries: number
}

/** What an import came to, for people. */
export function describeImport(imported: Imported): string[] {
  const { stream, lines, charged, alreadyCharged, gross, fees, takeHome, entries } = imported
  const before = alreadyCharged === 0 ? '' : `, ${alreadyCharged} before`
  const rows = Object.entries({ gross, fees, takeHome }).map(([name, amount]) => [wordsOf(name), amount])
  return [
    `Charged ${charged} of ${plural(lines, 'line')} of ${stream}${before}, in ${entryCount(entries)}`,
    ...formatTable(rows, [1]).map((line) => `  ${line}`),
  ]
}

/** A line is taken once, charged or refused: what was refused is not charged by a later run of the same stream. */
function warnOfRefused(refused: Record<string, number>): void {
  const codes = Object.entries(refused).map(([code, lines]) => `${lines} ${code}`)
  if (codes.length === 0) return
  note(`Lines were refused, and stay so: ${codes.join(', ')}. To charge them later, import them under another --stream.`)
}
