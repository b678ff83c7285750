/**
 * Rows of the state, each named by its table and key, and how they are stored. Rows are immutable values; a change replaces one
 * or removes it. Every row but the platform's own belongs to one account, its owner, and an entry touches the owners of the rows
 * that it changes.
 *
 * A row is stored as canonical JSON in which fields named …Micros hold microcredits as decimal strings (they are bigints in
 * code), and every other number is an integer. That naming rule is the whole codec:
 *
 *   account nim1…  {"carry":0,"entries":3,"earningsMicros":"0",…,"walletMicros":"25000000"}
 */

import { assert } from '../base/assert.ts'
import { canonicalize, type Json } from './canonical.ts'

export interface Table<Row> {
  readonly name: string
  /** The account a row belongs to; undefined for the platform's own rows. */
  owner(row: Row, key: string): string | undefined
  at(...key: readonly (string | number)[]): RowKey<Row>
}

export interface RowKey<Row = unknown> {
  readonly table: Table<Row>
  readonly key: string
  /** Table and key in one, the row's name in maps and messages. */
  readonly path: string
}

const tables = new Map<string, Table<never>>()

export function defineTable<Row>(name: string, owner: Table<Row>['owner']): Table<Row> {
  const table: Table<Row> = {
    name,
    owner,
    at: (...parts) => {
      const key = parts.join('/')
      return { table, key, path: `${name} ${key}` }
    },
  }
  assert(!tables.has(name), `table ${name} is defined once`)
  tables.set(name, table as Table<never>)
  return table
}

/** The table of a stored row. Its rows are whatever the caller knows them to be. */
export function tableNamed(name: string): Table<unknown> {
  const table = tables.get(name)
  assert(table !== undefined, `there is a table ${name}`)
  return table as Table<unknown>
}

/** The stored text of a row. */
export function encodeRow(row: unknown): string {
  return canonicalize(toJson(row, ''))
}

function toJson(value: unknown, field: string): Json {
  assert(
    (typeof value === 'bigint') === field.endsWith('Micros'),
    `field ${field}: fields named …Micros, and no others, are bigints`,
  )
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value as Json
  if (Array.isArray(value)) return value.map((item) => toJson(item, ''))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item, key)]))
}

/** The row of a stored text that encodeRow wrote. Throws where it is not JSON: the caller names the damaged row. */
export function decodeRow(text: string): unknown {
  return fromJson(JSON.parse(text))
}

function fromJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(fromJson)
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([key, item]) => [key, key.endsWith('Micros') ? BigInt(item) : fromJson(item)]))
}
