/**
 * The entries of a log page by page, some pages ahead of whoever takes them: while one is worked on, the next ones are fetched,
 * and hashed by other threads.
 */

import type { LoggedEntry, LogReader } from './store.ts'
import type { Verifier } from './verifier.ts'

/** Entries of a page, and pages that are read before they are asked for. */
const PAGE = 1_000
const PAGES_AHEAD = 2

/** The entries from `start` to `end`, with their leaf hashes; it ends early where the log does. */
export async function* readAhead(
  log: Pick<LogReader, 'entries'>,
  verifier: Pick<Verifier, 'hashLeaves'>,
  start: number,
  end: number,
): AsyncGenerator<readonly LoggedEntry[]> {
  const ahead: Promise<readonly LoggedEntry[]>[] = []
  let next = start
  for (let taken = start; taken < end; ) {
    for (; next < end && ahead.length <= PAGES_AHEAD; next += PAGE) {
      const page = readPage(log, verifier, next, Math.min(PAGE, end - next))
      // Whoever takes the page hears of a failure; until then it is nobody's.
      page.catch(() => {})
      ahead.push(page)
    }
    const page = await ahead.shift()!
    if (page.length > 0) yield page
    taken += PAGE
    if (page.length < PAGE) return
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
