/**
 * The entries of a log page by page, some pages ahead of the reader: while one is worked on, the next ones are fetched, and
 * hashed by other threads. A page is what one tile of leaves covers, so it makes one full tile; and its objects are gone before
 * the garbage collector counts them as old, which is what makes collecting them dear.
 */

import { TILE_WIDTH } from '../log/tiles.ts'
import type { LoggedEntry, LogReader } from './store.ts'
import type { Verifier } from './verifier.ts'

/** Pages that are read before they are asked for. */
const PAGES_AHEAD = 2

/** The entries from `start` to `end`, with their leaf hashes; it ends early where the log does. */
export async function* readAhead(
  log: Pick<LogReader, 'entries'>,
  verifier: Pick<Verifier, 'hashLeaves'>,
  start: number,
  end: number,
): AsyncGenerator<readonly LoggedEntry[]> {
  const ahead: { readonly page: Promise<readonly LoggedEntry[]>; readonly count: number }[] = []
  let next = start
  while (next < end || ahead.length > 0) {
    while (next < end && ahead.length <= PAGES_AHEAD) {
      const count = Math.min(TILE_WIDTH - (next % TILE_WIDTH), end - next)
      const page = readPage(log, verifier, next, count)
      // The caller that takes the page hears of a failure; until then nobody has to.
      page.catch(() => {})
      ahead.push({ page, count })
      next += count
    }
    const { page, count } = ahead.shift()!
    const entries = await page
    if (entries.length > 0) yield entries
    if (entries.length < count) return
  }
}

async function readPage(
  log: Pick<LogReader, 'entries'>,
  verifier: Pick<Verifier, 'hashLeaves'>,
  from: number,
  count: number,
): Promise<LoggedEntry[]> {
  const entries = await log.entries(from, count)
  const leaves = await verifier.hashLeaves(entries.map(({ bytes }) => bytes))
  return entries.map((entry, i) => ({ ...entry, leaf: leaves[i]! }))
}
