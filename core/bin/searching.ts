/** A ledger's folder as commands search it: through its index, which first follows the log if it is far behind. */

import { followOnce, isBehind, openSqliteSearched } from '../drivers/sqlite/index-follower.ts'
import { type EntryFilter, isFiltered, type Searched } from '../ledger/entry-search.ts'
import { StoreError } from '../ledger/store.ts'
import { progressBar } from './output.ts'

/** Most entries that one command makes the index follow; the rest is read from the log. */
const MAX_FOLLOWED = 100_000

/** Searches the ledger in a folder; no lock is needed. With an empty filter the index is left as it is. */
export async function searching<T>(dir: string, wanted: EntryFilter, search: (searched: Searched) => Promise<T>): Promise<T> {
  let opened = await openSqliteSearched(dir)
  try {
    if (isFiltered(wanted) && (await isBehind(opened))) {
      await opened.close()
      await follow(dir)
      opened = await openSqliteSearched(dir)
    }
    return await search(opened)
  } finally {
    await opened.close()
  }
}

/** Where the index cannot follow, as in a folder that may not be written to, the log is read without it. */
async function follow(dir: string): Promise<void> {
  try {
    await followOnce(dir, { most: MAX_FOLLOWED, progress: progressBar('index') })
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
  }
}
