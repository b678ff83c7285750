import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { getTableConfig } from 'drizzle-orm/sqlite-core'
import { describe, expect, test } from 'vitest'
import { BookWriter } from '../../core/drivers/sqlite/book.ts'
import { BOOK, GUARD, MIRROR, modelDatabase, OUTBOX, openDatabase, WITNESS } from '../../core/drivers/sqlite/database.ts'
import { onFile, storeError } from '../../core/drivers/sqlite/errors.ts'
import * as schema from '../../core/drivers/sqlite/schema.ts'
import { createSqliteGuard, createSqliteLedger, openSqliteReader, openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import { compareRows } from '../../core/ledger/store.ts'
import { toVersion } from './earlier-version.ts'
import { commitBehind, emptyLedger, filledLedger, temporaryFolder, withDatabase, withReader, withWriter } from './folders.ts'
import { fillStore, NOW, readAll, sampleCheckpoint, sampleCommit, sampleEntry, sampleRefusal } from './samples.ts'
import { describeStore } from './store-contract.ts'

describeStore(async () => {
  const folder = await emptyLedger()
  return { openReader: () => openSqliteReader(folder), openWriter: () => openSqliteWriter(folder) }
})

describe('creating', () => {
  test('makes the folder and the three files, and nothing else', async () => {
    const folder = join(temporaryFolder(), 'a', 'b c')
    await createSqliteLedger(folder)
    expect(readdirSync(folder).sort()).toEqual(['checkpoint.db', 'ledger.db', 'lock.db'])
    expect((await withReader(folder, readAll)).size).toBe(0)
  })

  test('refuses a folder with a ledger, and one with the guard of a ledger', async () => {
    const folder = await filledLedger()
    await expect(createSqliteLedger(folder)).rejects.toThrow('there is a ledger.db in it already')
    rmSync(join(folder, 'ledger.db'))
    await expect(createSqliteLedger(folder)).rejects.toThrow('there is a checkpoint.db in it already')
  })

  test.each(['ledger.db-wal', 'checkpoint.db-wal'])(
    'refuses a folder with a %s alone: its pages would be taken for new ones',
    async (file) => {
      const folder = temporaryFolder()
      writeFileSync(join(folder, file), 'what a lost database left')
      await expect(createSqliteLedger(folder)).rejects.toThrow(`there is a ${file} in it already`)
      expect(existsSync(join(folder, 'ledger.db'))).toBe(false)
    },
  )

  test('names a folder that cannot be one', async () => {
    const folder = join(temporaryFolder(), 'file')
    writeFileSync(folder, '')
    await expect(createSqliteLedger(folder)).rejects.toMatchObject({ code: 'offline', message: expect.stringContaining(folder) })
  })

  test('finishes a creation that was cut off', async () => {
    const folder = await emptyLedger()
    rmSync(join(folder, 'ledger.db'))
    writeFileSync(join(folder, 'ledger.db.new'), 'half a database')
    await createSqliteLedger(folder)
    await withWriter(folder, fillStore)
    expect(readdirSync(folder).sort()).toEqual(['checkpoint.db', 'ledger.db', 'lock.db'])
  })

  test('a lost guard is made anew, and says from when on notes are taken', async () => {
    const folder = await filledLedger()
    await expect(createSqliteGuard(folder, NOW)).rejects.toThrow('there is a checkpoint.db in it already')
    rmSync(join(folder, 'checkpoint.db'))
    await createSqliteGuard(folder, NOW)
    await withWriter(folder, async (writer) => {
      expect(await writer.staleBefore()).toBe(NOW)
      expect(await writer.checkpoint()).toBeUndefined()
      await writer.replaceCheckpoint(undefined, sampleCheckpoint(5))
      expect(await writer.staleBefore()).toBe(NOW)
      expect(await writer.defects()).toEqual([])
    })
    await expect(createSqliteGuard(temporaryFolder(), NOW)).rejects.toMatchObject({ code: 'missing' })
  })
})

describe('opening', () => {
  test.each([
    ['ledger.db', 'checkpoint.db'],
    ['checkpoint.db', 'ledger.db'],
  ])('names %s where it is missing, and makes no file', async (file, other) => {
    const folder = await emptyLedger()
    rmSync(join(folder, file))
    rmSync(join(folder, 'lock.db'))
    const message = `There is no ${file} in ${folder}, only ${other}.`
    for (const open of [openSqliteReader, openSqliteWriter])
      await expect(open(folder)).rejects.toMatchObject({ code: 'damaged', message })
    expect(existsSync(join(folder, 'lock.db'))).toBe(false)
  })

  test('of a folder without a ledger says so, and makes no file', async () => {
    const folder = temporaryFolder()
    for (const open of [openSqliteReader, openSqliteWriter])
      await expect(open(folder)).rejects.toMatchObject({
        code: 'missing',
        message: expect.stringContaining('There is no ledger in'),
      })
    expect(existsSync(join(folder, 'lock.db'))).toBe(false)
  })

  test('sets every pragma anew and reads it back', async () => {
    const folder = await filledLedger()
    const expected = {
      ...{ journal_mode: 'wal', synchronous: 2n, trusted_schema: 0n, cell_size_check: 1n, recursive_triggers: 1n },
      ...{ fullfsync: 1n, checkpoint_fullfsync: 1n, journal_size_limit: 67_108_864n },
    }
    for (const kind of [BOOK, GUARD, BOOK, GUARD]) {
      for (const mode of ['write', 'read'] as const) {
        const database = openDatabase(folder, kind, mode)
        const actual = Object.keys(expected).map((name) => [name, database.pragma(name, { simple: true })])
        expect(Object.fromEntries(actual)).toEqual(expected)
        expect(database.pragma('user_version', { simple: true })).toBe(kind === BOOK ? 4n : 1n)
        database.close()
      }
    }
  })

  test('refuses a version that it does not know, and another journal mode in a reader', async () => {
    const folder = await filledLedger()
    const message = (age: string, version: number) =>
      `ledger.db was made by ${age} version of this program, in format ${version}; this one has format 4. It is not damaged: ` +
      `use it with ${age} version.`
    for (const [version, age] of [[5, 'a newer'] as const, [1, 'an earlier'] as const]) {
      withDatabase(folder, 'ledger.db', (database) => database.pragma(`user_version = ${version}`))
      const bytes = readFileSync(join(folder, 'ledger.db'))
      for (const open of [openSqliteReader, openSqliteWriter])
        await expect(open(folder)).rejects.toMatchObject({ code: 'version', message: message(age, version) })
      expect(readFileSync(join(folder, 'ledger.db')).equals(bytes)).toBe(true)
    }
    withDatabase(folder, 'ledger.db', (database) => database.exec('PRAGMA user_version = 4; PRAGMA journal_mode = delete'))
    await expect(openSqliteReader(folder)).rejects.toMatchObject({ code: 'damaged', message: /journal_mode is delete/ })
    await withWriter(folder, async (writer) => expect(await writer.size()).toBe(5))
    await withReader(folder, async (reader) => expect(await reader.size()).toBe(5))
  })

  test('a book keeps the pages that it was made with', async () => {
    const folder = await filledLedger()
    const resize = 'PRAGMA journal_mode = delete; PRAGMA page_size = 4096; VACUUM; PRAGMA journal_mode = wal'
    withDatabase(folder, 'ledger.db', (database) => database.exec(resize))
    await withWriter(folder, (writer) => writer.commit(sampleCommit(5, 100)))
    await withReader(folder, async (reader) => {
      expect((await reader.entries(0, 1_000)).map(({ bytes }) => bytes)).toEqual(
        Array.from({ length: 105 }, (_, i) => sampleEntry(i)),
      )
      expect(await reader.defects()).toEqual([])
    })
    withDatabase(folder, 'ledger.db', (database) => expect(database.pragma('page_size', { simple: true })).toEqual(4_096))
  })

  test('a writer brings an older version up to date, and a reader does not', async () => {
    const folder = temporaryFolder()
    const database = new Sqlite(join(folder, 'ledger.db'))
    database.exec('PRAGMA application_id = 0x4e494d4c; PRAGMA journal_mode = wal')
    database.close()
    expect(() => openDatabase(folder, BOOK, 'read')).toThrow('its setting user_version is 0 and must be 4')
    const upgraded = openDatabase(folder, BOOK, 'write')
    expect(new BookWriter(upgraded).size()).toBe(0)
    upgraded.close()
    openDatabase(folder, BOOK, 'read').close()
  })

  test.each([
    [2, 0],
    [2, 5],
    [3, 5],
    [3, 255],
    [3, 256],
    [2, 700],
    [3, 768],
  ] as const)(
    'a writer brings a book of version %d with %d entries up to date, and nothing in it changes',
    async (version, size) => {
      const folder = await emptyLedger()
      if (size > 0) await withWriter(folder, (writer) => writer.commit({ ...sampleCommit(0, size), tiles: [] }))
      const before = await withReader(folder, readAll)
      toVersion(version, join(folder, 'ledger.db'))
      const advice = `in format ${version}; this one has format 4. Whatever writes to the ledger next brings it up to date.`
      await expect(openSqliteReader(folder)).rejects.toMatchObject({ code: 'version', message: expect.stringContaining(advice) })
      await withWriter(folder, async (writer) => {
        expect(await writer.defects()).toEqual([])
        expect(withoutNumbers(await readAll(writer))).toEqual(withoutNumbers(before))
        await writer.commit({ ...sampleCommit(size, 100), tiles: [] })
      })
      await withReader(folder, async (reader) => {
        expect(await reader.defects()).toEqual([])
        expect(await reader.scanRows(undefined, 1_000)).toHaveLength(size + 101)
        expect(await reader.entries(0, 1_000)).toHaveLength(size + 100)
      })
    },
  )

  test('a reader reads while a writer writes, and writes nothing itself', async () => {
    const folder = await filledLedger()
    await withWriter(folder, async (writer) => {
      await withReader(folder, async (reader) => {
        for (let size = 5; size < 50; size++) await writer.commit(sampleCommit(size, 1))
        expect(await reader.size()).toBe(5)
        expect(await reader.defects()).toEqual([])
      })
      await withReader(folder, async (reader) => expect(await reader.size()).toBe(50))
    })
    const database = openDatabase(folder, BOOK, 'read')
    expect(() => database.exec('DELETE FROM state')).toThrow('readonly')
    database.close()
  })

  test('waits for the lock as long as it is told to', async () => {
    const folder = await emptyLedger()
    const first = await openSqliteWriter(folder)
    await expect(openSqliteWriter(folder, { lockTimeoutMs: 60 })).rejects.toMatchObject({ code: 'locked' })
    const second = openSqliteWriter(folder, { lockTimeoutMs: 10_000 })
    await first.close()
    await (await second).close()
  })
})

/** Rows of version 2 had none, and get them in the order of their keys. */
function withoutNumbers({ rows, models, ...rest }: Awaited<ReturnType<typeof readAll>>) {
  const named = rows.map(({ number: _number, ...row }) => row).sort(compareRows)
  return { ...rest, rows: named, models: models.map((model) => model?.value) }
}

describe('the schema', () => {
  test.each([
    ["UPDATE entries SET bytes = x'00'", 'entries are never changed'],
    ['DELETE FROM entries', 'entries are never deleted'],
    ["INSERT OR REPLACE INTO entries VALUES (4, x'00', x'00')", 'entries are appended'],
    ["INSERT INTO entries VALUES (6, x'00', x'00')", 'entries are appended'],
    ["INSERT INTO bundles VALUES (1, x'00', x'00')", 'bundles are appended'],
    ["INSERT INTO bundles VALUES (0, x'00', x'00'); UPDATE bundles SET bytes = x'01'", 'bundles are never changed'],
    ["INSERT INTO bundles VALUES (0, x'00', x'00'); DELETE FROM bundles", 'bundles are never deleted'],
    ['UPDATE ids SET "index" = 0', 'ids are never changed'],
    ['DELETE FROM ids', 'ids are never deleted'],
    ['REPLACE INTO ids SELECT id, 0 FROM ids', 'ids are never deleted'],
    ['UPDATE tiles SET hashes = zeroblob(160) WHERE level = 0', 'tiles only grow'],
    ['DELETE FROM tiles', 'tiles are never deleted'],
    ["INSERT INTO ids VALUES (x'00', 0)", 'CHECK constraint failed'],
    ["INSERT INTO ids VALUES (zeroblob(24), 'one')", 'cannot store TEXT value'],
    ['INSERT INTO tiles VALUES (64, 0, zeroblob(32))', 'CHECK constraint failed'],
  ])('aborts %s', async (sql, message) => {
    const folder = await filledLedger()
    const database = openDatabase(folder, BOOK, 'write')
    expect(() => database.exec(sql)).toThrow(message)
    database.close()
  })

  test.each([
    ['DELETE FROM guard', 'the guard is never deleted'],
    ['UPDATE refusals SET refusal = 1', 'refusals are never changed'],
    ['INSERT INTO guard SELECT 2, stale_before, checkpoint, refusals_digest, digest FROM guard', 'CHECK constraint failed'],
  ])('aborts %s', async (sql, message) => {
    const folder = await filledLedger()
    const database = openDatabase(folder, GUARD, 'write')
    expect(() => database.exec(sql)).toThrow(message)
    database.close()
  })

  test.each([
    [BOOK, [schema.entries, schema.bundles, schema.ids, schema.tiles, schema.state, schema.places]],
    [GUARD, [schema.guard, schema.refusals]],
    [MIRROR, [schema.mirror]],
    [WITNESS, [schema.cosigned]],
    [OUTBOX, [schema.hub, schema.notes]],
  ])('is the same in Drizzle and in the migrations: $file', (kind, tables) => {
    const model = modelDatabase(kind)
    const made = model.prepare<[], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'",
    )
    expect(made.pluck().all().sort()).toEqual(tables.map((table) => getTableConfig(table).name).sort())
    for (const config of tables.map((table) => getTableConfig(table))) {
      const compound = config.primaryKeys.flatMap((key) => key.columns.map((column) => column.name))
      const columns = config.columns.map((column) => ({
        name: column.name,
        type: column.getSQLType().toUpperCase(),
        isKey: column.primary || compound.includes(column.name),
        isNotNull: column.notNull,
      }))
      const info = model.pragma(`table_info(${config.name})`) as { name: string; type: string; pk: bigint; notnull: bigint }[]
      // The rowid is never null, though SQLite does not say so.
      const isNotNull = (column: (typeof info)[0]) => column.notnull === 1n || column.pk > 0n
      expect(columns).toEqual(
        info.map((column) => ({ name: column.name, type: column.type, isKey: column.pk > 0n, isNotNull: isNotNull(column) })),
      )
    }
    model.close()
  })
})

describe('what fails', () => {
  test.each([
    ['SQLITE_FULL', 'disk_full'],
    ['SQLITE_IOERR_WRITE', 'disk_full'],
    ['SQLITE_IOERR_FSYNC', 'offline'],
    ['SQLITE_IOERR', 'offline'],
    ['SQLITE_BUSY_SNAPSHOT', 'busy'],
    ['SQLITE_LOCKED', 'busy'],
    ['SQLITE_CORRUPT_INDEX', 'damaged'],
    ['SQLITE_NOTADB', 'damaged'],
    ['SQLITE_CONSTRAINT_TRIGGER', 'damaged'],
    ['SQLITE_CANTOPEN_ISDIR', 'missing'],
    ['SQLITE_READONLY_DIRECTORY', 'offline'],
    ['SQLITE_READONLY_DBMOVED', 'offline'],
    ['SQLITE_SOMETHING_NEW', 'offline'],
  ])('%s is %s, in a sentence about the file, without control characters', (code, kind) => {
    const error = storeError(new Sqlite.SqliteError('table \u001b[2J', code), 'ledger.db')
    expect(error).toMatchObject({
      name: 'StoreError',
      code: kind,
      message: expect.stringMatching(/ledger\.db.*\. \(table \?\[2J\)$/),
    })
  })

  test('an error of the file system is a failure of the store, and any other is none', () => {
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'rename' })
    expect(storeError(full, 'ledger.db')).toMatchObject({ code: 'disk_full' })
    const other = new TypeError('other')
    expect(storeError(other, 'ledger.db')).toBe(other)
  })

  test('a full disk is named, leaves the book as it was, and a larger one takes the commit', async () => {
    const folder = await filledLedger()
    const before = await withReader(folder, readAll)
    const database = openDatabase(folder, BOOK, 'write')
    database.pragma(`max_page_count = ${database.pragma('page_count', { simple: true })}`)
    const writer = new BookWriter(database)
    const commit = writer.number(sampleCommit(5, 200))
    expect(() => onFile(BOOK.file, () => writer.commit(commit))).toThrow(
      expect.objectContaining({ name: 'StoreError', code: 'disk_full', message: expect.stringContaining('ledger.db') }),
    )
    database.close()
    await withWriter(folder, async (next) => {
      expect(await readAll(next)).toEqual(before)
      await next.commit(sampleCommit(5, 200))
      expect(await next.defects()).toEqual([])
    })
  })

  test('another program that keeps the book to itself is waited for, then named', async () => {
    const folder = await filledLedger()
    const writer = await openSqliteWriter(folder)
    const intruder = openDatabase(folder, BOOK, 'write')
    intruder.exec('BEGIN IMMEDIATE')
    await expect(writer.commit(sampleCommit(5, 1))).rejects.toMatchObject({ code: 'busy' })
    intruder.close()
    await writer.close()
  })

  test('another program that wrote to the book is noticed before anything is written', async () => {
    const folder = await filledLedger()
    const writer = await openSqliteWriter(folder)
    commitBehind(folder, sampleCommit(5, 1))
    await expect(writer.commit(sampleCommit(5, 1))).rejects.toMatchObject({
      code: 'damaged',
      message: /has 6 entries, not the 5/,
    })
    await writer.close()
  })

  test('ids that are none are a broken assertion, not a failure of the store', async () => {
    const folder = await filledLedger()
    await withReader(folder, async (reader) => {
      await expect(reader.indexes(['nonsense'])).rejects.toThrow('48 hex digits')
    })
    await withWriter(folder, async (writer) => {
      await expect(writer.rememberRefusals([{ ...sampleRefusal(1), id: 'ABC' }], NOW)).rejects.toThrow('48 hex digits')
    })
  })
})
