/**
 * The desk behind the console: the one ledger in a folder, from the empty folder of the first run to the open ledger whose keys
 * are at hand.
 *
 *   empty ──found, tryDemo, join──> founding ──> open <──unlock── locked
 *                                                 └──lock, or nobody there for a while──> locked
 *
 * While it is open, this process holds the folder's lock and takes other programs' notes, unless another program already does,
 * such as a hub. While it is locked, it holds neither the lock nor any key, and other programs write to the ledger, or follow the
 * hub, themselves. What is open is in opened.ts.
 */

import type { ConsoleHost, Draft, FirstKeys, Founding, HubNamed, Queued, Sight, SyncHost } from '../../api/host.ts'
import { ledgerView } from '../../api/present.ts'
import type { DeskEvent, DeskState, HubShown, HubState, MakingTask } from '../../api/views.ts'
import { tryFromHex } from '../../base/bytes.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { chooseVerifier } from '../../drivers/sodium/ed25519.ts'
import { isSqliteMirror } from '../../drivers/sqlite/mirror-store.ts'
import { openSqliteReader } from '../../drivers/sqlite/store.ts'
import { listKeys, Vault } from '../../drivers/vault.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import type { AuditReport } from '../../ledger/audit.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { signNote } from '../../log/note.ts'
import { Broadcast } from '../broadcast.ts'
import { formatCsv } from '../csv.ts'
import { DEMO_ORIGIN, DEMO_PASSPHRASE } from '../demo/marketplace.ts'
import { type Desk, LEDGER_TOOLS } from '../desk.ts'
import { Failure, knownFailureOf } from '../failure.ts'
import { hasLedger } from '../founding.ts'
import { vkeyOf } from '../local-keys.ts'
import { Pending } from '../mirror-sequencer.ts'
import { openAccount } from '../opening.ts'
import { note } from '../output.ts'
import { aside } from './aside.ts'
import { DeskFiles } from './desk-files.ts'
import { DeskKeys } from './desk-keys.ts'
import { explain, KeysLocked } from './explain.ts'
import { examineHub, parseNamed } from './hub-door.ts'
import { localAccounts } from './local-accounts.ts'
import { MirroredLedger } from './mirrored-ledger.ts'
import { openLedger } from './open-ledger.ts'
import type { DeskShared, Opened } from './opened.ts'
import { bringFirstKeys, offeringSheets, openSource } from './recovery.ts'
import { Settings } from './settings.ts'

const MINUTE_MS = 60_000
const goOn = () => {}

export interface ConsoleOptions {
  readonly dir: string
  readonly version: string
  /** The keys are locked after so many minutes without anybody there; 0 for never. */
  readonly lockAfterMinutes: number
  readonly keychain?: Keychain | undefined
  /** A read token from the hub's operator, for the mirror of a private hub. */
  readonly token?: string | undefined
}

/** The place where the system keeps a passphrase for its user. */
export interface Keychain {
  recall(): Promise<string | undefined>
  keep(passphrase: string): Promise<void>
  forget(): Promise<void>
}

export class ConsoleDesk implements ConsoleHost {
  readonly tools = LEDGER_TOOLS
  readonly explain = explain
  readonly spreadsheet = formatCsv
  readonly verify = chooseVerifier()
  readonly keys: DeskKeys
  readonly files: DeskFiles
  readonly settings: Settings
  readonly #options: ConsoleOptions
  readonly #events = new Broadcast<DeskEvent>()
  readonly #growth = new Broadcast<number>()
  #status: DeskState['status']
  #opened: Opened | undefined
  /** Aborted when the desk is locked. */
  #life = new AbortController()
  #task: MakingTask | undefined
  /** Why the last attempt to make a ledger or mirror failed. */
  #failure: DeskState['failure']
  /** The last attempt at the passphrase: the next one waits for it. */
  #attempts: Promise<void> = Promise.resolve()
  #idle: NodeJS.Timeout | undefined
  /** A demonstration, whose passphrase everybody knows, needs no locking. */
  #isUnderKnownPassphrase = false

  constructor(options: ConsoleOptions) {
    this.#options = options
    const shared = this.#share()
    this.keys = new DeskKeys(shared)
    this.files = new DeskFiles(shared)
    this.settings = new Settings(options.dir)
    this.#status = hasLedger(options.dir) ? 'locked' : 'empty'
  }

  get status(): DeskState['status'] {
    return this.#status
  }

  async state(): Promise<DeskState> {
    const { dir, version } = this.#options
    // Another program founded it meanwhile.
    if (this.#status === 'empty' && hasLedger(dir)) this.#become('locked')
    const lockAfterMinutes = this.#isUnderKnownPassphrase ? 0 : this.#options.lockAfterMinutes
    const shown = {
      status: this.#status,
      dir,
      version,
      lockAfterMinutes,
      canRemember: this.#options.keychain !== undefined,
      ...(hasLedger(dir) && { kind: isSqliteMirror(dir) ? ('mirror' as const) : ('ledger' as const) }),
      hasKeys: listKeys(dir).length > 0,
      ...(this.#task && { task: this.#task }),
      ...(this.#failure && { failure: this.#failure }),
    }
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
    const refusal = await this.#make('demo', DEMO_PASSPHRASE, (progress) => aside('demo', { dir }, { progress }))
    if (refusal !== undefined) throw new Failure('usage', refusal.message)
  }

  found({ passphrase, ...terms }: Founding): Promise<Refusal | undefined> {
    const { dir } = this.#options
    return this.#make('found', passphrase, () => offeringSheets(dir, () => aside('found', { dir, passphrase, terms })))
  }

  examineHub(hub: HubNamed): Promise<HubShown> {
    return examineHub(hub, this.#options.token)
  }

  async join(hub: HubNamed, passphrase: string): Promise<void> {
    parseNamed(hub)
    const { dir, token } = this.#options
    await this.#make('join', passphrase, (progress) => aside('join', { dir, hub, token }, { progress }))
  }

  async restore(file: string, keys?: FirstKeys): Promise<void> {
    const { dir } = this.#options
    // What is wrong with the words, or the file, is said before the long work.
    const source = keys && (await openSource(keys.source))
    await this.#make('restore', keys?.passphrase, async () => {
      await aside('restore', { dir, file })
      if (keys !== undefined && source !== undefined) await bringFirstKeys(dir, keys.passphrase, source)
      return undefined
    })
  }

  async bringFirstKeys({ source, passphrase }: FirstKeys): Promise<void> {
    const opened = await openSource(source)
    await this.#attempt(() => bringFirstKeys(this.#options.dir, passphrase, opened))
    await this.unlock(passphrase)
  }

  /** Makes a ledger or a mirror in the empty folder, once, and opens it where its passphrase is known. */
  async #make(
    task: MakingTask,
    passphrase: string | undefined,
    work: (progress: (done: number, total: number) => void) => Promise<Refusal | undefined>,
  ): Promise<Refusal | undefined> {
    if (this.#status !== 'empty') throw new Failure('usage', 'A ledger is being made here already.')
    this.#task = task
    this.#failure = undefined
    this.#become('founding')
    try {
      const refusal = await work((done, total) => this.#events.say({ what: 'progress', task, done, total }))
      if (refusal === undefined && passphrase !== undefined) await this.unlock(passphrase)
      return refusal
    } catch (error) {
      this.#failure = this.explain(error)
      throw error
    } finally {
      this.#task = undefined
      if (this.#opened === undefined) this.#become(hasLedger(this.#options.dir) ? 'locked' : 'empty')
    }
  }

  unlock(passphrase: string): Promise<void> {
    return this.#attempt(() => this.#unlock(passphrase))
  }

  /** One at a time, each as slow as the key derivation makes it. */
  #attempt<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#attempts.then(work)
    // What came of it is not kept: it may be the words of a key.
    this.#attempts = turn.then(goOn, goOn)
    return turn
  }

  async remember(passphrase: string | undefined): Promise<void> {
    const { keychain } = this.#options
    await (passphrase === undefined ? keychain?.forget() : keychain?.keep(passphrase))
  }

  async #unlock(passphrase: string): Promise<void> {
    const { dir, token, version } = this.#options
    const isMirror = isSqliteMirror(dir)
    // A mirror may have no keys yet: the first time one is unlocked, the passphrase is chosen.
    const isNew = isMirror && listKeys(dir).length === 0
    const vault = isNew ? Vault.create(dir, passphrase) : await Vault.unlock(dir, passphrase)
    if (this.#opened !== undefined) return
    const told = { grown: (size: number) => this.#growth.say(size) }
    this.#opened = isMirror
      ? await MirroredLedger.open({ dir, vault, token }, told)
      : await openLedger({ dir, vault, version }, told)
    this.#life = new AbortController()
    this.#failure = undefined
    this.#isUnderKnownPassphrase = !isMirror && this.#opened.origin === DEMO_ORIGIN && passphrase === DEMO_PASSPHRASE
    this.#become('open')
    this.touch()
  }

  /**
   * Opens without asking anybody where that is possible: with the passphrase that the keychain kept, or a demonstration with the
   * one that everybody knows. If it does not fit, the page asks.
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
    this.#life.abort()
    await opened.close()
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

  openAccount(name: string): Promise<Accepted | Refusal | Queued> {
    this.touch()
    return offeringSheets(this.#options.dir, () => this.#writing((desk) => openAccount(desk, name)))
  }

  async reading<T>(read: (sight: Sight) => Promise<T>): Promise<T> {
    return this.#require().reading(read)
  }

  async compose(draft: Draft): Promise<string> {
    return this.#require().compose(draft)
  }

  /** The note is kept on disk until it is answered, as it is in every command. */
  sign(text: string, signers: readonly string[]): Promise<Accepted | Refusal | Queued> {
    this.touch()
    return this.#writing(async (desk) => {
      const signed = signNote(text, await Promise.all(signers.map((account) => desk.signer(account))))
      return desk.submitSigned(signed)
    })
  }

  submit(note: Uint8Array): Promise<Accepted | Refusal | Queued> {
    return this.#writing((desk) => desk.ledger.submit(note))
  }

  get sync(): SyncHost | undefined {
    return this.#require().sync
  }

  async hubState(): Promise<HubState> {
    return this.#require().hubState()
  }

  async signInToHub(): Promise<void> {
    const opened = this.#require()
    if (opened.signInToHub === undefined) throw new Failure('usage', 'There is no hub to sign in to: the ledger itself is here.')
    this.touch()
    await opened.signInToHub()
  }

  async grown(size: number, signal: AbortSignal): Promise<void> {
    const life = this.#life.signal
    if (this.#require().size > size) return
    for await (const now of this.#growth.listen(AbortSignal.any([signal, life]))) if (now > size) return
    if (life.aborted) throw new KeysLocked()
  }

  audit(signal: AbortSignal, progress: (done: number, total: number) => void): Promise<AuditReport> {
    this.#require()
    return aside('audit', { dir: this.#options.dir }, { signal: AbortSignal.any([signal, this.#life.signal]), progress })
  }

  /** Locks, and lets go of the folder. */
  async close(): Promise<void> {
    await this.lock()
  }

  async #writing(write: (desk: Desk) => Promise<Accepted | Refusal>): Promise<Accepted | Refusal | Queued> {
    try {
      return await this.#require().writing(write)
    } catch (error) {
      if (!(error instanceof Pending)) throw error
      return { status: 'queued', kept: error.kept, message: error.message }
    }
  }

  #share(): DeskShared {
    const signal = () => this.#life.signal
    return {
      dir: this.#options.dir,
      get signal() {
        return signal()
      },
      opened: () => this.#require(),
      touch: () => this.touch(),
      changed: () => this.#become(this.#status),
      attempt: (work) => this.#attempt(work),
    }
  }

  #require(): Opened {
    if (this.#opened === undefined) throw new KeysLocked()
    return this.#opened
  }

  #become(status: DeskState['status']): void {
    this.#status = status
    this.#events.say({ what: 'state', status })
  }

  async #isDemo(): Promise<boolean> {
    const { dir } = this.#options
    if (this.#status !== 'locked' || isSqliteMirror(dir)) return false
    const store = await openSqliteReader(dir)
    try {
      return (await readPlatform(store)).origin === DEMO_ORIGIN
    } finally {
      await store.close()
    }
  }
}
