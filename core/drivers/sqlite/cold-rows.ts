/**
 * Rows of an audit that memory has no room for, in a temporary database of SQLite's own: a file without a name, which is gone
 * when it is closed or the process ends. Nothing has to survive, so nothing is synced and there is no journal.
 */

import Sqlite from 'better-sqlite3'
import type { ColdRows } from '../../ledger/replayed-rows.ts'
import type { ChangedRow, StoredRow } from '../../ledger/store.ts'

/** Memory for its pages. */
const CACHE_KILOBYTES = 8_000

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
  const put = database.transaction((rows: readonly ChangedRow[]) => {
    for (const { table, key, value } of rows) {
      if (value === undefined) remove.run(table, key)
      else insert.run(table, key, value)
    }
  })
  return {
    get: (table, key) => one.get(table, key),
    put,
    scan: (after, limit) => (after === undefined ? first.all(limit) : next.all(after.table, after.key, limit)),
    close: () => void database.close(),
  }
}
