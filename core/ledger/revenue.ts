/**
 * What creators earned, in sums: by creator, by day, by listing. The index keeps them up to the entry that it has reached; what
 * it does not know yet is folded from the log in one pass that later entries continue, and is kept in memory alone. Both can be
 * made again from the log.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { dayOf, wholeSeconds } from '../domain/time.ts'
import type { Lookup } from './lookup.ts'
import { type PaymentTo, readPayments, readPlainly, type Sums } from './payments.ts'
import { LoadedRows } from './rows.ts'
import type { StoreReader } from './store.ts'

interface CreatorRevenue extends Sums {
  /** By number of the UTC day. */
  readonly byDay: ReadonlyMap<number, Sums>
  readonly byListing: ReadonlyMap<string, Sums>
}

const NO_SUMS: Sums = { grossMicros: 0n, feeMicros: 0n, payments: 0 }

/** Entries read between two turns of the event loop, so that a long log does not hold up a window. */
const PAGE = 250

interface Kept extends Sums {
  byDay: Map<number, Sums>
  byListing: Map<string, Sums>
}

/** How far an index may be behind and still be used for sums: with more to fold, the sums in memory are continued instead. */
const MAX_LAG = 20_000

export class Revenue {
  #creators = new Map<string, Kept>()
  /** The entries folded so far: from where on, and up to where. */
  #from = 0
  #size = 0
  #folding: Promise<unknown> = Promise.resolve()

  /** A creator's sums over all entries that the store has. */
  async of(store: StoreReader, account: string, lookup: Lookup): Promise<CreatorRevenue> {
    // Calls are folded one after the other: a second one must not fold the same entries again.
    const folded = this.#folding.then(async () => {
      await this.#startAfter(lookup.size, await store.size())
      const known = this.#from === 0 ? [] : await lookup.ask((index) => index.revenueOf(account))
      if (known === undefined) this.#startAt(0)
      await this.#fold(store)
      const kept = copyOf(this.#creators.get(account))
      for (const { day, listing, sums } of known ?? []) add(kept, day, listing, sums)
      return kept
    })
    this.#folding = folded.catch(() => {})
    return folded
  }

  /** Entries that the index knows need not be folded. */
  async #startAfter(known: number, size: number): Promise<void> {
    if (this.#from === known) return
    if (size - known <= MAX_LAG) this.#startAt(known)
    else if (this.#from > 0) this.#startAt(0)
  }

  #startAt(size: number): void {
    this.#creators = new Map()
    this.#from = size
    this.#size = size
  }

  async #fold(store: StoreReader): Promise<void> {
    const size = await store.size()
    while (this.#size < size) {
      const rows = new LoadedRows(store)
      const entries = await store.entries(this.#size, PAGE)
      for (const payment of await readPayments(store, rows, await readPlainly(rows, entries))) this.#add(payment)
      this.#size += entries.length
      await nextTurn()
    }
  }

  #add({ payee, listing, time, sums }: PaymentTo): void {
    const kept = this.#creators.get(payee) ?? copyOf(undefined)
    add(kept, dayOf(wholeSeconds(time)), listing, sums)
    this.#creators.set(payee, kept)
  }
}

function copyOf(kept: Kept | undefined): Kept {
  return { ...NO_SUMS, ...kept, byDay: new Map(kept?.byDay), byListing: new Map(kept?.byListing) }
}

function add(kept: Kept, day: number, listing: string | undefined, sums: Sums): void {
  Object.assign(kept, plus(kept, sums))
  kept.byDay.set(day, plus(kept.byDay.get(day), sums))
  if (listing !== undefined) kept.byListing.set(listing, plus(kept.byListing.get(listing), sums))
}

function plus(before: Sums = NO_SUMS, more: Sums): Sums {
  return {
    grossMicros: before.grossMicros + more.grossMicros,
    feeMicros: before.feeMicros + more.feeMicros,
    payments: before.payments + more.payments,
  }
}
