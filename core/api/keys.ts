/** The keys of an account: what each may sign, what of its budget is used, whether it is here, and when it last signed. */

import { tryFromHex } from '../base/bytes.ts'
import { MAX_KEYS } from '../base/limits.ts'
import type { Tools } from '../domain/envelope.ts'
import type { Key } from '../domain/state.ts'
import { formatMilliseconds, formatSeconds, wholeSeconds } from '../domain/time.ts'
import { readBackwards } from '../ledger/history.ts'
import { presentKey } from '../ledger/present.ts'
import { readKeys } from '../ledger/queries.ts'
import { LoadedRows } from '../ledger/rows.ts'
import { ED25519, formatVerifierKey, verifierKey } from '../log/note.ts'
import type { Sight } from './host.ts'
import { readNames } from './present.ts'
import { needAccount } from './standing.ts'
import type { KeyPage, KeyView } from './views.ts'

/** Of the account's newest entries so many are looked at for what each key signed last. */
const LOOKED_AT = 100
/** Most keys that are told of those that ended. */
const MAX_ENDED = 100

/** `here`: the ids of those whose private key is on this machine. */
export async function readKeyPage(tools: Tools, sight: Sight, account: string, here: ReadonlySet<string>): Promise<KeyPage> {
  const { store } = sight
  const time = wholeSeconds(sight.time)
  const row = await needAccount(store, account)
  // First the key that the account was opened with, then the others in the order in which they were added.
  const rank = ({ publicKey, addedAt }: Key) => (publicKey === row.publicKey ? 0 : addedAt)
  const all = (await readKeys(store, account)).sort((a, b) => rank(a.key) - rank(b.key))
  const isLiving = ({ revoked, expires }: Key) => revoked !== true && (expires === undefined || time < expires)
  const isMaster = (key: Key) => isLiving(key) && key.scopes.includes('all') && key.expires === undefined
  const masters = all.filter(({ key }) => isMaster(key)).length
  const { uses, looked } = await readUses(tools, sight, account)
  const viewOf = ({ keyId, key }: (typeof all)[number]): KeyView => {
    const used = uses.get(keyId)
    return {
      // What presentKey writes is the form of a key's terms.
      ...(presentKey(keyId, key, time) as unknown as Pick<KeyView, 'key' | 'scopes'>),
      vkey: formatVerifierKey(verifierKey(tools.sha256, account, ED25519, tryFromHex(key.publicKey)!)),
      addedAt: formatSeconds(key.addedAt),
      isHere: here.has(keyId),
      isLastMaster: masters === 1 && isMaster(key),
      ...(used && { used }),
    }
  }
  const keys = all.filter(({ key }) => isLiving(key)).map(viewOf)
  const ended = all
    .filter(({ key }) => !isLiving(key))
    .slice(-MAX_ENDED)
    .reverse()
    .map(viewOf)
  const listings = [...keys, ...ended].map(({ listings: some = [] }) => some.join(' '))
  const names = await readNames(new LoadedRows(store), listings)
  return { account, size: await store.size(), limit: MAX_KEYS, keys, ended, looked, names }
}

/** The newest entry that each key signed, by key id, as far as the account's newest entries tell. */
async function readUses(tools: Tools, sight: Sight, account: string) {
  const { entries, next } = await readBackwards(tools, sight, { account, limit: LOOKED_AT })
  const uses = new Map<string, NonNullable<KeyView['used']>>()
  for (const { index, time, transaction } of entries) {
    for (const { name, keyId } of transaction.signatures) {
      if (name === account && !uses.has(keyId)) uses.set(keyId, { index, time: formatMilliseconds(time) })
    }
  }
  return { uses, looked: { entries: entries.length, isAll: next === undefined } }
}
