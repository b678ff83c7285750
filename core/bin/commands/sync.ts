/** sync: a verified mirror of a hub's ledger in the folder. */

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { toBase64, toHex } from '../../base/bytes.ts'
import { Malformed } from '../../base/malformed.ts'
import { writeDurably } from '../../drivers/durable-file.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { openSqliteMirror } from '../../drivers/sqlite/mirror-store.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { ED25519, parseVerifierKey, type VerifierKey } from '../../log/note.ts'
import { HubClient } from '../../net/hub-client.ts'
import { parseHubUrl } from '../../net/hub-url.ts'
import { type Evidence, formatEvidence } from '../../sync/evidence.ts'
import { Mirror, type Synced } from '../../sync/mirror.ts'
import { RemoteError } from '../../sync/remote.ts'
import { LEDGER_TOOLS } from '../desk.ts'
import { EXIT, Failure, failureOf } from '../failure.ts'
import { note, print, printJson, progressBar } from '../output.ts'
import { LOCK_TIMEOUT_MS } from '../sequencer.ts'
import { type GlobalOptions, placeOf, readToken, tokenOption } from './options.ts'

interface SyncOptions extends GlobalOptions {
  readonly hub: string
  readonly vkey: string
  readonly watch?: true
  readonly tokenFile?: string
}

/** How often a hub is asked that has nothing new, and after it could not be reached: doubled each time, up to a minute. */
const POLL_MS = 2_000
const MAX_PAUSE_MS = 60_000

export function syncCommand(program: Command): void {
  program
    .command('sync')
    .description("mirror a hub's ledger into the folder, everything verified")
    .requiredOption('--hub <url>', 'the hub, or any web server of its exported tiles')
    .requiredOption('--vkey <vkey>', "the log's key, which you got from elsewhere")
    .option('--watch', 'go on as the ledger grows')
    .addOption(tokenOption())
    .action(async (_options, command: Command) => sync(command.optsWithGlobals<SyncOptions>()))
}

/** A hub's address and the key of its log, as they were given. */
function readHub({ hub, vkey }: SyncOptions): { readonly base: URL; readonly trusted: VerifierKey } {
  const base = parseHubUrl(hub)
  if (base instanceof Malformed) throw new Failure('usage', `--hub: ${base.reason}.`)
  const trusted = parseVerifierKey(sha256, vkey)
  if (trusted instanceof Malformed) throw new Failure('usage', `--vkey: ${trusted.reason}.`)
  if (trusted.type !== ED25519) throw new Failure('usage', '--vkey: it is the key of a witness, not of a log.')
  return { base, trusted }
}

async function sync(options: SyncOptions): Promise<void> {
  const { base, trusted } = readHub(options)
  const token = readToken(options)
  const { dir } = placeOf(options)
  const store = await openSqliteMirror(dir, { lockTimeoutMs: LOCK_TIMEOUT_MS })
  const verifier = createVerifier()
  try {
    const remote = new HubClient(base, { token })
    const mirror = await Mirror.open({ ...LEDGER_TOOLS, store, verifier, remote, trusted, progress: progressBar('sync') })
    if (options.watch) await watch(mirror, options, dir)
    else showRound(await round(mirror, dir), options)
  } finally {
    await store.close()
    await verifier.close()
  }
}

async function round(mirror: Mirror, dir: string): Promise<Synced> {
  const result = await mirror.sync()
  if (result.status === 'caught') throw caught(result.evidence, dir)
  return result
}

/** Goes on until the program is told to end, which is safe at any moment: what is committed is whole. */
async function watch(mirror: Mirror, options: SyncOptions, dir: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(EXIT.done))
  let pauseMs = POLL_MS
  for (let isFirst = true; ; ) {
    try {
      const synced = await round(mirror, dir)
      if (isFirst || synced.applied > 0) showRound(synced, options)
      isFirst = false
      pauseMs = POLL_MS
    } catch (error) {
      if (!(error instanceof RemoteError && error.reason === 'offline')) throw error
      if (pauseMs === POLL_MS) note(`${error.message} Trying again.`)
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)
    }
    await sleep(pauseMs * (0.75 + Math.random() / 2))
  }
}

/** The notes on their way to the hub, by what became of them. */
function outboxCounts(): JsonObject {
  return { queued: 0, sent: 0, accepted: 0, refused: 0 }
}

function showRound({ size, root, applied }: Synced, { json }: SyncOptions): void {
  const shown = { size, root: toBase64(root), applied }
  if (json) printJson({ ...shown, outbox: outboxCounts() })
  else print(`${applied === 0 ? 'Nothing new' : `${applied} entries verified and taken`}: ${size} in all, root ${shown.root}`)
}

/** Keeps the evidence beside the mirror, under a name that its content gives. */
function caught(evidence: Evidence, dir: string): Failure {
  const bytes = formatEvidence(evidence)
  const file = join(dir, `evidence-${toHex(sha256(bytes)).slice(0, 16)}.json`)
  try {
    writeDurably(file, bytes)
  } catch (error) {
    note(
      `The evidence could not be kept: ${failureOf(error).message} Here it is:\n${Buffer.from(bytes).toString('utf8').trimEnd()}`,
    )
    return new Failure('damaged', `${evidence.message} The mirror stops here.`)
  }
  return new Failure(
    'damaged',
    `${evidence.message} The mirror stops here. Evidence: ${file}; nimledger check tells what it shows.`,
  )
}
