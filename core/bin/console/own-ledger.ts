/** A ledger of one's own, open to write: its lock is held here, and other programs' notes come in by a door. */

import type { Draft, Sight } from '../../api/host.ts'
import type { Milliseconds } from '../../domain/time.ts'
import { IndexFollower, type OpenSearched, openSqliteSearched } from '../../drivers/sqlite/index-follower.ts'
import { openSqliteWriter } from '../../drivers/sqlite/store.ts'
import type { Vault } from '../../drivers/vault.ts'
import { Ledger } from '../../ledger/ledger.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { Revenue } from '../../ledger/revenue.ts'
import type { StoreWriter } from '../../ledger/store.ts'
import { type LocalDoor, openLocalDoor } from '../../net/local-door.ts'
import { compose, Desk, ledgerOptions } from '../desk.ts'
import { doorFailure, failureOf } from '../failure.ts'
import { LedgerClock } from '../ledger-clock.ts'
import { note } from '../output.ts'
import { LOCK_TIMEOUT_MS, type Sequencer } from '../sequencer.ts'
import { SharedReader } from '../shared-reader.ts'
import type { Opened, Told } from './opened.ts'

/** What the ledger is made of while it is open. */
interface Parts {
  readonly desk: Desk
  readonly ledger: Ledger
  readonly clock: LedgerClock
  readonly reader: SharedReader<OpenSearched>
  readonly indexer: IndexFollower
  readonly door: LocalDoor
}

export class OwnLedger implements Opened {
  readonly sync = undefined
  readonly #parts: Parts
  readonly #revenue = new Revenue()

  private constructor(parts: Parts) {
    this.#parts = parts
  }

  static async open(dir: string, vault: Vault, told: Told): Promise<OwnLedger> {
    const store = await openSqliteWriter(dir, { lockTimeoutMs: LOCK_TIMEOUT_MS })
    try {
      return new OwnLedger(await openParts(dir, store, vault, told))
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
    return reader.use(ledger.checkpoint, ({ store, lookup }) => read({ store, lookup, time, revenue: this.#revenue }))
  }

  async compose(draft: Draft): Promise<string> {
    return compose(this.origin, this.#now(), draft)
  }

  writing<T>(write: (desk: Desk) => Promise<T>): Promise<T> {
    return write(this.#parts.desk)
  }

  async close(): Promise<void> {
    const { reader, indexer, door, ledger } = this.#parts
    reader.retire()
    await indexer.close()
    await door.close()
    await ledger.close()
  }

  #now(): Milliseconds {
    const { clock, ledger } = this.#parts
    return clock.now(ledger.lastTime)
  }
}

async function openParts(dir: string, store: StoreWriter, vault: Vault, { grown }: Told): Promise<Parts> {
  const platform = await readPlatform(store)
  const opening: { ledger?: Ledger } = {}
  const clock = new LedgerClock(platform)
  const now = () => clock.now(opening.ledger?.lastTime ?? 0)
  opening.ledger = await Ledger.open(ledgerOptions(store, vault, platform.origin, now))
  const indexer = await IndexFollower.start(dir, (error) => note(`The index does not follow: ${failureOf(error).message}`))
  const sequencer = announcing(opening.ledger, (size) => {
    grown(size)
    indexer.grown(size)
  })
  const submit = async (note: Uint8Array, at: Milliseconds | undefined) => {
    if (at !== undefined) clock.set(at, sequencer.lastTime)
    return sequencer.submit(note)
  }
  const door = await openLocalDoor(dir, { submit, explain: doorFailure })
  const desk = new Desk({ dir, passphrase: {} }, sequencer, vault, platform)
  const reader = new SharedReader(() => openSqliteSearched(dir))
  return { desk, ledger: opening.ledger, clock, reader, indexer, door }
}

/** A ledger that tells its size whenever it grew. */
function announcing(ledger: Ledger, tell: (size: number) => void): Sequencer {
  return {
    get size() {
      return ledger.size
    },
    get lastTime() {
      return ledger.lastTime
    },
    reader: ledger.reader,
    summary: (time) => ledger.summary(time),
    submit: async (note) => {
      const answer = await ledger.submit(note)
      if (answer.status === 'accepted' && answer.repeated === undefined) tell(ledger.size)
      return answer
    },
    close: () => ledger.close(),
  }
}
