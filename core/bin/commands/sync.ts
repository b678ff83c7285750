/** sync: a verified mirror of a hub's ledger in the folder, and the notes that wait for the hub. */

import type { Command } from 'commander'
import { toBase64 } from '../../base/bytes.ts'
import { RemoteError } from '../../sync/remote.ts'
import { EXIT, Failure } from '../failure.ts'
import { Following, type Hub, knownHub, parseHub, type Round } from '../following.ts'
import { News } from '../news.ts'
import { note, print, printJson, progressBar } from '../output.ts'
import { LOCK_TIMEOUT_MS } from '../sequencer.ts'
import { type GlobalOptions, placeOf, readToken, tokenOption } from './options.ts'

/** How a hub is named. */
export interface HubOptions {
  readonly hub?: string
  readonly vkey?: string
  readonly tokenFile?: string
}

interface SyncOptions extends GlobalOptions, HubOptions {
  readonly watch?: true
}

/** How often a hub is asked that tells no news, and after it could not be reached: doubled each time, up to a minute. */
const POLL_MS = 2_000
const MAX_PAUSE_MS = 60_000

export function syncCommand(program: Command): void {
  program
    .command('sync')
    .description("mirror a hub's ledger into the folder, everything verified, and send what waits in the outbox")
    .option('--hub <url>', 'the hub, or any web server of its exported tiles (default, with the vkey: those of the last time)')
    .option('--vkey <vkey>', "the log's key, which you got from elsewhere")
    .option('--watch', 'go on as the ledger grows')
    .addOption(tokenOption())
    .action(async (_options, command: Command) => sync(command.optsWithGlobals<SyncOptions>()))
}

async function sync(options: SyncOptions): Promise<void> {
  const { dir } = placeOf(options)
  const hub = await readHub(dir, options)
  const token = readToken(options)
  const following = await Following.open({ dir, hub, token, lockTimeoutMs: LOCK_TIMEOUT_MS, progress: progressBar('sync') })
  try {
    if (options.watch) await watch(following, options)
    else await showRound(following, await following.round(), options)
  } finally {
    await following.close()
  }
}

/** The hub that is given, or else the one that the mirror followed before. */
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
  let pauseMs = POLL_MS
  for (let before = ''; ; ) {
    try {
      const round = await following.round({ isPatient: false })
      before = await showRound(following, round, options, before)
      pauseMs = POLL_MS
    } catch (error) {
      if (!(error instanceof RemoteError && error.reason === 'offline')) throw error
      if (pauseMs === POLL_MS) note(`${error.message} Trying again.`)
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)
    }
    await news.wait(pauseMs * (0.75 + Math.random() / 2))
  }
}

/** Shows what a round came to, unless that is what was shown before; returns what is to be compared with the next one. */
async function showRound(following: Following, round: Round, { json }: SyncOptions, before?: string): Promise<string> {
  const { size, root, applied, undelivered } = round
  const outbox = await following.outbox.counts()
  const state = JSON.stringify([size, outbox])
  if (state === before) return state
  if (json) printJson({ size, root: toBase64(root), applied, outbox })
  else {
    const news = applied === 0 ? 'Nothing new' : `${applied} entries verified and taken`
    const { queued, sent, accepted, refused } = outbox
    const notes = queued + sent + accepted + refused
    print(`${news}: ${size} in all, root ${toBase64(root)}`)
    if (notes > 0) print(`Outbox: ${queued + sent} on their way, ${accepted} accepted, ${refused} refused`)
  }
  if (undelivered !== undefined) note(undelivered.message)
  return state
}
