/** Another key for an account, made on this machine: sealed before it is used, and it signs nothing before the ledger has it. */

import type { KeyPair } from '../drivers/sodium/signer.ts'
import { readKey } from '../ledger/queries.ts'
import type { Desk } from './desk.ts'
import { newKeyPair } from './founding.ts'
import { localKeys } from './local-keys.ts'

/** A key made for this earlier, by an attempt that ended before the ledger had the key. */
export async function unusedKey({ place, vault, ledger }: Desk, account: string, label: string): Promise<KeyPair | undefined> {
  for (const key of localKeys(place.dir)) {
    if (key.account !== account || key.label !== label || key.isFirst) continue
    if ((await readKey(ledger.reader, account, key.keyId)) === undefined) return vault.pair(key.publicKey)
  }
  return undefined
}

/** A sealed key for an account under a label: the same again as long as the ledger does not have it. */
export async function sealedKey(desk: Desk, account: string, label: string): Promise<KeyPair> {
  const before = await unusedKey(desk, account, label)
  if (before !== undefined) return before
  const pair = newKeyPair()
  desk.vault.add([{ label, account, pair }])
  return pair
}
