/**
 * A hub's ledger as the mirror in the folder has it: read like one's own, and written to through the outbox. While it is open the
 * link follows the hub; where another program does, what that one brings is seen all the same.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Draft, HubNamed, Sight, SyncHost } from '../../api/host.ts'
import type { HubState, LinkState } from '../../api/views.ts'
import { assert } from '../../base/assert.ts'
import { Malformed } from '../../base/malformed.ts'
import type { Platform } from '../../domain/state.ts'
import { type IndexFollower, type OpenSearched, openSqliteSearched } from '../../drivers/sqlite/index-follower.ts'
import { readMirrorHeads } from '../../drivers/sqlite/mirror-store.ts'
import { openSqliteOutbox } from '../../drivers/sqlite/outbox-store.ts'
import { openSqliteReader } from '../../drivers/sqlite/store.ts'
import type { Vault } from '../../drivers/vault.ts'
import { Deposits } from '../../ledger/deposits.ts'
import type { OutboxStore } from '../../ledger/outbox-store.ts'
import { lastTime, readPlatform } from '../../ledger/queries.ts'
import { Revenue } from '../../ledger/revenue.ts'
import { StoreError } from '../../ledger/store.ts'
import { type LogTrust, readCheckpoint } from '../../log/checkpoint.ts'
import { formatVerifierKey, type VerifierKey } from '../../log/note.ts'
import { Broadcast } from '../broadcast.ts'
import { compose, Desk } from '../desk.ts'
import { type EvidenceFile, listEvidence } from '../evidence-files.ts'
import { failureOf } from '../failure.ts'
import { type Hub, keptWitnesses, requireHub, trustIn } from '../following.ts'
import { keepHubToken, keptHubToken } from '../hub-token.ts'
import { LedgerClock } from '../ledger-clock.ts'
import { MirrorSequencer } from '../mirror-sequencer.ts'
import { note } from '../output.ts'
import { keepIndexed } from '../searching.ts'
import { SharedReader } from '../shared-reader.ts'
import { HubLink } from './hub-link.ts'
import { HubOperation } from './hub-operation.ts'
import type { Opened, Told } from './opened.ts'

/** How long opening waits for the hub, so that pages begin with what it has now. */
const FIRST_ROUND_MS = 3_000

interface MirrorOptions {
  readonly dir: string
  readonly vault: Vault
  /** For a private hub, where no token is kept in the folder. */
  readonly token: string | undefined
}

/** A desk for as long as somebody submits. */
interface Submitting {
  readonly desk: Desk
  close(): Promise<void>
}

export class MirroredLedger implements Opened, SyncHost {
  readonly hub: HubNamed
  readonly #outbox: OutboxStore
  readonly #options: MirrorOptions
  readonly #told: Told
  readonly #link: HubLink
  readonly #known: Hub
  readonly #changes = new Broadcast<'changed'>()
  readonly #revenue = new Revenue()
  readonly #deposits = new Deposits()
  readonly #reader: SharedReader<OpenSearched>
  readonly #submitting: SharedReader<Submitting>
  #platform: Platform | undefined
  #operation: HubOperation | undefined
  #indexer: IndexFollower | undefined
  #sizes = { size: 0, shown: 0 }
  /** Another one whenever the folder may hold something else. */
  #state = 0
  #looking: Promise<void> = Promise.resolve()
  #isLookDue = false
  #isClosed = false

  private constructor(options: MirrorOptions, hub: Hub, outbox: OutboxStore, told: Told) {
    const { dir } = options
    this.#options = options
    this.#told = told
    this.#known = hub
    this.hub = { url: hub.base.href, vkey: formatVerifierKey(hub.trusted) }
    this.#outbox = outbox
    this.#reader = new SharedReader(() => openSqliteSearched(dir))
    this.#submitting = new SharedReader(() => this.#openSubmitting())
    this.#link = new HubLink({ dir, hub, token: () => this.#token, changed: () => this.#look() })
  }

  static async open(options: MirrorOptions, told: Told): Promise<MirroredLedger> {
    const { dir } = options
    const hub = await requireHub(dir)
    const outbox = openSqliteOutbox(dir, 'write')
    assert(outbox !== undefined, 'a mirror that knows its hub has an outbox')
    const mirrored = new MirroredLedger(options, hub, outbox, told)
    try {
      await mirrored.#begin()
      return mirrored
    } catch (error) {
      await mirrored.close()
      throw error
    }
  }

  get sync(): SyncHost {
    return this
  }

  /** Throws once the mirror is being closed: whoever follows it may ask until then. */
  get outbox(): OutboxStore {
    if (this.#isClosed) throw new StoreError('offline', 'The ledger is being closed.')
    return this.#outbox
  }

  get origin(): string {
    return this.#requirePlatform().origin
  }

  get vault(): Vault {
    return this.#options.vault
  }

  get size(): number {
    return this.#sizes.size
  }

  reading<T>(read: (sight: Sight) => Promise<T>): Promise<T> {
    const clock = new LedgerClock(this.#requirePlatform())
    return this.#reader.use(this.#state, async ({ store, lookup }) =>
      read({ store, lookup, time: clock.now(await lastTime(store)), revenue: this.#revenue, deposits: this.#deposits }),
    )
  }

  compose(draft: Draft): Promise<string> {
    return this.reading(async ({ time }) => compose(this.origin, time, draft))
  }

  async writing<T>(write: (desk: Desk) => Promise<T>): Promise<T> {
    this.#link.requireGoing()
    try {
      return await this.#submitting.use('open', ({ desk }) => write(desk))
    } finally {
      this.#look()
    }
  }

  hubState(): Promise<HubState> {
    return this.#requireOperation().state()
  }

  signInToHub(): Promise<void> {
    return this.#requireOperation().signIn()
  }

  link(): LinkState {
    return this.#link.state
  }

  async sizes(): Promise<{ readonly size: number; readonly shown: number }> {
    return this.#sizes
  }

  evidence(): EvidenceFile[] {
    return listEvidence(this.#options.dir)
  }

  trust(): Promise<LogTrust> {
    return this.reading(({ store }) => trustIn(store, this.#known.trusted))
  }

  witnesses(): readonly VerifierKey[] {
    return keptWitnesses(this.#options.dir)
  }

  async now(): Promise<void> {
    await this.#link.round()
  }

  useToken(token: string): void {
    keepHubToken(this.#options.dir, token)
  }

  touched(): void {
    this.#changes.say('changed')
  }

  async changed(signal: AbortSignal): Promise<void> {
    for await (const _ of this.#changes.listen(signal)) return
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#link.end()
    await this.#looking
    this.#reader.retire()
    this.#submitting.retire()
    await this.#indexer?.close()
    await this.#outbox.close()
  }

  /** A mirror that has nothing yet needs its hub; one that has something shows it, whether or not the hub can be reached. */
  async #begin(): Promise<void> {
    const { dir } = this.#options
    const first = this.#link.round()
    this.#sizes = await readSizes(dir)
    if (this.#sizes.size === 0) await first
    else await Promise.race([first.catch(() => {}), sleep(FIRST_ROUND_MS, undefined, { ref: false })])
    this.#sizes = await readSizes(dir)
    const store = await openSqliteReader(dir)
    try {
      this.#platform = await readPlatform(store)
    } finally {
      await store.close()
    }
    this.#indexer = await keepIndexed(dir)
  }

  async #openSubmitting(): Promise<Submitting> {
    const { dir, vault } = this.#options
    const sequencer = await MirrorSequencer.open({ dir, rounds: this.#link })
    const desk = new Desk({ dir, passphrase: {} }, sequencer, vault, this.#requirePlatform())
    return { desk, close: () => sequencer.close() }
  }

  /** Looks at what the folder holds, soon, and tells whoever watches. */
  #look(): void {
    if (this.#isLookDue) return
    this.#isLookDue = true
    this.#looking = this.#looking.then(async () => {
      this.#isLookDue = false
      await this.#see().catch((error: unknown) => note(failureOf(error).message))
    })
  }

  async #see(): Promise<void> {
    const sizes = await readSizes(this.#options.dir)
    const hasGrown = sizes.size > this.#sizes.size
    this.#sizes = sizes
    this.#state += 1
    if (hasGrown) {
      this.#told.grown(sizes.size)
      this.#indexer?.grown(sizes.size)
    }
    this.#changes.say('changed')
  }

  get #token(): string | undefined {
    return keptHubToken(this.#options.dir) ?? this.#options.token
  }

  #requireOperation(): HubOperation {
    const { dir, vault } = this.#options
    const { operator } = this.#requirePlatform()
    this.#operation ??= new HubOperation({ dir, vault, operator, hub: this.#known, token: () => this.#token })
    return this.#operation
  }

  #requirePlatform(): Platform {
    assert(this.#platform !== undefined, 'a mirror is open once it has its first entry')
    return this.#platform
  }
}

/** Entries in the mirror, and of the log as it was shown last. */
async function readSizes(dir: string): Promise<{ readonly size: number; readonly shown: number }> {
  const store = await openSqliteReader(dir)
  try {
    const { shown } = readMirrorHeads(dir)
    const head = shown && readCheckpoint(shown)
    const size = await store.size()
    return { size, shown: head === undefined || head instanceof Malformed ? size : head.size }
  } finally {
    await store.close()
  }
}
