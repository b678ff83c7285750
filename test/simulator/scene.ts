/** A hub and a mirror with its outbox, as processes; clients that hand in notes without end; what was acknowledged to them. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { composeText } from '../../core/domain/envelope.ts'
import { wholeSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { openSqliteOutbox } from '../../core/drivers/sqlite/outbox-store.ts'
import { openSqliteReader } from '../../core/drivers/sqlite/store.ts'
import type { StoreReader } from '../../core/ledger/store.ts'
import { signNote } from '../../core/log/note.ts'
import { HubClient } from '../../core/net/hub-client.ts'
import { parseHubUrl } from '../../core/net/hub-url.ts'
import { putNote } from '../../core/sync/outbox.ts'
import { RemoteError } from '../../core/sync/remote.ts'
import { found } from '../cli/market.ts'
import { auditOf, cli, folder, ok } from '../cli/run.ts'
import { transactionOf } from '../ledger/forging.ts'
import { MODEL, type Person, person } from '../ledger/support.ts'
import type { Random } from '../model/random.ts'
import { bookOf } from '../sync/served.ts'
import { Program } from './processes.ts'

const ORIGIN = 'kills.example/credits'
const CLIENTS = 4
const CALL_NOTES = 8
/** How long anything may take that has to come about. */
const PATIENCE_MS = 60_000

interface Sent {
  readonly id: string
  readonly note: Uint8Array
}

type Victim = 'hub' | 'mirror'

export class Scene {
  /** What the hub said of each note that it accepted. */
  readonly #acknowledged = new Map<string, number>()
  readonly #kept: Sent[] = []
  readonly #random: Random
  readonly #dir: string
  readonly #mirrorDir = join(folder(), 'mirror')
  readonly #port: number
  readonly #vkey: string
  #hub!: Program
  #mirror!: Program
  #inFlight = 0
  #handingIn = Promise.withResolvers<void>()
  #nonce = 0
  #isOver = false
  #clients: Promise<unknown> = Promise.resolve()

  private constructor(random: Random, dir: string, given: { port: number; vkey: string }) {
    this.#random = random
    this.#dir = dir
    this.#port = given.port
    this.#vkey = given.vkey
  }

  static async open(random: Random): Promise<Scene> {
    const dir = join(folder(), 'ledger')
    const { vkey } = await found(dir, ORIGIN)
    const scene = new Scene(random, dir, { port: await freePort(), vkey })
    scene.start('hub')
    await scene.isServing()
    await ok(cli(scene.#mirrorDir, scene.#syncing))
    scene.start('mirror')
    const clients = Array.from({ length: CLIENTS }, (_, i) => scene.#client(person(`killing ${random.int(0, 1e9)} ${i}`)))
    scene.#clients = Promise.all([...clients, scene.#writer(person(`outbox ${random.int(0, 1e9)}`))])
    scene.#clients.catch(() => {})
    return scene
  }

  get #url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get #syncing(): string[] {
    return ['sync', '--hub', this.#url, '--vkey', this.#vkey]
  }

  start(victim: Victim): void {
    if (victim === 'hub')
      this.#hub = new Program(this.#dir, ['hub', '--listen', `127.0.0.1:${this.#port}`, '--log-level', 'warn'])
    else this.#mirror = new Program(this.#mirrorDir, [...this.#syncing, '--watch'])
  }

  async isServing(): Promise<void> {
    await this.#hub.prints(1)
  }

  /** Resolves after so many more acknowledgements. */
  async acknowledges(count: number): Promise<void> {
    const wanted = this.#acknowledged.size + count
    await until(() => this.#acknowledged.size >= wanted, 'the hub acknowledges what it is given')
  }

  /** Resolves when somebody next hands in notes. */
  handsIn(): Promise<void> {
    return this.#handingIn.promise
  }

  async kill(victim: Victim): Promise<{ isServing: boolean; inFlight: number }> {
    const isServing = this.#hub.lines.length > 0
    const inFlight = this.#inFlight
    await (victim === 'hub' ? this.#hub : this.#mirror).kill()
    return { isServing, inFlight }
  }

  /** What a victim left on its disk. */
  async check(victim: Victim): Promise<void> {
    if (victim === 'hub') await reading(this.#dir, (reader) => this.#checkLog(reader))
    else await this.#checkMirror()
  }

  /** What was acknowledged is there, where that was said; and nothing is there twice. */
  async #checkLog(reader: StoreReader): Promise<void> {
    const known = [...this.#acknowledged]
    expect(await reader.indexes(known.map(([id]) => id))).toEqual(known.map(([, index]) => index))
    const size = await reader.size()
    const entries = await reader.entries(0, size)
    expect(new Set(entries.map(({ bytes }) => transactionOf(bytes).id)).size).toBe(size)
  }

  async #checkMirror(): Promise<void> {
    await reading(this.#mirrorDir, async (mirror) => {
      const size = await mirror.size()
      const entries = await mirror.entries(0, size)
      const original = await reading(this.#dir, (reader) => reader.entries(0, size))
      for (const [i, { bytes }] of entries.entries()) expect(Buffer.compare(bytes, original[i]!.bytes)).toBe(0)
    })
    await this.#checkOutbox()
  }

  /** Whatever was put into the outbox is in it, and what it says was accepted is where it says. */
  async #checkOutbox(): Promise<void> {
    const store = openSqliteOutbox(this.#mirrorDir, 'read')!
    const notes = await store.list(undefined, undefined, 1_000_000)
    await store.close()
    const ids = new Set(notes.map(({ id }) => id))
    for (const { id } of this.#kept) expect(ids.has(id), `${id} is in the outbox`).toBe(true)
    const accepted = notes.flatMap(({ id, answer }) => (answer?.status === 'accepted' ? [{ id, index: answer.index }] : []))
    const indexes = await reading(this.#dir, (reader) => reader.indexes(accepted.map(({ id }) => id)))
    expect(indexes).toEqual(accepted.map(({ index }) => index))
    expect(notes.filter(({ state }) => state === 'refused')).toEqual([])
  }

  /** Nobody is killed any more: everything is answered, the mirror catches up, and both end in order. */
  async finish(): Promise<{ acknowledged: number; entries: number }> {
    await this.isServing()
    this.#isOver = true
    await this.#clients
    await until(() => this.#isDelivered(), 'the outbox is delivered')
    await until(async () => (await sizeOf(this.#mirrorDir)) === (await sizeOf(this.#dir)), 'the mirror has caught up')
    expect(await this.#mirror.end()).toBe(0)
    expect(await this.#hub.end()).toBe(0)
    await this.check('hub')
    await this.#checkMirror()
    const books = await Promise.all([this.#dir, this.#mirrorDir].map((dir) => reading(dir, bookOf)))
    expect(books[1]).toEqual(books[0])
    for (const dir of [this.#dir, this.#mirrorDir])
      expect(await auditOf(dir)).toMatchObject({ ok: true, defects: [], unsigned: 0 })
    return { acknowledged: this.#acknowledged.size + this.#kept.length, entries: await sizeOf(this.#dir) }
  }

  async close(): Promise<void> {
    this.#isOver = true
    for (const program of [this.#hub, this.#mirror]) if (program?.isRunning) await program.kill()
    await this.#clients.catch(() => {})
  }

  async #isDelivered(): Promise<boolean> {
    const store = openSqliteOutbox(this.#mirrorDir, 'read')!
    const { queued, sent, accepted } = await store.counts()
    await store.close()
    return queued + sent === 0 && accepted === this.#kept.length
  }

  /** Hands in notes, the same until they are answered, and now and then what was answered before. */
  async #client(who: Person): Promise<void> {
    const hub = new HubClient(parseHubUrl(this.#url) as URL, { timeoutMs: 10_000, idleTimeoutMs: 5_000 })
    const answered: Sent[] = []
    let isOpen = false
    while (!this.#isOver) {
      const fresh = Array.from({ length: this.#random.int(1, CALL_NOTES) }, (_, i) => this.#sign(who, isOpen || i > 0))
      isOpen = true
      const again = answered.length > 0 && this.#random.chance(0.2) ? [this.#random.pick(answered)] : []
      await this.#submit(hub, [...fresh, ...again])
      answered.push(...fresh)
      await sleep(this.#random.int(20, 120))
    }
  }

  async #submit(hub: HubClient, notes: readonly Sent[]): Promise<void> {
    for (const deadline = performance.now() + PATIENCE_MS; ; ) {
      this.#inFlight += 1
      this.#handingIn.resolve()
      this.#handingIn = Promise.withResolvers()
      const answers = await hub.submit(notes.map(({ note }) => note)).catch((error: unknown) => error as Error)
      this.#inFlight -= 1
      if (answers instanceof Error) {
        if (!(answers instanceof RemoteError && answers.reason === 'offline')) throw answers
      } else {
        for (const [i, answer] of answers.entries()) {
          if (answer.status === 'refused') throw new Error(`A sound note was refused: ${answer.code} ${answer.message}`)
          if (answer.status === 'accepted') this.#acknowledge(notes[i]!.id, answer.index)
        }
        if (answers.every(({ status }) => status === 'accepted')) return
      }
      if (performance.now() > deadline) throw new Error('Nobody answers any more.')
      await sleep(30)
    }
  }

  #acknowledge(id: string, index: number): void {
    const before = this.#acknowledged.get(id)
    expect(before ?? index, `${id} is answered as it was before`).toBe(index)
    this.#acknowledged.set(id, index)
  }

  /** Puts notes into the outbox, whether somebody delivers them or was killed just now. */
  async #writer(who: Person): Promise<void> {
    while (!this.#isOver) {
      const sent = this.#sign(who, this.#kept.length > 0)
      const store = openSqliteOutbox(this.#mirrorDir, 'write')!
      const answer = await putNote({ rules, sha256, store, now: Date.now }, sent.note)
      await store.close()
      expect(answer.status).toBe('queued')
      this.#kept.push(sent)
      await sleep(this.#random.int(50, 400))
    }
  }

  #sign(who: Person, isOpen: boolean): Sent {
    const nonce = new Uint8Array(16)
    new DataView(nonce.buffer).setUint32(0, this.#nonce++)
    new DataView(nonce.buffer).setUint32(4, this.#random.int(0, 2 ** 31))
    const made = wholeSeconds(Date.now())
    const opening = { type: 'account.open', body: { publicKey: who.publicKey, name: 'somebody' } }
    const { type, body } = isOpen ? { type: 'model.create', body: { ...MODEL, name: `m${this.#nonce}` } } : opening
    const note = signNote(composeText({ type, body, ledger: ORIGIN, signer: who.account, made, nonce }), [who.signer])
    return { id: transactionOf(Buffer.concat([Buffer.from(ACCEPTED_LINE), note])).id, note }
  }
}

/** An entry is a note with the time before it. */
const ACCEPTED_LINE = '2026-01-01T00:00:00.000Z\n'

async function reading<T>(dir: string, read: (reader: StoreReader) => Promise<T>): Promise<T> {
  const reader = await openSqliteReader(dir)
  try {
    return await read(reader)
  } finally {
    await reader.close()
  }
}

function sizeOf(dir: string): Promise<number> {
  return reading(dir, (reader) => reader.size())
}

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`It did not come about that ${what}.`)
    await sleep(10)
  }
}

/** One that nobody listens at, and that a hub can have again and again. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}
