/**
 * The book: reading it by key, scanning it whole, and the one thing that changes it, a commit. Every statement is prepared once,
 * so a database without the book's tables is recognised when it is opened.
 */

import { Buffer } from 'node:buffer'
import { assert } from '../../base/assert.ts'
import { toHex } from '../../base/bytes.ts'
import { entryCount } from '../../base/plural.ts'
import { type Commit, type StoredEntry, type StoredTile, StoreError } from '../../ledger/store.ts'
import { type Bound, BulkLookup, BulkWrite } from './bulk.ts'
import { BOOK, type Database, hasBundles } from './database.ts'
import { EntryRows, EntryRowsWriter } from './entry-rows.ts'
import { Scan } from './scan.ts'
import { type NumberedChange, StateRows, StateRowsWriter } from './state-rows.ts'
import { bytesOf, idBytes, integerOf, isSafe } from './values.ts'

export interface StoredId {
  readonly id: string
  readonly index: number
}

/** The log in a book, of any version that is brought up to date. */
export class BookLog {
  readonly database: Database
  protected readonly entryRows: EntryRows
  readonly #tile

  constructor(database: Database, entryRows = new EntryRows(database, hasBundles(database))) {
    this.database = database
    this.entryRows = entryRows
    this.#tile = database.prepare<[number, number], Buffer>('SELECT hashes FROM tiles WHERE level = ? AND number = ?').pluck()
  }

  size(): number {
    return this.entryRows.size()
  }

  entries(from: number, limit: number): StoredEntry[] {
    return this.entryRows.read(from, limit)
  }

  packedBundle(number: number): Uint8Array | undefined {
    return this.entryRows.packed(number)
  }

  tile(level: number, number: number): Uint8Array | undefined {
    const hashes = this.#tile.get(level, number)
    return hashes === undefined ? undefined : bytesOf(BOOK, hashes, `tile ${number} of level ${level}`)
  }
}

export class Book extends BookLog {
  readonly rows: StateRows
  readonly scanIds: Scan<readonly unknown[], StoredId>
  readonly scanTiles: Scan<readonly unknown[], StoredTile>
  readonly #indexes: BulkLookup<[index: unknown]>

  constructor(database: Database, entryRows = new EntryRows(database), rows = new StateRows(database)) {
    super(database, entryRows)
    this.rows = rows
    this.#indexes = new BulkLookup(database, { key: ['id'], values: ['"index"'], from: 'ids USING (id)' })
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

  /** How many entries there are; in a sound book that is its size. */
  countEntries(): number {
    return this.entryRows.count()
  }

  indexes(ids: readonly string[]): (number | undefined)[] {
    return this.#indexes
      .find(ids.map(idBytes))
      .map((found, i) =>
        found === undefined ? undefined : integerOf(BOOK, found[0], () => `the index of transaction ${ids[i]}`),
      )
  }
}

/** A commit whose rows have got their numbers. */
export interface NumberedCommit extends Omit<Commit, 'rows'> {
  readonly rows: readonly NumberedChange[]
}

/** The book with what changes it. */
export class BookWriter extends Book {
  declare readonly rows: StateRowsWriter
  declare protected readonly entryRows: EntryRowsWriter
  readonly #insertIds
  readonly #putTile
  readonly #transaction

  constructor(database: Database) {
    super(database, new EntryRowsWriter(database), new StateRowsWriter(database))
    this.#insertIds = new BulkWrite(database, 2, (rows) => `INSERT INTO ids (id, "index") VALUES ${rows}`)
    this.#putTile = database.prepare<[number, number, Uint8Array]>(
      'INSERT INTO tiles (level, number, hashes) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET hashes = excluded.hashes',
    )
    this.#transaction = database.transaction((commit: NumberedCommit) => this.#write(commit))
  }

  /** Numbers the rows of the commit that is to be made next. */
  number(commit: Commit): NumberedCommit {
    return { ...commit, rows: this.rows.number(commit.rows) }
  }

  /**
   * One transaction, which is on the disk when this returns. After an error it may be there or not: a disk that fails while it
   * writes may have written.
   */
  commit(commit: NumberedCommit): void {
    this.#transaction.immediate(commit)
  }

  #write({ size, entries, rows, tiles }: NumberedCommit): void {
    const actual = this.size()
    if (actual !== size)
      throw new StoreError(
        'damaged',
        `${BOOK.file} has ${entryCount(actual)}, not the ${size} that its writer knows: another wrote to it.`,
      )
    this.entryRows.append(size, entries)
    const idRows: Bound[] = []
    entries.forEach(({ id }, i) => {
      idRows.push(idBytes(id), size + i)
    })
    this.#insertIds.run(idRows)
    for (const { level, number, hashes } of tiles) this.#putTile.run(level, number, hashes)
    this.rows.write(rows)
    assert(this.size() === size + entries.length, 'a commit appends exactly its entries')
  }
}

const TILE_SUSPECTS = ['level', 'number']
  .map((column) => `typeof(${column}) <> 'integer' OR ${column} NOT BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER}`)
  .join(' OR ')

function decodeId([id, index]: readonly unknown[]): StoredId | undefined {
  return Buffer.isBuffer(id) ? { id: toHex(id), index: isSafe(index) ? Number(index) : Number.NaN } : undefined
}

function decodeTile([level, number, hashes]: readonly unknown[]): StoredTile | undefined {
  if (!isSafe(level) || !isSafe(number)) return undefined
  const bytes = Buffer.isBuffer(hashes) ? bytesOf(BOOK, hashes, 'a tile') : new Uint8Array()
  return { level: Number(level), number: Number(number), hashes: bytes }
}
