/** account new, list and show. */

import type { Command } from 'commander'
import { tryFromHex } from '../../base/bytes.ts'
import { plural } from '../../base/plural.ts'
import { accounts, type Key } from '../../domain/state.ts'
import { wholeSeconds } from '../../domain/time.ts'
import { type JsonObject, presentKey } from '../../ledger/present.ts'
import { listAccounts, readKeys, readPlan, readPlatform, readRow } from '../../ledger/queries.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { type Desk, writing } from '../desk.ts'
import { EXIT, Failure } from '../failure.ts'
import { localKeys, localNames, vkeyOf } from '../local-keys.ts'
import { openAccount } from '../opening.ts'
import { formatFields, formatTable, formatValue, print, printAll, printJson } from '../output.ts'
import { type Place, reading, readingTime, resolveAccount } from '../place.ts'
import { atOption, type GlobalOptions, placeOf } from './options.ts'
import { showOutcome } from './outcome.ts'

export function accountCommands(program: Command): void {
  const account = program.command('account').description('open, list and show accounts')
  account
    .command('new')
    .description('make a key and open an account with it')
    .argument('<name>', 'its name, here and on the ledger')
    .addOption(atOption())
    .action(async (name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      process.exitCode = await writing(placeOf(options), (desk) => newAccount(desk, name, options))
    })
  account
    .command('list')
    .description('every account of the ledger')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const place = placeOf(options)
      const listed = await reading(place, (store) => listNamed(place, store))
      if (options.json) printJson(listed)
      else
        printAll(
          formatTable(listed.map((one) => [String(one.number), String(one.account), String(one.name), String(one.local ?? '')])),
        )
    })
  account
    .command('show')
    .description('an account, its keys and its plan')
    .argument('<account>', 'a local name, operator, or an account id')
    .action(async (name: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      const place = placeOf(options)
      const shown = await reading(place, (store) => showAccount(place, store, name))
      if (options.json) printJson(shown)
      else printAccount(shown)
    })
}

async function newAccount(desk: Desk, name: string, options: GlobalOptions): Promise<number> {
  const answer = await openAccount(desk, name)
  if (answer.status === 'refused') return showOutcome(answer, options)
  const account = answer.transaction.signer
  const shown = { account, name, vkey: vkeyOf(account, desk.vault.key(name)!.publicKey) }
  if (options.json) printJson(shown)
  else print(`Opened account ${answer.outcome.touched[0]!.number}`, ...formatFields(shown).map((line) => `  ${line}`))
  return EXIT.done
}

async function listNamed(place: Place, store: StoreReader): Promise<JsonObject[]> {
  const local = localNames(place.dir)
  const listed = await listAccounts(store)
  return listed.map((one) => {
    const label = local.get(one.account)
    return { ...one, ...(label === undefined ? {} : { local: label }) }
  })
}

async function showAccount(place: Place, store: StoreReader, name: string): Promise<JsonObject> {
  const account = resolveAccount(place, await readPlatform(store), name)
  const row = await readRow(store, accounts.at(account))
  if (row === undefined) throw new Failure('usage', `There is no account ${account} on this ledger.`)
  const time = await readingTime(store, place)
  const here = new Set(localKeys(place.dir).map(({ account, keyId }) => `${account}/${keyId}`))
  // First the key that the account was opened with, then the others in the order in which they were added.
  const rank = ({ publicKey, addedAt }: Key) => (publicKey === row.publicKey ? 0 : addedAt)
  const held = (await readKeys(store, account)).sort((a, b) => rank(a.key) - rank(b.key))
  const keys = held.map(({ keyId, key }) => ({
    ...presentKey(keyId, key, wholeSeconds(time)),
    vkey: vkeyOf(account, tryFromHex(key.publicKey)!),
    ...(here.has(`${account}/${keyId}`) && { isHere: true }),
  }))
  const plan = await readPlan(store, account, time)
  const vkey = vkeyOf(account, tryFromHex(row.publicKey)!)
  return { account, name: row.name, vkey, number: row.number, frozen: row.frozen, keys, ...(plan && { plan }) }
}

function printAccount({ keys, ...account }: JsonObject): void {
  print(...formatFields(account), 'keys')
  const rows = (keys as readonly JsonObject[]).map(({ key, label, scopes, budget, listings, expires, revoked, isHere }) => {
    const { amount, per, spent } = (budget ?? {}) as { readonly [field: string]: string }
    const limits = [
      budget && `${spent} of ${plural(amount!, 'credit')} spent this ${per}`,
      listings && `for ${formatValue(listings)}`,
      expires && `until ${expires}`,
      revoked && 'revoked',
      isHere && 'on this machine',
    ]
    return [String(key), String(label ?? ''), formatValue(scopes!), limits.filter((limit) => limit !== undefined).join('; ')]
  })
  printAll(formatTable(rows).map((line) => `  ${line}`))
}
