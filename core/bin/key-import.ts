/**
 * Keys that come from elsewhere: from a file of keys, or from the words of a recovery sheet. Each is opened and checked before
 * any is taken. Words are a key and nothing else, so whose it is the ledger is asked.
 */

import { mkdirSync } from 'node:fs'
import { toHex } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { accountId } from '../domain/ids.ts'
import { accounts, keys, sequencerKeys } from '../domain/state.ts'
import { quoted } from '../domain/text.ts'
import { seedsIn } from '../drivers/recovery-words.ts'
import { sha256 } from '../drivers/sha256.ts'
import { type KeyPair, keyPair } from '../drivers/sodium/signer.ts'
import { listKeys, type NamedKey, type PublicEntry, type Vault } from '../drivers/vault.ts'
import { readPlatform, readTable } from '../ledger/queries.ts'
import { LoadedRows } from '../ledger/rows.ts'
import type { StoreReader } from '../ledger/store.ts'
import { Failure } from './failure.ts'
import { ownerOf, SEQUENCER } from './local-keys.ts'
import { OPERATOR } from './place.ts'

/** Of an account's id, where a name alone would not tell. */
const TELLING_CHARACTERS = 6

interface Taken {
  readonly imported: number
  readonly alreadyHere: number
  readonly names: readonly string[]
}

/** The keys in words. Throws Failure `usage` with what is wrong, and none of the words. */
export function pairsInWords(text: string): KeyPair[] {
  const seeds = seedsIn(text)
  if (seeds instanceof Malformed) throw new Failure('usage', `${seeds.reason}.`)
  return seeds.map((seed) => keyPair(seed))
}

/**
 * Keys by the names that the ledger gives them: an account's first key has the account's, one that was added to it has its label,
 * the log's own is the sequencer's. Undefined for one that the ledger does not know.
 */
export async function namedByLedger(store: StoreReader, pairs: readonly KeyPair[]): Promise<(NamedKey | undefined)[]> {
  const { operator } = await readPlatform(store)
  const rows = new LoadedRows(store)
  const rowsOf = ({ publicKey }: KeyPair) => ({
    account: accounts.at(accountId(sha256, publicKey)),
    log: sequencerKeys.at(toHex(publicKey)),
  })
  await rows.load(pairs.flatMap((pair) => Object.values(rowsOf(pair))))
  const unknown = new Set<string>()
  const named = pairs.map((pair): NamedKey | undefined => {
    const { account, log } = rowsOf(pair)
    if (rows.get(log) !== undefined) return { label: SEQUENCER, pair }
    const row = rows.get(account)
    if (row !== undefined) return { label: localName(row.name, accountId(sha256, pair.publicKey), operator), pair }
    unknown.add(toHex(pair.publicKey))
    return undefined
  })
  const added = await findAdded(store, unknown)
  return named.map((one, i) => {
    const found = added.get(toHex(pairs[i]!.publicKey))
    return one ?? (found && { ...found, pair: pairs[i]! })
  })
}

type KeyName = Omit<NamedKey, 'pair'>

/** Of the keys that were added to accounts, those that are looked for: all are read, for no index finds them by themselves. */
async function findAdded(store: StoreReader, wanted: ReadonlySet<string>): Promise<ReadonlyMap<string, KeyName>> {
  const found = new Map<string, KeyName>()
  if (wanted.size === 0) return found
  for await (const { key, row } of readTable(store, keys)) {
    if (!wanted.has(row.publicKey) || row.revoked === true) continue
    found.set(row.publicKey, { label: row.label ?? '', account: key.slice(0, key.indexOf('/')) })
  }
  return found
}

/**
 * Seals the keys that are not in the vault's folder yet, all or none. Throws Failure `usage` where a local name would stand
 * for two accounts.
 */
export function takeKeys(dir: string, vault: Vault, found: readonly NamedKey[]): Taken {
  const before = listKeys(dir)
  const held = new Set(before.map(({ publicKey }) => toHex(publicKey)))
  const missing = found.filter(({ pair }) => !held.has(toHex(pair.publicKey)))
  const entries = missing.map(({ label, account, pair }) => ({ label, account, publicKey: pair.publicKey }))
  for (const [i, entry] of entries.entries()) {
    if (!isNameTaken(entry, [...before, ...entries.slice(0, i)])) continue
    throw new Failure(
      'usage',
      `This machine has another key called ${quoted(entry.label)}, and a name stands for one account. Nothing was imported; ` +
        `give --rename ${quoted(`${entry.label}=NAME`)}.`,
    )
  }
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  if (missing.length > 0) vault.add(missing)
  const names = missing.map(({ label }) => label)
  return { imported: missing.length, alreadyHere: found.length - missing.length, names }
}

/** What a machine calls an account: names that mean something else here are told from it by the end of the account's id. */
function localName(name: string, account: string, operator: string): string {
  if (account === operator) return OPERATOR
  return name === OPERATOR || name === SEQUENCER ? distinct(name, account) : name
}

function distinct(name: string, account: string): string {
  return `${name} ${account.slice(-TELLING_CHARACTERS)}`
}

/** The same keys under names that are free in a folder: one that is taken is told apart. */
export function withFreeNames(dir: string, found: readonly NamedKey[]): NamedKey[] {
  const here: PublicEntry[] = listKeys(dir)
  return found.map(({ label, account, pair }) => {
    const { publicKey } = pair
    const isHere = here.some((one) => toHex(one.publicKey) === toHex(publicKey))
    const isFree = isHere || !isNameTaken({ label, account, publicKey }, here)
    const free = isFree ? label : distinct(label, account ?? accountId(sha256, publicKey))
    here.push({ label: free, account, publicKey })
    return { label: free, account, pair }
  })
}

/** Whether a local name would stand for two accounts. */
function isNameTaken(entry: PublicEntry, others: readonly PublicEntry[]): boolean {
  const isName = (one: PublicEntry) => one.account === undefined && ownerOf(one) !== undefined
  return isName(entry) && others.some((one) => isName(one) && one.label === entry.label)
}
