/** A hub over real HTTP with Ada's account open, and folders of mirrors with outboxes that follow it; all gone after the test. */

import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { chooseVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { openSqliteMirror } from '../../core/drivers/sqlite/mirror-store.ts'
import { openSqliteOutbox } from '../../core/drivers/sqlite/outbox-store.ts'
import type { OutboxStore } from '../../core/ledger/outbox-store.ts'
import type { StoreReader } from '../../core/ledger/store.ts'
import { type LogTrust, noteVerifier } from '../../core/log/checkpoint.ts'
import type { HubClient } from '../../core/net/hub-client.ts'
import type { Evidence } from '../../core/sync/evidence.ts'
import { Mirror } from '../../core/sync/mirror.ts'
import { Outbox, type OutboxOptions, putNote } from '../../core/sync/outbox.ts'
import type { RemoteHub } from '../../core/sync/remote.ts'
import { settle } from '../../core/sync/settlement.ts'
import { sqliteHome, temporaryFolder } from '../ledger/homes.ts'
import { ADA, accepted, LOG_KEY, ORIGIN, TestLedger, VERIFIER } from '../ledger/support.ts'
import { SimulatedHub } from '../simulator/hub.ts'
import { clientOf } from './served.ts'

export const TRUST: LogTrust = { origin: ORIGIN, logKeys: [noteVerifier(chooseVerifier(), LOG_KEY)], witnesses: [], quorum: 0 }

export class TestHub {
  /** What signs; the ledger itself is the hub's. */
  readonly pen: TestLedger
  readonly #hub: SimulatedHub

  private constructor(pen: TestLedger, hub: SimulatedHub) {
    this.pen = pen
    this.#hub = hub
  }

  static async start(): Promise<TestHub> {
    const home = await sqliteHome()
    const pen = await TestLedger.found(home)
    accepted(await pen.ledger.submit(pen.opening(ADA)))
    await pen.close()
    const hub = new SimulatedHub(home.folder, () => pen.time)
    await hub.start()
    const made = new TestHub(pen, hub)
    onTestFinished(() => made.stop())
    return made
  }

  get url(): string {
    return this.#hub.url!
  }

  get size(): number {
    return this.#hub.size
  }

  get client(): HubClient {
    return clientOf(this)
  }

  async stop(): Promise<void> {
    if (this.#hub.url !== undefined) await this.#hub.stop()
  }
}

/** A mirror's folder with an outbox, opened for each use as a program that starts does. */
export class TestOutbox {
  readonly folder = join(temporaryFolder(), 'mirror')
  now = 0
  readonly #hub: TestHub

  private constructor(hub: TestHub) {
    this.#hub = hub
  }

  static async make(hub: TestHub): Promise<TestOutbox> {
    const made = new TestOutbox(hub)
    await (await openSqliteMirror(made.folder)).close()
    return made
  }

  async use<T>(use: (store: OutboxStore) => Promise<T>): Promise<T> {
    const store = openSqliteOutbox(this.folder, 'write')!
    try {
      return await use(store)
    } finally {
      await store.close()
    }
  }

  /** Puts notes in; returns their ids. */
  put(...notes: readonly Uint8Array[]): Promise<string[]> {
    return this.use(async (store) => {
      const ids: string[] = []
      for (const note of notes) {
        const kept = await putNote({ rules, sha256, store, now: () => this.now }, note)
        if (kept.status === 'refused') throw new Error(kept.message)
        ids.push(kept.id)
      }
      return ids
    })
  }

  /** One pass, by a program that starts for it. */
  deliver(hub: RemoteHub = this.#hub.client, wrap = (store: OutboxStore) => store) {
    return this.use((store) => this.sender({ hub, store: wrap(store) }).deliver())
  }

  sender(given: Pick<OutboxOptions, 'hub' | 'store'>): Outbox {
    return new Outbox({ rules, sha256, trust: async () => TRUST, now: () => this.now, random: () => 0.5, ...given })
  }

  /** A round of the mirror, and what it says of the notes; `wrap` is between it and its tiles then. */
  async mirror(server: { readonly url: string } = this.#hub, wrap = (one: StoreReader) => one): Promise<Evidence | undefined> {
    const store = await openSqliteMirror(this.folder)
    try {
      const remote = clientOf(server)
      const mirror = await Mirror.open({ rules, sha256, verifier: VERIFIER, store, remote, trusted: LOG_KEY })
      const result = await mirror.sync()
      if (result.status === 'caught') return result.evidence
      return await this.use((outbox) => settle({ sha256, outbox, store: wrap(store), now: () => this.now }))
    } finally {
      await store.close()
    }
  }

  states(): Promise<string[]> {
    return this.use(async (store) => (await store.list(undefined, undefined, 1_000)).map(({ state }) => state))
  }
}
