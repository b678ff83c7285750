/**
 * Rows of an audit that memory has no room for, in a temporary database of SQLite's own: a file without a name, which is gone
 * when it is closed or the process ends. Nothing has to survive, so nothing is synced and there is no journal.
 */

import Sqlite from 'better-sqlite3'
import type { ColdRows } from '../../ledger/replayed-rows.ts'
import type { ChangedRow, StoredRow } from '../../ledger/store.ts'
import { placeOf } from './places.ts'

/** Memory for its pages. */
const CACHE_KILOBYTES = 8_000

/**
 * Two bits for each row that was ever put away (a Bloom filter): if one of them is not set, the row is not there, and SQLite need
 * not be asked. Two of three questions are for rows that an entry is about to make. With a million rows, one in eighty of these
 * asks SQLite in vain; with ten million, every second one.
 */
class PutAway {
  readonly #bits = new Uint32Array(FILTER_BITS / 32)

  add(place: number): void {
    for (const modulus of FILTER_MODULI) this.#bits[(place % modulus) >>> 5]! |= 1 << (place % modulus)
  }

  has(place: number): boolean {
    return FILTER_MODULI.every((modulus) => (this.#bits[(place % modulus) >>> 5]! & (1 << (place % modulus))) !== 0)
  }
}

/** In two megabytes. */
const FILTER_BITS = 2 ** 24
/** Primes: the remainder of a place by one says next to nothing about its remainder by the other. */
const FILTER_MODULI = [FILTER_BITS - 3, FILTER_BITS - 17]

export function openColdRows(): ColdRows {
  const database = new Sqlite('')
  database.pragma('journal_mode = OFF')
  database.pragma('synchronous = OFF')
  database.pragma('locking_mode = EXCLUSIVE')
  database.pragma(`cache_size = -${CACHE_KILOBYTES}`)
  const definitions = '"table" TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY ("table", key)'
  database.exec(`CREATE TABLE rows (${definitions}) STRICT, WITHOUT ROWID`)
  const columns = 'SELECT "table", key, value FROM rows'
  const one = database.prepare<[string, string], string>('SELECT value FROM rows WHERE "table" = ? AND key = ?').pluck()
  const first = database.prepare<[number], StoredRow>(`${columns} ORDER BY "table", key LIMIT ?`)
  const next = database.prepare<[string, string, number], StoredRow>(
    `${columns} WHERE ("table", key) > (?, ?) ORDER BY "table", key LIMIT ?`,
  )
  const insert = database.prepare<[string, string, string]>('INSERT OR REPLACE INTO rows VALUES (?, ?, ?)')
  const remove = database.prepare<[string, string]>('DELETE FROM rows WHERE "table" = ? AND key = ?')
  const away = new PutAway()
  const put = database.transaction((rows: readonly ChangedRow[]) => {
    for (const { table, key, value } of rows) {
      if (value === undefined) remove.run(table, key)
      else {
        insert.run(table, key, value)
        away.add(placeOf(table, key))
      }
    }
  })
  return {
    get: (table, key) => (away.has(placeOf(table, key)) ? one.get(table, key) : undefined),
    put,
    scan: (after, limit) => (after === undefined ? first.all(limit) : next.all(after.table, after.key, limit)),
    close: () => void database.close(),
  }
}
