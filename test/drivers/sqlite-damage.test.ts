import { copyFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import { BOOK, type DatabaseKind, GUARD } from '../../core/drivers/sqlite/database.ts'
import { openSqliteReader, openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import { StoreError, type StoreReader, type StoreWriter } from '../../core/ledger/store.ts'
import { filledLedger, tamper, tamperLoosely, temporaryFolder, withDatabase, withReader, withWriter } from './folders.ts'
import { NOW, readAll, sampleCheckpoint, sampleCommit, sampleId, sampleRefusal } from './samples.ts'

const IMAGES = join(import.meta.dirname, '../vectors/sqlite-corrupt')
const images = readdirSync(IMAGES).filter((name) => name.endsWith('.db'))
const files = [BOOK, GUARD] as const

async function defectsOf(folder: string): Promise<string[]> {
  const defects = await withReader(folder, (reader) => reader.defects())
  return defects.map(({ table, key, message }) => [table, ...(key === undefined ? [] : [key]), message].join(': '))
}

/**
 * Whether reading all of a ledger, looking for defects and writing to it comes upon anything; whatever it throws is a StoreError.
 */
async function comesUponDamage(folder: string): Promise<boolean> {
  const seen: unknown[] = []
  const attempt = (work: () => Promise<unknown>) => work().catch((error: unknown) => seen.push(error))
  await attempt(() =>
    withReader(folder, async (reader) => {
      await attempt(() => readAll(reader))
      await attempt(async () => seen.push(...(await reader.defects())))
    }),
  )
  await attempt(() =>
    withWriter(folder, async (writer) => {
      await attempt(() => readAll(writer))
      await attempt(() => writer.refusals([sampleId(100), sampleId(101)]))
      await attempt(() => writer.staleBefore())
      await attempt(async () => writer.commit(sampleCommit(await writer.size(), 2)))
      await attempt(async () => writer.replaceCheckpoint(await writer.checkpoint(), sampleCheckpoint(7)))
      await attempt(() => writer.rememberRefusals([sampleRefusal(102)], NOW))
    }),
  )
  for (const error of seen) if (error instanceof Error && !(error instanceof StoreError)) throw error
  return seen.length > 0
}

describe('foreign and damaged images', () => {
  test('there are 58 images and a sound one', () => expect(images).toHaveLength(59))

  describe.each(files)('in place of $file', (kind) => {
    test.each(images)('%s is refused with a sentence, and left alone', async (image) => {
      const folder = await filledLedger()
      const path = join(folder, kind.file)
      copyFileSync(join(IMAGES, image), path)
      for (const open of [openSqliteReader, openSqliteWriter]) {
        const error = await open(folder).then(
          () => undefined,
          (reason: unknown) => reason,
        )
        expect(error).toBeInstanceOf(StoreError)
        expect(error).toMatchObject({ code: 'damaged', message: expect.stringMatching(`^${kind.file} is damaged: .*[a-z].*\\.`) })
      }
      expect(readFileSync(path).equals(readFileSync(join(IMAGES, image)))).toBe(true)
    })

    test('under our own application id, version and journal mode, they are refused as well', async () => {
      const folder = await filledLedger()
      for (const image of images) {
        writeFileSync(join(folder, kind.file), disguise(readFileSync(join(IMAGES, image)), kind))
        for (const open of [openSqliteReader, openSqliteWriter])
          await expect(open(folder), image).rejects.toMatchObject({ name: 'StoreError', code: 'damaged' })
      }
    })
  })

  test.each([
    ['nothing', ''],
    ['text', 'This is not a database.\n'.repeat(1_000)],
  ])('%s in place of a file is refused', async (_, text) => {
    for (const { file } of files) {
      const folder = await filledLedger()
      writeFileSync(join(folder, file), text)
      for (const open of [openSqliteReader, openSqliteWriter])
        await expect(open(folder)).rejects.toMatchObject({ code: 'damaged', message: expect.stringContaining(file) })
    }
  })

  test('anything in place of lock.db is no lock, and named', async () => {
    const folder = await filledLedger()
    writeFileSync(join(folder, 'lock.db'), 'This is not a database.\n'.repeat(1_000))
    await expect(openSqliteWriter(folder)).rejects.toMatchObject({ code: 'damaged', message: /^lock.db is damaged/ })
    await withReader(folder, async (reader) => expect(await reader.size()).toBe(5))
  })
})

/** The image with the header of a ledger's database: WAL mode (bytes 18, 19), version (60) and application id (68). */
function disguise(image: Buffer, { applicationId, migrationsFolder }: DatabaseKind): Buffer {
  image.fill(2, 18, 20)
  image.writeUInt32BE(readMigrationFiles({ migrationsFolder }).length, 60)
  image.writeUInt32BE(Number(applicationId), 68)
  return image
}

describe('changed bytes', () => {
  test('every byte of a value in the guard shows when it changes', async () => {
    const original = await filledLedger()
    const image = readFileSync(join(original, GUARD.file))
    const folder = temporaryFolder()
    cpSync(original, folder, { recursive: true })
    const values = [
      sampleCheckpoint(5),
      ...[100, 101].flatMap((number) => {
        const { id, refusal } = sampleRefusal(number)
        return [Buffer.from(id, 'hex'), utf8(JSON.stringify(refusal))]
      }),
    ]
    const missed: number[] = []
    for (const value of values) {
      const start = image.indexOf(value)
      expect(start).toBeGreaterThan(0)
      for (let i = start; i < start + value.length; i += 3) {
        const changed = Buffer.from(image)
        changed[i]! ^= 1 + (i % 255)
        writeFileSync(join(folder, GUARD.file), changed)
        const defects = await withReader(folder, (reader) => reader.defects())
        if (defects.length === 0) missed.push(i)
      }
    }
    expect(missed).toEqual([])
  })

  test.each(files)('any in $file are survived: a value, a defect or a StoreError, never another end', async (kind) => {
    const { file, pageBytes } = kind
    const original = await filledLedger()
    const image = readFileSync(join(original, file))
    const folder = temporaryFolder()
    const size = Number(pageBytes)
    expect(image.readUInt16BE(16)).toBe(size)
    let found = 0
    for (let round = 0; round < 100; round++) {
      cpSync(original, folder, { recursive: true })
      const changed = Buffer.from(image)
      // One to four bytes, by a fixed sequence; half of them in the headers of pages.
      for (let i = 0; i <= round % 4; i++) {
        const random = (round * 7_919 + i * 104_729 + 12_345) * 2_654_435_761
        const page = (random % (image.length / size)) * size
        const offset = round % 2 === 0 ? (random >>> 8) % 120 : (random >>> 8) % size
        changed[page + offset]! ^= 1 + ((random >>> 16) % 255)
      }
      writeFileSync(join(folder, file), changed)
      if (await comesUponDamage(folder)) found += 1
    }
    expect(found).toBeGreaterThan(20)
  })
})

describe('a changed schema', () => {
  test.each([
    ['ledger.db', 'DROP TRIGGER entries_delete', 'entries: ledger.db lacks the trigger entries_delete.'],
    ['ledger.db', 'CREATE TABLE more (a ANY) STRICT', 'more: ledger.db has the table more, which this program does not make.'],
    [
      'ledger.db',
      'CREATE INDEX fast ON entries (outcome)',
      'entries: ledger.db has the index fast, which this program does not make.',
    ],
    ['ledger.db', 'CREATE VIEW v AS SELECT 1', 'v: ledger.db has the view v, which this program does not make.'],
    [
      'ledger.db',
      'DROP TRIGGER ids_update; CREATE TRIGGER ids_update BEFORE UPDATE ON ids BEGIN SELECT 1; END',
      'ids: ledger.db has another trigger ids_update than this program makes.',
    ],
    [
      'ledger.db',
      `UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (length(id) = 24)', '') WHERE name = 'ids'`,
      'ids: ledger.db has another table ids than this program makes.',
    ],
    ['checkpoint.db', 'DROP TRIGGER guard_delete', 'guard: checkpoint.db lacks the trigger guard_delete.'],
    [
      'checkpoint.db',
      'UPDATE __drizzle_migrations SET created_at = 0',
      "__drizzle_migrations: checkpoint.db was made by other migrations than this program's.",
    ],
    [
      'ledger.db',
      "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('00', 1)",
      "__drizzle_migrations: ledger.db was made by other migrations than this program's.",
    ],
    ['ledger.db', 'DROP TABLE __drizzle_migrations', 'ledger.db lacks the table __drizzle_migrations.'],
  ])('%s: %s', async (file, sql, defect) => {
    const folder = await filledLedger()
    withDatabase(folder, file, (database) => database.exec(sql))
    expect(await defectsOf(folder)).toContainEqual(expect.stringContaining(defect))
  })
})

function lost(key: string): string {
  return `model: ${key}: The row cannot be found in ledger.db by its key.`
}

function tooMany(rows: number, places: number): string {
  return `places: ledger.db is damaged: it has ${rows} rows, and the places of ${places}.`
}

describe('changed values in the book', () => {
  const strange = `x'${'ff'.repeat(24)}'`

  test.each([
    ['ids', `INSERT INTO ids VALUES (x'0102', 3)`, { id: '0102', index: 3 }],
    ['ids', `INSERT INTO ids VALUES (${strange}, 9007199254740993)`, { id: 'ff'.repeat(24), index: Number.NaN }],
    ['ids', `INSERT INTO ids VALUES (${strange}, -1)`, { id: 'ff'.repeat(24), index: -1 }],
    ['rows', `INSERT INTO state VALUES (90, '', '', '1')`, { number: 90, table: '', key: '', value: '1' }],
    [
      'rows',
      `INSERT INTO state VALUES (90, 't', 'k', CAST(x'22ff22' AS TEXT))`,
      { number: 90, table: 't', key: 'k', value: 'neither text nor UTF-8' },
    ],
    ['tiles', `INSERT INTO tiles VALUES (-1, 0, x'01')`, { level: -1, number: 0, hashes: Uint8Array.of(1) }],
  ] as const)('scans show what is stored in %s: %s', async (scan, sql, row) => {
    const folder = await filledLedger()
    tamper(folder, 'ledger.db', sql)
    expect((await withReader(folder, readAll))[scan]).toContainEqual(row)
  })

  test.each([
    [
      'state',
      `UPDATE state SET value = x'7b7d' WHERE key = 'mdl_0'`,
      'rows',
      { number: 1, table: 'model', key: 'mdl_0', value: 'neither text nor UTF-8' },
    ],
    ['ids', `UPDATE ids SET "index" = 'one'`, 'ids', { id: sampleId(0), index: Number.NaN }],
    ['tiles', `UPDATE tiles SET hashes = 'text'`, 'tiles', { level: 0, number: 0, hashes: new Uint8Array() }],
  ] as const)('a value of another kind in %s is seen by a scan, and a defect: %s', async (table, sql, scan, row) => {
    const folder = await filledLedger()
    tamperLoosely(folder, 'ledger.db', table, sql)
    await withReader(folder, async (reader) => {
      const scans = {
        rows: reader.scanRows(undefined, 9),
        ids: reader.scanIds(undefined, 9),
        tiles: reader.scanTiles(undefined, 9),
      }
      expect(await scans[scan]).toContainEqual(row)
    })
    expect(await defectsOf(folder)).toContainEqual(expect.stringMatching(new RegExp(`in ${table}\\.`)))
    await expect(withReader(folder, readAll)).rejects.toMatchObject({ code: 'damaged', message: /^ledger.db is damaged: the/ })
  })

  test.each([
    ['state', `INSERT INTO state VALUES (90, 't', x'00', '')`],
    ['state', `INSERT INTO state VALUES (90, 't', CAST(x'ff' AS TEXT), '')`],
    ['ids', `INSERT INTO ids VALUES ('text', 0)`],
    ['tiles', `INSERT INTO tiles VALUES (0, 9007199254740993, x'00')`],
    ['tiles', `INSERT INTO tiles VALUES ('zero', 1, x'00')`],
  ])('a key in %s without a form outside is left out of scans, and a defect: %s', async (table, sql) => {
    const folder = await filledLedger()
    const before = await withReader(folder, readAll)
    tamperLoosely(folder, 'ledger.db', table, sql)
    expect(await withReader(folder, readAll)).toEqual(before)
    expect(await defectsOf(folder)).toContain(`${table}: ledger.db is damaged: 1 of the keys in ${table} are not of their kind.`)
  })

  test.each([
    ['no place', 'DELETE FROM places WHERE row = 2', [lost('mdl_1')]],
    ['a wrong place', 'UPDATE places SET place = place + 1 WHERE row = 2', [lost('mdl_1')]],
    ['the place of another', 'UPDATE places SET row = 3 - row WHERE row IN (1, 2)', [lost('mdl_0'), lost('mdl_1')]],
    ['another key', `UPDATE state SET key = 'mdl_x' WHERE row = 2`, [lost('mdl_x')]],
    ['another number', 'UPDATE state SET row = 90 WHERE row = 2', [lost('mdl_1')]],
    ['a place besides', 'INSERT INTO places SELECT place + 1, row FROM places WHERE row = 2', [tooMany(6, 7)]],
    ['a place of no row', 'INSERT INTO places SELECT place, 90 FROM places WHERE row = 2', [tooMany(6, 7)]],
    ['its place alone', 'DELETE FROM state WHERE row = 2', [tooMany(5, 6)]],
    [
      'a twin',
      `INSERT INTO state SELECT 90, "table", key, value FROM state WHERE row = 2;
       INSERT INTO places SELECT place, 90 FROM places WHERE row = 2`,
      ['model: mdl_1: The row is in ledger.db more than once.'],
    ],
  ])('a row with %s is a defect', async (_, sql, defects) => {
    const folder = await filledLedger()
    tamper(folder, 'ledger.db', sql)
    expect(await defectsOf(folder)).toEqual(defects)
  })

  test('missing entries and entries of another kind are defects', async () => {
    const folder = await filledLedger()
    tamper(folder, 'ledger.db', 'DELETE FROM entries WHERE "index" = 2')
    const message = 'ledger.db is damaged: it has 4 entries, and the last one has index 4.'
    expect(await defectsOf(folder)).toEqual([`entries: ${message}`])
    expect((await withReader(folder, readAll)).entries.map(({ index }) => index)).toEqual([0, 1, 3, 4])
  })
})

describe('changed values in the guard', () => {
  const id = `x'${sampleId(100)}'`

  test.each([
    ['DELETE FROM guard', 'checkpoint.db: checkpoint.db is damaged: the guard is not one row'],
    ['UPDATE guard SET checkpoint = NULL', 'the guard was changed: its digest is another'],
    ['UPDATE guard SET stale_before = 1', 'the guard was changed: its digest is another'],
    ['UPDATE guard SET digest = zeroblob(32)', 'the guard was changed: its digest is another'],
    ['UPDATE guard SET one = 2', 'the guard is not one row'],
    [
      `UPDATE refusals SET refusal = refusal || ' ' WHERE id = ${id}`,
      `refusals: ${sampleId(100)}: checkpoint.db is damaged: the refusal of`,
    ],
    [`UPDATE refusals SET digest = zeroblob(32) WHERE id = ${id}`, `refusals: ${sampleId(100)}: `],
    [`UPDATE refusals SET id = zeroblob(24) WHERE id = ${id}`, `refusals: ${'00'.repeat(24)}: `],
    [
      `DELETE FROM refusals WHERE id = ${id}`,
      'refusals: checkpoint.db is damaged: a remembered refusal is missing, or one was added.',
    ],
  ])('are found: %s', async (sql, defect) => {
    const folder = await filledLedger()
    tamper(folder, 'checkpoint.db', sql)
    expect(await defectsOf(folder)).toContainEqual(expect.stringContaining(defect))
  })

  test('are not answered from, and nothing is written on top of them', async () => {
    const folder = await filledLedger()
    tamper(folder, 'checkpoint.db', `UPDATE guard SET stale_before = 1; UPDATE refusals SET refusal = '{}' WHERE id = ${id}`)
    const changes: ((writer: StoreWriter) => Promise<unknown>)[] = [
      (writer) => writer.checkpoint(),
      (writer) => writer.staleBefore(),
      (writer) => writer.refusals([sampleId(100)]),
      (writer) => writer.replaceCheckpoint(sampleCheckpoint(5), sampleCheckpoint(6)),
      (writer) => writer.rememberRefusals([sampleRefusal(7)], NOW),
    ]
    for (const change of changes)
      await expect(withWriter(folder, change)).rejects.toMatchObject({
        code: 'damaged',
        message: /was changed: its digest is another/,
      })
    await expect(withReader(folder, (reader: StoreReader) => reader.checkpoint())).rejects.toMatchObject({ code: 'damaged' })
  })
})
