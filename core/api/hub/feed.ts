/**
 * The newest entries, described once for all who watch: a hundred watchers cost one reading of an entry. A watcher that is
 * further behind than what is kept reads from the ledger.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { readRange } from '../../ledger/history.ts'
import { entryViews } from '../present.ts'
import type { HubHost } from './host.ts'
import { type Shown, shownOf } from './sight.ts'

/** Entries kept, and entries read at a time. */
const MAX_KEPT = 1_000
const PAGE = 100

export class Feed {
  readonly #host: HubHost
  /** In order, without a gap. */
  #kept: Shown[] = []
  #reading: Promise<Shown[]> | undefined
  #readingFrom = 0
  #turns = Promise.resolve()

  constructor(host: HubHost) {
    this.#host = host
  }

  /** Some entries from an index on; none where there are none yet. */
  async from(index: number): Promise<readonly Shown[]> {
    await this.#turn()
    const first = this.#kept[0]?.view.index
    const offset = first === undefined ? -1 : index - first
    if (offset >= 0 && offset < this.#kept.length) return this.#kept.slice(offset, offset + PAGE)
    // All who have seen everything so far wait for the same page.
    if (this.#reading === undefined || this.#readingFrom !== index) {
      this.#readingFrom = index
      this.#reading = this.#read(index)
    }
    return this.#reading
  }

  /** Pages are given out one at a time, with a turn of the event loop between them: a watcher far behind keeps nobody waiting. */
  #turn(): Promise<void> {
    this.#turns = this.#turns.then(() => nextTurn())
    return this.#turns
  }

  async #read(index: number): Promise<Shown[]> {
    try {
      const page = await this.#host.reading(async ({ store }) => {
        const entries = await readRange(this.#host.tools, store, index, PAGE)
        const views = await entryViews(store, entries)
        return entries.map((entry, i) => shownOf(entry, views[i]!))
      })
      this.#keep(page)
      return page
    } finally {
      if (this.#readingFrom === index) this.#reading = undefined
    }
  }

  /** Adds a page that continues the kept ones; a page beyond them replaces them. */
  #keep(page: readonly Shown[]): void {
    const first = page[0]?.view.index
    const next = (this.#kept.at(-1)?.view.index ?? -1) + 1
    if (first === undefined || first < next) return
    this.#kept = [...(first === next ? this.#kept : []), ...page].slice(-MAX_KEPT)
  }
}
