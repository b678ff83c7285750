/** Folders for SQLite ledgers that are gone after the test, and hands that reach into their files behind the driver's back. */

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterAll, onTestFinished } from 'vitest'
import { BookWriter } from '../../core/drivers/sqlite/book.ts'
import { BOOK, openDatabase } from '../../core/drivers/sqlite/database.ts'
import { createSqliteLedger, openSqliteReader, openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import type { Commit, StoreReader, StoreWriter } from '../../core/ledger/store.ts'
import { fillStore } from './samples.ts'

export function temporaryFolder(): string {
  const folder = makeFolder()
  onTestFinished(() => removeFolder(folder))
  return folder
}

/** A new ledger, closed; a copy, because to make one waits for the disk a dozen times. */
export async function emptyLedger(): Promise<string> {
  emptyTemplate ??= makeTemplate(async () => {})
  return copyOf(await emptyTemplate)
}

/** A ledger with the contents of fillStore, closed. */
export async function filledLedger(): Promise<string> {
  filledTemplate ??= makeTemplate((folder) => withWriter(folder, fillStore))
  return copyOf(await filledTemplate)
}

let emptyTemplate: Promise<string> | undefined
let filledTemplate: Promise<string> | undefined
const templates: string[] = []

afterAll(() => templates.forEach(removeFolder))

/** A ledger to make copies of, until all tests of a file are done. */
export async function makeTemplate(fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = makeFolder()
  templates.push(folder)
  await createSqliteLedger(folder)
  await fill(folder)
  return folder
}

/** A copy that is gone after the test. */
export function copyOf(template: string): string {
  const folder = temporaryFolder()
  cpSync(template, folder, { recursive: true })
  return folder
}

function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'nimledger-'))
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

export async function withReader<T>(folder: string, work: (reader: StoreReader) => Promise<T>): Promise<T> {
  const reader = await openSqliteReader(folder)
  try {
    return await work(reader)
  } finally {
    await reader.close()
  }
}

export async function withWriter<T>(folder: string, work: (writer: StoreWriter) => Promise<T>): Promise<T> {
  const writer = await openSqliteWriter(folder)
  try {
    return await work(writer)
  } finally {
    await writer.close()
  }
}

/** Commits to a ledger's book as another program would that does not ask for its lock. */
export function commitBehind(folder: string, commit: Commit): void {
  const database = openDatabase(folder, BOOK, 'write')
  const other = new BookWriter(database)
  other.commit(other.number(commit))
  database.close()
}

/** Opens a ledger's file as any other program could, without the checks that a program may switch off. */
export function withDatabase<T>(folder: string, file: string, work: (database: Sqlite.Database) => T): T {
  const database = new Sqlite(join(folder, file))
  try {
    database.unsafeMode()
    for (const setting of ['writable_schema = ON', 'ignore_check_constraints = ON']) database.pragma(setting)
    return work(database)
  } finally {
    database.close()
  }
}

/** Runs SQL on a ledger's file with its triggers out of the way, and puts them back as they were. */
export function tamper(folder: string, file: string, sql: string): void {
  withDatabase(folder, file, (database) => {
    const triggers = database.prepare<[], { name: string; sql: string }>(
      `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`,
    )
    const found = triggers.all()
    for (const { name } of found) database.exec(`DROP TRIGGER ${name}`)
    database.exec(sql)
    for (const trigger of found) database.exec(trigger.sql)
  })
}

/** The same with a table that is not STRICT meanwhile, so that it takes values of any kind. */
export function tamperLoosely(folder: string, file: string, table: string, sql: string): void {
  const isTable = `WHERE type = 'table' AND name = '${table}'`
  const select = `SELECT sql FROM sqlite_schema ${isTable}`
  const strict = withDatabase(folder, file, (database) => database.prepare<[], string>(select).pluck().get()!)
  const rewrite = (definition: string) =>
    withDatabase(folder, file, (database) => database.prepare(`UPDATE sqlite_schema SET sql = ? ${isTable}`).run(definition))
  rewrite(strict.replace(/ STRICT,?/, ''))
  tamper(folder, file, sql)
  rewrite(strict)
}
