/** topup: the short form of the transaction by which credits are sold. */

import type { Command } from 'commander'
import { writing } from '../desk.ts'
import { OPERATOR } from '../place.ts'
import { atOption, type GlobalOptions, placeOf } from './options.ts'
import { pendingOf, showOutcome } from './outcome.ts'

interface TopupOptions extends GlobalOptions {
  readonly provider: string
  readonly reference: string
}

export function topupCommand(program: Command): void {
  program
    .command('topup')
    .description('credit what somebody paid for')
    .argument('<account>', 'a local name, operator, or an account id')
    .argument('<amount>', 'credits, for instance 25.5')
    .requiredOption('--provider <name>', 'through whom it was paid')
    .requiredOption('--reference <text>', "the provider's reference; the same one credits once")
    .addOption(atOption())
    .action(async (name: string, amount: string, _options, command: Command) => {
      const options = command.optsWithGlobals<TopupOptions>()
      const { provider, reference } = options
      const submitted = writing(placeOf(options), (desk) => {
        const body = { account: desk.account(name), amount, provider, reference }
        return desk.submit({ signer: OPERATOR, type: 'credit.topup', body })
      })
      process.exitCode = showOutcome(await submitted.catch(pendingOf), options)
    })
}
