/** A database whose schema was changed, or any byte of whose file, does not verify: unless it still says the same. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { StoreError } from '../../core/ledger/store.ts'
import { auditOf } from './run.ts'
import { foundTwin, readEntries, type Twin, withDatabase } from './tampering.ts'

let twin: Twin

beforeAll(async () => {
  twin = await foundTwin()
})

describe('the schema', () => {
  it('is part of what is verified', async () => {
    const changes = [
      'DROP TRIGGER entries_update',
      'CREATE TRIGGER more AFTER INSERT ON entries BEGIN SELECT 1; END',
      'CREATE TABLE more (x)',
      'CREATE INDEX more ON state (value)',
      'CREATE VIEW more AS SELECT 1',
    ]
    for (const sql of changes) {
      twin.restore()
      withDatabase(twin.dir, 'ledger.db', (database) => void database.exec(sql))
      expect((await auditOf(twin.dir)).ok, sql).toBe(false)
    }
  })
})

describe('the file itself', () => {
  /** Everything that the two databases say. */
  function contents(): string {
    const dump = (file: string, tables: readonly string[]) =>
      withDatabase(twin.dir, file, (database) =>
        tables.map((table) =>
          database
            .prepare(`SELECT * FROM ${table}`)
            .raw()
            .all()
            .map((row) => (row as unknown[]).map((value) => (Buffer.isBuffer(value) ? value.toString('hex') : value))),
        ),
      )
    return JSON.stringify([
      withDatabase(twin.dir, 'ledger.db', readEntries),
      dump('ledger.db', ['ids', 'tiles', 'state', 'places']),
      dump('checkpoint.db', ['guard', 'refusals']),
    ])
  }

  /** Small and well mixed (mulberry32): the same offsets in every run. */
  function randomFrom(seed: number): () => number {
    let a = seed
    return () => {
      a = (a + 0x6d2b79f5) | 0
      let t = Math.imul(a ^ (a >>> 15), 1 | a)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
    }
  }

  it('with a byte changed at 200 places never verifies, unless it says the same', async () => {
    twin.restore()
    const sound = contents()
    const random = randomFrom(20_261_122)
    let found = 0
    for (let round = 0; round < 200; round++) {
      twin.restore()
      const [file, image] = round % 5 === 0 ? (['checkpoint.db', twin.guard] as const) : (['ledger.db', twin.book] as const)
      const bytes = Buffer.from(image)
      let offset = Math.floor(random() * bytes.length)
      // Not in the void between a page's cells, where nothing is stored.
      while (bytes[offset] === 0) offset = Math.floor(random() * bytes.length)
      bytes[offset]! ^= 1 << Math.floor(random() * 8)
      writeFileSync(join(twin.dir, file), bytes)
      const where = `${file} at ${offset}`
      try {
        const report = await auditOf(twin.dir)
        if (report.ok) expect(contents() === sound, where).toBe(true)
        else found += 1
      } catch (error) {
        expect(error, where).toBeInstanceOf(StoreError)
        expect((error as StoreError).code, where).toBe('damaged')
        found += 1
      }
    }
    expect(found).toBeGreaterThan(150)
  })
})
