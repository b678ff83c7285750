/** The command line: composes the commands, and turns whatever ends one into a sentence or JSON and an exit code. */

import { Command, CommanderError } from 'commander'
import { accountCommands } from './commands/account.ts'
import { creditCommands } from './commands/credits.ts'
import { demoCommand } from './commands/demo.ts'
import { ledgerCommands } from './commands/ledger.ts'
import { logCommands } from './commands/log.ts'
import { globalOptions } from './commands/options.ts'
import { transactionCommands } from './commands/transaction.ts'
import { usageCommands } from './commands/usage.ts'
import { EXIT, failureOf } from './failure.ts'
import { note, printJson } from './output.ts'

// Without a listener the system ends the program where a file outgrows its limit; with one the write fails and is reported.
process.on('SIGXFSZ', () => {})

const isJson = process.argv.includes('--json')

const program = globalOptions(new Command('nimledger'))
  .description('A signed, prepaid, append-only credit ledger that anybody can verify.')
  .exitOverride()
  .configureOutput({ writeErr: (text) => (isJson ? undefined : process.stderr.write(text)) })

ledgerCommands(program)
accountCommands(program)
transactionCommands(program)
creditCommands(program)
usageCommands(program)
logCommands(program)
demoCommand(program)

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and version end this way too, with 0.
    if (error.exitCode === 0) return EXIT.done
    if (isJson) printJson({ status: 'failed', code: 'usage', message: error.message.replace(/^error: /, '') })
    return EXIT.usage
  }
  const failure = failureOf(error)
  if (failure === undefined) throw error
  if (isJson) printJson({ status: 'failed', code: failure.code, message: failure.message })
  else note(failure.message)
  return failure.exitCode
}
