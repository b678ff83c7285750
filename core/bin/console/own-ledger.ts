/** A ledger of one's own, open to write: its lock is held here, and other programs' notes come in by a door. */

import type { Draft, Sight } from '../../api/host.ts'
import type { HubState } from '../../api/views.ts'
import type { Milliseconds } from '../../domain/time.ts'
import { type IndexFollower, type OpenSearched, openSqliteSearched } from '../../drivers/sqlite/index-follower.ts'
import type { Vault } from '../../drivers/vault.ts'
import { Deposits } from '../../ledger/deposits.ts'
import { Ledger } from '../../ledger/ledger.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { Revenue } from '../../ledger/revenue.ts'
import type { StoreWriter } from '../../ledger/store.ts'
import { type LocalDoor, openLocalDoor } from '../../net/local-door.ts'
import { compose, Desk, ledgerOptions } from '../desk.ts'
import { doorFailure } from '../failure.ts'
import { LedgerClock } from '../ledger-clock.ts'
import type { Monitor } from '../monitor/monitor.ts'
import { keepIndexed } from '../searching.ts'
import { SharedReader } from '../shared-reader.ts'
import type { LedgerPlace, Opened, Told } from './opened.ts'
import { WatchedLedger } from './watched-ledger.ts'

/** What the ledger is made of while it is open. */
interface Parts {
  readonly desk: Desk
  readonly ledger: Ledger
  readonly clock: LedgerClock
  readonly reader: SharedReader<OpenSearched>
  readonly indexer: IndexFollower
  readonly monitor: Monitor
  readonly door: LocalDoor
}

export class OwnLedger implements Opened {
  readonly sync = undefined
  readonly #parts: Parts
  readonly #revenue = new Revenue()
  readonly #deposits = new Deposits()

  private constructor(parts: Parts) {
    this.#parts = parts
  }

  /** `store` holds the folder's lock. */
  static async open(place: LedgerPlace, store: StoreWriter, told: Told): Promise<OwnLedger> {
    try {
      return new OwnLedger(await openParts(place, store, told))
    } catch (error) {
      await store.close()
      throw error
    }
  }

  get origin(): string {
    return this.#parts.desk.platform.origin
  }

  get vault(): Vault {
    return this.#parts.desk.vault
  }

  get size(): number {
    return this.#parts.ledger.size
  }

  /** Whatever changes the ledger ends in another checkpoint. */
  async reading<T>(read: (sight: Sight) => Promise<T>): Promise<T> {
    const { ledger, reader } = this.#parts
    const time = this.#now()
    const kept = { revenue: this.#revenue, deposits: this.#deposits }
    return reader.use(ledger.checkpoint, ({ store, lookup }) => read({ store, lookup, time, ...kept }))
  }

  async compose(draft: Draft): Promise<string> {
    return compose(this.origin, this.#now(), draft)
  }

  writing<T>(write: (desk: Desk) => Promise<T>): Promise<T> {
    return write(this.#parts.desk)
  }

  async hubState(): Promise<HubState> {
    return { where: 'here', view: await this.#parts.monitor.view() }
  }

  async close(): Promise<void> {
    const { reader, indexer, monitor, door, ledger } = this.#parts
    reader.retire()
    monitor.close()
    await indexer.close()
    await door.close()
    await ledger.close()
  }

  #now(): Milliseconds {
    const { clock, ledger } = this.#parts
    return clock.now(ledger.lastTime)
  }
}

async function openParts({ dir, vault, version }: LedgerPlace, store: StoreWriter, { grown }: Told): Promise<Parts> {
  const platform = await readPlatform(store)
  const opening: { ledger?: Ledger } = {}
  const clock = new LedgerClock(platform)
  const now = () => clock.now(opening.ledger?.lastTime ?? 0)
  opening.ledger = await Ledger.open(ledgerOptions(store, vault, platform.origin, now))
  const indexer = await keepIndexed(dir)
  const ledger = new WatchedLedger(opening.ledger, { dir, version }, (size) => {
    grown(size)
    indexer.grown(size)
  })
  const { monitor } = ledger
  const submit = async (note: Uint8Array, at: Milliseconds | undefined) => {
    if (at !== undefined) clock.set(at, ledger.lastTime)
    return ledger.submit(note)
  }
  const door = await openLocalDoor(dir, { submit, view: () => monitor.view(), explain: doorFailure })
  const desk = new Desk({ dir, passphrase: {} }, ledger, vault, platform)
  const reader = new SharedReader(() => openSqliteSearched(dir))
  return { desk, ledger: opening.ledger, clock, reader, indexer, monitor, door }
}
