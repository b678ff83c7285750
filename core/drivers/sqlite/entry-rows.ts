/**
 * The entries of a log in two tables. `bundles` has those of full bundles, 256 in a row and compressed (bundles.ts); `entries`
 * has those after them, each in a row of its own, until the next bundle is full. So an entry is appended for itself, and takes
 * little room for good; nothing is ever changed, and a row of `entries` goes only where a bundle has it.
 *
 *   bundles   0 … 637          bytes, outcomes     entries 0 to 163 327
 *   entries   163 328 … 163 400   bytes, outcome
 */

import { assert } from '../../base/assert.ts'
import { Malformed } from '../../base/malformed.ts'
import type { StoredEntry } from '../../ledger/store.ts'
import { type Bound, BulkWrite } from './bulk.ts'
import { BUNDLE_ENTRIES, type BundledEntry, ENTRY_BYTES, OUTCOMES, type Packing } from './bundles.ts'
import { BOOK, type Database } from './database.ts'
import { damaged } from './errors.ts'
import { bytesOf, integerOf } from './values.ts'

/** How many bytes of unpacked bundles are kept, the last ones used: whoever reads entries one by one often reads neighbours. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024

interface Unpacked {
  readonly entries: readonly BundledEntry[]
  readonly byteLength: number
}

export class EntryRows {
  readonly #database: Database
  readonly #size
  readonly #loose
  readonly #bundle
  readonly #kept = new Map<number, Unpacked>()
  #keptBytes = 0

  /** `hasBundles` is false for a database of a version in which every entry had a row of its own. */
  constructor(database: Database, hasBundles = true) {
    this.#database = database
    this.#size = database.prepare<[], bigint>(hasBundles ? SELECT_SIZE : SELECT_LOOSE_SIZE).pluck()
    this.#loose = database.prepare<[number, number], readonly unknown[]>(SELECT_LOOSE).raw()
    this.#bundle = hasBundles
      ? database.prepare<[number], readonly unknown[]>('SELECT bytes, outcomes FROM bundles WHERE number = ?').raw()
      : undefined
  }

  size(): number {
    return integerOf(BOOK, this.#size.get(), 'the number of entries')
  }

  /** How many entries there are; in a sound book that is its size. */
  count(): number {
    return integerOf(BOOK, this.#database.prepare(SELECT_COUNT).pluck().get(), 'the count of entries')
  }

  /** Up to `limit` entries from index `from`, in order: views of bundles, some of which are kept. */
  read(from: number, limit: number): StoredEntry[] {
    const found: StoredEntry[] = []
    let index = from
    while (found.length < limit) {
      const bundle = this.#unpacked(Math.floor(index / BUNDLE_ENTRIES))
      if (bundle === undefined) break
      const start = index % BUNDLE_ENTRIES
      for (const { bytes, outcome } of bundle.entries.slice(start, start + limit - found.length)) {
        found.push({ index, bytes, outcome })
        index += 1
      }
    }
    return found.length === limit ? found : found.concat(this.loose(index, limit - found.length))
  }

  /** The entries of a full bundle as they are stored (bundles.ts), without looking into them. */
  packed(number: number): Uint8Array | undefined {
    const found = this.#bundle?.get(number)
    return found && bytesOf(BOOK, found[0], () => `the entries of bundle ${number}`)
  }

  protected loose(from: number, limit: number): StoredEntry[] {
    return this.#loose.all(from, limit).map(([number, bytes, outcome]) => {
      const index = integerOf(BOOK, number, () => 'the index of an entry')
      return {
        index,
        bytes: bytesOf(BOOK, bytes, () => `entry ${index}`),
        outcome: bytesOf(BOOK, outcome, () => `the outcome of entry ${index}`),
      }
    })
  }

  /** A bundle never changes, so one that was read before is still what the book has. */
  #unpacked(number: number): Unpacked | undefined {
    const kept = this.#kept.get(number)
    if (kept !== undefined) return kept
    const found = this.#bundle?.get(number)
    if (found === undefined) return undefined
    const unpacked = unpackBundle(number, found)
    if (unpacked instanceof Malformed) throw damaged(BOOK.file, unpacked.reason)
    this.#keep(number, unpacked)
    return unpacked
  }

  #keep(number: number, unpacked: Unpacked): void {
    this.#kept.set(number, unpacked)
    this.#keptBytes += unpacked.byteLength
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#keptBytes <= MAX_KEPT_BYTES || oldest === number) break
      this.#kept.delete(oldest)
      this.#keptBytes -= byteLength
    }
  }
}

const SELECT_LOOSE_SIZE = 'SELECT coalesce(max("index") + 1, 0) FROM entries'
const SELECT_SIZE = `SELECT coalesce(
  (SELECT max("index") + 1 FROM entries), (SELECT (max(number) + 1) * ${BUNDLE_ENTRIES} FROM bundles), 0)`
const SELECT_COUNT = `SELECT (SELECT count(*) FROM bundles) * ${BUNDLE_ENTRIES} + (SELECT count(*) FROM entries)`
const SELECT_LOOSE = 'SELECT "index", bytes, outcome FROM entries WHERE "index" >= ? ORDER BY "index" LIMIT ?'

/** The columns of a bundle's row, unpacked; Malformed where they are none. */
export function unpackBundle(number: number, [bytes, outcomes]: readonly unknown[]): Unpacked | Malformed {
  const unpackedBytes = unpackColumn(ENTRY_BYTES, bytes)
  if (unpackedBytes instanceof Malformed) return unreadable(number, 'entries', unpackedBytes)
  const unpackedOutcomes = unpackColumn(OUTCOMES, outcomes)
  if (unpackedOutcomes instanceof Malformed) return unreadable(number, 'outcomes', unpackedOutcomes)
  let byteLength = 0
  const entries = unpackedBytes.map((entry, i): BundledEntry => {
    const outcome = unpackedOutcomes[i]!
    byteLength += entry.length + outcome.length
    return { bytes: entry, outcome }
  })
  return { entries, byteLength }
}

function unpackColumn({ unpack }: Packing, value: unknown): Uint8Array[] | Malformed {
  return value instanceof Uint8Array ? unpack(value) : new Malformed('it is not stored as bytes')
}

function unreadable(number: number, column: string, { reason }: Malformed): Malformed {
  return new Malformed(`bundle ${number} has no ${column} that can be read: ${reason}`)
}

/** The entries with what appends to them. */
export class EntryRowsWriter extends EntryRows {
  readonly #insert
  readonly #insertBundle
  readonly #delete

  constructor(database: Database) {
    super(database)
    this.#insert = new BulkWrite(database, 3, (rows) => `INSERT INTO entries ("index", bytes, outcome) VALUES ${rows}`)
    this.#insertBundle = database.prepare<[number, Uint8Array, Uint8Array]>(
      'INSERT INTO bundles (number, bytes, outcomes) VALUES (?, ?, ?)',
    )
    this.#delete = database.prepare<[number]>('DELETE FROM entries WHERE "index" < ?')
  }

  /** Appends entries after the `size` that are there. */
  append(size: number, entries: readonly BundledEntry[]): void {
    const end = size + entries.length
    const bundled = end - (end % BUNDLE_ENTRIES)
    const isFull = bundled > size
    if (isFull) this.#bundle(size, entries.slice(0, bundled - size))
    const rows: Bound[] = []
    for (let index = isFull ? bundled : size; index < end; index++) {
      const { bytes, outcome } = entries[index - size]!
      rows.push(index, bytes, outcome)
    }
    this.#insert.run(rows)
  }

  /** Makes full bundles of the entries that have rows of their own and those that follow, as many bundles as they fill. */
  #bundle(size: number, following: readonly BundledEntry[]): void {
    const open = size % BUNDLE_ENTRIES
    const loose = open === 0 ? [] : this.loose(size - open, open)
    assert(loose.length === open, 'the entries of the bundle that is not full have a row each')
    const all = [...loose, ...following]
    for (let start = 0; start < all.length; start += BUNDLE_ENTRIES) {
      const bundle = all.slice(start, start + BUNDLE_ENTRIES)
      const number = (size - open + start) / BUNDLE_ENTRIES
      const bytes = ENTRY_BYTES.pack(bundle.map((entry) => entry.bytes))
      this.#insertBundle.run(number, bytes, OUTCOMES.pack(bundle.map(({ outcome }) => outcome)))
    }
    if (open > 0) this.#delete.run(size + following.length)
  }
}
