/**
 * A ledger that is changed behind its own back, with its triggers out of the way and back in their place afterwards, and
 * what the audit then says.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect } from 'vitest'
import { Malformed } from '../../core/base/malformed.ts'
import { BUNDLE_ENTRIES, type BundledEntry, ENTRY_BYTES, OUTCOMES } from '../../core/drivers/sqlite/bundles.ts'
import { unpackBundle } from '../../core/drivers/sqlite/entry-rows.ts'
import { foundMarket } from './market.ts'
import { auditOf, copyOf } from './run.ts'

/** Two tiles of the lowest level, so that there is one above them; entries in a full bundle, and after it. */
export const SIZE = 300

export function withDatabase<T>(dir: string, file: string, work: (database: Sqlite.Database) => T): T {
  const database = new Sqlite(join(dir, file))
  try {
    return work(database)
  } finally {
    database.close()
  }
}

interface Trigger {
  readonly name: string
  readonly sql: string
}

/** Flips the lowest bit of one byte of a blob. */
export function flipBlob(database: Sqlite.Database, table: string, column: string, where: string, offset: number): void {
  const { value } = database.prepare(`SELECT ${column} AS value FROM ${table} WHERE ${where}`).get() as { value: Buffer }
  expect(offset).toBeLessThan(value.length)
  value[offset < 0 ? value.length + offset : offset]! ^= 1
  database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(value)
}

/** The row of the bundle that has this entry, unpacked; undefined where the entry has a row of its own. */
function bundleOf(database: Sqlite.Database, index: number): { number: number; entries: BundledEntry[] } | undefined {
  const number = Math.floor(index / BUNDLE_ENTRIES)
  const found = database.prepare<[number], Uint8Array[]>('SELECT bytes, outcomes FROM bundles WHERE number = ?').raw().get(number)
  if (found === undefined) return undefined
  const unpacked = unpackBundle(number, found)
  if (unpacked instanceof Malformed) throw new Error(unpacked.reason)
  return { number, entries: [...unpacked.entries] }
}

/** Every entry, wherever it is. */
export function readEntries(database: Sqlite.Database) {
  const bundle = bundleOf(database, 0)?.entries ?? []
  const loose = database.prepare<[], BundledEntry>('SELECT bytes, outcome FROM entries ORDER BY "index"').all()
  return [...bundle, ...loose].map(({ bytes, outcome }, index) => {
    return { index, bytes: Buffer.from(bytes), outcome: Buffer.from(outcome) }
  })
}

/** Changes an entry where it is: in its own row, or in its bundle, which is packed again. */
export function changeEntry(
  database: Sqlite.Database,
  index: number,
  field: keyof BundledEntry,
  change: (value: Buffer) => Uint8Array,
): void {
  const bundle = bundleOf(database, index)
  if (bundle === undefined) {
    const where = `FROM entries WHERE "index" = ${index}`
    const value = change(database.prepare<[], Buffer>(`SELECT ${field} ${where}`).pluck().get()!)
    database.prepare(`UPDATE entries SET ${field} = ? WHERE "index" = ?`).run(value, index)
    return
  }
  const { number, entries } = bundle
  const place = index % BUNDLE_ENTRIES
  entries[place] = { ...entries[place]!, [field]: change(Buffer.from(entries[place]![field])) }
  packBundle(database, number, entries)
}

/** Puts these entries in the place of a bundle. */
export function packBundle(database: Sqlite.Database, number: number, entries: readonly BundledEntry[]): void {
  const bytes = ENTRY_BYTES.pack(entries.map((entry) => entry.bytes))
  const outcomes = OUTCOMES.pack(entries.map(({ outcome }) => outcome))
  database.prepare('UPDATE bundles SET bytes = ?, outcomes = ? WHERE number = ?').run(bytes, outcomes, number)
}

/** Changes entries of the log with the trigger that forbids it out of the way, and back in its place afterwards. */
export function changingEntries(database: Sqlite.Database, change: () => void): void {
  const { sql } = database.prepare("SELECT sql FROM sqlite_schema WHERE name = 'entries_update'").get() as { sql: string }
  database.exec('DROP TRIGGER entries_update')
  change()
  database.exec(sql)
}

/** Flips the lowest bit of one byte of an entry. */
export function flipEntry(database: Sqlite.Database, index: number, field: keyof BundledEntry, offset: number): void {
  changeEntry(database, index, field, (value) => {
    expect(offset).toBeLessThan(value.length)
    value[offset < 0 ? value.length + offset : offset]! ^= 1
    return value
  })
}

export interface Found {
  readonly index?: number
  readonly table?: string
  readonly key?: string
}

/** A copy to tamper with, of a ledger that stays as it is. */
export class Twin {
  readonly original: string
  readonly dir: string
  readonly book: Buffer
  readonly guard: Buffer

  constructor(original: string) {
    for (const file of ['ledger.db', 'checkpoint.db'])
      withDatabase(original, file, (database) => {
        // Without the pages that nothing is stored in any more.
        database.exec('VACUUM')
        database.pragma('wal_checkpoint(TRUNCATE)')
      })
    this.original = original
    this.dir = copyOf(original)
    this.book = readFileSync(join(this.dir, 'ledger.db'))
    this.guard = readFileSync(join(this.dir, 'checkpoint.db'))
  }

  restore(): void {
    for (const suffix of ['-wal', '-shm']) {
      writeFileSync(join(this.dir, `ledger.db${suffix}`), '')
      writeFileSync(join(this.dir, `checkpoint.db${suffix}`), '')
    }
    writeFileSync(join(this.dir, 'ledger.db'), this.book)
    writeFileSync(join(this.dir, 'checkpoint.db'), this.guard)
  }

  /** Changes a database with its triggers and checks out of the way; afterwards its schema is as it was. */
  tamper(file: 'ledger.db' | 'checkpoint.db', change: (database: Sqlite.Database) => void): void {
    this.restore()
    withDatabase(this.dir, file, (database) => {
      const schema = () => database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all()
      const before = schema()
      const triggers = database
        .prepare<[], Trigger>("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid")
        .all()
      for (const { name } of triggers) database.exec(`DROP TRIGGER ${name}`)
      database.pragma('ignore_check_constraints = ON')
      change(database)
      for (const { sql } of triggers) database.exec(sql)
      expect(schema()).toEqual(before)
      database.pragma('wal_checkpoint(TRUNCATE)')
    })
  }

  async expectDefect(found: Found, what: string): Promise<void> {
    const report = await auditOf(this.dir)
    expect(report.ok, what).toBe(false)
    expect(report.defects, what).toHaveLength(1)
    expect(report.defects[0], what).toMatchObject(found)
    expect(report.defects[0]!.message.length, what).toBeGreaterThan(10)
  }
}

export async function foundTwin(): Promise<Twin> {
  return new Twin((await foundMarket(SIZE)).dir)
}
