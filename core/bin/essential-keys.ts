/**
 * The keys of this machine that must not be lost, by account: those without which somebody could sign nothing any more. Other
 * keys, of programs and with limits, are replaced by these.
 */

import { toHex } from '../base/bytes.ts'
import { accounts, keys, type Platform } from '../domain/state.ts'
import { sha256 } from '../drivers/sha256.ts'
import { listKeys, type PublicEntry } from '../drivers/vault.ts'
import { LoadedRows } from '../ledger/rows.ts'
import type { StoreReader } from '../ledger/store.ts'
import { ED25519, keyId } from '../log/note.ts'
import { ownerOf } from './local-keys.ts'

/**
 * Those that may sign everything and do not end, and those of accounts that are still being opened. The operator's are followed
 * by the key with which the log is signed, where it is here.
 */
export async function essentialKeys(
  dir: string,
  store: StoreReader,
  { operator, sequencerKey }: Platform,
): Promise<ReadonlyMap<string, readonly PublicEntry[]>> {
  const here = listKeys(dir).map((entry) => ({ entry, owner: ownerOf(entry) }))
  const owned = here.filter((one): one is { entry: PublicEntry; owner: string } => one.owner !== undefined)
  const rowOf = (owner: string, publicKey: Uint8Array) => keys.at(owner, keyId(sha256, owner, ED25519, publicKey))
  const rows = new LoadedRows(store)
  await rows.load(owned.flatMap(({ entry, owner }) => [rowOf(owner, entry.publicKey), accounts.at(owner)]))
  const isEssential = ({ entry, owner }: (typeof owned)[number]) => {
    const key = rows.get(rowOf(owner, entry.publicKey))
    if (key !== undefined) return key.scopes.includes('all') && key.revoked !== true && key.expires === undefined
    return entry.account === undefined && rows.get(accounts.at(owner)) === undefined
  }
  const found = new Map<string, PublicEntry[]>()
  const put = (account: string, entry: PublicEntry) => found.set(account, [...(found.get(account) ?? []), entry])
  for (const one of owned.filter(isEssential)) put(one.owner, one.entry)
  const ofLog = here.find(({ entry, owner }) => owner === undefined && toHex(entry.publicKey) === sequencerKey)
  if (ofLog !== undefined) put(operator, ofLog.entry)
  return found
}
