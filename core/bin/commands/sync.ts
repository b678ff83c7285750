/** sync: a verified mirror of a hub's ledger in the folder, and the notes that wait for the hub. */

import type { Command } from 'commander'
import { toBase64 } from '../../base/bytes.ts'
import { entryCount } from '../../base/plural.ts'
import { RemoteError } from '../../sync/remote.ts'
import { EXIT, Failure } from '../failure.ts'
import { Following, type Hub, knownHub, parseHub, type Round } from '../following.ts'
import { keptHubToken } from '../hub-token.ts'
import { keepUp } from '../keeping-up.ts'
import { News } from '../news.ts'
import { note, print, printJson, progressBar } from '../output.ts'
import { LOCK_TIMEOUT_MS } from '../sequencer.ts'
import { witnessPolicyOption } from '../trust-policy.ts'
import { type GlobalOptions, placeOf, readToken, tokenOption } from './options.ts'

/** How a hub is identified. */
export interface HubOptions {
  readonly hub?: string
  readonly vkey?: string
  readonly tokenFile?: string
}

interface SyncOptions extends GlobalOptions, HubOptions {
  readonly watch?: true
  readonly witnessPolicy?: string
}

export function syncCommand(program: Command): void {
  program
    .command('sync')
    .description("mirror a hub's ledger into the folder, everything verified, and send what waits in the outbox")
    .option('--hub <url>', 'the hub, or any web server of its exported tiles (default, with the vkey: those of the last time)')
    .option('--vkey <vkey>', "the log's key, which you got from elsewhere")
    .option('--watch', 'go on as the ledger grows')
    .addOption(witnessPolicyOption())
    .addOption(tokenOption())
    .action(async (_options, command: Command) => sync(command.optsWithGlobals<SyncOptions>()))
}

async function sync(options: SyncOptions): Promise<void> {
  const { dir } = placeOf(options)
  const hub = await readHub(dir, options)
  const token = readToken(options) ?? keptHubToken(dir)
  const { witnessPolicy } = options
  const settings = { dir, hub, token, witnessPolicy, lockTimeoutMs: LOCK_TIMEOUT_MS, progress: progressBar('sync') }
  const following = await Following.open(settings)
  try {
    if (options.watch) await watch(following, options)
    else await showRound(following, await following.round(), options)
  } finally {
    await following.close()
  }
}

/** The hub that is given, otherwise the one that the mirror followed before. */
export async function readHub(dir: string, { hub: url, vkey }: HubOptions): Promise<Hub> {
  if (url !== undefined && vkey !== undefined) return parseHub({ url, vkey }, (field) => `--${field}`)
  const known = url === undefined && vkey === undefined ? await knownHub(dir) : undefined
  if (known === undefined) throw new Failure('usage', 'Name the hub and its key: --hub URL --vkey V.')
  return known
}

/** Goes on until the program is told to end, which is safe at any moment: what is committed is whole. */
async function watch(following: Following, options: SyncOptions): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(EXIT.done))
  using news = new News(following)
  let before: string | undefined
  let wasOffline = false
  for await (const round of keepUp(following, news)) {
    const isOffline = round instanceof RemoteError
    if (!isOffline) before = await showRound(following, round, options, before)
    else if (!wasOffline) note(`${round.message} Trying again.`)
    wasOffline = isOffline
  }
}

/** Shows the result of a round, unless it is what was last shown; returns what the next one is to be compared with. */
async function showRound(following: Following, round: Round, { json }: SyncOptions, before?: string): Promise<string> {
  const { size, root, applied, undelivered } = round
  const outbox = await following.outbox.counts()
  const state = JSON.stringify([size, outbox])
  if (state === before) return state
  if (json) printJson({ size, root: toBase64(root), applied, outbox })
  else {
    const news = applied === 0 ? 'Nothing new' : `${entryCount(applied)} verified and taken`
    const { queued, sent, accepted, refused } = outbox
    const notes = queued + sent + accepted + refused
    print(`${news}: ${size} in all, root ${toBase64(root)}`)
    if (notes > 0) print(`Outbox: ${queued + sent} on their way, ${accepted} accepted, ${refused} refused`)
  }
  if (undelivered !== undefined) note(undelivered.message)
  return state
}
