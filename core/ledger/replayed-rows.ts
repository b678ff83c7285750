/**
 * The rows that a replay makes, in a bounded part of memory however many they become. New and changed rows are young; when there
 * are enough of those, they are the old ones, and what was old until then goes to a cold place, as text, unless it was asked for
 * meanwhile. A ledger of which all rows are young or old has no cold place at all.
 *
 *   young   ← get, set          old   ← get         cold   ← get
 *     └── full: all ──────────→  └── what is not young ─→
 *
 * Keys remember where their rows were found, since an entry asks for the same few again and again.
 */

import { assert } from '../base/assert.ts'
import { decodeRow, encodeRow, findTable, type RowKey } from '../domain/table.ts'
import type { ChangedRow, StoredRow } from './store.ts'

/** Rows that are young, at most; as many may be old. */
const MAX_YOUNG_ROWS = 25_000
/** Rows taken back from the cold place at a time. */
const PAGE = 1_000

/** A place for rows outside of memory. It belongs to one replay, and is gone with it. */
export interface ColdRows {
  get(table: string, key: string): string | undefined
  put(rows: readonly ChangedRow[]): void
  /** Up to `limit` rows after one, in order of table and key. */
  scan(after: Pick<StoredRow, 'table' | 'key'> | undefined, limit: number): readonly StoredRow[]
  close(): void
}

/** The one place of a row in memory. */
interface Place {
  readonly key: RowKey
  /** Undefined where there is none. */
  row: unknown
  /** Whether the cold place has another value for it. */
  isChanged: boolean
}

/** By the table's number, then by key. */
type Generation = Map<string, Place>[]

export class ReplayedRows {
  readonly #openCold: (() => ColdRows) | undefined
  readonly #maxYoung: number
  #young: Generation = []
  #youngCount = 0
  #old: Generation = []
  /** Replaced when rows grow old: what keys remember to have found is then out of date. */
  #age = {}
  #cold: ColdRows | undefined
  #count = 0

  /** Without a cold place all rows stay in memory. */
  constructor(openCold?: () => ColdRows, maxYoung = MAX_YOUNG_ROWS) {
    assert(maxYoung > 0, 'some rows are young')
    this.#openCold = openCold
    this.#maxYoung = openCold === undefined ? Number.POSITIVE_INFINITY : maxYoung
  }

  get<Row>(key: RowKey<Row>): Row | undefined {
    return this.#find(key).row as Row | undefined
  }

  /** How many rows there are. */
  get count(): number {
    return this.#count
  }

  /** Sets a row; without a value, removes it. */
  set(key: RowKey, row: unknown): void {
    const place = this.#find(key)
    this.#count += Number(row !== undefined) - Number(place.row !== undefined)
    place.row = row
    place.isChanged = true
    // Only here: reading must not move other rows.
    if (this.#youngCount >= this.#maxYoung) this.#growOld()
  }

  /** The stored text of a row, for comparing once everything was replayed; this does not make the row young. */
  text(table: string, key: string): string | undefined {
    const known = findTable(table)
    if (known === undefined) return undefined
    const place = this.#young[known.number]?.get(key) ?? this.#old[known.number]?.get(key)
    if (place === undefined) return this.#cold?.get(table, key)
    return place.row === undefined ? undefined : encodeRow(place.row)
  }

  /** All of them, in no order. */
  *all(): Generator<StoredRow> {
    this.#settle()
    if (this.#cold === undefined) {
      for (const { key, row } of [...placesOf(this.#young), ...placesOf(this.#old)])
        if (row !== undefined) yield { table: key.table.name, key: key.key, value: encodeRow(row) }
      return
    }
    for (let after: StoredRow | undefined; ; ) {
      const page = this.#cold.scan(after, PAGE)
      yield* page
      if (page.length < PAGE) return
      after = page.at(-1)
    }
  }

  close(): void {
    this.#cold?.close()
  }

  #find(rowKey: RowKey): Place {
    if (rowKey.finder === this.#age) return rowKey.found as Place
    const { table, key } = rowKey
    const place = this.#young[table.number]?.get(key) ?? this.#rejuvenate(rowKey)
    rowKey.finder = this.#age
    rowKey.found = place
    return place
  }

  #rejuvenate(rowKey: RowKey): Place {
    const { table, key } = rowKey
    const old = this.#old[table.number]
    const known = old?.get(key)
    if (known !== undefined) old!.delete(key)
    const place = known ?? { key: rowKey, row: this.#readCold(rowKey), isChanged: false }
    const young = this.#young[table.number] ?? new Map<string, Place>()
    this.#young[table.number] = young.set(key, place)
    this.#youngCount += 1
    return place
  }

  #readCold({ table, key }: RowKey): unknown {
    const text = this.#cold?.get(table.name, key)
    return text === undefined ? undefined : decodeRow(text)
  }

  #growOld(): void {
    this.#putAway(this.#old)
    this.#old = this.#young
    this.#young = []
    this.#youngCount = 0
    this.#age = {}
  }

  /** When the rows are looked at as a whole, and a part of them is in the cold place, all of them are moved there first. */
  #settle(): void {
    if (this.#cold === undefined) return
    this.#growOld()
    this.#growOld()
  }

  #putAway(rows: Generation): void {
    const left: ChangedRow[] = []
    for (const { key, row, isChanged } of placesOf(rows)) {
      if (!isChanged) continue
      left.push({ table: key.table.name, key: key.key, value: row === undefined ? undefined : encodeRow(row) })
    }
    if (left.length === 0) return
    this.#cold ??= this.#openCold!()
    this.#cold.put(left)
  }
}

function* placesOf(rows: Generation): Generator<Place> {
  for (const ofTable of rows) if (ofTable !== undefined) yield* ofTable.values()
}
