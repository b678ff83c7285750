/** The hub of the simulation: the real one, over a ledger in a folder whose disk fills up, and which is killed. */

import { failureOf } from '../../core/bin/failure.ts'
import { hubAccess } from '../../core/bin/hub/access.ts'
import { HubLedger } from '../../core/bin/hub/hub-ledger.ts'
import type { Milliseconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { openSqliteSearched } from '../../core/drivers/sqlite/index-follower.ts'
import { openSqliteReader, openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import { Ledger } from '../../core/ledger/ledger.ts'
import type { Commit, StoreReader, StoreWriter } from '../../core/ledger/store.ts'
import { NO_LIMITS } from '../../core/net/gate.ts'
import { type HubServer, serveHub } from '../../core/net/hub-server.ts'
import { interpose, ORIGIN, SEQUENCER, VERIFIER } from '../ledger/support.ts'
import { Disk } from './disks.ts'

const CHANGES = ['commit', 'replaceCheckpoint', 'rememberRefusals'] as const satisfies (keyof StoreWriter)[]

/** One life of the hub, from its start to its end. */
interface Life {
  readonly ledger: HubLedger
  readonly server: HubServer
  readonly stores: Set<StoreWriter>
  readonly disk: Disk
}

export class SimulatedHub {
  readonly folder: string
  disk = new Disk()
  /** What it refused at least once, also where its disk failed before that was kept, and nobody was told. */
  readonly refused = new Set<string>()
  readonly #now: () => Milliseconds
  #life: Life | undefined

  /** Over a folder that has a founded ledger. */
  constructor(folder: string, now: () => Milliseconds) {
    this.folder = folder
    this.#now = now
  }

  /** Where it listens; undefined while it is down. */
  get url(): string | undefined {
    return this.#life?.server.origin
  }

  get size(): number {
    return this.#life!.ledger.size
  }

  async start(): Promise<void> {
    const disk = new Disk()
    const stores = new Set<StoreWriter>()
    const open = async () => {
      const store = await openSqliteWriter(this.folder, { lockTimeoutMs: 1_000 })
      stores.add(store)
      const options = { rules, sha256, verifier: VERIFIER, now: this.#now, sequencerKeys: [SEQUENCER] }
      try {
        return await Ledger.open({ ...options, store: this.#noting(disk.wrap(store, CHANGES)) })
      } catch (error) {
        await store.close()
        throw error
      }
    }
    const ledger = await HubLedger.open({
      open,
      openSearched: () => openSqliteSearched(this.folder),
      sequencerKeys: () => [SEQUENCER],
      now: this.#now,
      explain: (error) => failureOf(error),
      pause: () => new Promise((resolve) => setTimeout(resolve, 2)),
    })
    const access = hubAccess({ dir: this.folder, origin: ORIGIN, host: ledger, policy: () => 'public' })
    const gate = { limits: NO_LIMITS, names: [], proxies: [] }
    const server = await serveHub({ host: ledger, access, gate, address: { host: '127.0.0.1', port: 0 } })
    this.disk = disk
    this.#life = { ledger, server, stores, disk }
  }

  /** Ends as it does when it is told to. */
  async stop(): Promise<void> {
    const life = this.#end()
    await life.server.close()
    await life.ledger.close()
  }

  /** Ends as by kill -9, whatever is under way: from now on it neither writes nor answers. */
  async kill(): Promise<void> {
    const { disk, server, ledger, stores } = this.#end()
    disk.kill()
    const closed = server.close()
    await closed
    await ledger.close()
    for (const store of stores) await store.close()
  }

  async read<T>(use: (reader: StoreReader) => Promise<T>): Promise<T> {
    const reader = await openSqliteReader(this.folder)
    try {
      return await use(reader)
    } finally {
      await reader.close()
    }
  }

  /** Notes what of a batch does not come into the log with the rest of it. */
  #noting(store: StoreWriter): StoreWriter {
    let batch: readonly string[] = []
    return interpose(store, (method, call, [given]) => {
      if (method === 'refusals') batch = given as readonly string[]
      if (method === 'commit') {
        const taken = new Set((given as Commit).entries.map(({ id }) => id))
        for (const id of batch) if (!taken.has(id)) this.refused.add(id)
      }
      return call()
    })
  }

  #end(): Life {
    const life = this.#life!
    this.#life = undefined
    return life
  }
}
