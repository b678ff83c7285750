/**
 * Joining a hub with the accounts of a ledger of one's own. An account is its key, so the same account can be opened in another
 * ledger: keys and names move. Everything else follows from transactions that were signed for one ledger and are valid in no
 * other: it stays there, to be read and verified as before.
 */

import { accounts } from '../domain/state.ts'
import { tableNamed } from '../domain/table.ts'
import { openSqliteReader } from '../drivers/sqlite/store.ts'
import { listKeys, Vault } from '../drivers/vault.ts'
import type { JsonObject } from '../ledger/present.ts'
import { balance, readPlatform, readRow, readTable } from '../ledger/queries.ts'
import type { StoreReader } from '../ledger/store.ts'
import type { Desk } from './desk.ts'
import { Failure } from './failure.ts'
import { localKeys } from './local-keys.ts'
import { Pending } from './mirror-sequencer.ts'
import { openAccount } from './opening.ts'
import { type Place, readingTime } from './place.ts'

/** An account that moves, by its local name. */
interface Move {
  readonly account: string
  readonly name: string
  /** Whether it is open at the hub already. */
  readonly isOpen: boolean
}

export interface JoinPlan {
  /** One's own ledger. */
  readonly from: { readonly dir: string; readonly origin: string }
  /** The hub's ledger. */
  readonly origin: string
  readonly moves: readonly Move[]
  /** What each account leaves behind: balances, and how many things of each kind. */
  readonly stays: readonly JsonObject[]
  /** Local names that do not move: the operator's. */
  readonly others: readonly string[]
}

/** What accounts own, by the names of the tables and in words. */
const THINGS: Readonly<Record<string, string>> = {
  plan: 'plans',
  model: 'models',
  listing: 'listings',
  subscription: 'subscriptions',
  purchase: 'purchases',
  licence: 'licences',
  feature: 'features',
  hold: 'holds',
  mandate: 'mandates',
  payout: 'payouts',
}

/** What joining would move and what it would leave behind, by the present state of both ledgers. */
export async function planJoining(from: Place, mirror: StoreReader): Promise<JoinPlan> {
  const { origin } = await readPlatform(mirror)
  const own = await openSqliteReader(from.dir)
  try {
    const platform = await readPlatform(own)
    if (platform.origin === origin)
      throw new Failure('usage', `${from.dir} is of the hub's own ledger, ${origin}: take the keys with keys export and import.`)
    const first = localKeys(from.dir).filter(({ isFirst }) => isFirst)
    const moving = first.filter(({ account }) => account !== platform.operator)
    const time = await readingTime(own, from)
    const things = await countThings(own)
    const moves: Move[] = []
    const stays: JsonObject[] = []
    for (const { account, label: name } of moving) {
      moves.push({ account, name, isOpen: (await readRow(mirror, accounts.at(account))) !== undefined })
      const left = await balance(own, account, time)
      const { account: _account, size: _size, time: _time, ...balances } = left ?? {}
      stays.push({ account, name, ...balances, ...things.get(account) })
    }
    const others = first.filter(({ account }) => account === platform.operator).map(({ label }) => label)
    return { from: { dir: from.dir, origin: platform.origin }, origin, moves, stays, others }
  } finally {
    await own.close()
  }
}

async function countThings(store: StoreReader): Promise<Map<string, Record<string, number>>> {
  const counts = new Map<string, Record<string, number>>()
  for (const [table, word] of Object.entries(THINGS)) {
    const things = tableNamed(table)
    for await (const { key, row } of readTable(store, things)) {
      const owner = things.owner(row, key)
      if (owner === undefined) continue
      const of = counts.get(owner) ?? {}
      counts.set(owner, { ...of, [word]: (of[word] ?? 0) + 1 })
    }
  }
  return counts
}

/** Takes over the keys that are not in the mirror's folder yet. Whatever prevents that is reported before any is taken. */
export function moveKeys(from: Place, dir: string, moves: readonly Move[], passphrase: string): void {
  const here = localKeys(dir)
  for (const { account, name } of moves) {
    const other = here.find(({ label, isFirst }) => isFirst && label === name)
    if (other === undefined || other.account === account) continue
    throw new Failure('usage', `In ${dir} the name ${name} stands for another account, ${other.account}. Nothing was moved.`)
  }
  const missing = moves.filter(({ account }) => !here.some((key) => key.isFirst && key.account === account))
  if (missing.length === 0) return
  const own = Vault.open(from.dir, passphrase)
  const vault = listKeys(dir).length > 0 ? Vault.open(dir, passphrase) : Vault.create(dir, passphrase)
  vault.add(missing.map(({ name }) => ({ label: name, pair: own.key(name)! })))
}

/** Opens the accounts that the hub does not have yet; returns what became of each. */
export async function openMoved(desk: Desk, moves: readonly Move[]): Promise<JsonObject[]> {
  const opened: JsonObject[] = []
  for (const { account, name, isOpen } of moves) {
    if (isOpen) opened.push({ account, name, status: 'open' })
    else opened.push({ account, name, ...(await openMovedOne(desk, name)) })
  }
  return opened
}

async function openMovedOne(desk: Desk, name: string): Promise<JsonObject> {
  try {
    const answer = await openAccount(desk, name)
    if (answer.status === 'refused') return { status: answer.status, code: answer.code, message: answer.message }
    return { status: answer.status, index: answer.index }
  } catch (error) {
    if (!(error instanceof Pending)) throw error
    return { status: error.kept.state, id: error.kept.id }
  }
}
