/**
 * A table page by page in the order of its primary key, for audits and exports. A scan is faithful: the row that `decode` makes
 * of a stored one equals a sound row only if the stored one is that very row. `decode` returns undefined where the key has no
 * form outside the database (it is of another kind, or too large); such rows are left out of pages, and `misfits` counts them, so
 * that none is skipped silently.
 */

import type { Statement } from 'better-sqlite3'
import type { Database } from './database.ts'

const NO_LIMIT = -1

export class Scan<Stored extends readonly unknown[], Row> {
  readonly #first: Statement<[limit: number], Stored>
  readonly #after: Statement<unknown[], Stored>
  readonly #suspects: Statement<[], Stored>
  readonly #decode: (stored: Stored) => Row | undefined

  /** `key` names the columns of the primary key as SQL has them; `suspects` is true for every row that `decode` may leave out. */
  constructor(
    database: Database,
    query: { readonly columns: string; readonly table: string; readonly key: readonly string[]; readonly suspects: string },
    decode: (stored: Stored) => Row | undefined,
  ) {
    const select = `SELECT ${query.columns} FROM ${query.table}`
    const key = query.key.join(', ')
    const after = `WHERE (${key}) > (${query.key.map(() => '?').join(', ')})`
    this.#first = database.prepare<[number], Stored>(`${select} ORDER BY ${key} LIMIT ?`).raw()
    this.#after = database.prepare<unknown[], Stored>(`${select} ${after} ORDER BY ${key} LIMIT ?`).raw()
    this.#suspects = database.prepare<[], Stored>(`${select} WHERE ${query.suspects}`).raw()
    this.#decode = decode
  }

  /** Up to `limit` rows after the key `after`, from the first where it is undefined. */
  page(after: readonly unknown[] | undefined, limit: number): Row[] {
    if (limit <= 0) return []
    const stored = after === undefined ? this.#first.all(limit) : this.#after.all(...after, limit)
    const rows = stored.map((one) => this.#decode(one))
    return rows.every((row) => row !== undefined) ? rows : this.#pageWithGaps(after, limit)
  }

  #pageWithGaps(after: readonly unknown[] | undefined, limit: number): Row[] {
    const page: Row[] = []
    for (const stored of after === undefined ? this.#first.iterate(NO_LIMIT) : this.#after.iterate(...after, NO_LIMIT)) {
      const row = this.#decode(stored)
      if (row !== undefined && page.push(row) === limit) break
    }
    return page
  }

  /** How many rows are in no page. They are among those that `suspects` selects, so not every row has to be looked at here. */
  misfits(): number {
    let count = 0
    for (const stored of this.#suspects.iterate()) if (this.#decode(stored) === undefined) count += 1
    return count
  }
}
