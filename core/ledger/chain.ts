/**
 * The entries of an account as a chain: its row names the last one that touched it, and each of them names the one before. So all
 * of them can be told without an index over entries, and none can be left out unnoticed.
 */

import { assert } from '../base/assert.ts'
import type { Tools } from '../domain/envelope.ts'
import { type Account, accounts } from '../domain/state.ts'
import { type Accepted, decodeEntries } from './accepted.ts'
import { LoadedRows } from './rows.ts'
import type { StoreReader } from './store.ts'

export async function readAccount(store: StoreReader, account: string): Promise<Account | undefined> {
  const rows = new LoadedRows(store)
  await rows.load([accounts.at(account)])
  return rows.get(accounts.at(account))
}

/** The entry that touched an account before this one; undefined for its first. */
export function previousOf({ outcome }: Accepted, account: string): number | undefined {
  return outcome.touched.find((one) => one.account === account)?.previous
}

/** The entries that touched an account, the newest first. */
export async function* accountChain(tools: Tools, store: StoreReader, account: string): AsyncGenerator<Accepted> {
  yield* chainFrom(tools, store, account, (await readAccount(store, account))?.last)
}

/** The entries that touched an account, from the entry at an index back to the first. */
export async function* chainFrom(
  tools: Tools,
  store: StoreReader,
  account: string,
  start: number | undefined,
): AsyncGenerator<Accepted> {
  let next = start
  while (next !== undefined) {
    const [entry] = await decodeEntries(tools, store, await store.entries(next, 1))
    assert(entry !== undefined, `entry ${next} of ${account} is stored`)
    yield entry
    next = previousOf(entry, account)
  }
}
