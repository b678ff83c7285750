/** What an account set aside for calls that are under way, and what it lets its keys spend. */

import { spentWith } from '../domain/key-limits.ts'
import { type Micros, ZERO } from '../domain/money.ts'
import * as state from '../domain/state.ts'
import type { Seconds } from '../domain/time.ts'
import { LoadedRows } from './rows.ts'
import type { StoreReader } from './store.ts'

/** A hold that is neither captured, nor released, nor expired. */
interface OpenHold {
  readonly hold: string
  readonly amountMicros: Micros
  readonly expiresAt: Seconds
  readonly listing: string
  readonly title: string
  /** The name of whoever sells the calls. */
  readonly seller: string
}

/** In order of opening. */
export async function findHolds(store: StoreReader, account: string, time: Seconds): Promise<OpenHold[]> {
  const rows = new LoadedRows(store)
  await rows.load([state.wallets.at(account)])
  const open = (rows.get(state.wallets.at(account))?.holds ?? []).filter(({ endsAt }) => endsAt > time)
  await rows.load(open.map(({ id }) => state.holds.at(id)))
  const listingOf = (id: string) => rows.get(state.holds.at(id))!.listing
  await rows.load(open.map(({ id }) => state.listings.at(listingOf(id))))
  const sold = (id: string) => rows.get(state.listings.at(listingOf(id)))!
  await rows.load(open.map(({ id }) => state.accounts.at(sold(id).account)))
  return open.map(({ id, amountMicros, endsAt }) => ({
    hold: id,
    amountMicros,
    expiresAt: endsAt,
    listing: listingOf(id),
    title: sold(id).title,
    seller: rows.get(state.accounts.at(sold(id).account))!.name,
  }))
}

/** A key that may spend so much a day or month. */
interface BudgetedKey {
  readonly keyId: string
  readonly label?: string
  readonly expires?: Seconds
  readonly limitMicros: Micros
  readonly per: state.Window
  /** In the day or month that runs. */
  readonly usedMicros: Micros
}

/** The keys that have a budget and may still sign. */
export async function findBudgets(store: StoreReader, account: string, time: Seconds): Promise<BudgetedKey[]> {
  const rows = new LoadedRows(store)
  await rows.load([state.keyrings.at(account)])
  const ids = (rows.get(state.keyrings.at(account))?.keys ?? []).map(({ key }) => key)
  await rows.load(ids.map((id) => state.keys.at(account, id)))
  return ids.flatMap((keyId) => {
    const key = rows.get(state.keys.at(account, keyId))!
    const { budget, label, expires } = key
    if (budget === undefined || (expires !== undefined && expires <= time)) return []
    const usedMicros = spentWith(key, time, ZERO)!.amountMicros
    const limits = { limitMicros: budget.amountMicros, per: budget.per, usedMicros }
    return [{ keyId, ...limits, ...(label !== undefined && { label }), ...(expires !== undefined && { expires }) }]
  })
}
