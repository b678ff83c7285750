/** usage import: bills a trace of calls. */

import type { Command } from 'commander'
import type { JsonObject } from '../../ledger/present.ts'
import { writing } from '../desk.ts'
import { EXIT } from '../failure.ts'
import { formatFields, note, print, printJson, progressBar } from '../output.ts'
import { importUsage } from '../usage/import.ts'
import { atOption, type GlobalOptions, givenFile, placeOf } from './options.ts'
import { showOutcome } from './transaction.ts'

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
  warnOfRefused((imported as JsonObject).refused as Record<string, number>)
  if (json) printJson(imported as never)
  else print(...formatFields(imported as never))
  return EXIT.done
}

/** A line is taken once, charged or refused: what was refused is not charged by a later run of the same stream. */
function warnOfRefused(refused: Record<string, number>): void {
  const codes = Object.entries(refused).map(([code, lines]) => `${lines} ${code}`)
  if (codes.length === 0) return
  note(`Lines were refused, and stay so: ${codes.join(', ')}. To charge them later, import them under another --stream.`)
}
