/**
 * The rows that a replay makes, in a bounded part of memory however many they become. New and changed rows are young; when there
 * are enough of those, they are the old ones, and what was old until then goes to a cold place, as text, unless it was asked for
 * meanwhile. A ledger of which all rows are young or old has no cold place at all.
 *
 *   young   ← get, set          old   ← get         cold   ← get
 *     └── full: all ──────────→  └── what is not young ─→
 */

import { assert } from '../base/assert.ts'
import { decodeRow, encodeRow, type RowKey } from '../domain/table.ts'
import type { ChangedRow, StoredRow } from './store.ts'

/** Rows that are young, at most; as many may be old. */
const MAX_YOUNG_ROWS = 25_000
/** Rows taken back from the cold place at a time. */
const PAGE = 1_000

/** A place for rows outside of memory, of one replay alone and gone with it. */
export interface ColdRows {
  get(table: string, key: string): string | undefined
  put(rows: readonly ChangedRow[]): void
  /** Up to `limit` rows after one, in order of table and key. */
  scan(after: Pick<StoredRow, 'table' | 'key'> | undefined, limit: number): readonly StoredRow[]
  close(): void
}

/** Rows by the table's name and key; undefined for one that was removed. */
type Generation = Map<string, Map<string, unknown>>

export class ReplayedRows {
  readonly #openCold: (() => ColdRows) | undefined
  readonly #maxYoung: number
  #young: Generation = new Map()
  #youngCount = 0
  #old: Generation = new Map()
  #cold: ColdRows | undefined
  #count = 0

  /** Without a cold place all rows stay in memory. */
  constructor(openCold?: () => ColdRows, maxYoung = MAX_YOUNG_ROWS) {
    assert(maxYoung > 0, 'some rows are young')
    this.#openCold = openCold
    this.#maxYoung = openCold === undefined ? Number.POSITIVE_INFINITY : maxYoung
  }

  get<Row>({ table: { name }, key }: RowKey<Row>): Row | undefined {
    const row = this.#young.get(name)?.get(key)
    return (row === undefined ? this.#getOlder(name, key) : row) as Row | undefined
  }

  /** How many there are. */
  get count(): number {
    return this.#count
  }

  /** Removes the row where there is none to set. */
  set(key: RowKey, row: unknown): void {
    const before = this.get(key)
    this.#count += Number(row !== undefined) - Number(before !== undefined)
    this.#setYoung(key.table.name, key.key, row)
    if (this.#youngCount >= this.#maxYoung) this.#age()
  }

  /** The stored text of a row, for comparing once everything was replayed: no row grows young by that. */
  text(table: string, key: string): string | undefined {
    const rows = [this.#young, this.#old].map((generation) => generation.get(table)).find((ofTable) => ofTable?.has(key))
    if (rows === undefined) return this.#cold?.get(table, key)
    const row = rows.get(key)
    return row === undefined ? undefined : encodeRow(row)
  }

  /** All of them, in no order. */
  *all(): Generator<StoredRow> {
    this.#settle()
    if (this.#cold === undefined) {
      for (const { table, key, row } of this.#remembered()) yield { table, key, value: encodeRow(row) }
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

  #getOlder(table: string, key: string): unknown {
    if (this.#old.size === 0 && this.#cold === undefined) return undefined
    if (this.#young.get(table)?.has(key) === true) return undefined
    const rows = this.#old.get(table)
    const isOld = rows?.has(key) === true
    const row = isOld ? rows.get(key) : this.#readCold(table, key)
    // Young again, or known to be absent; it is never the one row too many, since reading must not move others.
    this.#setYoung(table, key, row)
    return row
  }

  #readCold(table: string, key: string): unknown {
    const text = this.#cold?.get(table, key)
    return text === undefined ? undefined : decodeRow(text)
  }

  #setYoung(table: string, key: string, row: unknown): void {
    let rows = this.#young.get(table)
    if (rows === undefined) {
      rows = new Map()
      this.#young.set(table, rows)
    }
    const before = rows.size
    // What is gone has to be known as long as an older generation may have it.
    if (row === undefined && this.#openCold === undefined) rows.delete(key)
    else rows.set(key, row)
    this.#youngCount += rows.size - before
  }

  #age(): void {
    if (this.#old.size > 0) this.#putAway(this.#old, this.#young)
    this.#old = this.#young
    this.#young = new Map()
    this.#youngCount = 0
  }

  /** Once a part of the rows is in the cold place, all of them go there when they are looked at as a whole. */
  #settle(): void {
    if (this.#cold === undefined) return
    this.#putAway(this.#old, this.#young)
    this.#putAway(this.#young, undefined)
    this.#old = new Map()
    this.#young = new Map()
    this.#youngCount = 0
  }

  #putAway(rows: Generation, newer: Generation | undefined): void {
    const left: ChangedRow[] = []
    for (const [table, ofTable] of rows) {
      const changed = newer?.get(table)
      for (const [key, row] of ofTable) {
        if (changed?.has(key) !== true) left.push({ table, key, value: row === undefined ? undefined : encodeRow(row) })
      }
    }
    if (left.length === 0) return
    this.#cold ??= this.#openCold!()
    this.#cold.put(left)
  }

  *#remembered(): Generator<{ readonly table: string; readonly key: string; readonly row: unknown }> {
    for (const rows of [this.#young, this.#old]) {
      for (const [table, ofTable] of rows) {
        const newer = rows === this.#old ? this.#young.get(table) : undefined
        for (const [key, row] of ofTable) if (row !== undefined && newer?.has(key) !== true) yield { table, key, row }
      }
    }
  }
}
