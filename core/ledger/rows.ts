/**
 * Rows on their way between a store, which holds texts, and those who work on values; and the changes of the transactions that
 * were executed, until a commit takes them to the store.
 */

import { assert, InvariantError } from '../base/assert.ts'
import type { Changes } from '../domain/run.ts'
import { type EntryRecord, entryRecords } from '../domain/state.ts'
import { decodeRow, encodeRow, type RowKey } from '../domain/table.ts'
import type { Rows } from '../domain/view.ts'
import { type ExecutedTransaction, recordOf } from './accepted.ts'
import { type ChangedRow, type Numbered, type NumberedText, StoreError, type StoreReader } from './store.ts'

/**
 * Once so many rows were found since the last time rows were forgotten, the rows that were not among them are forgotten, to be
 * read again if anybody asks. So at most twice as many are in memory, and those that are asked for again and again stay.
 */
const ROWS_OF_AN_AGE = 100_000

/** The one place of a row in memory. Whoever found it may keep using it until rows are forgotten. */
export interface Kept extends Numbered {
  readonly key: RowKey
  /** Once it was loaded: the row, or undefined where there is none. */
  row: unknown
  isLoaded: boolean
  /** Whether the store has another value for it. */
  isChanged: boolean
}

/**
 * The rows read so far, with the changes of earlier transactions on top: never a second truth, only what the store says or will
 * be told.
 */
export class LoadedRows implements Rows {
  readonly store: Pick<StoreReader, 'rows'>
  readonly #readEntry: ReadEntry
  /** By the table's number, then by key: so no path has to be put together to find a row. */
  #tables: Map<string, Kept>[] = []
  #count = 0
  /** Those that were not found since rows were last forgotten. */
  #older: Map<string, Kept>[] = []
  /** Replaced when rows are forgotten: what keys remember to have found is then out of date. */
  #age = {}
  #changed: Kept[] = []
  /** Entries that the store may not have, by index, in this order. */
  readonly #entries = new Map<number, ExecutedTransaction>()

  constructor(store: Pick<StoreReader, 'rows'>, readEntry: ReadEntry = noEntries) {
    this.store = store
    this.#readEntry = readEntry
  }

  get<Row>(key: RowKey<Row>): Row | undefined {
    const kept = this.#find(key)
    assert(kept?.isLoaded === true, () => `the row ${key.path} was loaded`)
    return kept.row as Row | undefined
  }

  hasAll(keys: readonly RowKey[]): boolean {
    for (const key of keys) if (!this.has(key)) return false
    return true
  }

  has(key: RowKey): boolean {
    return this.#find(key)?.isLoaded === true
  }

  async load(keys: readonly RowKey[]): Promise<void> {
    if (!this.hasAll(keys)) await this.fill(keys.map((key) => this.place(key)))
  }

  /** The place of a row, which may still have to be filled. */
  place(key: RowKey): Kept {
    return this.#find(key) ?? this.#keep({ key, row: undefined, isLoaded: false, isChanged: false, number: undefined })
  }

  /**
   * Reads what has to be filled. Where a place was filled meanwhile, that is newer than what was read for it, since changes stay
   * in their places until the store has them; so rows may be read ahead of the writer.
   */
  async fill(places: Iterable<Kept>): Promise<void> {
    const stored = new Set<Kept>()
    for (const kept of places) {
      if (kept.isLoaded) continue
      if (kept.key.table === entryRecords) fillIn(kept, await this.#readRecord(Number(kept.key.key)))
      else stored.add(kept)
    }
    if (stored.size === 0) return
    const missing = [...stored]
    const found = await this.store.rows(missing.map(({ key }) => key))
    missing.forEach((kept, i) => {
      fillStored(kept, found[i])
    })
  }

  /** Takes over what a transaction changed, through the places that it declared where those are given. */
  apply(changes: Changes, declared: { place(key: RowKey): Kept } = this): void {
    for (const { key, row } of changes) {
      const kept = declared.place(key)
      kept.row = row
      kept.isLoaded = true
      if (kept.isChanged) continue
      kept.isChanged = true
      this.#changed.push(kept)
    }
  }

  /** Takes over an entry, for transactions that name it before the store has it. */
  remember(index: number, entry: ExecutedTransaction): void {
    this.#entries.set(index, entry)
    // Somebody may have looked for it before it was there.
    const named = this.#tables[entryRecords.number]
    if (named === undefined || named.size === 0) return
    const kept = named.get(String(index))
    if (kept !== undefined) kept.row = recordOf(entry)
  }

  /** The rows changed since the last call, each as its last change left it, in the form that a commit takes. */
  takeChanged(): ChangedRow[] {
    const changed = this.#changed
    this.#changed = []
    return changed.map((kept) => {
      kept.isChanged = false
      const { key, row } = kept
      return { table: key.table.name, key: key.key, value: row === undefined ? undefined : encodeRow(row), numbered: kept }
    })
  }

  /**
   * Forgets the entries that were read, those remembered before `stored`, which the store has, and the rows that nobody has asked
   * for in a while. Call it when the last changes were taken for a commit and the commit before that one is durable: a row that
   * is forgotten was last found before the previous call, so the store has it as it is.
   */
  trim(stored: number): void {
    assert(this.#changed.length === 0, 'no row is forgotten that no commit has taken')
    for (const index of this.#entries.keys()) {
      if (index >= stored) break
      this.#entries.delete(index)
    }
    const entries = this.#tables[entryRecords.number]
    this.#count -= entries?.size ?? 0
    entries?.clear()
    if (this.#count < ROWS_OF_AN_AGE) return
    this.#older = this.#tables
    this.#tables = []
    this.#count = 0
    this.#age = {}
  }

  async #readRecord(index: number): Promise<EntryRecord | undefined> {
    const entry = this.#entries.get(index)
    return entry === undefined ? this.#readEntry(index) : recordOf(entry)
  }

  #find(rowKey: RowKey): Kept | undefined {
    if (rowKey.finder === this.#age) return rowKey.found as Kept
    const { table, key } = rowKey
    const kept = this.#tables[table.number]?.get(key) ?? this.#findOlder(rowKey)
    // Entries are forgotten with every commit.
    if (kept !== undefined && table !== entryRecords) {
      rowKey.finder = this.#age
      rowKey.found = kept
    }
    return kept
  }

  #findOlder({ table, key }: RowKey): Kept | undefined {
    const older = this.#older[table.number]?.get(key)
    return older && this.#keep(older)
  }

  #keep(kept: Kept): Kept {
    const { table, key } = kept.key
    const places = this.#tables[table.number] ?? new Map<string, Kept>()
    this.#tables[table.number] = places.set(key, kept)
    this.#count += 1
    return kept
  }
}

function fillIn(kept: Kept, row: unknown): void {
  if (kept.isLoaded) return
  kept.row = row
  kept.isLoaded = true
}

function fillStored(kept: Kept, stored: NumberedText | undefined): void {
  // Meanwhile the place may have been filled and its row stored, under a newer number.
  kept.number ??= stored?.number ?? 0
  if (!kept.isLoaded) fillIn(kept, stored && decodeStored(kept.key.path, stored.value))
}

/** Reads an entry of the log with what it did; undefined where there is none. */
type ReadEntry = (index: number) => Promise<EntryRecord | undefined>

const noEntries: ReadEntry = () => {
  throw new InvariantError('entries are read for transactions alone')
}

function decodeStored(path: string, text: string): unknown {
  try {
    return decodeRow(text)
  } catch (cause) {
    throw new StoreError('damaged', `The stored row ${path} is damaged; nimledger verify tells more.`, { cause })
  }
}
