/** Rows by the names of their tables, for tests that read or write them as text. */

import * as state from '../../core/domain/state.ts'
import type { RowKey, Table } from '../../core/domain/table.ts'

/** The row's key; undefined where the state has no such table. */
export function rowKey(table: string, key: string): RowKey | undefined {
  for (const declared of Object.values(state) as unknown[]) {
    const { name, at, table: of } = declared as Partial<Table<unknown> & RowKey>
    if (name === table && at !== undefined) return at(key)
    if (of?.name === table) return of.at(key)
  }
  return undefined
}
