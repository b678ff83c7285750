/**
 * A running hub: the ledger under its lock, the server, the door for notes of other programs on this machine, the scheduler. It
 * ends in the opposite order, once what is under way is answered.
 */

import type { Failure } from '../../api/failures.ts'
import { toHex, tryFromHex } from '../../base/bytes.ts'
import type { Platform } from '../../domain/state.ts'
import { type Milliseconds, wholeSeconds } from '../../domain/time.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { IndexFollower, openSqliteSearched } from '../../drivers/sqlite/index-follower.ts'
import { openSqliteWriter } from '../../drivers/sqlite/store.ts'
import { Vault, VaultError } from '../../drivers/vault.ts'
import { Ledger } from '../../ledger/ledger.ts'
import type { SequencerKey } from '../../ledger/log-keys.ts'
import type { JsonObject } from '../../ledger/present.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { Followers } from '../../net/followers.ts'
import { HubMetrics } from '../../net/hub-metrics.ts'
import { type HubServer, serveHub } from '../../net/hub-server.ts'
import { openLocalDoor } from '../../net/local-door.ts'
import { addWitnessMetrics } from '../../net/witness-metrics.ts'
import type { Cosigning } from '../../sync/cosigning.ts'
import { Desk, LEDGER_TOOLS, sequencerKeysOf } from '../desk.ts'
import { doorFailure, failureOf, knownFailureOf, listenFailure, toldToCallers } from '../failure.ts'
import { LedgerClock } from '../ledger-clock.ts'
import { localKeys, vkeyOf } from '../local-keys.ts'
import { Monitor } from '../monitor/monitor.ts'
import { freeBytes } from '../monitor/storage.ts'
import { readPassphrase } from '../passphrase.ts'
import { type Place, reading, userPath } from '../place.ts'
import { scheduleOf } from '../scheduling.ts'
import { LOCK_TIMEOUT_MS } from '../sequencer.ts'
import { programVersion } from '../version.ts'
import { hubAccess } from './access.ts'
import { HubLedger } from './hub-ledger.ts'
import { type HubLog, openLog } from './hub-log.ts'
import { runSchedules } from './schedule.ts'
import { changedFixed, gateSettings, listenAddress, type Settings } from './settings.ts'
import { startCosigning } from './witnesses.ts'

interface HubOptions {
  readonly place: Place
  readonly settings: Settings
  /** Reads the settings anew. */
  readonly readSettings: () => Settings
}

/** This machine's keys, and those of them that sign checkpoints. */
interface Keys {
  readonly vault: Vault
  readonly sequencer: readonly SequencerKey[]
}

export class Hub {
  readonly #options: HubOptions
  readonly #platform: Platform
  readonly #clock: LedgerClock
  readonly #log: HubLog
  readonly #metrics: HubMetrics
  readonly #followers = new Followers(Date.now)
  readonly #closing = new AsyncDisposableStack()
  #settings: Settings
  #keys: Keys
  #reloading: Promise<void> = Promise.resolve()
  #ledger!: HubLedger
  #monitor!: Monitor
  #cosigning: Cosigning | undefined
  #server!: HubServer
  /** Why it has no scheduler. */
  #unscheduled: string | undefined

  private constructor(options: HubOptions, platform: Platform, keys: Keys) {
    this.#options = options
    this.#settings = options.settings
    this.#platform = platform
    this.#keys = keys
    this.#clock = new LedgerClock(platform)
    this.#log = openLog(options.settings)
    this.#metrics = new HubMetrics({
      size: () => this.#ledger.size,
      isUp: () => this.#ledger.failure === undefined,
      lastEntryTime: () => this.#ledger.lastTime / 1000,
      freeBytes: () => freeBytes(options.place.dir),
    })
    this.#metrics.collectProcess()
  }

  static async start(options: HubOptions): Promise<Hub> {
    const { place } = options
    const platform = await reading(place, readPlatform)
    const vault = await Vault.unlock(place.dir, await readPassphrase(place.passphrase, false))
    const hub = new Hub(options, platform, { vault, sequencer: sequencerKeysOf(vault, platform.origin) })
    try {
      await hub.#start()
      return hub
    } catch (error) {
      await hub.#closing.disposeAsync()
      throw error
    }
  }

  async #start(): Promise<void> {
    const { dir } = this.#options.place
    const indexer = await IndexFollower.start(dir, (error) =>
      this.#log.warn({ reason: failureOf(error).message }, 'the index does not follow'),
    )
    this.#closing.defer(() => indexer.close())
    this.#ledger = await HubLedger.open({
      open: () => this.#openLedger(),
      openSearched: () => openSqliteSearched(dir),
      grew: (size) => {
        indexer.grown(size)
        this.#monitor.grew(size)
      },
      sequencerKeys: () => this.#keys.sequencer,
      now: () => this.#clock.now(0),
      explain: (error) => this.#explain(error),
      report: (failure) => this.#reportLedger(failure),
      observer: this.#metrics,
    })
    this.#closing.defer(() => this.#ledger.close())
    this.#watch()
    await this.#cosign()
    await this.#openDoor()
    this.#schedule()
    const address = listenAddress(this.#settings)
    const { origin, operator } = this.#platform
    this.#server = await serveHub({
      host: this.#ledger,
      access: hubAccess({ dir, origin, operator, host: this.#ledger, policy: () => this.#settings.access }),
      gate: gateSettings(this.#settings),
      address,
      metrics: this.#metrics,
      followers: this.#followers,
      view: () => this.#monitor.view(),
      log: ({ isEvents: _events, ...facts }) => this.#log[facts.status >= 500 ? 'warn' : 'debug'](facts, 'answered'),
    }).catch((error: unknown) => {
      throw listenFailure(error, address)
    })
    this.#closing.defer(() => this.#server.close())
    this.#log.info(this.facts, 'serving')
  }

  /** From now on it is told how the ledger is doing. */
  #watch(): void {
    this.#monitor = new Monitor({
      program: 'hub',
      version: programVersion(),
      dir: this.#options.place.dir,
      metrics: this.#metrics,
      ledger: this.#ledger,
      schedulerOff: () => this.#unscheduled,
      followers: this.#followers,
      cosigning: () => this.#cosigning,
      server: () => ({ listening: this.#server?.origin ?? this.#settings.listen, access: this.#settings.access }),
      failed: (error) => this.#log.warn({ reason: failureOf(error).message }, 'the figures cannot be read'),
    })
    this.#closing.defer(() => this.#monitor.close())
  }

  /** What is printed once it accepts connections. */
  get facts(): JsonObject {
    const { origin, sequencerKey } = this.#platform
    const vkey = vkeyOf(origin, tryFromHex(sequencerKey)!)
    return { listening: this.#server.origin, origin, vkey, size: this.#ledger.size }
  }

  /** Takes nothing new, answers what is under way, and lets go of the ledger. */
  async close(): Promise<void> {
    this.#log.info('ending')
    await this.#reloading
    await this.#closing.disposeAsync()
    this.#log.info({ size: this.#ledger.size }, 'ended')
  }

  /** Reads the settings and the keys anew, and opens the log's file anew. Calls are served one after the other. */
  reload(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload())
    return this.#reloading
  }

  async #reload(): Promise<void> {
    this.#log.reopen()
    try {
      const settings = this.#options.readSettings()
      const keys = await this.#readKeys()
      const fixed = changedFixed(this.#settings, settings)
      if (fixed.length > 0) this.#log.warn({ settings: fixed }, 'these settings take effect when the hub is started again')
      this.#settings = settings
      this.#log.level = settings.logLevel
      this.#log.info('settings read again')
      await this.#takeKeys(keys)
      this.#metrics.reloaded(true)
    } catch (error) {
      this.#metrics.reloaded(false)
      this.#log.error({ reason: failureOf(error).message }, 'the settings cannot be taken; those before stay')
    }
  }

  /**
   * The keys that are in the folder now. A passphrase that was typed also opens those that were added since; but where the
   * passphrase was changed, nobody is there to type the new one.
   */
  async #readKeys(): Promise<Keys> {
    const { dir, passphrase } = this.#options.place
    const isGiven = passphrase.file !== undefined || passphrase.environment !== undefined
    const vault = isGiven ? await Vault.unlock(dir, await readPassphrase(passphrase, false)) : this.#keys.vault
    try {
      return { vault, sequencer: sequencerKeysOf(vault, this.#platform.origin) }
    } catch (error) {
      if (isGiven || !(error instanceof VaultError && error.code === 'passphrase')) throw error
      this.#log.warn('the passphrase was changed, and it was typed: no keys are read until the hub is started again')
      return this.#keys
    }
  }

  /** Takes over the keys, and opens the ledger anew if others sign it: so the sequencer's next key can be made meanwhile. */
  async #takeKeys(keys: Keys): Promise<void> {
    const atHand = new Set(this.#keys.sequencer.map(({ publicKey }) => toHex(publicKey)))
    this.#keys = keys
    const { sequencer } = keys
    if (sequencer.length === atHand.size && sequencer.every(({ publicKey }) => atHand.has(toHex(publicKey)))) return
    this.#log.info('opening the ledger again, with other keys')
    await this.#ledger.reopen()
  }

  async #openLedger(): Promise<Ledger> {
    const store = await openSqliteWriter(this.#options.place.dir, { lockTimeoutMs: LOCK_TIMEOUT_MS })
    const opened: { ledger?: Ledger } = {}
    const now = () => this.#clock.now(opened.ledger?.lastTime ?? 0)
    try {
      const sequencerKeys = this.#keys.sequencer
      opened.ledger = await Ledger.open({ ...LEDGER_TOOLS, store, verifier: createVerifier(), now, sequencerKeys })
      return opened.ledger
    } catch (error) {
      await store.close()
      throw error
    }
  }

  async #cosign(): Promise<void> {
    const { witnessPolicy, witnessTimeoutMs, unwitnessed } = this.#settings
    if (witnessPolicy === undefined) return
    const cosigning = await startCosigning({
      dir: this.#options.place.dir,
      origin: this.#platform.origin,
      ledger: this.#ledger,
      policy: userPath(witnessPolicy),
      timeoutMs: witnessTimeoutMs,
      unwitnessed,
      report: (reason, witness) => this.#log.warn({ reason, witness }, 'a checkpoint was not cosigned'),
    })
    this.#cosigning = cosigning
    this.#closing.defer(() => cosigning.close())
    addWitnessMetrics(this.#metrics.registry, cosigning)
  }

  async #openDoor(): Promise<void> {
    const submit = async (note: Uint8Array, at: Milliseconds | undefined) => {
      if (at !== undefined) this.#clock.set(at, this.#ledger.lastTime)
      return this.#ledger.submit(note)
    }
    const view = () => this.#monitor.view()
    const door = await openLocalDoor(this.#options.place.dir, { submit, view, explain: doorFailure })
    this.#closing.defer(() => door.close())
  }

  #schedule(): void {
    const unfit = this.#whyUnscheduled()
    this.#unscheduled = unfit
    if (unfit !== undefined) {
      this.#log.warn({ reason: unfit }, 'no scheduler')
      return
    }
    this.#metrics.schedules(Date.now() / 1000)
    const ending = new AbortController()
    const desk = () => new Desk(this.#options.place, this.#ledger, this.#keys.vault, this.#platform)
    const timed = {
      get desk() {
        return desk()
      },
      setTime: () => {},
    }
    const now = () => wholeSeconds(desk().time)
    const running = runSchedules({ host: scheduleOf(timed), now, ...this.#scheduleObserver() }, ending.signal)
    this.#closing.defer(async () => {
      ending.abort()
      await running
    })
  }

  #whyUnscheduled(): string | undefined {
    const { operator, clock } = this.#platform
    if (!this.#settings.schedule) return 'it is switched off'
    if (clock === 'manual') return 'the clock of this ledger is told its time'
    const hasKey = localKeys(this.#options.place.dir).some(({ account }) => account === operator)
    return hasKey ? undefined : 'this machine has no key of the operator'
  }

  #scheduleObserver(): Pick<Parameters<typeof runSchedules>[0], 'ran' | 'failed'> {
    return {
      ran: ({ renewed, closed, refused }) => {
        const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0)
        this.#metrics.scheduled('renewed', renewed)
        this.#metrics.scheduled('closed', closed)
        this.#metrics.scheduled('refused', refusals)
        this.#metrics.scheduleRan(true, Date.now() / 1000)
        if (renewed + closed + refusals > 0) this.#log.info({ renewed, closed, refused }, 'scheduler')
      },
      failed: (error) => {
        this.#metrics.scheduleRan(false, 0)
        this.#log.error({ reason: failureOf(error).message }, 'the scheduler failed; it looks again in a minute')
      },
    }
  }

  #reportLedger(failure: Failure | undefined): void {
    if (failure === undefined) this.#log.info('the ledger takes notes again')
    else this.#log.error({ ...failure }, 'the ledger takes no notes')
  }

  /** What went wrong, for those who call the hub. */
  #explain(error: unknown): Failure {
    const failure = knownFailureOf(error)
    if (failure !== undefined) return toldToCallers(failure)
    this.#log.error({ reason: failureOf(error).message }, 'a defect of the program')
    return { code: 'defect', message: 'This is a defect of the hub; its log tells more.' }
  }
}
