/** A ledger's folder as commands search it: through its index, which first follows the log if it is far behind. */

import { followOnce, IndexFollower, isBehind, openSqliteSearched } from '../drivers/sqlite/index-follower.ts'
import { type EntryFilter, isFiltered, type Searched } from '../ledger/entry-search.ts'
import { StoreError } from '../ledger/store.ts'
import { failureOf } from './failure.ts'
import { note, progressBar } from './output.ts'

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

/** The index of a folder, which follows the log for as long as a program is open; it says where it cannot. */
export function keepIndexed(dir: string): Promise<IndexFollower> {
  return IndexFollower.start(dir, (error) => note(`The index does not follow: ${failureOf(error).message}`))
}

/** Where the index cannot follow, as in a folder that may not be written to, the log is read without it. */
async function follow(dir: string): Promise<void> {
  try {
    await followOnce(dir, { most: MAX_FOLLOWED, progress: progressBar('index') })
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
  }
}
