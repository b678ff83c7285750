/**
 * What is wrong with the databases themselves: their pages and the kinds of their values (SQLite's own check, against STRICT but
 * not against CHECK, which a read-only connection does not know), their tables, triggers and migrations (against those of a new
 * database), keys that no ledger could have written, rows that are not in their places, and the guard's digests. Whether the book
 * says what the log says is not the store's to tell: an audit replays the log and compares.
 */

import { Malformed } from '../../base/malformed.ts'
import { entryCount } from '../../base/plural.ts'
import { printable } from '../../base/printable.ts'
import { type StoreDefect, StoreError } from '../../ledger/store.ts'
import type { Book } from './book.ts'
import { BOOK, type Database, type DatabaseKind, GUARD, MIRROR, modelDatabase } from './database.ts'
import { unpackBundle } from './entry-rows.ts'
import { onFile } from './errors.ts'
import type { Guard } from './guard.ts'
import type { Mirror } from './mirror.ts'

/** The most messages of SQLite's own check for each file; one would be enough to distrust it. */
const MAX_PAGE_DEFECTS = 100
/** Most rows that are reported as lost, or as stored twice. */
const MAX_PLACE_DEFECTS = 100

/** `kind` is what the book is stored as: a ledger's own database, or a backup. */
export function findBookDefects(book: Book, kind: DatabaseKind): StoreDefect[] {
  return [
    ...collect(kind, () => pageDefects(book.database, kind)),
    ...collect(kind, () => schemaDefects(book.database, kind)),
    ...collect(kind, () => keyDefects(book)),
    ...collect(kind, () => bundleDefects(book.database)),
    ...collect(kind, () => placeDefects(book.database)),
  ]
}

export function findGuardDefects(guard: Guard): StoreDefect[] {
  return [
    ...collect(GUARD, () => pageDefects(guard.database, GUARD)),
    ...collect(GUARD, () => schemaDefects(guard.database, GUARD)),
    ...collect(GUARD, () => guardDefects(guard)),
  ]
}

export function findMirrorDefects(mirror: Mirror): StoreDefect[] {
  return [
    ...collect(MIRROR, () => pageDefects(mirror.database, MIRROR)),
    ...collect(MIRROR, () => schemaDefects(mirror.database, MIRROR)),
    ...collect(MIRROR, () => mirrorDefects(mirror)),
  ]
}

/** What is wrong with a database whose content can be checked against nothing else. */
export function findDatabaseDefects(database: Database, kind: DatabaseKind): StoreDefect[] {
  return [...collect(kind, () => pageDefects(database, kind)), ...collect(kind, () => schemaDefects(database, kind))]
}

/** The defects that `look` finds, and the error that stopped it, if one did. */
function collect(kind: DatabaseKind, look: () => Iterable<StoreDefect>): StoreDefect[] {
  const defects: StoreDefect[] = []
  try {
    onFile(kind.file, () => {
      for (const defect of look()) defects.push(defect)
    })
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'damaged')) throw error
    defects.push({ table: kind.file, message: error.message })
  }
  return defects
}

function* pageDefects(database: Database, kind: DatabaseKind): Generator<StoreDefect> {
  const messages = database.prepare<[], string>(`PRAGMA integrity_check(${MAX_PAGE_DEFECTS})`).pluck().all()
  if (messages.length === 1 && messages[0] === 'ok') return
  for (const message of messages) yield { table: kind.file, message: `${kind.file} is damaged: ${printable(message)}.` }
}

interface SchemaItem {
  readonly type: string
  readonly name: string
  readonly table: string
  readonly sql: string | null
}

/** Compares the schema and the record of migrations with those of a new database. */
function* schemaDefects(database: Database, kind: DatabaseKind): Generator<StoreDefect> {
  const model = modelDatabase(kind)
  try {
    const expected = schemaOf(model)
    const actual = schemaOf(database)
    for (const [path, item] of expected) {
      const found = actual.get(path)
      if (found === undefined) yield { table: item.table, message: `${kind.file} lacks the ${path}.` }
      else if (found.sql !== item.sql || found.table !== item.table)
        yield { table: item.table, message: `${kind.file} has another ${path} than this program makes.` }
    }
    for (const [path, item] of actual)
      if (!expected.has(path))
        yield { table: item.table, message: `${kind.file} has the ${path}, which this program does not make.` }
    const migrations = [database, model].map((one) => one.prepare(SELECT_MIGRATIONS).raw().all().map(String).join('\n'))
    if (migrations[0] !== migrations[1])
      yield { table: '__drizzle_migrations', message: `${kind.file} was made by other migrations than this program's.` }
  } finally {
    model.close()
  }
}

const SELECT_MIGRATIONS = 'SELECT quote(id), quote(hash), quote(created_at) FROM __drizzle_migrations ORDER BY rowid'

/** Everything that a database's schema has, by type and name. */
function schemaOf(database: Database): Map<string, SchemaItem> {
  const items = database
    .prepare<[], SchemaItem>('SELECT type, name, tbl_name AS "table", sql FROM sqlite_schema ORDER BY rowid')
    .all()
  return new Map(items.map((item) => [printable(`${item.type} ${item.name}`), { ...item, table: printable(item.table) }]))
}

function* keyDefects(book: Book): Generator<StoreDefect> {
  const scans = { state: book.rows.scan, ids: book.scanIds, tiles: book.scanTiles }
  for (const [table, scan] of Object.entries(scans)) {
    const count = scan.misfits()
    if (count > 0) yield { table, message: `${BOOK.file} is damaged: ${count} of the keys in ${table} are not of their kind.` }
  }
  const size = book.size()
  const count = book.countEntries()
  if (count !== size)
    yield {
      table: 'entries',
      message: `${BOOK.file} is damaged: it has ${entryCount(count)}, and the last one has index ${size - 1}.`,
    }
}

/** Bundles that cannot be unpacked. */
function* bundleDefects(database: Database): Generator<StoreDefect> {
  const rows = database.prepare<[], readonly unknown[]>('SELECT number, bytes, outcomes FROM bundles ORDER BY number').raw()
  for (const [number, ...columns] of rows.iterate()) {
    const unpacked = unpackBundle(Number(number), columns)
    if (unpacked instanceof Malformed)
      yield { table: 'bundles', key: printable(String(number)), message: `${BOOK.file} is damaged: ${unpacked.reason}.` }
  }
}

/**
 * Whether every row is found by its table and key, and by nothing else. If each row has its own place, and there are as many
 * places as rows, no place is superfluous or wrong.
 */
function* placeDefects(database: Database): Generator<StoreDefect> {
  const lost = database.prepare<[], RowName>(SELECT_LOST).all()
  for (const { table, key } of lost) yield nameRow(table, key, `The row cannot be found in ${BOOK.file} by its key.`)
  const [rows, places] = ['state', 'places'].map((name) => database.prepare(`SELECT count(*) FROM ${name}`).pluck().get())
  if (lost.length === 0 && rows !== places)
    yield { table: 'places', message: `${BOOK.file} is damaged: it has ${rows} rows, and the places of ${places}.` }
  for (const { table, key } of database.prepare<[], RowName>(SELECT_TWICE).iterate())
    yield nameRow(table, key, `The row is in ${BOOK.file} more than once.`)
}

/** Texts, where the values are texts at all. */
interface RowName {
  readonly table: unknown
  readonly key: unknown
}

function nameRow(table: unknown, key: unknown, message: string): StoreDefect {
  return { table: printable(String(table)), key: printable(String(key)), message }
}

const SELECT_LOST = `SELECT "table", key FROM state
  WHERE NOT EXISTS (SELECT 1 FROM places WHERE places.place = place_of("table", key) AND places.row = state.row)
  LIMIT ${MAX_PLACE_DEFECTS}`

/** Rows of one name have the same place, and hardly any others share one. */
const SELECT_TWICE = `SELECT "table", key
  FROM (SELECT place FROM places GROUP BY place HAVING count(*) > 1) CROSS JOIN places USING (place) CROSS JOIN state USING (row)
  GROUP BY place, "table", key HAVING count(*) > 1
  LIMIT ${MAX_PLACE_DEFECTS}`

function* guardDefects(guard: Guard): Generator<StoreDefect> {
  guard.memory()
  for (const defect of guard.damagedRefusals()) yield { table: 'refusals', ...defect }
}

/** Its values are bytes under a digest: either they can be read, or they cannot. */
function mirrorDefects(mirror: Mirror): StoreDefect[] {
  mirror.memory()
  return []
}
