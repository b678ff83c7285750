/**
 * One byte changed anywhere in what a ledger stores is found, and named: the entry, or the table and key. Changes are made behind the
 * ledger's back, with its triggers out of the way and back in their place afterwards.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { beforeAll, describe, expect, it } from 'vitest'
import { StoreError } from '../../core/ledger/store.ts'
import { foundMarket, type Market } from './market.ts'
import { auditOf, cli, copyOf, expectNoStack } from './run.ts'

/** Two tiles of the lowest level, so that there is one above them. */
const SIZE = 300

let market: Market
let twin: string
let book: Buffer
let guard: Buffer

beforeAll(async () => {
  market = await foundMarket(SIZE)
  for (const file of ['ledger.db', 'checkpoint.db'])
    withDatabase(market.dir, file, (database) => database.pragma('wal_checkpoint(TRUNCATE)'))
  twin = copyOf(market.dir)
  book = readFileSync(join(twin, 'ledger.db'))
  guard = readFileSync(join(twin, 'checkpoint.db'))
})

function restore(): void {
  for (const suffix of ['-wal', '-shm']) {
    writeFileSync(join(twin, `ledger.db${suffix}`), '')
    writeFileSync(join(twin, `checkpoint.db${suffix}`), '')
  }
  writeFileSync(join(twin, 'ledger.db'), book)
  writeFileSync(join(twin, 'checkpoint.db'), guard)
}

function withDatabase<T>(dir: string, file: string, work: (database: Sqlite.Database) => T): T {
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

/** Changes a database with its triggers and checks out of the way; afterwards its schema is as it was. */
function tamper(file: 'ledger.db' | 'checkpoint.db', change: (database: Sqlite.Database) => void): void {
  restore()
  withDatabase(twin, file, (database) => {
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

/** Flips the lowest bit of one byte of a blob. */
function flipBlob(database: Sqlite.Database, table: string, column: string, where: string, offset: number): void {
  const { value } = database.prepare(`SELECT ${column} AS value FROM ${table} WHERE ${where}`).get() as { value: Buffer }
  expect(offset).toBeLessThan(value.length)
  value[offset < 0 ? value.length + offset : offset]! ^= 1
  database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(value)
}

interface Found {
  readonly index?: number
  readonly table?: string
  readonly key?: string
}

async function expectDefect(found: Found, what: string): Promise<void> {
  const report = await auditOf(twin)
  expect(report.ok, what).toBe(false)
  expect(report.defects, what).toHaveLength(1)
  expect(report.defects[0], what).toMatchObject(found)
  expect(report.defects[0]!.message.length, what).toBeGreaterThan(10)
}

interface EntryRow {
  readonly index: number
  readonly bytes: Buffer
}

function readEntries(): EntryRow[] {
  return withDatabase(market.dir, 'ledger.db', (database) =>
    database.prepare<[], EntryRow>('SELECT "index", bytes FROM entries ORDER BY "index"').all(),
  )
}

/** The first entry of each type. */
function typicalEntries(): EntryRow[] {
  const seen = new Set<string>()
  return readEntries().filter(({ bytes }) => {
    const type = /"type":"([a-z.]+)"/.exec(bytes.toString('utf8'))![1]!
    return !seen.has(type) && seen.add(type)
  })
}

it('begins from a ledger that verifies, with every type of entry', async () => {
  restore()
  expect(await auditOf(twin)).toMatchObject({ ok: true, size: SIZE, entries: SIZE })
  expect(typicalEntries()).toHaveLength(14)
})

describe('an entry', () => {
  it('with one bit changed is named, wherever the bit is', async () => {
    const missed: string[] = []
    for (const { index, bytes } of typicalEntries()) {
      const text = bytes.toString('latin1')
      const places: Record<string, number> = {
        'the last digit of its acceptance time': 22,
        'the newline after its time': 24,
        'its first brace': 25,
        'its body': text.indexOf('"body"') + 12,
        'when it was made': text.indexOf('"made":"') + 8 + 18,
        'its nonce': text.indexOf('"nonce":"') + 12,
        'its signer': text.indexOf('"signer":"nim1') + 20,
        'its type': text.indexOf('"type":"') + 9,
        'the empty line': text.indexOf('}\n\n') + 2,
        'the name of its key': text.indexOf(' nim1') + 8,
        'its signature': text.length - 40,
        'its last byte': text.length - 1,
      }
      for (const [place, offset] of Object.entries(places)) {
        tamper('ledger.db', (database) => flipBlob(database, 'entries', 'bytes', `"index" = ${index}`, offset))
        // Also where a changed time is found by the entry after it, or by the tree alone.
        const { ok, defects } = await auditOf(twin)
        if (ok || defects[0]?.index !== index) missed.push(`entry ${index}: ${place}: ${JSON.stringify(defects)}`)
      }
    }
    expect(missed).toEqual([])
  })

  it('with another outcome, cut off, or longer is named', async () => {
    for (const index of [0, 3, 14, SIZE - 1]) {
      const where = `"index" = ${index}`
      for (const offset of [0, -1]) {
        tamper('ledger.db', (database) => flipBlob(database, 'entries', 'outcome', where, offset))
        await expectDefect({ index }, `outcome ${index} at ${offset}`)
      }
      for (const sql of [
        'bytes = substr(bytes, 1, length(bytes) - 1)',
        "bytes = CAST(bytes || x'0a' AS BLOB)",
        "outcome = CAST(outcome || x'00' AS BLOB)",
        `bytes = x'00'`,
      ]) {
        tamper('ledger.db', (database) => void database.exec(`UPDATE entries SET ${sql} WHERE ${where}`))
        await expectDefect({ index }, `${sql} of ${index}`)
      }
    }
  })

  it('that is missing, doubled or exchanged is found', async () => {
    const changes: Record<string, string> = {
      'the last one deleted': `DELETE FROM entries WHERE "index" = ${SIZE - 1}`,
      'one in the middle deleted': 'DELETE FROM entries WHERE "index" = 100',
      'the first one deleted': 'DELETE FROM entries WHERE "index" = 0',
      'all deleted': 'DELETE FROM entries',
      'the last ones deleted': 'DELETE FROM entries WHERE "index" > 250',
      'one appended again': `INSERT INTO entries SELECT ${SIZE}, bytes, outcome FROM entries WHERE "index" = 3`,
      'one far away': 'INSERT INTO entries SELECT 5000, bytes, outcome FROM entries WHERE "index" = 3',
      'one below zero': 'INSERT INTO entries SELECT -1, bytes, outcome FROM entries WHERE "index" = 3',
    }
    for (const [what, sql] of Object.entries(changes)) {
      tamper('ledger.db', (database) => void database.exec(sql))
      const report = await auditOf(twin)
      expect(report.ok, what).toBe(false)
    }
    tamper('ledger.db', (database) => {
      database.exec('UPDATE entries SET "index" = -9 WHERE "index" = 200')
      database.exec('UPDATE entries SET "index" = 200 WHERE "index" = 201; UPDATE entries SET "index" = 201 WHERE "index" = -9')
    })
    await expectDefect({ index: 200 }, 'two exchanged')
  })
})

describe('what is stored beside the entries', () => {
  it('ids and their indexes', async () => {
    const rows = withDatabase(market.dir, 'ledger.db', (database) =>
      database.prepare<[], { id: Buffer; index: number }>('SELECT id, "index" FROM ids ORDER BY "index"').all(),
    )
    for (const { id, index } of [rows[0]!, rows[20]!, rows[SIZE - 1]!]) {
      const hex = id.toString('hex')
      const where = `"index" = ${index}`
      for (const offset of [0, 4, 23]) {
        tamper('ledger.db', (database) => flipBlob(database, 'ids', 'id', where, offset))
        await expectDefect({ table: 'ids', key: hex }, `id of ${index} at ${offset}`)
      }
      const changes = [`UPDATE ids SET "index" = "index" + 1 WHERE ${where}`, `DELETE FROM ids WHERE ${where}`]
      for (const sql of changes) {
        tamper('ledger.db', (database) => void database.exec(sql))
        await expectDefect({ table: 'ids', key: hex }, sql)
      }
    }
    tamper('ledger.db', (database) => void database.prepare('INSERT INTO ids VALUES (?, 3)').run(Buffer.alloc(24, 7)))
    await expectDefect({ table: 'ids', key: '07'.repeat(24) }, 'an id too many')
    tamper('ledger.db', (database) => {
      const [a, b] = [rows[5]!.id, rows[6]!.id]
      database.prepare('UPDATE ids SET "index" = 6 WHERE id = ?').run(a)
      database.prepare('UPDATE ids SET "index" = 5 WHERE id = ?').run(b)
    })
    await expectDefect({ table: 'ids' }, 'two ids exchanged')
  })

  it('tiles of every level', async () => {
    const tiles = withDatabase(market.dir, 'ledger.db', (database) =>
      database.prepare<[], { level: number; number: number; hashes: Buffer }>('SELECT * FROM tiles ORDER BY level, number').all(),
    )
    expect(tiles.map(({ level, number }) => [level, number])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
    ])
    for (const { level, number, hashes } of tiles) {
      const where = `level = ${level} AND number = ${number}`
      const found = { table: 'tiles', key: `${level}/${number}` }
      for (const offset of [0, 31, hashes.length - 1]) {
        tamper('ledger.db', (database) => flipBlob(database, 'tiles', 'hashes', where, offset))
        await expectDefect(found, `tile ${level}/${number} at ${offset}`)
      }
      for (const sql of [
        `DELETE FROM tiles WHERE ${where}`,
        `UPDATE tiles SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE ${where}`,
        `UPDATE tiles SET hashes = substr(hashes, 1, length(hashes) - 1) WHERE ${where}`,
        `UPDATE tiles SET hashes = x'' WHERE ${where}`,
      ]) {
        tamper('ledger.db', (database) => void database.exec(sql))
        await expectDefect(found, sql)
      }
    }
    for (const place of ['0, 2', '2, 0', '1, 7', '-1, 0', '0, -1', '99, 0']) {
      tamper('ledger.db', (database) => void database.exec(`INSERT INTO tiles VALUES (${place}, zeroblob(32))`))
      await expectDefect({ table: 'tiles', key: place.replace(', ', '/') }, `tile ${place}`)
    }
  })
})

describe('the rows of the state', () => {
  interface Row {
    readonly table: string
    readonly key: string
    readonly value: string
  }
  const readRows = () =>
    withDatabase(market.dir, 'ledger.db', (database) =>
      database.prepare<[], Row>('SELECT * FROM state ORDER BY "table", key').all(),
    )

  it('with one character changed are named by table and key', async () => {
    const tables = new Map(readRows().map((row) => [row.table, row]))
    expect(tables.size).toBeGreaterThan(10)
    for (const { table, key, value } of tables.values()) {
      const where = [table, key]
      const changed = (offset: number) => value.slice(0, offset) + (value[offset] === '1' ? '2' : '1') + value.slice(offset + 1)
      const set = (name: string, text: string) => (database: Sqlite.Database) =>
        void database.prepare(`UPDATE state SET "${name}" = ? WHERE "table" = ? AND key = ?`).run(text, ...where)
      for (const offset of [0, Math.floor(value.length / 2), value.length - 1]) {
        tamper('ledger.db', set('value', changed(offset)))
        await expectDefect({ table, key }, `${table} ${key} at ${offset}`)
      }
      tamper('ledger.db', set('value', `${value} `))
      await expectDefect({ table, key }, `${table} ${key} with a space`)
      tamper('ledger.db', set('key', `${key}x`))
      await expectDefect({ table, key: `${key}x` }, `the key of ${table} ${key}`)
      tamper('ledger.db', set('table', `${table}x`))
      await expectDefect({ table: `${table}x`, key }, `the table of ${table} ${key}`)
      tamper('ledger.db', (database) => void database.prepare('DELETE FROM state WHERE "table" = ? AND key = ?').run(...where))
      await expectDefect({ table, key }, `${table} ${key} deleted`)
    }
  })

  it('that are too many, or exchanged, are named', async () => {
    for (const [table, key] of [
      ['account', 'nim1x'],
      ['zzz', ''],
      ['', ''],
    ] as const) {
      tamper('ledger.db', (database) => void database.prepare('INSERT INTO state VALUES (?, ?, ?)').run(table, key, '{}'))
      await expectDefect({ table, key }, `${table} ${key} inserted`)
    }
    const [one, two] = readRows().filter(({ table }) => table === 'account')
    tamper('ledger.db', (database) => {
      const put = database.prepare('UPDATE state SET value = ? WHERE "table" = ? AND key = ?')
      put.run(two!.value, one!.table, one!.key)
      put.run(one!.value, two!.table, two!.key)
    })
    await expectDefect({ table: 'account', key: one!.key }, 'two accounts exchanged')
    // A text that is no text.
    tamper(
      'ledger.db',
      (database) =>
        void database
          .prepare(`UPDATE state SET value = CAST(x'7bff7d' AS TEXT) WHERE "table" = ? AND key = ?`)
          .run(one!.table, one!.key),
    )
    await expectDefect({ table: 'account', key: one!.key }, 'a value that is not UTF-8')
  })
})

describe('the guard', () => {
  it('with one bit changed is found', async () => {
    const checkpoint = withDatabase(
      market.dir,
      'checkpoint.db',
      (database) => database.prepare<[], Buffer>('SELECT checkpoint FROM guard').pluck().get()!,
    )
    const offsets = [0, 25, 40, checkpoint.length - 30, checkpoint.length - 1]
    for (const offset of offsets) {
      tamper('checkpoint.db', (database) => flipBlob(database, 'guard', 'checkpoint', 'one = 1', offset))
      await expectDefect({}, `checkpoint at ${offset}`)
    }
    for (const sql of [
      'UPDATE guard SET stale_before = 1',
      'UPDATE guard SET checkpoint = NULL',
      'UPDATE guard SET digest = zeroblob(32)',
      'UPDATE guard SET refusals_digest = zeroblob(32)',
      'DELETE FROM guard',
    ]) {
      tamper('checkpoint.db', (database) => void database.exec(sql))
      await expectDefect({}, sql)
    }
  })

  it('names a refusal that was changed, and misses one that is gone', async () => {
    const id = withDatabase(
      market.dir,
      'checkpoint.db',
      (database) => database.prepare<[], Buffer>('SELECT id FROM refusals').pluck().get()!,
    )
    const found = { table: 'refusals', key: id.toString('hex') }
    for (const sql of ["refusal = replace(refusal, 'refused', 'refuse1')", "refusal = '{}'", 'digest = zeroblob(32)']) {
      tamper('checkpoint.db', (database) => void database.exec(`UPDATE refusals SET ${sql}`))
      await expectDefect(found, sql)
    }
    tamper('checkpoint.db', (database) => flipBlob(database, 'refusals', 'id', 'true', 23))
    await expectDefect({ table: 'refusals' }, 'the id of a refusal')
    tamper('checkpoint.db', (database) => void database.exec('DELETE FROM refusals'))
    await expectDefect({ table: 'refusals' }, 'a refusal deleted')
  })

  it('of an older or another ledger does not fit', async () => {
    restore()
    const other = await foundMarket()
    for (const file of ['checkpoint.db', 'ledger.db'] as const) {
      restore()
      withDatabase(other.dir, file, (database) => database.pragma('wal_checkpoint(TRUNCATE)'))
      writeFileSync(join(twin, file), readFileSync(join(other.dir, file)))
      expect((await auditOf(twin)).ok, file).toBe(false)
    }
  })
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
      restore()
      withDatabase(twin, 'ledger.db', (database) => void database.exec(sql))
      expect((await auditOf(twin)).ok, sql).toBe(false)
    }
  })
})

describe('the file itself', () => {
  /** Everything that the two databases say. */
  function contents(): string {
    const dump = (file: string, tables: readonly string[]) =>
      withDatabase(twin, file, (database) =>
        tables.map((table) =>
          database
            .prepare(`SELECT * FROM ${table}`)
            .raw()
            .all()
            .map((row) => (row as unknown[]).map((value) => (Buffer.isBuffer(value) ? value.toString('hex') : value))),
        ),
      )
    return JSON.stringify([dump('ledger.db', ['entries', 'ids', 'tiles', 'state']), dump('checkpoint.db', ['guard', 'refusals'])])
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
    restore()
    const sound = contents()
    const random = randomFrom(20_261_122)
    let found = 0
    for (let round = 0; round < 200; round++) {
      restore()
      const [file, image] = round % 5 === 0 ? (['checkpoint.db', guard] as const) : (['ledger.db', book] as const)
      const bytes = Buffer.from(image)
      let offset = Math.floor(random() * bytes.length)
      // Not in the void between a page's cells, where nothing is stored.
      while (bytes[offset] === 0) offset = Math.floor(random() * bytes.length)
      bytes[offset]! ^= 1 << Math.floor(random() * 8)
      writeFileSync(join(twin, file), bytes)
      const where = `${file} at ${offset}`
      try {
        const report = await auditOf(twin)
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

describe('the command', () => {
  it('ends in 3 and names the defect', async () => {
    const changes: [(database: Sqlite.Database) => void, Found][] = [
      [(database) => flipBlob(database, 'entries', 'bytes', '"index" = 17', 200), { index: 17 }],
      [(database) => flipBlob(database, 'entries', 'bytes', '"index" = 17', 22), { index: 17 }],
      [
        (database) => void database.exec(`UPDATE state SET value = replace(value, '1', '2') WHERE "table" = 'platform'`),
        { table: 'platform', key: '' },
      ],
    ]
    for (const [change, found] of changes) {
      tamper('ledger.db', change)
      const [json, plain] = await Promise.all([cli(twin, ['verify']), cli(twin, ['verify'], { plain: true })])
      for (const run of [json, plain]) {
        expectNoStack(run)
        expect(run.code).toBe(3)
      }
      expect(json.json).toMatchObject({ ok: false, defects: [found] })
      expect(plain.stdout).toContain(found.index === undefined ? 'platform' : `entry ${found.index}`)
    }
  })
})
