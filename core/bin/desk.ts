/**
 * A ledger's folder as commands use it: read from without a lock, or opened as its one writer with the keys of this machine at
 * hand.
 */

import { randomBytes } from 'node:crypto'
import { homedir, userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { Draft } from '../api/host.ts'
import { toHex } from '../base/bytes.ts'
import { composeText } from '../domain/envelope.ts'
import { isAccountId } from '../domain/ids.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Platform } from '../domain/state.ts'
import { quoted } from '../domain/text.ts'
import { formatMilliseconds, type Milliseconds, wholeSeconds } from '../domain/time.ts'
import { rules } from '../domain/transactions/index.ts'
import { sha256 } from '../drivers/sha256.ts'
import { checkPoint } from '../drivers/sodium/point-check.ts'
import type { KeyPair } from '../drivers/sodium/signer.ts'
import { createVerifier } from '../drivers/sodium/verifier.ts'
import { openColdRows } from '../drivers/sqlite/cold-rows.ts'
import { BOOK, GUARD } from '../drivers/sqlite/database.ts'
import { isSqliteMirror } from '../drivers/sqlite/mirror-store.ts'
import { requireDatabases } from '../drivers/sqlite/reader.ts'
import { openSqliteReader } from '../drivers/sqlite/store.ts'
import { listKeys, Vault } from '../drivers/vault.ts'
import type { Accepted } from '../ledger/accepted.ts'
import { Ledger, type LedgerOptions } from '../ledger/ledger.ts'
import type { SequencerKey } from '../ledger/log-keys.ts'
import { lastTime, readPlatform } from '../ledger/queries.ts'
import type { StoreReader, StoreWriter } from '../ledger/store.ts'
import { type NoteSigner, signNote } from '../log/note.ts'
import type { LocalCaller } from '../net/local-caller.ts'
import { Failure } from './failure.ts'
import { requireHub } from './following.ts'
import { keptHubToken } from './hub-token.ts'
import { chooseKey, localKeys, localSigner, SEQUENCER, signerOf, usableKeys } from './local-keys.ts'
import { MirrorSequencer, OwnRounds } from './mirror-sequencer.ts'
import { note } from './output.ts'
import { type PassphraseSource, readPassphrase } from './passphrase.ts'
import { DistantSequencer, type Sequencer, takeLockOrCall } from './sequencer.ts'
import { submitKept, unansweredNotes } from './unanswered.ts'

export const OPERATOR = 'operator'

/** What options and environment tell every command. */
export interface Place {
  readonly dir: string
  readonly passphrase: PassphraseSource
  /** The time to give to a ledger with a manual clock. */
  readonly at?: Milliseconds | undefined
  /** A read token from the hub's operator, for mirrors of a private hub. */
  readonly token?: string | undefined
}

/** The platform's folder for application data. A path that is not absolute does not count, as the XDG specification demands. */
export function defaultDir(name: string): string {
  const { APPDATA, XDG_DATA_HOME: given = '' } = process.env
  if (process.platform === 'win32') return join(APPDATA ?? join(homeDir(), 'AppData', 'Roaming'), name)
  if (process.platform === 'darwin') return join(homeDir(), 'Library', 'Application Support', name)
  return join(isAbsolute(given) ? given : join(homeDir(), '.local', 'share'), name)
}

/** The user's home, by HOME or by the system's list of users, which some users of containers are not in. */
function homeDir(): string {
  try {
    const home = isAbsolute(homedir()) ? homedir() : userInfo().homedir
    if (isAbsolute(home)) return home
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error
  }
  throw new Failure('usage', 'This user has no home folder that is known: name the folder of the ledger with --dir.')
}

/** A path as the user meant it: npm runs scripts in the project's root, and says where it was called. */
export function userPath(path: string): string {
  // The current folder is looked up only where it matters: it may be gone.
  return resolve(process.env.INIT_CWD ?? '', path)
}

export const LEDGER_TOOLS = { rules, sha256, isPrimeOrder: checkPoint, openColdRows }

/** Reads from the ledger in a folder; no lock is needed and nothing is changed. */
export async function reading<T>(place: Place, read: (store: StoreReader) => Promise<T>): Promise<T> {
  const store = await openSqliteReader(place.dir)
  try {
    return await read(store)
  } finally {
    await store.close()
  }
}

/** The time as of which a reading is made: now, or the last entry's on a ledger with a manual clock. */
export async function readingTime(store: StoreReader, place: Place): Promise<Milliseconds> {
  return clockTime(await readPlatform(store), await lastTime(store), place.at)
}

/**
 * The ledger's time now, by its own clock. Refuses a time given to a ledger that has the system's clock, or before its last
 * entry.
 */
function clockTime({ clock }: Pick<Platform, 'clock'>, last: Milliseconds, at: Milliseconds | undefined): Milliseconds {
  if (clock === 'system') {
    if (at !== undefined)
      throw new Failure('usage', 'This ledger goes by the system clock; --at is for ledgers with a manual clock.')
    return Math.max(Date.now(), last)
  }
  if (at !== undefined && at < last) {
    throw new Failure(
      'usage',
      `--at ${formatMilliseconds(at)} is before the last entry, ${formatMilliseconds(last)}: time never goes back.`,
    )
  }
  return at ?? last
}

/** The account that `operator`, an account id or a local name stands for. */
export function resolveAccount(place: Place, platform: Platform | undefined, name: string): string {
  if (name === OPERATOR && platform !== undefined) return platform.operator
  // Ids first: no local name may shadow an account.
  if (isAccountId(name)) return name
  const local = localKeys(place.dir).find(({ label, isFirst }) => label === name && isFirst)
  if (local !== undefined) return local.account
  const isSlip = name.startsWith('nim1')
  throw new Failure(
    'usage',
    isSlip
      ? `${quoted(name)} is not an account id: it is mistyped.`
      : `There is no account named ${quoted(name)} here; nimledger account list shows those that there are.`,
  )
}

/** A transaction to sign with keys of this machine. */
export interface DraftToSign extends Draft {
  /** Which of the signer's keys signs, by its id or label; without it, one that may sign everything. */
  readonly key?: string | undefined
  /** Local name of the second signer of types that demand one. */
  readonly cosigner?: string | undefined
}

/** The text of a new transaction. */
export function compose(ledger: string, made: Milliseconds, { signer, type, body, validUntil }: Draft): string {
  const until = validUntil === undefined ? {} : { validUntil }
  return composeText({ type, body, ledger, signer, made: wholeSeconds(made), nonce: randomBytes(16), ...until })
}

/** A ledger opened to submit to, with the keys of this machine. */
export class Desk {
  readonly ledger: Sequencer
  readonly vault: Vault
  readonly place: Place
  readonly platform: Platform

  constructor(place: Place, ledger: Sequencer, vault: Vault, platform: Platform) {
    this.place = place
    this.ledger = ledger
    this.vault = vault
    this.platform = platform
  }

  get time(): Milliseconds {
    return clockTime(this.platform, this.ledger.lastTime, this.place.at)
  }

  account(name: string): string {
    return resolveAccount(this.place, this.platform, name)
  }

  /** Signs with a key that this machine has for a local name or account. */
  async signer(name: string, key?: string): Promise<NoteSigner> {
    const account = this.account(name)
    const usable = await usableKeys(this.ledger.reader, account, wholeSeconds(this.time))
    return localSigner(this.vault, chooseKey(this.place.dir, account, usable, key))
  }

  async sign(draft: DraftToSign): Promise<Uint8Array> {
    const signers = [await this.signer(draft.signer, draft.key)]
    if (draft.cosigner !== undefined) signers.push(await this.signer(draft.cosigner))
    return signNote(compose(this.platform.origin, this.time, { ...draft, signer: signers[0]!.name }), signers)
  }

  /** Signs and submits a transaction that the ledger itself would not recognise if it were signed a second time. */
  async submit(draft: DraftToSign): Promise<Accepted | Refusal> {
    return this.submitSigned(await this.sign(draft))
  }

  /** Submits a note that only this machine knows; it is kept until it is answered. */
  submitSigned(signed: Uint8Array): Promise<Accepted | Refusal> {
    if (this.ledger.keepsNotes) return this.ledger.submit(signed)
    return submitKept(this.place.dir, this.ledger, toHex(sha256(signed)).slice(0, 16), signed)
  }
}

/** Opens the ledger in a folder to write to it, as its one writer or through the program that is, and closes it again. */
export async function writing<T>(place: Place, write: (desk: Desk) => Promise<T>): Promise<T> {
  const isMirror = isSqliteMirror(place.dir)
  if (!isMirror) requireDatabases(place.dir, BOOK, GUARD)
  // Before the lock: nobody else waits while a person types.
  const isFirst = isMirror && listKeys(place.dir).length === 0
  const passphrase = await readPassphrase(place.passphrase, isFirst)
  const desk = await openDesk(place, passphrase)
  try {
    // Checked once before anything is signed, so that an impossible time gives a clear message and leaves no work half done.
    void desk.time
    for (const file of unansweredNotes(place.dir)) {
      note(`An earlier command ended before its transaction was answered: nimledger tx submit ${file} tells what became of it.`)
    }
    return await write(desk)
  } finally {
    // A ledger closes its store once everything submitted has been answered.
    await desk.ledger.close()
  }
}

async function openDesk(place: Place, passphrase: string): Promise<Desk> {
  if (isSqliteMirror(place.dir)) return deskOfMirror(place, passphrase)
  // Before the lock, too, since it takes a third of a second. Keys that others add meanwhile are seen when they are asked for.
  const vault = Vault.open(place.dir, passphrase)
  const taken = await takeLockOrCall(place.dir, LEDGER_TOOLS)
  try {
    return 'commit' in taken ? await deskOver(place, vault, taken) : await deskBeside(place, vault, taken)
  } catch (error) {
    await taken.close()
    throw error
  }
}

/** A desk whose ledger this process writes to. */
async function deskOver(place: Place, vault: Vault, store: StoreWriter): Promise<Desk> {
  const platform = await readPlatform(store)
  const isHeld = vault.keys(SEQUENCER).some((pair) => publicKeyHex(pair) === platform.sequencerKey)
  if (!isHeld)
    throw new Failure('usage', "This machine does not have the ledger's sequencer key; only the one that has it can write.")
  const opened: { ledger?: Ledger } = {}
  const now = () => clockTime(platform, opened.ledger?.lastTime ?? 0, place.at)
  opened.ledger = await Ledger.open(ledgerOptions(store, vault, platform.origin, now))
  return new Desk(place, opened.ledger, vault, platform)
}

/** A desk whose notes go to the process that writes to the ledger. */
async function deskBeside(place: Place, vault: Vault, caller: LocalCaller): Promise<Desk> {
  const sequencer = await DistantSequencer.open(caller, place)
  return new Desk(place, sequencer, vault, await readPlatform(sequencer.reader))
}

/** A desk whose notes go to the hub that a mirror follows. */
async function deskOfMirror(place: Place, passphrase: string): Promise<Desk> {
  const { dir, token = keptHubToken(dir) } = place
  const hub = await requireHub(dir)
  const vault = listKeys(dir).length > 0 ? Vault.open(dir, passphrase) : Vault.create(dir, passphrase)
  const sequencer = await MirrorSequencer.open({ dir, rounds: new OwnRounds({ dir, hub, token }) })
  return new Desk(place, sequencer, vault, await readPlatform(sequencer.reader))
}

export function ledgerOptions(
  store: LedgerOptions['store'],
  vault: Vault,
  origin: string,
  now: () => Milliseconds,
): LedgerOptions {
  return { ...LEDGER_TOOLS, store, verifier: createVerifier(), now, sequencerKeys: sequencerKeysOf(vault, origin) }
}

/** The keys in a vault that sign an origin's checkpoints, or will sign them. */
export function sequencerKeysOf(vault: Vault, origin: string): readonly SequencerKey[] {
  return vault.keys(SEQUENCER).map((pair) => signerOf(pair, origin))
}

export function publicKeyHex(pair: KeyPair): string {
  return toHex(pair.publicKey)
}
