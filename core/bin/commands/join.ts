/** join: a hub, with the accounts of a ledger of one's own. What moves and what cannot is shown before anything is done. */

import type { Command } from 'commander'
import { listKeys } from '../../drivers/vault.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { writing } from '../desk.ts'
import { EXIT, Failure } from '../failure.ts'
import { Following } from '../following.ts'
import { hasLedger } from '../founding.ts'
import { type JoinPlan, moveKeys, openMoved, planJoining } from '../joining.ts'
import { formatValue, print, printJson, progressBar } from '../output.ts'
import { readPassphrase } from '../passphrase.ts'
import { type Place, userPath } from '../place.ts'
import { LOCK_TIMEOUT_MS } from '../sequencer.ts'
import { type GlobalOptions, placeOf, readToken, tokenOption } from './options.ts'
import { type HubOptions, readHub } from './sync.ts'

interface JoinOptions extends GlobalOptions, HubOptions {
  readonly from: string
  readonly yes?: true
}

export function joinCommand(program: Command): void {
  program
    .command('join')
    .description('join a hub with the accounts of a ledger of your own: says what moves and what cannot, and does it with --yes')
    .requiredOption('--from <dir>', 'the folder of that ledger', userPath)
    .option('--hub <url>', 'the hub (default, with the vkey: the one that the mirror in --dir follows)')
    .option('--vkey <vkey>', "the log's key, which you got from elsewhere")
    .option('--yes', 'do it')
    .addOption(tokenOption())
    .action(async (_options, command: Command) => {
      process.exitCode = await join(command.optsWithGlobals<JoinOptions>())
    })
}

async function join(options: JoinOptions): Promise<number> {
  const place = placeOf(options)
  const from: Place = { dir: options.from, passphrase: place.passphrase }
  if (!hasLedger(from.dir)) throw new Failure('usage', `There is no ledger in ${from.dir}.`)
  if (listKeys(from.dir).length === 0) throw new Failure('usage', `There are no keys in ${from.dir}: nothing can join.`)
  const plan = await follow(place, options, (following) => planJoining(from, following.store))
  if (!options.yes) return showPlan(plan, options)
  if (!options.json) showPlan(plan, options)
  moveKeys(from, place.dir, plan.moves, await readPassphrase(place.passphrase, false))
  const opened = await writing(place, (desk) => openMoved(desk, plan.moves))
  if (options.json) printJson({ status: 'joined', ...presentPlan(plan), opened })
  else for (const { name, status, index, message } of opened) print(formatOpened(name, status, index ?? message))
  return opened.some(({ status }) => status === 'refused') ? EXIT.refused : EXIT.done
}

/** Makes a round of the mirror first, so that what is shown rests on the hub's present ledger. */
async function follow<T>(place: Place, options: JoinOptions, use: (following: Following) => Promise<T>): Promise<T> {
  const hub = await readHub(place.dir, options)
  const given = { dir: place.dir, hub, token: readToken(options), lockTimeoutMs: LOCK_TIMEOUT_MS }
  const following = await Following.open({ ...given, progress: progressBar('sync') })
  try {
    await following.round()
    return await use(following)
  } finally {
    await following.close()
  }
}

function presentPlan({ from, origin, moves, stays, others }: JoinPlan): JsonObject {
  const moving = moves.map(({ account, name, isOpen }) => ({ account, name, open: isOpen }))
  return { origin, from, moves: moving, stays, others }
}

function showPlan(plan: JoinPlan, { json, yes }: JoinOptions): number {
  if (json) {
    printJson({ status: 'planned', ...presentPlan(plan) })
    return EXIT.done
  }
  const { from, origin, moves, stays, others } = plan
  print(`Joining ${origin} with the accounts of ${from.origin} in ${from.dir}.`, '', 'What moves: keys and names.')
  for (const { name, account, isOpen } of moves)
    print(`  ${name}  ${account}  ${isOpen ? 'is open there already' : 'is opened there'}`)
  if (moves.length === 0) print('  nothing: there is no account here but the operator')
  print('', `What stays in ${from.origin}, because it was signed for that ledger and is valid in no other:`)
  for (const { name, account: _account, ...left } of stays) print(`  ${name}  ${formatValue(left)}`)
  for (const name of others) print(`  ${name}, who is the operator there; the hub has its own`)
  print('  the history, and the keys that were added to accounts: add others there with keys add')
  print('', `The ledger in ${from.dir} is not changed: it can be read and verified as before.`)
  if (!yes) print('Nothing was done yet. To join, run this again with --yes.')
  return EXIT.done
}

function formatOpened(name: unknown, status: unknown, detail: unknown): string {
  return `${name}: ${status}${detail === undefined ? '' : `, ${typeof detail === 'number' ? `entry ${detail}` : detail}`}`
}
