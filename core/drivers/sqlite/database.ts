/**
 * How a database file is made, opened and recognised. What must hold of every open connection: integers are bigints, the settings
 * below were set and read back (SQLite forgets most of them when it closes), and the file carries our application id and a
 * version that this program knows.
 *
 * Nothing in this process may open these files but SQLite: when a POSIX file is closed, every lock that the process holds on it
 * is gone, whichever descriptor took it. Asking whether a file exists is harmless.
 */

import { existsSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { assert } from '../../base/assert.ts'
import { StoreError } from '../../ledger/store.ts'
import { BUNDLE_ENTRIES, ENTRY_BYTES, OUTCOMES, type Packing } from './bundles.ts'
import { damaged, onFile } from './errors.ts'
import { placeOf } from './places.ts'

export type Database = Sqlite.Database

/** Makes one value of those of two columns. */
interface Aggregate {
  start(): Uint8Array[]
  step(values: Uint8Array[], index: unknown, bytes: unknown): void
  result(values: Uint8Array[]): Uint8Array
}

/** One of the databases of a folder. */
export interface DatabaseKind {
  readonly file: string
  readonly applicationId: bigint
  readonly migrationsFolder: string
  /** The oldest version that migrations bring up to date. */
  readonly oldestVersion: bigint
  /** The size of the pages of a new file; one that exists keeps its own. */
  readonly pageBytes: bigint
  /** Functions that the migrations call. */
  readonly functions?: Readonly<Record<string, (...values: unknown[]) => unknown>>
  /** Aggregates that the migrations call. */
  readonly aggregates?: Readonly<Record<string, Aggregate>>
  /** Tables besides those that the migrations make, as SQL. */
  readonly moreTables?: string
}

export const BOOK: DatabaseKind = {
  file: 'ledger.db',
  applicationId: 0x4e494d4cn,
  migrationsFolder: fileURLToPath(new URL('./migrations/book', import.meta.url)),
  oldestVersion: 2n,
  functions: { place_of: placeOfValues },
  aggregates: { pack_entries: packed(ENTRY_BYTES), pack_outcomes: packed(OUTCOMES) },
  // Of entries some seven fit into 4 096 bytes and fifteen into twice as many; wider pages make every changed row dearer.
  pageBytes: 8_192n,
}

/** A row's place as SQL calls it; none for a key that is no text. */
function placeOfValues(table: unknown, key: unknown): bigint | null {
  return typeof table === 'string' && typeof key === 'string' ? BigInt(placeOf(table, key)) : null
}

/** A column of a bundle as SQL makes it: of the index and the bytes of each of its entries, in their order. */
function packed({ pack }: Packing): Aggregate {
  return {
    start: () => [],
    step: (items, index, bytes) => {
      assert(bytes instanceof Uint8Array && Number(index) % BUNDLE_ENTRIES === items.length, 'entries are bundled in their order')
      items.push(bytes)
    },
    result: (items) => {
      assert(items.length === BUNDLE_ENTRIES, 'a bundle is made when it is full')
      return pack(items)
    },
  }
}

/** Whether full bundles have a row each, as in every version but the first ones. */
export function hasBundles(database: Database): boolean {
  return versionOf(database) >= BUNDLES_SINCE
}

const BUNDLES_SINCE = 4n

export const GUARD: DatabaseKind = {
  file: 'checkpoint.db',
  applicationId: 0x4e494d47n,
  migrationsFolder: fileURLToPath(new URL('./migrations/guard', import.meta.url)),
  oldestVersion: 1n,
  pageBytes: 4_096n,
}

export const MIRROR: DatabaseKind = {
  file: 'mirror.db',
  applicationId: 0x4e494d4dn,
  migrationsFolder: fileURLToPath(new URL('./migrations/mirror', import.meta.url)),
  oldestVersion: 1n,
  pageBytes: 4_096n,
}

export const WITNESS: DatabaseKind = {
  file: 'witness.db',
  applicationId: 0x4e494d57n,
  migrationsFolder: fileURLToPath(new URL('./migrations/witness', import.meta.url)),
  oldestVersion: 1n,
  pageBytes: 4_096n,
}

export const OUTBOX: DatabaseKind = {
  file: 'outbox.db',
  applicationId: 0x4e494d4fn,
  migrationsFolder: fileURLToPath(new URL('./migrations/outbox', import.meta.url)),
  oldestVersion: 1n,
  pageBytes: 4_096n,
}

/** 'NIMB' in ASCII. A backup that is put in the place of a book by hand is not taken for one. */
export const BACKUP_ID = 0x4e494d42n

const KINDS: ReadonlyMap<bigint, 'book' | 'guard' | 'backup'> = new Map([
  [BOOK.applicationId, 'book'],
  [GUARD.applicationId, 'guard'],
  [BACKUP_ID, 'backup'],
])

/** Older versions could corrupt a database in WAL mode whose write-ahead log was reset at the wrong moment. */
const OLDEST_SQLITE = [3, 51, 3] as const
/** How long a statement waits for another connection's lock; none here holds one for longer than a commit. */
const BUSY_TIMEOUT_MS = 2_000
/** To how much the write-ahead log is cut once a long-lived reader lets go of it. */
const JOURNAL_SIZE_LIMIT_BYTES = 64n * 1024n * 1024n

const SETTINGS: readonly (readonly [name: string, value: bigint])[] = [
  // Nothing that a foreign schema says is run with our trust, and every cell of a page is checked when the page is read.
  ['trusted_schema', 0n],
  ['cell_size_check', 1n],
  // Otherwise INSERT OR REPLACE deletes without the triggers that forbid it.
  ['recursive_triggers', 1n],
  // FULL: a commit is on the disk when it returns. It falls to NORMAL when a file in WAL mode is opened again.
  ['synchronous', 2n],
  // On macOS fsync alone does not reach the disk. Elsewhere these two change nothing.
  ['fullfsync', 1n],
  ['checkpoint_fullfsync', 1n],
  ['journal_size_limit', JOURNAL_SIZE_LIMIT_BYTES],
  // A page that many commits touch is written to the database once in 40 MB of the write-ahead log, within its limit above.
  ['wal_autocheckpoint', 5_000n],
]

/**
 * What a database is opened for. To write brings an older version up to date first; a reader changes nothing, so not the version
 * either, and reads no older one, unless it is for the log alone, which is read as each of these versions has it.
 */
export type Mode = 'read' | 'read-log' | 'write'

/** Opens a database that exists. */
export function openDatabase(folder: string, kind: DatabaseKind, mode: Mode): Database {
  return connect(folder, kind, kind.file, { readonly: mode !== 'write', fileMustExist: true }, (database) =>
    prepare(database, kind, mode, { journalMode: 'wal', advice: 'Whatever writes to the ledger next brings it up to date.' }),
  )
}

/** Opens a database that is one file, to write no matter in what journal mode it was copied, and that nobody else has open. */
export function openCopy(path: string, kind: DatabaseKind, mode: Mode): Database {
  return connect(dirname(path), kind, basename(path), { readonly: mode !== 'write', fileMustExist: true }, (database) =>
    prepare(database, kind, mode, { journalMode: 'delete', advice: 'Restoring it brings it up to date.' }),
  )
}

/** Changes such a database in one step, once it is up to date. */
export function changeCopy(path: string, kind: DatabaseKind, change: (database: Database) => void): void {
  onFile(kind.file, () => {
    const database = openCopy(path, kind, 'write')
    try {
      database.transaction(change).immediate(database)
    } finally {
      database.close()
    }
  })
}

/** What the application id of a file says that it is; undefined where it is no database, or none of this program's. */
export function kindOfFile(path: string): 'book' | 'guard' | 'backup' | undefined {
  try {
    const database = new Sqlite(resolve(path), { readonly: true, fileMustExist: true })
    try {
      database.defaultSafeIntegers()
      return KINDS.get(database.pragma('application_id', { simple: true }) as bigint)
    } finally {
      database.close()
    }
  } catch {
    return undefined
  }
}

/**
 * Makes a database under a passing name, fills it, and gives it its own name when it is complete. So it exists whole or not at
 * all, whenever the process ends. The new name is durable with the first commit, since SQLite then syncs the folder of its
 * write-ahead log.
 */
export function makeDatabase(folder: string, kind: DatabaseKind, fill: (database: Database) => void = () => {}): void {
  const unfinished = `${kind.file}.new`
  onFile(kind.file, () => {
    removeDatabase(join(folder, unfinished))
    const database = connect(folder, kind, unfinished, {}, (made) => {
      set(made, kind.file, 'page_size', kind.pageBytes)
      migrate(made, kind)
      fill(made)
      // Last, so that all of it is in the file itself, and nothing in a write-ahead log that the new name would leave behind.
      set(made, kind.file, 'journal_mode', 'wal')
    })
    database.close()
    renameSync(join(folder, unfinished), join(folder, kind.file))
  })
}

/** A connection with the settings above; `prepare` may yet find that the file is not what it should be. */
function connect(
  folder: string,
  kind: DatabaseKind,
  name: string,
  options: Sqlite.Options,
  prepare: (database: Database) => void,
): Database {
  assertVersion()
  return onFile(kind.file, () => {
    // An absolute path: SQLite takes a name that begins with `file:` for a URL.
    const database = new Sqlite(resolve(folder, name), { ...options, timeout: BUSY_TIMEOUT_MS })
    try {
      database.defaultSafeIntegers()
      for (const [setting, value] of SETTINGS) set(database, kind.file, setting, value)
      addFunctions(database, kind)
      prepare(database)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  })
}

/** `advice` is what to do about an older version, as a sentence. */
function prepare(
  database: Database,
  kind: DatabaseKind,
  mode: Mode,
  { journalMode, advice }: { readonly journalMode: 'wal' | 'delete'; readonly advice: string },
): void {
  recognise(database, kind)
  if (mode === 'write') {
    set(database, kind.file, 'journal_mode', journalMode)
    if (versionOf(database) < latestVersion(kind)) migrate(database, kind)
  }
  expect(kind.file, database, 'journal_mode', journalMode)
  const [version, latest] = [versionOf(database), latestVersion(kind)]
  if (version < kind.oldestVersion) expect(kind.file, database, 'user_version', latest)
  if (version === latest || mode === 'read-log') return
  throw new StoreError(
    'version',
    `${kind.file} was made by an earlier version of this program, in format ${version}; this one has format ${latest}. ${advice}`,
  )
}

/** A database in memory with the tables that the migrations make: what a sound one looks like. */
export function modelDatabase(kind: DatabaseKind): Database {
  const database = new Sqlite(':memory:')
  database.defaultSafeIntegers()
  addFunctions(database, kind)
  migrate(database, kind)
  if (kind.moreTables !== undefined) database.exec(kind.moreTables)
  return database
}

/** A database's own file and those that SQLite keeps beside it. */
export const SUFFIXES = ['', '-wal', '-shm', '-journal'] as const

export function removeDatabase(path: string): void {
  for (const suffix of SUFFIXES) rmSync(path + suffix, { force: true })
}

export function hasDatabase(folder: string, kind: DatabaseKind): boolean {
  return existsSync(join(folder, kind.file))
}

/**
 * The first file of a database that is in the folder. A write-ahead log alone counts: a new database would take its pages for its
 * own.
 */
export function findRemains(folder: string, kind: DatabaseKind): string | undefined {
  return ['', '-wal', '-journal'].map((suffix) => kind.file + suffix).find((name) => existsSync(join(folder, name)))
}

/**
 * Drizzle is loaded where it is needed, which is seldom: with all its modules it takes longer to load than a command to run. This
 * way its package is read once; as ES modules it is read for each of them.
 */
function migrate(database: Database, kind: DatabaseKind): void {
  const require = createRequire(import.meta.url)
  const { drizzle } = require('drizzle-orm/better-sqlite3') as typeof import('drizzle-orm/better-sqlite3')
  const migrator = require('drizzle-orm/better-sqlite3/migrator') as typeof import('drizzle-orm/better-sqlite3/migrator')
  try {
    migrator.migrate(drizzle(database), { migrationsFolder: kind.migrationsFolder })
  } catch (error) {
    // Drizzle wraps what SQLite said.
    const said = (error as Error).cause ?? error
    // SQLite itself ends the transaction of a disk that fails; what Drizzle then tells is that there is none to roll back.
    if (!(said instanceof Error && said.message.includes('no transaction is active'))) throw said
    throw new StoreError('disk_full', `${kind.file} cannot be brought up to date: the disk is full, or failed.`, { cause: said })
  }
}

/** They are for our own statements: a schema that calls one is refused. */
function addFunctions(database: Database, { functions = {}, aggregates = {} }: DatabaseKind): void {
  for (const [name, aggregate] of Object.entries(aggregates)) {
    // The package's types know aggregates of one column alone.
    const options = { deterministic: true, directOnly: true, ...aggregate } as Sqlite.AggregateOptions
    database.aggregate(name, options)
  }
  for (const [name, call] of Object.entries(functions)) database.function(name, { deterministic: true, directOnly: true }, call)
}

/** Throws unless the file is a database of this kind, in a version that this program reads or brings up to date. */
function recognise(database: Database, kind: DatabaseKind): void {
  const applicationId = database.pragma('application_id', { simple: true })
  if (applicationId !== kind.applicationId) throw damaged(kind.file, 'it is a database of another program, or was never filled')
  const [version, latest] = [versionOf(database), latestVersion(kind)]
  // Version 0 has no tables yet: its making was cut off.
  const isForeign = version > latest || (version > 0n && version < kind.oldestVersion)
  if (!isForeign) return
  const age = version > latest ? 'a newer' : 'an earlier'
  throw new StoreError(
    'version',
    `${kind.file} was made by ${age} version of this program, in format ${version}; this one has format ${latest}. It is not ` +
      `damaged: use it with ${age} version.`,
  )
}

function versionOf(database: Database): bigint {
  return database.pragma('user_version', { simple: true }) as bigint
}

/** Each migration ends by setting `user_version` to its number, counted from 1. Their files are read once. */
function latestVersion(kind: DatabaseKind): bigint {
  const version = latestVersions.get(kind) ?? BigInt(readMigrationFiles({ migrationsFolder: kind.migrationsFolder }).length)
  latestVersions.set(kind, version)
  return version
}

const latestVersions = new Map<DatabaseKind, bigint>()

function set(database: Database, file: string, name: string, value: bigint | string): void {
  database.pragma(`${name} = ${value}`)
  expect(file, database, name, value)
}

function expect(file: string, database: Database, name: string, value: bigint | string): void {
  const actual = database.pragma(name, { simple: true })
  if (actual !== value) throw damaged(file, `its setting ${name} is ${String(actual)} and must be ${value}`)
}

function assertVersion(): void {
  checkedVersion ??= sqliteVersion()
  const { version, oldest, isNewEnough } = checkedVersion
  assert(isNewEnough, `SQLite is ${version} and must be ${oldest} or newer`)
}

let checkedVersion: ReturnType<typeof sqliteVersion> | undefined

export function sqliteVersion(): { version: string; oldest: string; isNewEnough: boolean } {
  const database = new Sqlite(':memory:')
  const version = database.prepare<[], string>('SELECT sqlite_version()').pluck().get()!
  database.close()
  const parts = version.split('.').map(Number)
  const differing = OLDEST_SQLITE.findIndex((part, i) => parts[i] !== part)
  const isNewEnough = differing < 0 || parts[differing]! > OLDEST_SQLITE[differing]!
  return { version, oldest: OLDEST_SQLITE.join('.'), isNewEnough }
}
