/** The command line: composes the commands, and turns whatever ends one into a sentence or JSON and an exit code. */

import { Command, CommanderError } from 'commander'
import { commandsFor, helpGroup } from './commands/index.ts'
import { globalOptions } from './commands/options.ts'
import { EXIT, failureOf } from './failure.ts'
import { beginAmongNewObjects } from './heap.ts'
import { note, printJson, stopPrinting } from './output.ts'
import { defaultDir } from './place.ts'
import { programVersion } from './version.ts'

beginAmongNewObjects()

const isJson = process.argv.includes('--json')

// Without a listener the system ends the program when a file exceeds its size limit; with one the write fails and is reported.
process.on('SIGXFSZ', () => {})
// Errors that arise outside any command, such as a full disk behind the standard output.
process.on('uncaughtException', (error) => process.exit(report(error)))
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') stopPrinting()
  else process.exit(report(error))
})

const help = () => `
Transaction types: nimledger tx --help lists them, nimledger tx TYPE --help has
an example of each.
Exit codes: 0 done or accepted, 1 refused, 2 wrong usage, 3 damaged or untrusted
data, 4 unavailable.
${whichFolder()}`

const program = globalOptions(new Command('nimledger'))
  .description('A signed, prepaid, append-only credit ledger that anybody can verify.')
  .version(programVersion())
  .configureHelp({ showGlobalOptions: true })
  .addHelpText('after', help)
  .showHelpAfterError('Add --help to see how it is used.')
  .exitOverride()
  .configureOutput({ writeErr: (text) => (isJson ? undefined : process.stderr.write(text)) })

try {
  for (const addTo of await commandsFor(process.argv.slice(2))) addTo(program)
  for (const command of program.commands) command.helpGroup(helpGroup(command.name()))
  program.commandsGroup(helpGroup('help')).helpCommand(true)
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

function whichFolder(): string {
  try {
    return `The folder is ${defaultDir('nimledger')} unless --dir says otherwise.`
  } catch (error) {
    return failureOf(error).message
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return reportUsage(error)
  const failure = failureOf(error)
  if (isJson) printJson({ status: 'failed', code: failure.code, message: failure.message })
  else note(failure.message)
  return failure.exitCode
}

function reportUsage({ code, exitCode, message }: CommanderError): number {
  // Help and version that were asked for end this way too, with 0.
  if (exitCode === 0) return EXIT.done
  const sentence = code === 'commander.help' ? 'Name a command; --help lists them.' : message.replace(/^error: /, '')
  if (isJson) printJson({ status: 'failed', code: 'usage', message: sentence })
  return EXIT.usage
}
