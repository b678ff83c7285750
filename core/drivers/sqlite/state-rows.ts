/**
 * The rows of the state, in two tables. `state` has them in order of arrival: a new one gets the next number and stands at the
 * end, beside those that came with it, and a change goes straight to its number. `places` finds them by name: of each row its
 * place (places.ts) and its number, fifteen bytes in all.
 *
 *   state    4711  licence  nim1mlh5…lwg/lst_112e043c…62a2/0  {"pieces":[…],"redistribution":false,"seats":5,"terms":1}
 *   places   22001816651728  4711
 *
 * Keys are random, so in order of the keys nearly every row that a commit writes would be on a page of its own. This way new rows
 * fill pages one after the other, and what is scattered is the index, of which a page has some five hundred rows.
 *
 * Whoever reads a row learns its number, and hands it back with what becomes of the row (Numbered in store.ts). A number is
 * believed only with the table and the key that the row was read by.
 */

import { assert } from '../../base/assert.ts'
import { tryUtf8Decode } from '../../base/bytes.ts'
import type { RowKey } from '../../domain/table.ts'
import type { ChangedRow, NumberedRow, NumberedText, StoredRow, TableRows } from '../../ledger/store.ts'
import { type Bound, BulkLookup, BulkWrite } from './bulk.ts'
import { BOOK, type Database } from './database.ts'
import { placeOf, placesOf } from './places.ts'
import { Scan } from './scan.ts'
import { integerOf, isSafe, textOf } from './values.ts'

export class StateRows {
  /** All of them, by their numbers. */
  readonly scan: Scan<StateBytes, NumberedRow>
  readonly #named: BulkLookup<[row: unknown, value: unknown]>
  readonly #numbered: BulkLookup<StateBytes>
  readonly #ofTable

  constructor(database: Database) {
    this.#named = new BulkLookup(database, {
      key: ['place', '"table"', 'key'],
      values: ['row', 'value'],
      from: 'places USING (place) CROSS JOIN state USING (row, "table", key)',
    })
    this.#numbered = new BulkLookup(database, { key: ['row'], values: STATE_BYTES, from: 'state USING (row)' })
    this.#ofTable = database.prepare<[ReturnType<typeof bindTable>], bigint>(SELECT_OF_TABLE).pluck()
    this.scan = new Scan(
      database,
      { columns: STATE_BYTES.join(', '), table: 'state', key: ['row'], suspects: STATE_SUSPECTS },
      decodeState,
    )
  }

  find(keys: readonly RowKey[]): (NumberedText | undefined)[] {
    const names: Bound[] = []
    for (const { table, key } of keys) names.push(placeOf(table.name, key), table.name, key)
    return this.lookUp(names)
  }

  /** The numbers of a table's rows, in the order of their keys. */
  numbersOf(wanted: TableRows): Float64Array {
    return Float64Array.from(this.#ofTable.all(bindTable(wanted)), Number)
  }

  /** Those of the rows with these numbers that exist, in this order. */
  numbered(numbers: Iterable<number>): NumberedRow[] {
    const found = this.#numbered.find([...numbers])
    return found.map((row) => row && decodeState(row)).filter((row) => row !== undefined)
  }

  /** `names` has place, table and key of each. */
  protected lookUp(names: readonly Bound[]): (NumberedText | undefined)[] {
    return this.#named.find(names).map((found, i) => {
      if (found === undefined) return undefined
      const [number, value] = found
      const path = () => `the row ${names[3 * i + 1]} ${names[3 * i + 2]}`
      return { number: integerOf(BOOK, number, path), value: textOf(BOOK, value, path) }
    })
  }
}

const SELECT_OF_TABLE = `SELECT row FROM places CROSS JOIN state USING (row)
  WHERE place BETWEEN :first AND :last AND "table" = :table AND (:after IS NULL OR key > :after)
    AND (:part IS NULL OR key = :part OR (key >= :part || '/' AND key < :part || '0'))
  ORDER BY key`

function bindTable({ table, firstPart, after }: TableRows) {
  return { ...placesOf(table, firstPart), table, part: firstPart ?? null, after: after ?? null }
}

/** A row as a commit leaves it, under its number; removed where there is no value. */
export interface NumberedChange extends Omit<StoredRow, 'value'> {
  readonly number: number
  readonly value: string | undefined
}

/** The rows with what changes them. */
export class StateRowsWriter extends StateRows {
  readonly #last
  readonly #append
  readonly #change
  readonly #remove
  readonly #appendPlaces
  readonly #removePlace
  /** The number of the next new row; known once one was given. */
  #next: number | undefined

  constructor(database: Database) {
    super(database)
    const isRow = 'row = ? AND "table" = ? AND key = ?'
    this.#last = database.prepare<[], bigint | null>('SELECT max(row) FROM state').pluck()
    this.#append = new BulkWrite(database, 4, (rows) => `INSERT INTO state (row, "table", key, value) VALUES ${rows}`)
    this.#change = database.prepare<[string, number, string, string]>(`UPDATE state SET value = ? WHERE ${isRow}`)
    this.#remove = database.prepare<[number, string, string]>(`DELETE FROM state WHERE ${isRow}`)
    this.#appendPlaces = new BulkWrite(database, 2, (rows) => `INSERT INTO places (place, row) VALUES ${rows}`)
    this.#removePlace = database.prepare<[number, number]>('DELETE FROM places WHERE place = ? AND row = ?')
  }

  /**
   * Gives new rows the numbers that follow, and tells all numbers to the objects that remember them. Numbered rows have to be
   * written next, by this writer or by another of the same book: should that fail, the numbers are void and this writer may not
   * be used any more.
   */
  number(rows: readonly ChangedRow[]): NumberedChange[] {
    let next = this.#next ?? this.#lastNumber() + 1
    const known = this.#numbersOf(rows)
    const changes: NumberedChange[] = []
    rows.forEach(({ table, key, value, numbered }, i) => {
      const isGone = value === undefined
      assert((numbered?.number ?? 0) < next, () => `the number of the row ${table} ${key} is ${known[i]}`)
      const number = known[i]! > 0 || isGone ? known[i]! : next++
      if (numbered !== undefined) numbered.number = isGone ? 0 : number
      if (number > 0) changes.push({ number, table, key, value })
    })
    this.#next = next
    return changes
  }

  /** To be called within a transaction. */
  write(changes: readonly NumberedChange[]): void {
    const last = this.#lastNumber()
    let newest = last
    const added: Bound[] = []
    const places: (readonly [place: number, row: number])[] = []
    const changed: NumberedChange[] = []
    for (const change of changes) {
      const { number, table, key, value } = change
      if (number <= last) changed.push(change)
      else {
        assert(number > newest && value !== undefined, 'new rows have numbers that follow')
        newest = number
        added.push(number, table, key, value)
        places.push([placeOf(table, key), number])
      }
    }
    // In the order of their numbers, so that each page is visited once.
    changed.sort((a, b) => a.number - b.number)
    for (const change of changed) this.#write(change)
    this.#append.run(added)
    places.sort(([a], [b]) => a - b)
    this.#appendPlaces.run(places.flat())
  }

  #lastNumber(): number {
    const last = this.#last.get() ?? null
    return last === null ? 0 : integerOf(BOOK, last, 'the number of the last row')
  }

  /** The number of each row, 0 where there is none. */
  #numbersOf(rows: readonly ChangedRow[]): number[] {
    const numbers = rows.map(({ numbered }) => numbered?.number)
    const unknown = rows.filter((_, i) => numbers[i] === undefined)
    if (unknown.length === 0) return numbers as number[]
    const found = this.lookUp(unknown.flatMap(({ table, key }) => [placeOf(table, key), table, key])).values()
    return numbers.map((number) => number ?? found.next().value?.number ?? 0)
  }

  #write({ number, table, key, value }: NumberedChange): void {
    const { changes } = value === undefined ? this.#remove.run(number, table, key) : this.#change.run(value, number, table, key)
    assert(changes === 1, () => `the number of the row ${table} ${key} is ${number}`)
    if (value === undefined) this.#removePlace.run(placeOf(table, key), number)
  }
}

/**
 * A row's bytes, and whether its key and its value are text at all: decoded here, because SQLite's driver would repair what is
 * not UTF-8.
 */
type StateBytes = readonly [
  row: unknown,
  isTextKey: bigint,
  table: Uint8Array,
  key: Uint8Array,
  isText: bigint,
  value: Uint8Array,
]

const STATE_BYTES = [
  'state.row',
  `typeof("table") = 'text' AND typeof(key) = 'text'`,
  'CAST("table" AS BLOB)',
  'CAST(key AS BLOB)',
  `typeof(value) = 'text'`,
  'CAST(value AS BLOB)',
]

/**
 * Every key that is not plain ASCII, which includes what is not text. GLOB stops at a NUL, but then the length in characters
 * differs from the length in bytes.
 */
const STATE_SUSPECTS = [
  `row NOT BETWEEN 1 AND ${Number.MAX_SAFE_INTEGER}`,
  ...['"table"', 'key'].map(
    (column) =>
      `typeof(${column}) <> 'text' OR ${column} GLOB '*[^ -~]*' OR length(${column}) <> length(CAST(${column} AS BLOB))`,
  ),
].join(' OR ')

function decodeState([row, isTextKey, tableBytes, keyBytes, isText, valueBytes]: StateBytes): NumberedRow | undefined {
  if (isTextKey !== 1n || !isSafe(row) || row < 1n) return undefined
  const table = tryUtf8Decode(tableBytes)
  const key = tryUtf8Decode(keyBytes)
  if (table === undefined || key === undefined) return undefined
  const value = isText === 1n ? tryUtf8Decode(valueBytes) : undefined
  return { number: Number(row), table, key, value: value ?? 'neither text nor UTF-8' }
}
