/** console: the ledger in a browser on this machine. */

import { type Command, InvalidArgumentError } from 'commander'
import type { Address } from '../../net/address.ts'
import { LOCK_AFTER_MINUTES } from '../console/lock-after.ts'
import { endingSignal } from '../ending.ts'
import { note, printJson } from '../output.ts'
import { type GlobalOptions, listenOption, parseAddress, parseCount, placeOf, readToken, tokenOption } from './options.ts'

interface ConsoleCommandOptions extends GlobalOptions {
  readonly listen: Address
  readonly lockAfter: number
  readonly tokenFile?: string
}

const LOOPBACK: readonly string[] = ['127.0.0.1', '::1', 'localhost']
const ANY_PORT: Address = { host: '127.0.0.1', port: 0 }

export function consoleCommand(program: Command): void {
  program
    .command('console')
    .description('the console in a browser: prints one JSON line with the address to open, and runs until it is ended')
    .addOption(listenOption('where, on this machine only; port 0 takes a free one', ANY_PORT, parseLoopback))
    .option(
      '--lock-after <minutes>',
      'locks the keys when nobody was there for so long; 0: never',
      parseCount,
      LOCK_AFTER_MINUTES,
    )
    .addOption(tokenOption())
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<ConsoleCommandOptions>()
      const { listen, lockAfter: lockAfterMinutes } = options
      const place = { ...placeOf(options), token: readToken(options) }
      const settings = { place, listen, lockAfterMinutes, say: note, started: printJson }
      // Loaded here and not with the command, which is loaded for the help as well.
      const { runConsole } = await import('../console/run.ts')
      await runConsole(settings, endingSignal())
    })
}

/** The console is for one person at this machine. */
function parseLoopback(text: string): Address {
  const address = parseAddress(text)
  if (!LOOPBACK.includes(address.host))
    throw new InvalidArgumentError(`The console is for this machine alone: take one of ${LOOPBACK.join(', ')}.`)
  return address
}
