/**
 * A ledger that another program on this machine writes to, such as a hub: read from its folder, and written to by that program's
 * door. What others bring is seen within a second.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Failure as ApiFailure } from '../../api/failures.ts'
import type { Draft, Sight } from '../../api/host.ts'
import type { HubState } from '../../api/views.ts'
import type { Platform } from '../../domain/state.ts'
import { type IndexFollower, type OpenSearched, openSqliteSearched } from '../../drivers/sqlite/index-follower.ts'
import { openSqliteReader } from '../../drivers/sqlite/store.ts'
import type { Vault } from '../../drivers/vault.ts'
import { Deposits } from '../../ledger/deposits.ts'
import { lastTime, readPlatform } from '../../ledger/queries.ts'
import { Revenue } from '../../ledger/revenue.ts'
import { callLocalDoor, type LocalCaller } from '../../net/local-caller.ts'
import { compose, Desk, LEDGER_TOOLS } from '../desk.ts'
import { Failure, failureOf, toldToCallers } from '../failure.ts'
import { LedgerClock } from '../ledger-clock.ts'
import { note } from '../output.ts'
import { keepIndexed } from '../searching.ts'
import { DistantSequencer } from '../sequencer.ts'
import { SharedReader } from '../shared-reader.ts'
import type { LedgerPlace, Opened, Told } from './opened.ts'

/** The pause between two looks at whether the ledger has grown. */
const LOOK_MS = 500

const GONE =
  'The program that wrote to this ledger has ended. Start it again; or lock this console and unlock it, and it writes by itself.'
const SILENT = 'The program that writes to this ledger is of another version, which does not tell how it is doing.'

/** A desk for as long as somebody submits. */
interface Submitting {
  readonly desk: Desk
  close(): Promise<void>
}

export class ServedLedger implements Opened {
  readonly sync = undefined
  readonly #place: LedgerPlace
  readonly #told: Told
  readonly #platform: Platform
  readonly #revenue = new Revenue()
  readonly #deposits = new Deposits()
  readonly #reader: SharedReader<OpenSearched>
  readonly #submitting: SharedReader<Submitting>
  readonly #indexer: IndexFollower
  readonly #life = new AbortController()
  #size = 0
  #looking: Promise<void> = Promise.resolve()
  readonly #running: Promise<void>

  private constructor(place: LedgerPlace, told: Told, platform: Platform, indexer: IndexFollower) {
    this.#place = place
    this.#told = told
    this.#platform = platform
    this.#indexer = indexer
    this.#reader = new SharedReader(() => openSqliteSearched(place.dir))
    this.#submitting = new SharedReader(() => this.#openSubmitting())
    this.#running = this.#run()
  }

  static async open(place: LedgerPlace, told: Told): Promise<ServedLedger> {
    const store = await openSqliteReader(place.dir)
    try {
      const platform = await readPlatform(store)
      const indexer = await keepIndexed(place.dir)
      const served = new ServedLedger(place, told, platform, indexer)
      await served.#look()
      return served
    } finally {
      await store.close()
    }
  }

  get origin(): string {
    return this.#platform.origin
  }

  get size(): number {
    return this.#size
  }

  get vault(): Vault {
    return this.#place.vault
  }

  reading<T>(read: (sight: Sight) => Promise<T>): Promise<T> {
    const clock = new LedgerClock(this.#platform)
    return this.#reader.use(this.#size, async ({ store, lookup }) =>
      read({ store, lookup, time: clock.now(await lastTime(store)), revenue: this.#revenue, deposits: this.#deposits }),
    )
  }

  compose(draft: Draft): Promise<string> {
    return this.reading(async ({ time }) => compose(this.origin, time, draft))
  }

  async writing<T>(write: (desk: Desk) => Promise<T>): Promise<T> {
    try {
      return await this.#submitting.use('open', ({ desk }) => write(desk))
    } finally {
      await this.#look()
    }
  }

  async hubState(): Promise<HubState> {
    try {
      const caller = await this.#call()
      const view = await caller.view().finally(() => caller.close())
      return view === undefined ? untold({ code: 'missing', message: SILENT }) : { where: 'beside', view }
    } catch (error) {
      return untold(toldToCallers(failureOf(error)))
    }
  }

  async close(): Promise<void> {
    this.#life.abort()
    await this.#running
    await this.#looking
    this.#reader.retire()
    this.#submitting.retire()
    await this.#indexer.close()
  }

  async #run(): Promise<void> {
    const { signal } = this.#life
    while (!signal.aborted) {
      await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => {})
      await this.#look().catch((error: unknown) => note(failureOf(error).message))
    }
  }

  /** Looks at what the folder holds, and tells whoever watches; one look after the other. */
  #look(): Promise<void> {
    const look = this.#looking.then(async () => {
      const store = await openSqliteReader(this.#place.dir)
      const size = await store.size().finally(() => store.close())
      if (size <= this.#size) return
      this.#size = size
      this.#told.grown(size)
      this.#indexer.grown(size)
    })
    this.#looking = look.catch(() => {})
    return look
  }

  async #call(): Promise<LocalCaller> {
    const caller = await callLocalDoor(this.#place.dir, LEDGER_TOOLS)
    if (caller === undefined) throw new Failure('offline', GONE)
    return caller
  }

  async #openSubmitting(): Promise<Submitting> {
    const { dir, vault } = this.#place
    const sequencer = await DistantSequencer.open(await this.#call(), { dir })
    return { desk: new Desk({ dir, passphrase: {} }, sequencer, vault, this.#platform), close: () => sequencer.close() }
  }
}

function untold(failure: ApiFailure): HubState {
  return { where: 'beside', failure }
}
