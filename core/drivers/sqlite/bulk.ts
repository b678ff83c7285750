/**
 * Many rows by one statement. What a statement of one row costs is mostly the way to SQLite and back, so the thousands of rows of
 * a commit are written, and looked up, so many at a time:
 *
 *   INSERT INTO ids (id, "index") VALUES (?, ?), (?, ?), …
 *   WITH wanted (id, nth) AS (VALUES (?, 0), (?, 1), …) SELECT "index", nth FROM wanted CROSS JOIN ids USING (id)
 */

import type { Statement } from 'better-sqlite3'
import { assert } from '../../base/assert.ts'
import type { Database } from './database.ts'

/** More gain nothing: by then a row costs what SQLite itself does for it. */
const ROWS_AT_A_TIME = 32
/** Fewer are looked up more quickly one by one. */
const MANY_KEYS = 4

/** A value to bind; null equals nothing that is stored. */
export type Bound = Uint8Array | string | number | null

export class BulkWrite {
  readonly #columns: number
  readonly #one: Statement<[readonly Bound[]]>
  readonly #many: Statement<[readonly Bound[]]>

  /** `sql` makes the statement around its rows, each of so many columns. */
  constructor(database: Database, columns: number, sql: (rows: string) => string) {
    const row = `(${placeholders(columns)})`
    this.#columns = columns
    this.#one = database.prepare(sql(row))
    this.#many = database.prepare(sql(Array(ROWS_AT_A_TIME).fill(row).join(', ')))
  }

  /** The values of all rows, one row after the other. They are written in this order. */
  run(values: readonly Bound[]): void {
    const columns = this.#columns
    const step = columns * ROWS_AT_A_TIME
    assert(values.length % columns === 0, 'rows that are written are whole')
    let at = 0
    for (; at + step <= values.length; at += step) this.#many.run(values.slice(at, at + step))
    for (; at < values.length; at += columns) this.#one.run(values.slice(at, at + columns))
  }
}

/** Looks up a row of values by each key. */
export class BulkLookup<Values extends readonly unknown[]> {
  readonly #columns: number
  readonly #one: Statement<[readonly Bound[]], Values>
  readonly #many: Statement<[readonly Bound[]], [...Values, nth: bigint]>

  /** Names as SQL has them. `from` is joined with the wanted keys by the columns of the key; at most one row matches a key. */
  constructor(
    database: Database,
    { key, values, from }: { readonly key: readonly string[]; readonly values: readonly string[]; readonly from: string },
  ) {
    const wanted = placeholders(key.length)
    const many = Array.from({ length: ROWS_AT_A_TIME }, (_, nth) => `(${wanted}, ${nth})`)
    // SQLite never reorders a cross join: it goes through the wanted keys once, and looks each up in the tables.
    const select = (columns: readonly string[], rows: string, results: readonly string[]) =>
      `WITH wanted (${columns.join(', ')}) AS (VALUES ${rows}) SELECT ${results.join(', ')} FROM wanted CROSS JOIN ${from}`
    this.#columns = key.length
    this.#one = database.prepare<[readonly Bound[]], Values>(select(key, `(${wanted})`, values)).raw()
    this.#many = database
      .prepare<[readonly Bound[]], [...Values, bigint]>(select([...key, 'nth'], many.join(', '), [...values, 'nth']))
      .raw()
  }

  /** `keys` has all keys, one after the other. Returns their values in this order, undefined where there are none. */
  find(keys: readonly Bound[]): (Values | undefined)[] {
    const columns = this.#columns
    assert(keys.length % columns === 0, 'keys that are looked up are whole')
    const found: (Values | undefined)[] = Array(keys.length / columns).fill(undefined)
    if (found.length < MANY_KEYS) return found.map((_, i) => this.#one.get(keys.slice(i * columns, (i + 1) * columns)))
    for (let first = 0; first < found.length; first += ROWS_AT_A_TIME) {
      const wanted = keys.slice(first * columns, (first + ROWS_AT_A_TIME) * columns)
      while (wanted.length < ROWS_AT_A_TIME * columns) wanted.push(null)
      for (const row of this.#many.all(wanted)) {
        const nth = row[row.length - 1] as bigint
        found[first + Number(nth)] = row as unknown as Values
      }
    }
    return found
  }
}

function placeholders(count: number): string {
  return Array(count).fill('?').join(', ')
}
