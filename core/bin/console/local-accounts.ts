/** The accounts whose keys this machine has, and what their owners do on the ledger. */

import type { LocalAccount } from '../../api/views.ts'
import { accountId } from '../../domain/ids.ts'
import { accounts, type Platform } from '../../domain/state.ts'
import { sha256 } from '../../drivers/sha256.ts'
import { listKeys } from '../../drivers/vault.ts'
import { findCreators } from '../../ledger/catalogue.ts'
import { LoadedRows } from '../../ledger/rows.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { SEQUENCER } from '../desk.ts'

export function localKeys(dir: string): { readonly account: string; readonly label: string }[] {
  const named = listKeys(dir).filter(({ label }) => label !== SEQUENCER)
  return named.map(({ label, publicKey }) => ({ account: accountId(sha256, publicKey), label }))
}

export async function localAccounts(dir: string, store: StoreReader, { operator }: Platform): Promise<LocalAccount[]> {
  const keys = localKeys(dir)
  const rows = new LoadedRows(store)
  await rows.load(keys.map(({ account }) => accounts.at(account)))
  const creators = await findCreators(
    store,
    keys.map(({ account }) => account),
  )
  return keys.map(({ account, label }) => {
    const name = rows.get(accounts.at(account))?.name
    const role = account === operator ? 'operator' : creators.has(account) ? 'creator' : 'user'
    return { account, label, ...(name !== undefined && { name }), role }
  })
}
