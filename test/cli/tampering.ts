/**
 * A ledger that is changed behind its own back, with its triggers out of the way and back in their place afterwards, and
 * what the audit then says.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { expect } from 'vitest'
import { foundMarket } from './market.ts'
import { auditOf, copyOf } from './run.ts'

/** Two tiles of the lowest level, so that there is one above them. */
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
      withDatabase(original, file, (database) => database.pragma('wal_checkpoint(TRUNCATE)'))
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
