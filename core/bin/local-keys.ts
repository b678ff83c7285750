/**
 * The keys of this machine: whose they are, and which of them signs. An account's first key has the account's local name as its
 * label; keys that were added to the account name it; the sequencer's belong to no account.
 */

import { accountId } from '../domain/ids.ts'
import type { Key } from '../domain/state.ts'
import { quoted } from '../domain/text.ts'
import type { Seconds } from '../domain/time.ts'
import { sha256 } from '../drivers/sha256.ts'
import type { KeyPair } from '../drivers/sodium/signer.ts'
import { listKeys, type PublicEntry, type Vault } from '../drivers/vault.ts'
import { readKey, readKeyring } from '../ledger/queries.ts'
import type { StoreReader } from '../ledger/store.ts'
import { ED25519, formatVerifierKey, keyId, type NoteSigner, verifierKey } from '../log/note.ts'
import { Failure } from './failure.ts'

export const SEQUENCER = 'sequencer'

/** A key of this machine that signs for an account. */
interface LocalKey {
  readonly account: string
  readonly label: string
  readonly keyId: string
  readonly publicKey: Uint8Array
  /** Whether it is the key that the account was opened with, whose label is the account's local name. */
  readonly isFirst: boolean
}

function isSequencer({ label, account }: PublicEntry): boolean {
  return label === SEQUENCER && account === undefined
}

/** The account that a key signs for; undefined for the sequencer's. */
export function ownerOf(entry: PublicEntry): string | undefined {
  return isSequencer(entry) ? undefined : (entry.account ?? accountId(sha256, entry.publicKey))
}

/** In the order in which they were made. The sequencer's are not among them: they sign no transactions. */
export function localKeys(dir: string): LocalKey[] {
  return listKeys(dir)
    .filter((entry) => !isSequencer(entry))
    .map(({ label, account: owner, publicKey }) => {
      const account = owner ?? accountId(sha256, publicKey)
      return { account, label, publicKey, keyId: keyId(sha256, account, ED25519, publicKey), isFirst: owner === undefined }
    })
}

/** The names that this machine has for accounts. */
export function localNames(dir: string): ReadonlyMap<string, string> {
  const first = localKeys(dir).filter(({ isFirst }) => isFirst)
  return new Map(first.map(({ account, label }) => [account, label]))
}

/** A text for people, with this machine's names for the accounts in it. */
export function withNames(text: string, names: ReadonlyMap<string, string>): string {
  return text.replaceAll(/nim1[02-9ac-hj-np-z]{38}/g, (account) => names.get(account) ?? account)
}

/** A signer for the account of a key: the key id in the signature line is that of the key under the account's name. */
export function signerOf(pair: KeyPair, name = accountId(sha256, pair.publicKey)): NoteSigner & { publicKey: Uint8Array } {
  return { name, keyId: keyId(sha256, name, ED25519, pair.publicKey), sign: pair.sign, publicKey: pair.publicKey }
}

/** The key under a name, ready to paste into another verifier of notes. */
export function vkeyOf(name: string, publicKey: Uint8Array): string {
  return formatVerifierKey(verifierKey(sha256, name, ED25519, publicKey))
}

/** Which keys may sign for an account now, by their ids: what the ledger says, or undefined where there is no ledger at hand. */
export type UsableKeys = ReadonlyMap<string, Key>

export async function usableKeys(store: StoreReader, account: string, time: Seconds): Promise<UsableKeys> {
  const usable = new Map<string, Key>()
  for (const { key: id, expires } of (await readKeyring(store, account))?.keys ?? []) {
    const key = expires !== undefined && expires <= time ? undefined : await readKey(store, account, id)
    if (key !== undefined) usable.set(id, key)
  }
  return usable
}

/**
 * The key of this machine that signs for an account: the one that is named, by its id or its label; else one that may sign
 * everything; else another one that may sign; else the first, and then the ledger says what is wrong with it.
 */
export function chooseKey(dir: string, account: string, usable: UsableKeys, named?: string): LocalKey {
  const own = localKeys(dir).filter((key) => key.account === account)
  if (own.length === 0) throw new Failure('usage', `This machine has no key of ${account}; sign where the key is, with tx sign.`)
  if (named !== undefined) {
    const key = own.find(({ keyId }) => keyId === named) ?? calledKey(own, named, usable)
    if (key === undefined) throw new Failure('usage', `This machine has no key ${quoted(named)} of ${account}.`)
    return key
  }
  const master = own.find(({ keyId }) => usable.get(keyId)?.scopes.includes('all') === true)
  return master ?? own.find(({ keyId }) => usable.has(keyId)) ?? own[0]!
}

/**
 * A label may be given again once its key was revoked or has expired. It means the key that may sign; if none may, the last one.
 */
export function calledKey(own: readonly LocalKey[], called: string, usable: ReadonlyMap<string, unknown>): LocalKey | undefined {
  const keys = own.filter(({ label, isFirst }) => label === called && !isFirst)
  const living = keys.filter(({ keyId }) => usable.has(keyId))
  if (living.length > 1) throw new Failure('usage', `${living.length} keys are called ${quoted(called)}; name one by its id.`)
  return living[0] ?? keys.at(-1)
}

/** Signs with a key of this machine. */
export function localSigner(vault: Vault, { account, publicKey }: LocalKey): NoteSigner {
  return signerOf(vault.pair(publicKey)!, account)
}
