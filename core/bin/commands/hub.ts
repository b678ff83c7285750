/** hub: serves the ledger to its accounts, mirrors and auditors. */

import type { Command } from 'commander'
import { runHub } from '../hub/run.ts'
import { printJson } from '../output.ts'
import { type Address, type GlobalOptions, parseAddress, placeOf } from './options.ts'

interface HubOptions extends GlobalOptions {
  readonly listen: Address
}

export function hubCommand(program: Command): void {
  program
    .command('hub')
    .description('serve the ledger over HTTP: prints one JSON line once it does, and runs until it is ended')
    .option('--listen <address>', 'where', parseAddress, { host: '127.0.0.1', port: 4747 })
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<HubOptions>()
      const ending = new AbortController()
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ending.abort())
      await runHub({ place: placeOf(options), listen: options.listen, started: printJson }, ending.signal)
    })
}
