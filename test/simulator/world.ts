/**
 * The simulation: one hub, three mirrors and two consoles over real HTTP and real files, in one process. A seed draws what each
 * of them does next, what its network does to it, when a disk is full and when the hub is killed; after each, the referee looks.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Milliseconds } from '../../core/domain/time.ts'
import { createSqliteLedger } from '../../core/drivers/sqlite/store.ts'
import { temporaryFolder } from '../ledger/homes.ts'
import { auditOf, FOUNDED, folderHome, LOG_KEY, OPERATOR, SECOND, TestLedger } from '../ledger/support.ts'
import { Random } from '../model/random.ts'
import { bookOf } from '../sync/served.ts'
import { Disk } from './disks.ts'
import { FaultProxy } from './fault-proxy.ts'
import { SimulatedHub } from './hub.ts'
import { SimulatedConsole, SimulatedMirror } from './peers.ts'
import { Market, Pen } from './pens.ts'
import { Referee } from './referee.ts'
import { Watcher } from './watcher.ts'

const MIRRORS = ['mirror-1', 'mirror-2', 'mirror-3'] as const
/** Who signs on which console. */
const CONSOLES = {
  'console-1': [OPERATOR.name, 'Ada', 'Bob', "Cyd's phone"],
  'console-2': ['Cyd', 'Dee', "Ada's phone"],
} as const
/** Rounds after which a network without faults must have brought everything to its end. */
const MAX_CALM_ROUNDS = 20

/** What may happen next, and how often. */
const ACTIONS = {
  ...{ sign: 30, deliver: 25, sync: 25, together: 20, time: 6 },
  ...{ kill: 3, restart: 1, part: 3, 'fill hub': 3, 'fill mirror': 3, 'fill console': 3 },
} as const

type Action = keyof typeof ACTIONS

/** What came about, so that a test can tell that it was worth running. */
export interface Tally {
  readonly actions: Map<string, number>
  readonly faults: Map<string, number>
  readonly refusals: Map<string, number>
  accepted: number
  corrected: number
  cutOff: number
  /** Streams of events that were opened again. */
  resumed: number
}

export function emptyTally(): Tally {
  return { actions: new Map(), faults: new Map(), refusals: new Map(), accepted: 0, corrected: 0, cutOff: 0, resumed: 0 }
}

function count(counts: Map<string, number>, name: string, times = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + times)
}

export class World {
  readonly #random: Random
  readonly #clock: { time: Milliseconds }
  readonly #hub: SimulatedHub
  readonly #mirrors: readonly SimulatedMirror[]
  readonly #consoles: readonly SimulatedConsole[]
  /** Each follower watches the live events besides. */
  readonly #watchers: readonly Watcher[]
  readonly #referee = new Referee()
  readonly #tally: Tally
  /** The hub was started again since the referee looked: what its disk holds is all there is. */
  #isAnew = true

  private constructor(
    seed: number,
    hub: SimulatedHub,
    clock: { time: Milliseconds },
    networks: readonly FaultProxy[],
    tally: Tally,
  ) {
    this.#random = new Random(seed)
    this.#clock = clock
    this.#hub = hub
    this.#tally = tally
    const parent = temporaryFolder()
    const market = new Market()
    const given = { random: this.#random, now: () => clock.time }
    this.#mirrors = MIRRORS.map((name, i) => new SimulatedMirror(name, parent, networks[i]!))
    this.#consoles = Object.entries(CONSOLES).map(([name, people], i) => {
      const pens = people.map((one) => new Pen(one, this.#random, market))
      return new SimulatedConsole(name, parent, networks[MIRRORS.length + i]!, { ...given, pens })
    })
    this.#watchers = networks.map(({ url }) => new Watcher(url))
  }

  /** Everything from its beginning to its end, under one seed. */
  static async run(seed: number, steps: number, tally: Tally): Promise<void> {
    const clock = { time: FOUNDED }
    const folder = temporaryFolder()
    await createSqliteLedger(folder)
    await (await TestLedger.found(folderHome(folder))).close()
    const hub = new SimulatedHub(folder, () => clock.time)
    await hub.start()
    const names = [...MIRRORS, ...Object.keys(CONSOLES)]
    const networks = await Promise.all(names.map((_, i) => FaultProxy.start(seed * names.length + i, () => hub.url)))
    const world = new World(seed, hub, clock, networks, tally)
    try {
      for (const follower of world.#followers) await follower.create()
      for (let step = 0; step < steps; step++) await world.#step(step)
      await world.#converge()
    } finally {
      for (const watcher of world.#watchers) await watcher.close()
      for (const network of networks) await network.close()
      if (hub.url !== undefined) await hub.stop()
    }
  }

  get #followers(): readonly SimulatedMirror[] {
    return [...this.#mirrors, ...this.#consoles]
  }

  async #step(step: number): Promise<void> {
    const action = this.#random.weighted(ACTIONS)
    count(this.#tally.actions, action)
    try {
      await this.#act(action)
      await this.#check()
    } catch (error) {
      throw new Error(`Step ${step}, ${action}: ${(error as Error).message}`, { cause: error })
    }
  }

  async #act(action: Action): Promise<void> {
    const console = this.#random.pick(this.#consoles)
    const follower = this.#random.pick(this.#followers)
    if (action === 'sign') await console.sign(this.#random.int(1, 6))
    else if (action === 'deliver') await this.#meet(console.deliver())
    else if (action === 'sync') await this.#meet(follower.sync())
    else if (action === 'together') await this.#together()
    else if (action === 'time') this.#clock.time += this.#random.spread(120) * SECOND
    else if (action === 'kill') await this.#kill()
    else if (action === 'restart') await this.#restart(() => this.#hub.stop())
    else if (action === 'part') follower.network.isParted = !follower.network.isParted
    else if (action === 'fill hub') this.#toggle(this.#hub.disk)
    else this.#toggle((action === 'fill console' ? console : this.#random.pick(this.#mirrors)).disk)
  }

  async #meet(work: Promise<string>): Promise<void> {
    if ((await work) === 'cut off') this.#tally.cutOff += 1
  }

  /** Several at once, so that their messages meet at the hub; sometimes it is killed meanwhile, or one of them is. */
  async #together(): Promise<void> {
    const work = [...this.#consoles.map((console) => () => console.deliver()), ...this.#followers.map((one) => () => one.sync())]
    const chosen = work.filter(() => this.#random.chance(0.6))
    const killed = this.#random.weighted({ nobody: 7, hub: 1, follower: 2 })
    const follower = this.#random.pick(this.#followers)
    const afterMs = this.#random.int(0, 30)
    const running = Promise.all(chosen.map((one) => this.#meet(one())))
    if (killed !== 'nobody') await Promise.race([running, sleep(afterMs)])
    if (killed === 'hub') await this.#kill()
    if (killed === 'follower') follower.disk.kill()
    await running
    if (killed === 'follower') follower.disk = new Disk()
  }

  #toggle(disk: Disk): void {
    if (disk.isFull) disk.clear()
    else disk.fill(this.#random.int(0, 3), this.#random.chance(0.5))
  }

  async #kill(): Promise<void> {
    await this.#restart(async () => {
      const killed = this.#hub.kill()
      for (const { network } of this.#followers) network.cut()
      await killed
    })
  }

  async #restart(end: () => Promise<void>): Promise<void> {
    await end()
    await this.#hub.start()
    this.#isAnew = true
  }

  async #check(): Promise<void> {
    await this.#referee.checkHub(this.#hub, this.#consoles, this.#isAnew)
    this.#isAnew = false
    for (const console of this.#consoles) await this.#referee.checkOutbox(console)
    for (const follower of this.#followers) await this.#referee.checkMirror(follower)
    for (const watcher of this.#watchers) this.#referee.checkWatcher(watcher)
  }

  /** The network is well, the disks have room: in the end all have the same, whatever the network still delivers. */
  async #converge(): Promise<void> {
    this.#hub.disk.clear()
    for (const { network, disk } of this.#followers) {
      disk.clear()
      network.isCalm = true
      network.isParted = false
    }
    await this.#deliverAll()
    for (const { network } of this.#followers) await network.settle()
    await this.#check()
    for (const follower of this.#followers) expect(await follower.sync()).toBe('synced')
    await this.#check()
    for (const { seen } of this.#watchers) await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(this.#hub.size - 1)
    await this.#check()
    await this.#hub.stop()
    await this.#hub.read(async (reader) => {
      await this.#referee.checkEnd(reader, this.#followers, bookOf)
      expect(await auditOf(reader, reader, { trusted: LOG_KEY })).toMatchObject({ ok: true, defects: [], unsigned: 0 })
    })
    this.#tally.accepted += this.#referee.told.size - this.#referee.refusals.size
    this.#tally.resumed += this.#watchers.reduce((sum, { streams }) => sum + streams - 1, 0)
    this.#tally.corrected += this.#referee.corrected
    for (const code of this.#referee.refusals.values()) count(this.#tally.refusals, code)
    for (const { network } of this.#followers) for (const [fault, times] of network.met) count(this.#tally.faults, fault, times)
  }

  async #deliverAll(): Promise<void> {
    for (let round = 0; ; round++) {
      const done = await Promise.all(this.#consoles.map((console) => console.deliver()))
      await this.#check()
      if (done.every((one) => one === 'done')) return
      expect(round, 'a network that is well delivers everything').toBeLessThan(MAX_CALM_ROUNDS)
    }
  }
}
