/**
 * Following a hub: the mirror in a folder, and the outbox beside it. A round is
 *
 *   deliver   notes that wait are handed in; what is answered is kept
 *   mirror    the hub's log, verified to the last entry
 *   settle    what the log has of the notes, and whether the receipts are of this log
 *
 * Whoever follows holds the mirror's lock. What a hub is caught at is kept beside the mirror, as evidence.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Malformed } from '../base/malformed.ts'
import { rules } from '../domain/transactions/index.ts'
import { writeDurably } from '../drivers/durable-file.ts'
import { sha256 } from '../drivers/sha256.ts'
import { chooseVerifier } from '../drivers/sodium/ed25519.ts'
import { checkPoint } from '../drivers/sodium/point-check.ts'
import { createVerifier } from '../drivers/sodium/verifier.ts'
import { openSqliteMirror } from '../drivers/sqlite/mirror-store.ts'
import { openSqliteOutbox } from '../drivers/sqlite/outbox-store.ts'
import { keyInForce } from '../ledger/log-keys.ts'
import type { OutboxHub, OutboxStore } from '../ledger/outbox-store.ts'
import type { StoreError, StoreReader } from '../ledger/store.ts'
import { type LogTrust, noteVerifier } from '../log/checkpoint.ts'
import { ED25519, formatVerifierKey, parseVerifierKey, type VerifierKey } from '../log/note.ts'
import { witnessGroupOf } from '../log/trust-policy.ts'
import { HubClient } from '../net/hub-client.ts'
import { parseHubUrl } from '../net/hub-url.ts'
import { type Evidence, formatEvidence } from '../sync/evidence.ts'
import { Mirror, type MirrorOptions, type Synced } from '../sync/mirror.ts'
import { Outbox } from '../sync/outbox.ts'
import { settle } from '../sync/settlement.ts'
import { keepEvidence } from './evidence-files.ts'
import { Failure, failureOf } from './failure.ts'
import { note } from './output.ts'
import { readTrustPolicy } from './trust-policy.ts'

/** A hub's address and the key of its log. */
export interface Hub {
  readonly base: URL
  readonly trusted: VerifierKey
}

/** Reads them as they were given; `of` names the one that is wrong. */
export function parseHub({ url, vkey }: OutboxHub, of: (field: 'hub' | 'vkey') => string): Hub {
  const base = parseHubUrl(url)
  if (base instanceof Malformed) throw new Failure('usage', `${of('hub')}: ${base.reason}.`)
  const trusted = parseVerifierKey(sha256, vkey)
  if (trusted instanceof Malformed) throw new Failure('usage', `${of('vkey')}: ${trusted.reason}.`)
  if (trusted.type !== ED25519) throw new Failure('usage', `${of('vkey')}: it is the key of a witness, not of a log.`)
  return { base, trusted }
}

/** The hub that the mirror in a folder follows; undefined where it has not followed one yet. */
export async function knownHub(dir: string): Promise<Hub | undefined> {
  const outbox = openSqliteOutbox(dir, 'read')
  try {
    const hub = await outbox?.hub()
    return hub && parseHub(hub, (field) => `The ${field} that outbox.db names`)
  } finally {
    await outbox?.close()
  }
}

/** The hub that the mirror in a folder follows; throws where there is none to submit to. */
export async function requireHub(dir: string): Promise<Hub> {
  const hub = await knownHub(dir)
  if (hub !== undefined) return hub
  const first = 'nimledger sync --hub URL --vkey V'
  throw new Failure('usage', `${dir} has a mirror, and the hub that takes its transactions is not known yet: ${first}.`)
}

interface FollowingOptions {
  readonly dir: string
  readonly hub: Hub
  /** The read token, for a private hub. */
  readonly token: string | undefined
  /** Ends requests to the hub. */
  readonly signal?: AbortSignal
  /** A file that becomes the mirror's policy from now on. */
  readonly witnessPolicy?: string | undefined
  readonly lockTimeoutMs: number
  readonly progress?: MirrorOptions['progress']
}

/** The result of a round. */
export interface Round extends Synced {
  /** Why some notes are still on their way; undefined where none are. */
  readonly undelivered: StoreError | undefined
}

/**
 * How a round sends what waits: `patiently`, a few times until it is taken; `unpaused`, once, unless it would have to pause after
 * a failure; `now`, once in any case.
 */
export type Sending = 'patiently' | 'unpaused' | 'now'

/** How often undelivered notes are tried again before a round goes on without them. */
const ATTEMPTS = 3

export class Following {
  readonly #options: FollowingOptions
  readonly #closing: AsyncDisposableStack
  readonly store: StoreReader
  readonly outbox: OutboxStore
  readonly #mirror: Mirror
  readonly #sender: Outbox
  readonly #client: HubClient

  private constructor(
    options: FollowingOptions,
    closing: AsyncDisposableStack,
    parts: { readonly store: StoreReader; readonly outbox: OutboxStore; readonly mirror: Mirror; readonly client: HubClient },
  ) {
    this.#options = options
    this.#closing = closing
    this.store = parts.store
    this.outbox = parts.outbox
    this.#mirror = parts.mirror
    this.#client = parts.client
    const trust = () => trustIn(parts.store, options.hub.trusted)
    const { outbox: store, client: hub } = parts
    this.#sender = new Outbox({ rules, sha256, store, hub, trust, now: Date.now, random: Math.random })
  }

  /** Throws StoreError `locked` where another program follows already. */
  static async open(options: FollowingOptions): Promise<Following> {
    const { dir, hub, token, signal, lockTimeoutMs, progress } = options
    await using closing = new AsyncDisposableStack()
    const store = closing.adopt(await openSqliteMirror(dir, { lockTimeoutMs }), (one) => one.close())
    const outbox = closing.adopt(openSqliteOutbox(dir, 'write')!, (one) => one.close())
    const verifier = closing.adopt(createVerifier(), (one) => one.close())
    const client = new HubClient(hub.base, { token, ...(signal && { signal }) })
    const { trusted } = hub
    if (options.witnessPolicy !== undefined) keepWitnessPolicy(dir, options.witnessPolicy)
    const witnesses = witnessesOf(dir)
    const tools = { rules, sha256, isPrimeOrder: checkPoint, verifier }
    const mirror = await Mirror.open({ ...tools, store, remote: client, trusted, witnesses, progress })
    return new Following(options, closing.move(), { store, outbox, mirror, client })
  }

  /** Whether a note waits that was never sent and may be sent. */
  async hasUnsent(): Promise<boolean> {
    return this.#pauseMs === 0 && (await this.outbox.counts()).queued > 0
  }

  /** Listens to the hub, until it says nothing more. */
  news(signal: AbortSignal): AsyncGenerator<void> {
    return this.#client.news(signal)
  }

  /** How long the pause still lasts before anything is sent again. */
  get #pauseMs(): number {
    return this.#sender.pauseMs
  }

  /** One round. Throws RemoteError where the log cannot be read, and Failure where the hub was caught. */
  async round(sending: Sending = 'patiently'): Promise<Round> {
    const { dir, hub } = this.#options
    const undelivered = await this.#deliver(sending)
    const result = await this.#mirror.sync()
    if (result.status === 'caught') throw caught(result.evidence, dir)
    await this.outbox.nameHub({ url: hub.base.href, vkey: formatVerifierKey(hub.trusted) })
    const evidence = await settle({ sha256, outbox: this.outbox, store: this.store, now: Date.now })
    if (evidence !== undefined) throw caught(evidence, dir)
    // A hub whose answers do not verify is reported only after its log was looked at.
    if (undelivered?.code === 'damaged') throw undelivered
    return { ...result, undelivered }
  }

  async close(): Promise<void> {
    await this.#closing.disposeAsync()
  }

  /** Why some notes are still on their way. */
  async #deliver(sending: Sending): Promise<StoreError | undefined> {
    if (sending === 'unpaused' && this.#pauseMs > 0) return undefined
    for (let attempt = 1; ; attempt++) {
      if (sending === 'patiently') await sleep(this.#pauseMs)
      const { failure } = await this.#sender.deliver()
      if (sending !== 'patiently' || failure?.code !== 'offline' || attempt === ATTEMPTS) return failure
    }
  }
}

const POLICY_FILE = 'witness-policy'

/** From now on the mirror takes nothing that the witnesses of this policy have not cosigned, whichever command asks. */
function keepWitnessPolicy(dir: string, file: string): void {
  readTrustPolicy(file)
  writeDurably(join(dir, POLICY_FILE), readFileSync(file))
}

function witnessesOf(dir: string): MirrorOptions['witnesses'] {
  const file = join(dir, POLICY_FILE)
  if (!existsSync(file)) return undefined
  const verify = chooseVerifier()
  return { verify, group: witnessGroupOf(verify, readTrustPolicy(file)) }
}

/** The witnesses that a mirror demands; none where it demands none. */
export function keptWitnesses(dir: string): readonly VerifierKey[] {
  const file = join(dir, POLICY_FILE)
  return existsSync(file) ? readTrustPolicy(file).witnesses.map(({ key }) => key) : []
}

/** The key that was given, and the one by which the entries at hand replaced it. */
export async function trustIn(store: StoreReader, trusted: VerifierKey): Promise<LogTrust> {
  const verify = chooseVerifier()
  const inForce = await keyInForce(sha256, store, await store.size())
  const keys = inForce === undefined || inForce.keyId === trusted.keyId ? [trusted] : [trusted, inForce]
  return { origin: trusted.name, logKeys: keys.map((key) => noteVerifier(verify, key)), witnesses: [], quorum: 0 }
}

function caught(evidence: Evidence, dir: string): Failure {
  try {
    const file = keepEvidence(dir, evidence)
    return new Failure(
      'damaged',
      `${evidence.message} The mirror stops here. Evidence: ${file}; nimledger check tells what it shows.`,
    )
  } catch (error) {
    const text = Buffer.from(formatEvidence(evidence)).toString('utf8').trimEnd()
    note(`The evidence could not be kept: ${failureOf(error).message} Here it is:\n${text}`)
    return new Failure('damaged', `${evidence.message} The mirror stops here.`)
  }
}
