/**
 * The book: reading it by key, scanning it whole, and the one thing that changes it, a commit. Every statement is prepared once,
 * so a database without the book's tables is recognised when it is opened.
 */

import { Buffer } from 'node:buffer'
import { assert } from '../../base/assert.ts'
import { toHex, tryUtf8Decode } from '../../base/bytes.ts'
import type { RowKey } from '../../domain/table.ts'
import { type Commit, type StoredEntry, type StoredRow, type StoredTile, StoreError } from '../../ledger/store.ts'
import { type Bound, BulkLookup, BulkWrite } from './bulk.ts'
import { BOOK, type Database } from './database.ts'
import { Scan } from './scan.ts'
import { bytesOf, idBytes, integerOf, isSafe, textOf } from './values.ts'

export interface StoredId {
  readonly id: string
  readonly index: number
}

export class Book {
  readonly database: Database
  readonly scanRows: Scan<StateBytes, StoredRow>
  readonly scanIds: Scan<readonly unknown[], StoredId>
  readonly scanTiles: Scan<readonly unknown[], StoredTile>
  readonly #last
  readonly #rows
  readonly #indexes
  readonly #entries
  readonly #tile

  constructor(database: Database) {
    this.database = database
    this.#last = database.prepare<[], bigint | null>('SELECT max("index") FROM entries').pluck()
    this.#rows = new BulkLookup(database, { table: 'state', key: ['"table"', 'key'], value: 'value' })
    this.#indexes = new BulkLookup(database, { table: 'ids', key: ['id'], value: '"index"' })
    this.#entries = database
      .prepare<[number, number], EntryColumns>(
        'SELECT "index", bytes, outcome FROM entries WHERE "index" >= ? ORDER BY "index" LIMIT ?',
      )
      .raw()
    this.#tile = database.prepare<[number, number], Buffer>('SELECT hashes FROM tiles WHERE level = ? AND number = ?').pluck()
    this.scanRows = new Scan(
      database,
      { columns: STATE_BYTES, table: 'state', key: ['"table"', 'key'], suspects: STATE_SUSPECTS },
      decodeState,
    )
    this.scanIds = new Scan(
      database,
      { columns: 'id, "index"', table: 'ids', key: ['id'], suspects: `typeof(id) <> 'blob'` },
      decodeId,
    )
    this.scanTiles = new Scan(
      database,
      { columns: 'level, number, hashes', table: 'tiles', key: ['level', 'number'], suspects: TILE_SUSPECTS },
      decodeTile,
    )
  }

  size(): number {
    const last = this.#last.get() ?? null
    return last === null ? 0 : integerOf(BOOK, last, 'the index of the last entry') + 1
  }

  countEntries(): number {
    const count = this.database.prepare<[], bigint>('SELECT count(*) FROM entries').pluck().get()
    return integerOf(BOOK, count, 'the count of entries')
  }

  rows(keys: readonly RowKey[]): (string | undefined)[] {
    const names: string[] = []
    for (const { table, key } of keys) names.push(table.name, key)
    return this.#rows
      .find(names)
      .map((value, i) => (value === undefined ? undefined : textOf(BOOK, value, () => `the row ${keys[i]!.path}`)))
  }

  indexes(ids: readonly string[]): (number | undefined)[] {
    return this.#indexes
      .find(ids.map(idBytes))
      .map((index, i) => (index === undefined ? undefined : integerOf(BOOK, index, () => `the index of transaction ${ids[i]}`)))
  }

  entries(from: number, limit: number): StoredEntry[] {
    return this.#entries.all(from, limit).map(([number, bytes, outcome]) => {
      const index = integerOf(BOOK, number, () => 'the index of an entry')
      return {
        index,
        bytes: bytesOf(BOOK, bytes, () => `entry ${index}`),
        outcome: bytesOf(BOOK, outcome, () => `the outcome of entry ${index}`),
      }
    })
  }

  tile(level: number, number: number): Uint8Array | undefined {
    const hashes = this.#tile.get(level, number)
    return hashes === undefined ? undefined : bytesOf(BOOK, hashes, `tile ${number} of level ${level}`)
  }
}

/** The book with what changes it. */
export class BookWriter extends Book {
  readonly #insertEntries
  readonly #insertIds
  readonly #putTile
  readonly #putRows
  readonly #removeRow
  readonly #transaction

  constructor(database: Database) {
    super(database)
    this.#insertEntries = new BulkWrite(database, 3, (rows) => `INSERT INTO entries ("index", bytes, outcome) VALUES ${rows}`)
    this.#insertIds = new BulkWrite(database, 2, (rows) => `INSERT INTO ids (id, "index") VALUES ${rows}`)
    this.#putTile = database.prepare<[number, number, Uint8Array]>(
      'INSERT INTO tiles (level, number, hashes) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET hashes = excluded.hashes',
    )
    this.#putRows = new BulkWrite(
      database,
      3,
      (rows) => `INSERT INTO state ("table", key, value) VALUES ${rows} ON CONFLICT DO UPDATE SET value = excluded.value`,
    )
    this.#removeRow = database.prepare<[string, string]>('DELETE FROM state WHERE "table" = ? AND key = ?')
    this.#transaction = database.transaction((commit: Commit) => this.#write(commit))
  }

  /**
   * One transaction, which is on the disk when it returns. After an error it may be there or not: a disk that fails while it
   * writes may have written.
   */
  commit(commit: Commit): void {
    this.#transaction.immediate(commit)
  }

  #write({ size, entries, rows, tiles }: Commit): void {
    const actual = this.size()
    if (actual !== size)
      throw new StoreError(
        'damaged',
        `${BOOK.file} has ${actual} entries, not the ${size} that its writer knows: another wrote to it.`,
      )
    const entryRows: Bound[] = []
    const idRows: Bound[] = []
    entries.forEach(({ id, bytes, outcome }, i) => {
      entryRows.push(size + i, bytes, outcome)
      idRows.push(idBytes(id), size + i)
    })
    this.#insertEntries.run(entryRows)
    this.#insertIds.run(idRows)
    for (const { level, number, hashes } of tiles) this.#putTile.run(level, number, hashes)
    this.#writeRows(rows)
    assert(this.size() === size + entries.length, 'a commit appends exactly its entries')
  }

  #writeRows(rows: Commit['rows']): void {
    const kept: Bound[] = []
    for (const { table, key, value } of rows) {
      if (value === undefined) this.#removeRow.run(table, key)
      else kept.push(table, key, value)
    }
    this.#putRows.run(kept)
  }
}

type EntryColumns = readonly [index: unknown, bytes: unknown, outcome: unknown]

/**
 * A row's bytes, and whether its key and its value are text at all: decoded here, because SQLite's driver would mend what is not
 * UTF-8.
 */
type StateBytes = readonly [isTextKey: bigint, table: Uint8Array, key: Uint8Array, isText: bigint, value: Uint8Array]

const STATE_BYTES = `typeof("table") = 'text' AND typeof(key) = 'text', CAST("table" AS BLOB), CAST(key AS BLOB),
  typeof(value) = 'text', CAST(value AS BLOB)`

/**
 * Every key that is not plain ASCII. What is no text is not either; GLOB stops at a NUL, which makes the length in characters
 * another than that in bytes.
 */
const STATE_SUSPECTS = ['"table"', 'key']
  .map(
    (column) =>
      `typeof(${column}) <> 'text' OR ${column} GLOB '*[^ -~]*' OR length(${column}) <> length(CAST(${column} AS BLOB))`,
  )
  .join(' OR ')

const TILE_SUSPECTS = ['level', 'number']
  .map((column) => `typeof(${column}) <> 'integer' OR ${column} NOT BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER}`)
  .join(' OR ')

function decodeState([isTextKey, tableBytes, keyBytes, isText, valueBytes]: StateBytes): StoredRow | undefined {
  if (isTextKey !== 1n) return undefined
  const table = tryUtf8Decode(tableBytes)
  const key = tryUtf8Decode(keyBytes)
  if (table === undefined || key === undefined) return undefined
  const value = isText === 1n ? tryUtf8Decode(valueBytes) : undefined
  return { table, key, value: value ?? 'neither text nor UTF-8' }
}

function decodeId([id, index]: readonly unknown[]): StoredId | undefined {
  return Buffer.isBuffer(id) ? { id: toHex(id), index: isSafe(index) ? Number(index) : Number.NaN } : undefined
}

function decodeTile([level, number, hashes]: readonly unknown[]): StoredTile | undefined {
  if (!isSafe(level) || !isSafe(number)) return undefined
  const bytes = Buffer.isBuffer(hashes) ? bytesOf(BOOK, hashes, 'a tile') : new Uint8Array()
  return { level: Number(level), number: Number(number), hashes: bytes }
}
