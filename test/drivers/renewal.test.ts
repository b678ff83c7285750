/** A reader that is renewed sees what one sees that is opened then, over the connections that it has. */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { followOnce, openSqliteSearched } from '../../core/drivers/sqlite/index-follower.ts'
import { openSqliteMirror, openSqliteMirrorReader } from '../../core/drivers/sqlite/mirror-store.ts'
import { openSqliteIndexWriter } from '../../core/drivers/sqlite/search-index.ts'
import { openSqliteReader } from '../../core/drivers/sqlite/store.ts'
import { ADA, accepted, BOB, folderHome, TestLedger } from '../ledger/support.ts'
import { emptyLedger, filledLedger, temporaryFolder, withDatabase, withReader, withWriter } from './folders.ts'
import { readAll, sampleCheckpoint, sampleCommit, sampleEntry } from './samples.ts'

describe('a reader of a ledger', () => {
  test('keeps its state until it is renewed, however often, also while entries become bundles', async () => {
    const folder = await filledLedger()
    const reader = await openSqliteReader(folder)
    await withWriter(folder, async (writer) => {
      for (let size = 5; size < 600; size += 85) {
        await writer.commit({ ...sampleCommit(size, 85), tiles: [] })
        await writer.replaceCheckpoint(await writer.checkpoint(), sampleCheckpoint(size + 85))
        expect(await reader.size()).toBe(size)
        reader.renew()
        expect(await reader.size()).toBe(size + 85)
        expect((await reader.entries(size - 5, 6)).map(({ bytes }) => bytes)).toEqual(
          Array.from({ length: 6 }, (_, i) => sampleEntry(size - 5 + i)),
        )
        expect(await reader.checkpoint()).toEqual(sampleCheckpoint(size + 85))
        expect(await readAll(reader)).toEqual(await withReader(folder, readAll))
      }
    })
    await reader.close()
  })

  test('lets go of what it saw: the write-ahead log is taken over as far as it sees', async () => {
    const folder = await filledLedger()
    const reader = await openSqliteReader(folder)
    await withWriter(folder, async (writer) => {
      await writer.commit(sampleCommit(5, 1))
      expect(leftInLog(folder)).toBeGreaterThan(0)
      reader.renew()
      expect(leftInLog(folder)).toBe(0)
    })
    await reader.close()
    expect(() => reader.renew()).toThrow('a store is not used after it was closed')
  })
})

/** Pages of the write-ahead log that could not be taken over. */
function leftInLog(folder: string): number {
  const pages: { log: number; checkpointed: number }[] = []
  withDatabase(folder, 'ledger.db', (database) => {
    pages.push(...(database.pragma('wal_checkpoint(PASSIVE)') as typeof pages))
  })
  return pages[0]!.log - pages[0]!.checkpointed
}

test('a reader of a mirror shows what the mirror covers when it is renewed', async () => {
  const folder = temporaryFolder()
  const mirror = await openSqliteMirror(folder)
  const cover = async (size: number, count: number) => {
    await mirror.keepShown(sampleCheckpoint(size + count))
    await mirror.commit(sampleCommit(size, count))
    await mirror.coverShown()
  }
  await cover(0, 3)
  const reader = openSqliteMirrorReader(folder)
  await cover(3, 2)
  expect([await reader.size(), await reader.checkpoint()]).toEqual([3, sampleCheckpoint(3)])
  reader.renew()
  expect([await reader.size(), await reader.checkpoint()]).toEqual([5, sampleCheckpoint(5)])
  await reader.close()
  await mirror.close()
})

test('whoever searches sees ledger and index as they are, whatever index takes the place of the one before', async () => {
  const folder = await emptyLedger()
  const ledger = await TestLedger.found(folderHome(folder))
  const searched = await openSqliteSearched(folder)
  const seen = async () => ({ size: await searched.store.size(), known: searched.lookup.size })
  expect(await seen()).toEqual({ size: 1, known: 0 })
  accepted(await ledger.ledger.submit(ledger.opening(BOB)))
  await followOnce(folder, {})
  expect(await seen()).toEqual({ size: 1, known: 0 })
  await searched.renew()
  expect(await seen()).toEqual({ size: 2, known: 2 })
  accepted(await ledger.ledger.submit(ledger.opening(ADA)))
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `index.db${suffix}`), { force: true })
  await followOnce(folder, {})
  await searched.renew()
  expect(await seen()).toEqual({ size: 3, known: 3 })
  // One that was emptied is behind, and is not believed to be of another history.
  await (await openSqliteIndexWriter(folder)).forget()
  await searched.renew()
  expect(await seen()).toEqual({ size: 3, known: 0 })
  await searched.close()
  await ledger.close()
})
