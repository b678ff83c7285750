/**
 * index.db: the index of a ledger, kept beside it. Nothing in it is the truth and all of it can be made again, so there are no
 * migrations: a file of another format, a damaged one, and none at all are the same, and an empty one takes their place.
 *
 *   position   how many entries are known, and the root of the tree over them; changed in the transaction that adds their rows
 *   types      the numbers that stand for the types of entries
 *   entries    by type: every entry, with what it moved
 *   touches    by account: every entry that touched it, with type and amount, and what it did to the account (flags)
 *   things     accounts, listings, models and subscriptions, with their owner and their words
 *   revenue    what creators earned, by day and by listing; sums as decimal texts, for they have no bound
 *   spending   what accounts paid for calls, by day and by listing
 *   tallies    sums of the platform's business, by series, period and subject; as decimal texts with spaces between them
 *   kept       what the tallies of later entries depend on, as texts under keys
 *
 * It is written without waiting for the disk: after a power cut the last steps may be missing, position and rows alike.
 */

import { existsSync, renameSync } from 'node:fs'
import { resolve } from 'node:path'
import Sqlite from 'better-sqlite3'
import { StoreError } from '../../ledger/store.ts'
import { exclusively } from '../exclusive.ts'
import { type Database, removeDatabase } from './database.ts'
import { damaged, onFile } from './errors.ts'
import { snapshot } from './reader.ts'

export const INDEX_FILE = 'index.db'

/** 'NIMX' in ASCII. */
const APPLICATION_ID = 0x4e494d58n
/** To be raised with every change of the tables or of what they hold. */
const FORMAT = 3n
/** Nobody waits longer for the index than doing without it takes. */
const BUSY_TIMEOUT_MS = 200
const CACHE_KIBIBYTES = 32_768

const TABLES = `
  CREATE TABLE position (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL,
    root BLOB NOT NULL CHECK (length(root) = 32)
  ) STRICT;
  CREATE TABLE types (number INTEGER PRIMARY KEY, type TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE entries (
    type INTEGER NOT NULL,
    "index" INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (type, "index")
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE touches (
    account INTEGER NOT NULL,
    "index" INTEGER NOT NULL,
    type INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    PRIMARY KEY (account, "index")
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE things (
    kind INTEGER NOT NULL,
    key TEXT NOT NULL,
    owner TEXT NOT NULL,
    sort TEXT,
    text TEXT NOT NULL,
    price INTEGER,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX things_by_owner ON things (kind, owner, key);
  CREATE TABLE revenue (
    payee TEXT NOT NULL,
    day INTEGER NOT NULL,
    listing TEXT NOT NULL,
    gross TEXT NOT NULL,
    fee TEXT NOT NULL,
    payments INTEGER NOT NULL,
    PRIMARY KEY (payee, day, listing)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE spending (
    payer TEXT NOT NULL,
    day INTEGER NOT NULL,
    listing TEXT NOT NULL,
    cost TEXT NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (payer, day, listing)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tallies (
    series INTEGER NOT NULL,
    period INTEGER NOT NULL,
    subject TEXT NOT NULL,
    sums TEXT NOT NULL,
    PRIMARY KEY (series, period, subject)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE kept (key TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
`

/** The index in a folder as it is now, for as long as the connection lives; undefined where there is none that can be used. */
export function openIndex(folder: string): Database | undefined {
  const path = pathOf(folder)
  return existsSync(path) ? unlessUnusable(() => snapshot(connect(path, true))) : undefined
}

/** Opens the index in a folder to make it follow; an empty one is made where there is none, or none that can be used. */
export function makeIndex(folder: string): Database {
  return onFile(INDEX_FILE, () => {
    const path = pathOf(folder)
    if (!isUsable(path)) replace(path, () => isUsable(path))
    return connect(path, false)
  })
}

/** Puts an empty index in the place of a damaged one. */
export function remakeIndex(folder: string): void {
  onFile(INDEX_FILE, () => replace(pathOf(folder), () => false))
}

function pathOf(folder: string): string {
  return resolve(folder, INDEX_FILE)
}

/** Done by one program at a time, unless another one has already done it. */
function replace(path: string, isDone: () => boolean): void {
  exclusively(path, () => {
    if (isDone()) return
    const unfinished = `${path}.new`
    removeDatabase(unfinished)
    const database = new Sqlite(unfinished)
    try {
      database.exec(`BEGIN; ${TABLES} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}; COMMIT`)
      database.pragma('journal_mode = wal')
    } finally {
      database.close()
    }
    removeDatabase(path)
    renameSync(unfinished, path)
  })
}

function isUsable(path: string): boolean {
  if (!existsSync(path)) return false
  const database = unlessUnusable(() => connect(path, true))
  database?.close()
  return database !== undefined
}

/** What is opened, unless the file is missing, damaged or of another format. */
function unlessUnusable(open: () => Database): Database | undefined {
  try {
    return onFile(INDEX_FILE, open)
  } catch (error) {
    if (error instanceof StoreError) return undefined
    throw error
  }
}

function connect(path: string, readonly: boolean): Database {
  const database = new Sqlite(path, { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT_MS })
  try {
    database.defaultSafeIntegers()
    const [application, format] = ['application_id', 'user_version'].map((name) => database.pragma(name, { simple: true }))
    if (application !== APPLICATION_ID || format !== FORMAT) throw damaged(INDEX_FILE, 'it is of another format')
    for (const setting of ['trusted_schema = 0', 'cell_size_check = 1', `cache_size = -${CACHE_KIBIBYTES}`]) {
      database.pragma(setting)
    }
    if (!readonly) for (const setting of ['journal_mode = wal', 'synchronous = normal']) database.pragma(setting)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
