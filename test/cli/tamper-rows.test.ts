/**
 * One value changed in any row that a ledger stores is found, and named: the entry, or the table and key. Changes are made
 * behind the ledger's back.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type Sqlite from 'better-sqlite3'
import { beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import type { BundledEntry } from '../../core/drivers/sqlite/bundles.ts'
import { placeOf } from '../../core/drivers/sqlite/places.ts'
import { foundMarket } from './market.ts'
import { auditOf, cli, expectNoStack } from './run.ts'
import {
  changeEntry,
  type Found,
  flipBlob,
  flipEntry,
  foundTwin,
  readEntries,
  SIZE,
  type Twin,
  withDatabase,
} from './tampering.ts'

let twin: Twin

beforeAll(async () => {
  twin = await foundTwin()
})

/** The first entry of each type. */
function typicalEntries() {
  const seen = new Set<string>()
  return withDatabase(twin.original, 'ledger.db', readEntries).filter(({ bytes }) => {
    const type = /"type":"([a-z.]+)"/.exec(bytes.toString('utf8'))![1]!
    return !seen.has(type) && seen.add(type)
  })
}

it('begins from a ledger that verifies, with every type of entry', async () => {
  twin.restore()
  expect(await auditOf(twin.dir)).toMatchObject({ ok: true, size: SIZE, entries: SIZE })
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
        twin.tamper('ledger.db', (database) => flipEntry(database, index, 'bytes', offset))
        // Also where a changed time is found by the entry after it, or by the tree alone.
        const { ok, defects } = await auditOf(twin.dir)
        if (ok || defects[0]?.index !== index) missed.push(`entry ${index}: ${place}: ${JSON.stringify(defects)}`)
      }
    }
    expect(missed).toEqual([])
  })

  it('with another outcome, cut off, or longer is named', async () => {
    for (const index of [0, 3, 14, SIZE - 1]) {
      for (const offset of [0, -1]) {
        twin.tamper('ledger.db', (database) => flipEntry(database, index, 'outcome', offset))
        await twin.expectDefect({ index }, `outcome ${index} at ${offset}`)
      }
      for (const [field, changes] of [
        ['bytes', [(value) => value.subarray(0, -1), (value) => Buffer.concat([value, utf8('\n')]), () => utf8('x')]],
        ['outcome', [(value) => value.subarray(0, -1), (value) => Buffer.concat([value, utf8('x')]), () => utf8('x')]],
      ] satisfies [keyof BundledEntry, ((value: Buffer) => Uint8Array)[]][]) {
        for (const change of changes) {
          twin.tamper('ledger.db', (database) => changeEntry(database, index, field, change))
          await twin.expectDefect({ index }, `${field} of ${index}: ${change}`)
        }
      }
    }
  })

  it('that is missing, doubled or exchanged is found', async () => {
    const changes: Record<string, string> = {
      'the last one deleted': `DELETE FROM entries WHERE "index" = ${SIZE - 1}`,
      'one in the middle deleted': 'DELETE FROM entries WHERE "index" = 270',
      'the first one after the bundle deleted': 'DELETE FROM entries WHERE "index" = 256',
      'all after the bundle deleted': 'DELETE FROM entries',
      'all deleted': 'DELETE FROM entries; DELETE FROM bundles',
      'the last ones deleted': 'DELETE FROM entries WHERE "index" > 280',
      'one appended again': `INSERT INTO entries SELECT ${SIZE}, bytes, outcome FROM entries WHERE "index" = 260`,
      'one far away': 'INSERT INTO entries SELECT 5000, bytes, outcome FROM entries WHERE "index" = 260',
      'one below zero': 'INSERT INTO entries SELECT -1, bytes, outcome FROM entries WHERE "index" = 260',
      'one that the bundle has': 'INSERT INTO entries SELECT 3, bytes, outcome FROM entries WHERE "index" = 260',
      'the bundle deleted': 'DELETE FROM bundles',
      'the bundle elsewhere': 'UPDATE bundles SET number = 1',
      'the bundle twice': 'INSERT INTO bundles SELECT 1, bytes, outcomes FROM bundles',
      'no outcomes in the bundle': "UPDATE bundles SET outcomes = x'00'",
    }
    for (const [what, sql] of Object.entries(changes)) {
      twin.tamper('ledger.db', (database) => void database.exec(sql))
      const report = await auditOf(twin.dir)
      expect(report.ok, what).toBe(false)
    }
    twin.tamper('ledger.db', (database) => {
      database.exec('UPDATE entries SET "index" = -9 WHERE "index" = 270')
      database.exec('UPDATE entries SET "index" = 270 WHERE "index" = 271; UPDATE entries SET "index" = 271 WHERE "index" = -9')
    })
    await twin.expectDefect({ index: 270 }, 'two exchanged')
  })

  it('that is in a bundle which cannot be unpacked is found with the bundle', async () => {
    for (const column of ['bytes', 'outcomes']) {
      for (const offset of [0, 5, 1_000, -1]) {
        twin.tamper('ledger.db', (database) => flipBlob(database, 'bundles', column, 'number = 0', offset))
        await twin.expectDefect({ table: 'bundles', key: '0' }, `${column} at ${offset}`)
      }
    }
  })
})

describe('what is stored beside the entries', () => {
  it('ids and their indexes', async () => {
    const rows = withDatabase(twin.original, 'ledger.db', (database) =>
      database.prepare<[], { id: Buffer; index: number }>('SELECT id, "index" FROM ids ORDER BY "index"').all(),
    )
    for (const { id, index } of [rows[0]!, rows[20]!, rows[SIZE - 1]!]) {
      const hex = id.toString('hex')
      const where = `"index" = ${index}`
      for (const offset of [0, 4, 23]) {
        twin.tamper('ledger.db', (database) => flipBlob(database, 'ids', 'id', where, offset))
        await twin.expectDefect({ table: 'ids', key: hex }, `id of ${index} at ${offset}`)
      }
      const changes = [`UPDATE ids SET "index" = "index" + 1 WHERE ${where}`, `DELETE FROM ids WHERE ${where}`]
      for (const sql of changes) {
        twin.tamper('ledger.db', (database) => void database.exec(sql))
        await twin.expectDefect({ table: 'ids', key: hex }, sql)
      }
    }
    twin.tamper('ledger.db', (database) => void database.prepare('INSERT INTO ids VALUES (?, 3)').run(Buffer.alloc(24, 7)))
    await twin.expectDefect({ table: 'ids', key: '07'.repeat(24) }, 'an id too many')
    twin.tamper('ledger.db', (database) => {
      const [a, b] = [rows[5]!.id, rows[6]!.id]
      database.prepare('UPDATE ids SET "index" = 6 WHERE id = ?').run(a)
      database.prepare('UPDATE ids SET "index" = 5 WHERE id = ?').run(b)
    })
    await twin.expectDefect({ table: 'ids' }, 'two ids exchanged')
  })

  it('tiles of every level', async () => {
    const tiles = withDatabase(twin.original, 'ledger.db', (database) =>
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
        twin.tamper('ledger.db', (database) => flipBlob(database, 'tiles', 'hashes', where, offset))
        await twin.expectDefect(found, `tile ${level}/${number} at ${offset}`)
      }
      for (const sql of [
        `DELETE FROM tiles WHERE ${where}`,
        `UPDATE tiles SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE ${where}`,
        `UPDATE tiles SET hashes = substr(hashes, 1, length(hashes) - 1) WHERE ${where}`,
        `UPDATE tiles SET hashes = x'' WHERE ${where}`,
      ]) {
        twin.tamper('ledger.db', (database) => void database.exec(sql))
        await twin.expectDefect(found, sql)
      }
    }
    for (const place of ['0, 2', '2, 0', '1, 7', '-1, 0', '0, -1', '99, 0']) {
      twin.tamper('ledger.db', (database) => void database.exec(`INSERT INTO tiles VALUES (${place}, zeroblob(32))`))
      await twin.expectDefect({ table: 'tiles', key: place.replace(', ', '/') }, `tile ${place}`)
    }
  })
})

describe('the rows of the state', () => {
  interface Row {
    readonly row: number
    readonly table: string
    readonly key: string
    readonly value: string
  }
  const readRows = () =>
    withDatabase(twin.original, 'ledger.db', (database) => database.prepare<[], Row>('SELECT * FROM state ORDER BY row').all())

  it('with one character changed are named by table and key', async () => {
    const tables = new Map(readRows().map((row) => [row.table, row]))
    expect(tables.size).toBeGreaterThan(10)
    for (const { row: number, table, key, value } of tables.values()) {
      const where = [table, key]
      const changed = (offset: number) => value.slice(0, offset) + (value[offset] === '1' ? '2' : '1') + value.slice(offset + 1)
      const set = (name: string, text: string) => (database: Sqlite.Database) =>
        void database.prepare(`UPDATE state SET "${name}" = ? WHERE "table" = ? AND key = ?`).run(text, ...where)
      for (const offset of [0, Math.floor(value.length / 2), value.length - 1]) {
        twin.tamper('ledger.db', set('value', changed(offset)))
        await twin.expectDefect({ table, key }, `${table} ${key} at ${offset}`)
      }
      twin.tamper('ledger.db', set('value', `${value} `))
      await twin.expectDefect({ table, key }, `${table} ${key} with a space`)
      twin.tamper('ledger.db', set('key', `${key}x`))
      await twin.expectDefect({ table, key: `${key}x` }, `the key of ${table} ${key}`)
      twin.tamper('ledger.db', set('table', `${table}x`))
      await twin.expectDefect({ table: `${table}x`, key }, `the table of ${table} ${key}`)
      twin.tamper('ledger.db', (database) => void database.prepare('DELETE FROM state WHERE row = ?').run(number))
      await twin.expectDefect({ table: 'places' }, `${table} ${key} deleted without its place`)
      twin.tamper('ledger.db', (database) => void database.prepare('DELETE FROM places WHERE row = ?').run(number))
      await twin.expectDefect({ table, key }, `the place of ${table} ${key} deleted`)
      twin.tamper('ledger.db', (database) => {
        database.prepare('INSERT INTO state SELECT 9999, "table", key, value FROM state WHERE row = ?').run(number)
        database.prepare('INSERT INTO places SELECT place, 9999 FROM places WHERE row = ?').run(number)
      })
      await twin.expectDefect({ table, key }, `${table} ${key} twice`)
      twin.tamper('ledger.db', (database) => {
        for (const rows of ['places', 'state']) database.prepare(`DELETE FROM ${rows} WHERE row = ?`).run(number)
      })
      await twin.expectDefect({ table, key }, `${table} ${key} deleted`)
    }
  })

  it('that are too many, or exchanged, are named', async () => {
    for (const [table, key] of [
      ['account', 'nim1x'],
      ['zzz', ''],
      ['', ''],
    ] as const) {
      const insert = (database: Sqlite.Database) =>
        void database.prepare('INSERT INTO state VALUES (9999, ?, ?, ?)').run(table, key, '{}')
      twin.tamper('ledger.db', insert)
      await twin.expectDefect({ table, key }, `${table} ${key} inserted without a place`)
      twin.tamper('ledger.db', (database) => {
        insert(database)
        database.prepare('INSERT INTO places VALUES (?, 9999)').run(placeOf(table, key))
      })
      await twin.expectDefect({ table, key }, `${table} ${key} inserted`)
    }
    const [one, two] = readRows().filter(({ table }) => table === 'account')
    twin.tamper('ledger.db', (database) => {
      const put = database.prepare('UPDATE state SET value = ? WHERE "table" = ? AND key = ?')
      put.run(two!.value, one!.table, one!.key)
      put.run(one!.value, two!.table, two!.key)
    })
    await twin.expectDefect({ table: 'account', key: one!.key }, 'two accounts exchanged')
    // A text that is no text.
    twin.tamper(
      'ledger.db',
      (database) =>
        void database
          .prepare(`UPDATE state SET value = CAST(x'7bff7d' AS TEXT) WHERE "table" = ? AND key = ?`)
          .run(one!.table, one!.key),
    )
    await twin.expectDefect({ table: 'account', key: one!.key }, 'a value that is not UTF-8')
  })
})

describe('the guard', () => {
  it('with one bit changed is found', async () => {
    const checkpoint = withDatabase(
      twin.original,
      'checkpoint.db',
      (database) => database.prepare<[], Buffer>('SELECT checkpoint FROM guard').pluck().get()!,
    )
    const offsets = [0, 25, 40, checkpoint.length - 30, checkpoint.length - 1]
    for (const offset of offsets) {
      twin.tamper('checkpoint.db', (database) => flipBlob(database, 'guard', 'checkpoint', 'one = 1', offset))
      await twin.expectDefect({}, `checkpoint at ${offset}`)
    }
    for (const sql of [
      'UPDATE guard SET stale_before = 1',
      'UPDATE guard SET checkpoint = NULL',
      'UPDATE guard SET digest = zeroblob(32)',
      'UPDATE guard SET refusals_digest = zeroblob(32)',
      'DELETE FROM guard',
    ]) {
      twin.tamper('checkpoint.db', (database) => void database.exec(sql))
      await twin.expectDefect({}, sql)
    }
  })

  it('names a refusal that was changed, and misses one that is gone', async () => {
    const id = withDatabase(
      twin.original,
      'checkpoint.db',
      (database) => database.prepare<[], Buffer>('SELECT id FROM refusals').pluck().get()!,
    )
    const found = { table: 'refusals', key: id.toString('hex') }
    for (const sql of ["refusal = replace(refusal, 'refused', 'refuse1')", "refusal = '{}'", 'digest = zeroblob(32)']) {
      twin.tamper('checkpoint.db', (database) => void database.exec(`UPDATE refusals SET ${sql}`))
      await twin.expectDefect(found, sql)
    }
    twin.tamper('checkpoint.db', (database) => flipBlob(database, 'refusals', 'id', 'true', 23))
    await twin.expectDefect({ table: 'refusals' }, 'the id of a refusal')
    twin.tamper('checkpoint.db', (database) => void database.exec('DELETE FROM refusals'))
    await twin.expectDefect({ table: 'refusals' }, 'a refusal deleted')
  })

  it('of an older or another ledger does not fit', async () => {
    twin.restore()
    const other = await foundMarket()
    for (const file of ['checkpoint.db', 'ledger.db'] as const) {
      twin.restore()
      withDatabase(other.dir, file, (database) => database.pragma('wal_checkpoint(TRUNCATE)'))
      writeFileSync(join(twin.dir, file), readFileSync(join(other.dir, file)))
      expect((await auditOf(twin.dir)).ok, file).toBe(false)
    }
  })
})

describe('the command', () => {
  it('ends in 3 and names the defect', async () => {
    const changes: [(database: Sqlite.Database) => void, Found][] = [
      [(database) => flipEntry(database, 17, 'bytes', 200), { index: 17 }],
      [(database) => flipEntry(database, 17, 'bytes', 22), { index: 17 }],
      [
        (database) => void database.exec(`UPDATE state SET value = replace(value, '1', '2') WHERE "table" = 'platform'`),
        { table: 'platform', key: '' },
      ],
    ]
    for (const [change, found] of changes) {
      twin.tamper('ledger.db', change)
      const [json, plain] = await Promise.all([cli(twin.dir, ['verify']), cli(twin.dir, ['verify'], { plain: true })])
      for (const run of [json, plain]) {
        expectNoStack(run)
        expect(run.code).toBe(3)
      }
      expect(json.json).toMatchObject({ ok: false, defects: [found] })
      expect(plain.stdout).toContain(found.index === undefined ? 'platform' : `entry ${found.index}`)
    }
  })
})
