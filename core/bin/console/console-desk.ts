/**
 * The desk behind the console: the one ledger in a folder, from the empty folder of the first run to the open ledger whose keys
 * are at hand.
 *
 *   empty ──found, tryDemo──> founding ──> open <──unlock── locked
 *                                           └──lock, or nobody there for a while──> locked
 *
 * While it is open this process holds the ledger's lock and opens a door for other programs' notes; locked it holds neither the
 * lock nor any key, and other programs write to the ledger themselves.
 */

import type { ConsoleHost, Draft, Founding, Sight } from '../../api/host.ts'
import { ledgerView } from '../../api/present.ts'
import type { DeskEvent, DeskState, FailureCode } from '../../api/views.ts'
import { tryFromHex } from '../../base/bytes.ts'
import type { Refusal } from '../../domain/refusal.ts'
import type { Milliseconds } from '../../domain/time.ts'
import { IndexFollower, type OpenSearched, openSqliteSearched } from '../../drivers/sqlite/index-follower.ts'
import { openSqliteReader, openSqliteWriter } from '../../drivers/sqlite/store.ts'
import { Vault } from '../../drivers/vault.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import type { AuditReport } from '../../ledger/audit.ts'
import { Ledger } from '../../ledger/ledger.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { Revenue } from '../../ledger/revenue.ts'
import type { StoreWriter } from '../../ledger/store.ts'
import { signNote } from '../../log/note.ts'
import { type LocalDoor, openLocalDoor } from '../../net/local-door.ts'
import { Broadcast } from '../broadcast.ts'
import { DEMO_ORIGIN, DEMO_PASSPHRASE } from '../demo/marketplace.ts'
import { compose, Desk, LEDGER_TOOLS, ledgerOptions } from '../desk.ts'
import { doorFailure, Failure, failureOf, knownFailureOf } from '../failure.ts'
import { hasLedger } from '../founding.ts'
import { LedgerClock } from '../ledger-clock.ts'
import { vkeyOf } from '../local-keys.ts'
import { openAccount } from '../opening.ts'
import { note } from '../output.ts'
import { LOCK_TIMEOUT_MS, type Sequencer } from '../sequencer.ts'
import { SharedReader } from '../shared-reader.ts'
import { aside } from './aside.ts'
import { localAccounts, localKeys } from './local-accounts.ts'

/** By default, minutes without anybody there after which the keys are locked. */
export const LOCK_AFTER_MINUTES = 15

const MINUTE_MS = 60_000
const LOCKED = 'The keys are locked: unlock them first.'

/** The keys are not at hand: not a fault of whoever asked, but something to do first. */
class KeysLocked extends Error {
  override readonly name = 'KeysLocked'
}

/** Everything that is there while the ledger is open. */
interface Opened {
  readonly desk: Desk
  readonly ledger: Ledger
  readonly clock: LedgerClock
  readonly reader: SharedReader<OpenSearched>
  readonly indexer: IndexFollower
  readonly door: LocalDoor
  readonly revenue: Revenue
  /** Ends when the desk is locked. */
  readonly life: AbortController
}

export interface ConsoleOptions {
  readonly dir: string
  readonly version: string
  /** Minutes without anybody there after which the keys are locked; 0 for never. */
  readonly lockAfterMinutes: number
  readonly keychain?: Keychain | undefined
}

/** Where the system keeps a passphrase for its user. */
export interface Keychain {
  recall(): Promise<string | undefined>
  keep(passphrase: string): Promise<void>
  forget(): Promise<void>
}

export class ConsoleDesk implements ConsoleHost {
  readonly tools = LEDGER_TOOLS
  readonly #options: ConsoleOptions
  readonly #events = new Broadcast<DeskEvent>()
  readonly #growth = new Broadcast<number>()
  #status: DeskState['status']
  #opened: Opened | undefined
  #unlocking: Promise<void> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  /** The known passphrase of a demonstration needs no locking. */
  #isUnderKnownPassphrase = false

  constructor(options: ConsoleOptions) {
    this.#options = options
    this.#status = hasLedger(options.dir) ? 'locked' : 'empty'
  }

  get status(): DeskState['status'] {
    return this.#status
  }

  async state(): Promise<DeskState> {
    const { dir, version } = this.#options
    // Founded meanwhile by another program.
    if (this.#status === 'empty' && hasLedger(dir)) this.#become('locked')
    const lockAfterMinutes = this.#isUnderKnownPassphrase ? 0 : this.#options.lockAfterMinutes
    const shown = { status: this.#status, dir, version, lockAfterMinutes, canRemember: this.#options.keychain !== undefined }
    if (this.#opened === undefined) return { ...shown, isDemo: await this.#isDemo(), accounts: [] }
    return this.reading(async (sight) => {
      const { store, time } = sight
      const platform = await readPlatform(store)
      const vkey = vkeyOf(platform.origin, tryFromHex(platform.sequencerKey)!)
      const ledger = ledgerView(platform, { vkey, time, size: await store.size() })
      const isDemo = platform.origin === DEMO_ORIGIN
      return { ...shown, isDemo, ledger, accounts: await localAccounts(dir, sight, platform) }
    })
  }

  watch(signal: AbortSignal): AsyncIterable<DeskEvent> {
    return this.#events.listen(signal)
  }

  async tryDemo(): Promise<void> {
    const { dir } = this.#options
    const progress = (done: number, total: number) => this.#events.say({ what: 'progress', task: 'demo', done, total })
    const refusal = await this.#make(DEMO_PASSPHRASE, () => aside('demo', { dir }, { progress }))
    if (refusal !== undefined) throw new Failure('usage', refusal.message)
  }

  found({ passphrase, ...terms }: Founding): Promise<Refusal | undefined> {
    return this.#make(passphrase, () => aside('found', { dir: this.#options.dir, passphrase, terms }))
  }

  /** Makes a ledger in the empty folder, once, and opens it. */
  async #make(passphrase: string, work: () => Promise<Refusal | undefined>): Promise<Refusal | undefined> {
    if (this.#status !== 'empty') throw new Failure('usage', 'A ledger is being made here already.')
    this.#become('founding')
    try {
      const refusal = await work()
      if (refusal === undefined) await this.unlock(passphrase)
      return refusal
    } finally {
      if (this.#opened === undefined) this.#become(hasLedger(this.#options.dir) ? 'locked' : 'empty')
    }
  }

  /** One attempt at a time, each as slow as the passphrase is made to be. */
  unlock(passphrase: string): Promise<void> {
    const turn = this.#unlocking.then(() => this.#unlock(passphrase))
    this.#unlocking = turn.catch(() => {})
    return turn
  }

  async remember(passphrase: string | undefined): Promise<void> {
    const { keychain } = this.#options
    await (passphrase === undefined ? keychain?.forget() : keychain?.keep(passphrase))
  }

  async #unlock(passphrase: string): Promise<void> {
    const { dir } = this.#options
    const vault = await Vault.unlock(dir, passphrase)
    if (this.#opened !== undefined) return
    const store = await openSqliteWriter(dir, { lockTimeoutMs: LOCK_TIMEOUT_MS })
    try {
      this.#opened = await this.#open(store, vault)
    } catch (error) {
      await store.close()
      throw error
    }
    const { origin } = this.#opened.desk.platform
    this.#isUnderKnownPassphrase = origin === DEMO_ORIGIN && passphrase === DEMO_PASSPHRASE
    this.#become('open')
    this.touch()
  }

  async #open(store: StoreWriter, vault: Vault): Promise<Opened> {
    const { dir } = this.#options
    const platform = await readPlatform(store)
    const opening: { ledger?: Ledger } = {}
    const clock = new LedgerClock(platform)
    const now = () => clock.now(opening.ledger?.lastTime ?? 0)
    opening.ledger = await Ledger.open(ledgerOptions(store, vault, platform.origin, now))
    const indexer = await IndexFollower.start(dir, (error) => note(`The index does not follow: ${failureOf(error).message}`))
    const sequencer = announcing(opening.ledger, (size) => {
      this.#growth.say(size)
      indexer.grown(size)
    })
    const desk = new Desk({ dir, passphrase: {} }, sequencer, vault, platform)
    const submit = async (note: Uint8Array, at: Milliseconds | undefined) => {
      if (at !== undefined) clock.set(at, sequencer.lastTime)
      return sequencer.submit(note)
    }
    const door = await openLocalDoor(dir, { submit, explain: doorFailure })
    const reader = new SharedReader(() => openSqliteSearched(dir))
    const revenue = new Revenue()
    return { desk, ledger: opening.ledger, clock, reader, indexer, door, revenue, life: new AbortController() }
  }

  /**
   * Opens without asking anybody where that can be: with the passphrase that the keychain kept, or a demonstration with the one
   * that everybody knows. Where it does not fit, the page asks.
   */
  async unlockAlone(): Promise<void> {
    if (this.#status !== 'locked') return
    const known = (await this.#isDemo()) ? DEMO_PASSPHRASE : await this.#options.keychain?.recall()
    if (known === undefined) return
    try {
      await this.unlock(known)
    } catch (error) {
      if (knownFailureOf(error)?.code !== 'passphrase') throw error
    }
  }

  async lock(): Promise<void> {
    const opened = this.#opened
    if (opened === undefined) return
    this.#opened = undefined
    clearTimeout(this.#idle)
    this.#become('locked')
    opened.life.abort()
    opened.reader.retire()
    await opened.indexer.close()
    await opened.door.close()
    await opened.desk.ledger.close()
  }

  touch(): void {
    clearTimeout(this.#idle)
    const { lockAfterMinutes } = this.#options
    if (lockAfterMinutes === 0 || this.#isUnderKnownPassphrase || this.#opened === undefined) return
    this.#idle = setTimeout(() => {
      this.lock().catch((error: unknown) => note(`The ledger could not be closed: ${this.explain(error).message}`))
    }, lockAfterMinutes * MINUTE_MS)
    this.#idle.unref()
  }

  async openAccount(name: string): Promise<Accepted | Refusal> {
    this.touch()
    return openAccount(this.#require().desk, name)
  }

  /** One consistent state for each call. Whatever changes the ledger ends in another checkpoint. */
  async reading<T>(read: (sight: Sight) => Promise<T>): Promise<T> {
    const { revenue, clock, ledger, reader } = this.#require()
    const time = clock.now(ledger.lastTime)
    return reader.use(ledger.checkpoint, ({ store, lookup }) => read({ store, lookup, time, revenue }))
  }

  async compose(draft: Draft): Promise<string> {
    const { desk, ledger, clock } = this.#require()
    return compose(desk.platform.origin, clock.now(ledger.lastTime), draft)
  }

  hasKey(account: string): boolean {
    return localKeys(this.#options.dir).some((key) => key.account === account)
  }

  /** The note is kept on disk until it is answered, as every command's is. */
  async sign(text: string, signers: readonly string[]): Promise<Accepted | Refusal> {
    this.touch()
    const { desk } = this.#require()
    const signed = signNote(text, await Promise.all(signers.map((account) => desk.signer(account))))
    return desk.submitSigned(signed)
  }

  async submit(note: Uint8Array): Promise<Accepted | Refusal> {
    return this.#require().desk.ledger.submit(note)
  }

  async grown(size: number, signal: AbortSignal): Promise<void> {
    const { desk, life } = this.#require()
    if (desk.ledger.size > size) return
    for await (const now of this.#growth.listen(AbortSignal.any([signal, life.signal]))) if (now > size) return
    if (life.signal.aborted) throw new KeysLocked(LOCKED)
  }

  audit(signal: AbortSignal, progress: (done: number, total: number) => void): Promise<AuditReport> {
    const { life } = this.#require()
    return aside('audit', { dir: this.#options.dir }, { signal: AbortSignal.any([signal, life.signal]), progress })
  }

  explain(error: unknown): { readonly code: FailureCode; readonly message: string } {
    if (error instanceof KeysLocked) return { code: 'locked', message: error.message }
    const failure = knownFailureOf(error)
    if (failure !== undefined) {
      // What the command line calls locked is another program at work.
      return { code: failure.code === 'locked' ? 'busy' : failure.code, message: failure.message }
    }
    note(failureOf(error).message)
    return { code: 'defect', message: `This is a defect of the program, please report it: ${(error as Error).message}` }
  }

  /** Locks, and lets go of the folder. */
  async close(): Promise<void> {
    await this.lock()
  }

  #require(): Opened {
    if (this.#opened === undefined) throw new KeysLocked(LOCKED)
    return this.#opened
  }

  #become(status: DeskState['status']): void {
    this.#status = status
    this.#events.say({ what: 'state', status })
  }

  async #isDemo(): Promise<boolean> {
    const { dir } = this.#options
    if (this.#status !== 'locked') return false
    const store = await openSqliteReader(dir)
    try {
      return (await readPlatform(store)).origin === DEMO_ORIGIN
    } finally {
      await store.close()
    }
  }
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
