/** balance, trial-balance. */

import type { Command } from 'commander'
import { entryCount } from '../../base/plural.ts'
import { balance, readPlatform, trialBalance } from '../../ledger/queries.ts'
import { Failure } from '../failure.ts'
import { localNames, withNames } from '../local-keys.ts'
import { formatTable, print, printAll, printJson, wordsOf } from '../output.ts'
import { reading, readingTime, resolveAccount } from '../place.ts'
import { atOption, type GlobalOptions, placeOf } from './options.ts'

export function balanceCommands(program: Command): void {
  program
    .command('balance')
    .description('what an account has')
    .argument('<account>', 'a local name, operator, or an account id')
    .addOption(atOption())
    .action(async (name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const place = placeOf(options)
      const shown = await reading(place, async (store) => {
        const account = resolveAccount(place, await readPlatform(store), name)
        return balance(store, account, await readingTime(store, place))
      })
      if (shown === undefined) throw new Failure('usage', `There is no account ${name} on this ledger.`)
      if (options.json) printJson(shown)
      else {
        const { account, size, time, ...amounts } = shown
        const name = localNames(place.dir).get(String(account))
        print(`${name === undefined ? '' : `${name}  `}${account}  after ${entryCount(String(size))}, ${time}`)
        const rows = Object.entries(amounts).flatMap(([book, amount]) =>
          book === 'grants' ? (amount as unknown as Grant[]).map(grantRow) : [[wordsOf(book), String(amount)]],
        )
        printAll(formatTable(rows, [1]).map((line) => `  ${line}`))
      }
    })
  program
    .command('trial-balance')
    .description('every book; together they are zero')
    .option('--by-class', 'sums by class of book')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { byClass?: true }>()
      const place = placeOf(options)
      const shown = await reading(place, (store) => trialBalance(store, options.byClass === true))
      if (options.json) printJson(shown)
      else printTrialBalance(shown as unknown as TrialBalance, localNames(place.dir))
    })
}

interface Grant {
  readonly id: string
  readonly remaining: string
  readonly expiresAt: string
}

function grantRow({ id, remaining, expiresAt }: Grant): string[] {
  return [id, remaining, `until ${expiresAt}`]
}

interface TrialBalance {
  readonly size: number
  readonly time: string
  readonly books: { readonly [book: string]: string }
  readonly sum: string
}

export function printTrialBalance({ size, time, books, sum }: TrialBalance, names: ReadonlyMap<string, string>): void {
  print(`Trial balance after ${entryCount(String(size))}, ${time}`)
  const rows = Object.entries(books).map(([book, amount]) => [withNames(book, names), amount])
  printAll(formatTable([...rows, ['sum', sum]], [1]).map((line) => `  ${line}`))
}
