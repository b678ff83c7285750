/**
 * Who follows the hub: mirrors, and consoles, which are mirrors with an outbox. Each has a network of its own to the hub,
 * and a disk of its own.
 */

import { join } from 'node:path'
import type { Milliseconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { chooseVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { openSqliteMirror } from '../../core/drivers/sqlite/mirror-store.ts'
import { openSqliteOutbox } from '../../core/drivers/sqlite/outbox-store.ts'
import { openSqliteReader } from '../../core/drivers/sqlite/store.ts'
import type { OutboxStore } from '../../core/ledger/outbox-store.ts'
import { type MirrorWriter, StoreError, type StoreReader } from '../../core/ledger/store.ts'
import { type LogTrust, noteVerifier } from '../../core/log/checkpoint.ts'
import { HubClient } from '../../core/net/hub-client.ts'
import { parseHubUrl } from '../../core/net/hub-url.ts'
import type { Evidence } from '../../core/sync/evidence.ts'
import { Mirror } from '../../core/sync/mirror.ts'
import { Outbox, putNote } from '../../core/sync/outbox.ts'
import type { RemoteHub } from '../../core/sync/remote.ts'
import { settle } from '../../core/sync/settlement.ts'
import { LOG_KEY, ORIGIN, VERIFIER } from '../ledger/support.ts'
import type { Random } from '../model/random.ts'
import { Disk } from './disks.ts'
import type { FaultProxy } from './fault-proxy.ts'
import type { Pen, Signed } from './pens.ts'

const MIRROR_CHANGES = ['commit', 'keepShown', 'coverShown'] as const satisfies (keyof MirrorWriter)[]
const OUTBOX_CHANGES = ['put', 'markSent', 'settle', 'markMirrored'] as const satisfies (keyof OutboxStore)[]

export const TRUST: LogTrust = { origin: ORIGIN, logKeys: [noteVerifier(chooseVerifier(), LOG_KEY)], witnesses: [], quorum: 0 }

/** A client that soon gives up, so that a message that never comes costs no time. */
const IMPATIENT = { attempts: 2, pauseMs: 1, timeoutMs: 2_000, idleTimeoutMs: 250 }
const PATIENT = { attempts: 3, pauseMs: 50, timeoutMs: 60_000, idleTimeoutMs: 30_000 }

/** What a program may meet in such a world, and go on after: the network, its disk. Anything else is a finding. */
export function isExpected(error: unknown): boolean {
  return error instanceof StoreError && ['offline', 'disk_full', 'busy'].includes(error.code)
}

export class SimulatedMirror {
  readonly name: string
  readonly folder: string
  readonly network: FaultProxy
  disk = new Disk()

  constructor(name: string, parent: string, network: FaultProxy) {
    this.name = name
    this.folder = join(parent, name)
    this.network = network
  }

  /** An empty one, as its first round makes it. */
  async create(): Promise<void> {
    await (await openSqliteMirror(this.folder)).close()
  }

  /** One round, as a process that starts for it: what it has is on its disk. */
  async sync(): Promise<'synced' | 'cut off'> {
    const store = await openSqliteMirror(this.folder)
    try {
      const options = { rules, sha256, verifier: VERIFIER, remote: this.client(), trusted: LOG_KEY }
      const mirror = await Mirror.open({ ...options, store: this.disk.wrap(store, MIRROR_CHANGES) })
      const result = await mirror.sync()
      const evidence = result.status === 'caught' ? result.evidence : await this.settle(store)
      if (evidence === undefined) return 'synced'
      throw new Error(`${this.name} takes an honest hub for a ${evidence.kind}: ${evidence.message}`)
    } catch (error) {
      if (isExpected(error)) return 'cut off'
      throw error
    } finally {
      await store.close()
    }
  }

  async read<T>(use: (reader: StoreReader) => Promise<T>): Promise<T> {
    const reader = await openSqliteReader(this.folder)
    try {
      return await use(reader)
    } finally {
      await reader.close()
    }
  }

  /** What follows a round; whoever has no outbox has nothing to settle. */
  protected async settle(_store: StoreReader): Promise<Evidence | undefined> {
    return undefined
  }

  protected client(): HubClient {
    return new HubClient(parseHubUrl(this.network.url) as URL, this.network.isCalm ? PATIENT : IMPATIENT)
  }
}

export class SimulatedConsole extends SimulatedMirror {
  readonly pens: readonly Pen[]
  readonly #random: Random
  readonly #now: () => Milliseconds
  /** Signed, and kept by the outbox. */
  readonly kept: Signed[] = []
  /** The codes with which the hub refused, by id. */
  readonly heard = new Map<string, string>()
  #isDelivering = false

  constructor(
    name: string,
    parent: string,
    network: FaultProxy,
    given: { pens: readonly Pen[]; random: Random; now: () => Milliseconds },
  ) {
    super(name, parent, network)
    this.pens = given.pens
    this.#random = given.random
    this.#now = given.now
  }

  /** Signs notes, and puts them into the outbox; one that it could not keep is put in again, or nobody would know of it. */
  async sign(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const isAgain = this.kept.length > 0 && this.#random.chance(0.1)
      const signed = isAgain ? this.#random.pick(this.kept) : this.#random.pick(this.pens).sign(Math.floor(this.#now() / 1_000))
      await this.outbox(async (store) => {
        const put = () => putNote({ rules, sha256, store, now: this.#now }, signed.note)
        const answer = await put().catch((error) => {
          if (!isExpected(error)) throw error
          this.disk.clear()
          return put()
        })
        if (answer.status !== 'queued') throw new Error(`The outbox of ${this.name} refused a well-formed note.`)
      })
      if (!isAgain) this.kept.push(signed)
    }
  }

  /** One pass of delivery, by a program that starts for it. Of two, the second would wait for the mirror's lock. */
  async deliver(): Promise<'done' | 'cut off' | 'under way'> {
    if (this.#isDelivering) return 'under way'
    this.#isDelivering = true
    try {
      return await this.outbox(async (store) => {
        const options = { rules, sha256, store, hub: this.#listening(), trust: async () => TRUST, now: this.#now }
        const { failure } = await new Outbox({ ...options, random: () => this.#random.fraction() }).deliver()
        if (failure === undefined) return 'done'
        if (isExpected(failure)) return 'cut off'
        throw failure
      })
    } catch (error) {
      if (isExpected(error)) return 'cut off'
      throw error
    } finally {
      this.#isDelivering = false
    }
  }

  protected override settle(store: StoreReader): Promise<Evidence | undefined> {
    return this.outbox((outbox) => settle({ sha256, outbox, store, now: this.#now }))
  }

  /** The hub, and what it refuses. */
  #listening(): RemoteHub {
    const hub = this.client()
    const submit = async (notes: readonly Uint8Array[]) => {
      const answers = await hub.submit(notes)
      for (const [i, answer] of answers.entries()) {
        if (answer.status !== 'refused') continue
        const kept = this.kept.find(({ note }) => Buffer.compare(note, notes[i]!) === 0)
        this.heard.set(kept!.id, answer.code)
      }
      return answers
    }
    return { name: hub.name, submit }
  }

  /** Opens the outbox as a program does that starts. */
  async outbox<T>(use: (store: OutboxStore) => Promise<T>): Promise<T> {
    const store = openSqliteOutbox(this.folder, 'write')
    if (store === undefined) throw new Error(`${this.name} has no outbox.`)
    try {
      return await use(this.disk.wrap(store, OUTBOX_CHANGES))
    } finally {
      await store.close()
    }
  }
}
