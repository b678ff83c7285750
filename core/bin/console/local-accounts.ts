/** The accounts whose keys this machine has, and what their owners do on the ledger. */

import type { LocalAccount } from '../../api/views.ts'
import { accounts, type Platform } from '../../domain/state.ts'
import { findCreators } from '../../ledger/catalogue.ts'
import type { Searched } from '../../ledger/entry-search.ts'
import { LoadedRows } from '../../ledger/rows.ts'
import { localNames } from '../local-keys.ts'
import { sheetStates } from './recovery.ts'

export async function localAccounts(dir: string, searched: Searched, platform: Platform): Promise<LocalAccount[]> {
  const names = localNames(dir)
  const ids = [...names.keys()]
  const rows = new LoadedRows(searched.store)
  await rows.load(ids.map((account) => accounts.at(account)))
  const creators = await findCreators(searched, ids)
  const sheets = await sheetStates(dir, searched.store, platform)
  return [...names].map(([account, label]) => {
    const name = rows.get(accounts.at(account))?.name
    const role = account === platform.operator ? 'operator' : creators.has(account) ? 'creator' : 'user'
    const sheet = sheets.get(account)
    return { account, label, ...(name !== undefined && { name }), role, ...(sheet && { sheet }) }
  })
}
