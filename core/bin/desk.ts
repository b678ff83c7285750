/** A ledger opened as its one writer, or beside it, with the keys of this machine at hand. */

import { randomBytes } from 'node:crypto'
import type { Draft } from '../api/host.ts'
import { toHex } from '../base/bytes.ts'
import { composeText } from '../domain/envelope.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Platform } from '../domain/state.ts'
import { type Milliseconds, wholeSeconds } from '../domain/time.ts'
import { rules } from '../domain/transactions/index.ts'
import { sha256 } from '../drivers/sha256.ts'
import { checkPoint } from '../drivers/sodium/point-check.ts'
import type { KeyPair } from '../drivers/sodium/signer.ts'
import { createVerifier } from '../drivers/sodium/verifier.ts'
import { openColdRows } from '../drivers/sqlite/cold-rows.ts'
import { BOOK, GUARD } from '../drivers/sqlite/database.ts'
import { isSqliteMirror } from '../drivers/sqlite/mirror-store.ts'
import { requireDatabases } from '../drivers/sqlite/reader.ts'
import { listKeys, Vault } from '../drivers/vault.ts'
import type { Accepted } from '../ledger/accepted.ts'
import { Ledger, type LedgerOptions } from '../ledger/ledger.ts'
import type { SequencerKey } from '../ledger/log-keys.ts'
import { readPlatform } from '../ledger/queries.ts'
import type { StoreWriter } from '../ledger/store.ts'
import { type NoteSigner, signNote } from '../log/note.ts'
import type { LocalCaller } from '../net/local-caller.ts'
import { Failure } from './failure.ts'
import { requireHub } from './following.ts'
import { keptHubToken } from './hub-token.ts'
import { chooseKey, localSigner, SEQUENCER, signerOf, usableKeys } from './local-keys.ts'
import { MirrorSequencer, OwnRounds } from './mirror-sequencer.ts'
import { note } from './output.ts'
import { readPassphrase } from './passphrase.ts'
import { clockTime, type Place, resolveAccount } from './place.ts'
import { DistantSequencer, type Sequencer, takeLockOrCall } from './sequencer.ts'
import { submitKept, unansweredNotes } from './unanswered.ts'

export const LEDGER_TOOLS = { rules, sha256, isPrimeOrder: checkPoint, openColdRows }

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
