/** A mirror's store: what it holds of the log that it follows outlives it, and damage to it is seen. */

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BOOK, MIRROR, makeDatabase, openDatabase } from '../../core/drivers/sqlite/database.ts'
import { openSqliteMirror } from '../../core/drivers/sqlite/mirror-store.ts'
import { createSqliteGuard } from '../../core/drivers/sqlite/store.ts'
import { temporaryFolder, withReader } from './folders.ts'
import { sampleCheckpoint, sampleCommit } from './samples.ts'

/** A mirror of three entries that is covered, and was shown two more. */
async function filledMirror(): Promise<string> {
  const folder = temporaryFolder()
  const store = await openSqliteMirror(folder)
  await store.keepShown(sampleCheckpoint(3))
  await store.commit(sampleCommit(0, 3))
  await store.coverShown()
  await store.keepShown(sampleCheckpoint(5))
  await store.close()
  return folder
}

describe('a mirror in a folder', () => {
  test('keeps what was shown, and what its book covers, apart', async () => {
    const folder = await filledMirror()
    await withReader(folder, async (reader) => {
      expect(await reader.checkpoint()).toEqual(sampleCheckpoint(3))
      expect(await reader.size()).toBe(3)
      expect(await reader.defects()).toEqual([])
    })
    const store = await openSqliteMirror(folder)
    expect(await store.shown()).toEqual(sampleCheckpoint(5))
    await store.commit(sampleCommit(3, 2))
    await store.coverShown()
    expect(await store.checkpoint()).toEqual(sampleCheckpoint(5))
    await store.close()
  })

  test('has nothing to begin with, and covers nothing that was not shown', async () => {
    const store = await openSqliteMirror(temporaryFolder())
    expect([await store.size(), await store.checkpoint(), await store.shown()]).toEqual([0, undefined, undefined])
    await expect(store.coverShown()).rejects.toMatchObject({ code: 'damaged' })
    await expect(store.keepShown(sampleCheckpoint(1))).rejects.toMatchObject({ code: 'offline' })
    await store.close()
  })

  test('is made anew after a creation that was cut off, and never over entries', async () => {
    const folder = temporaryFolder()
    makeDatabase(folder, BOOK)
    await (await openSqliteMirror(folder)).close()
    const orphan = temporaryFolder()
    cpSync(join(await filledMirror(), BOOK.file), join(orphan, BOOK.file))
    await expect(openSqliteMirror(orphan)).rejects.toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('no mirror.db'),
    })
  })

  test('gets no guard', async () => {
    await expect(createSqliteGuard(await filledMirror(), 0)).rejects.toThrow('has a mirror')
  })

  test('shows every changed byte of its values', async () => {
    const original = await filledMirror()
    const image = readFileSync(join(original, MIRROR.file))
    const folder = temporaryFolder()
    cpSync(original, folder, { recursive: true })
    const missed: number[] = []
    for (const value of [sampleCheckpoint(3), sampleCheckpoint(5)]) {
      const start = image.indexOf(value)
      expect(start).toBeGreaterThan(0)
      for (let i = start; i < start + value.length; i += 3) {
        const changed = Buffer.from(image)
        changed[i]! ^= 1 + (i % 255)
        writeFileSync(join(folder, MIRROR.file), changed)
        if ((await withReader(folder, (reader) => reader.defects())).length === 0) missed.push(i)
      }
    }
    expect(missed).toEqual([])
  })

  test.each([
    ['DELETE FROM mirror', 'is never deleted'],
    ["INSERT INTO mirror VALUES (2, x'00', x'00', zeroblob(32))", 'CHECK constraint failed'],
    ['UPDATE mirror SET digest = zeroblob(31)', 'CHECK constraint failed'],
  ])('aborts %s', async (sql, message) => {
    const database = openDatabase(await filledMirror(), MIRROR, 'write')
    expect(() => database.exec(sql)).toThrow(message)
    database.close()
  })
})
