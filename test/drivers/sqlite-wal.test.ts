import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openSqliteMirror } from '../../core/drivers/sqlite/mirror-store.ts'
import { openSqliteReader, openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import type { MirrorWriter, StoreWriter } from '../../core/ledger/store.ts'
import { emptyLedger, temporaryFolder, withDatabase, withReader, withWriter } from './folders.ts'
import { LARGE_COMMIT_ENTRIES, largeCommit, sampleCommit } from './samples.ts'
import { lastSize, startWriter } from './writer.ts'

const MEGABYTE = 1024 * 1024

/** Commits so many megabytes; the largest size that the write-ahead log had. */
async function write(folder: string, writer: StoreWriter | MirrorWriter, megabytes: number): Promise<number> {
  let largest = 0
  for (let i = 0; i < megabytes; i++) {
    await writer.commit(largeCommit(await writer.size()))
    largest = Math.max(largest, statSync(join(folder, 'ledger.db-wal')).size)
    await setImmediate()
  }
  return largest
}

/** Pages that the write-ahead log holds since it began. */
function pagesInLog(folder: string): number {
  return withDatabase(folder, 'ledger.db', (database) => {
    const [state] = database.pragma('wal_checkpoint(NOOP)') as { readonly log: number }[]
    return state!.log
  })
}

test.each([
  ['a ledger', emptyLedger, openSqliteWriter],
  ['a mirror', temporaryFolder, openSqliteMirror],
])('the write-ahead log of %s begins anew while it is written to', async (_name, make, open) => {
  const folder = await make()
  const writer = await open(folder)
  // The writer itself would take it over when it has 125 MB.
  const largest = await write(folder, writer, 180)
  expect(largest).toBeGreaterThan(30 * MEGABYTE)
  expect(largest).toBeLessThan(110 * MEGABYTE)
  await writer.close()
  expect(existsSync(join(folder, 'ledger.db-wal'))).toBe(false)
  await withReader(folder, async (reader) => {
    expect(await reader.size()).toBe(180 * LARGE_COMMIT_ENTRIES)
    expect(await reader.defects()).toEqual([])
  })
})

test('a reader that is in the way keeps what it sees, and afterwards the log begins anew', async () => {
  const folder = await emptyLedger()
  await withWriter(folder, async (writer) => {
    await write(folder, writer, 20)
    const reader = await openSqliteReader(folder)
    const [seen] = await reader.entries(3, 1)
    await write(folder, writer, 60)
    expect(pagesInLog(folder)).toBeGreaterThan(80 * 128)
    expect(await reader.size()).toBe(20 * LARGE_COMMIT_ENTRIES)
    expect(await reader.entries(3, 1)).toEqual([seen])
    await reader.close()
    await expect.poll(async () => (await write(folder, writer, 1)) && pagesInLog(folder)).toBeLessThan(4_000)
  })
})

test('a writer that is killed while the log is taken over keeps what it acknowledged', async () => {
  const folder = await emptyLedger()
  for (let round = 0; round < 4; round++) {
    const child = startWriter(folder, 'append-much')
    await child.says('size')
    const begun = lastSize(child.lines)
    // From 32 MB on, at another moment each time.
    await child.says(`size ${begun + (32 + round) * LARGE_COMMIT_ENTRIES}`)
    await child.kill()
    const acknowledged = lastSize(child.lines)
    await withWriter(folder, async (writer) => {
      const size = await writer.size()
      expect([acknowledged, acknowledged + LARGE_COMMIT_ENTRIES]).toContain(size)
      expect(await writer.scanIds(undefined, 10_000)).toHaveLength(size)
      expect(await writer.defects()).toEqual([])
    })
  }
})

// The largest size of a file, which a shell can set for a process, stands for a full disk. Windows has no such limit.
test.skipIf(process.platform === 'win32')('where the book has no room for the log the next commit says so', async () => {
  const folder = await emptyLedger()
  // In units of 512 or 1 024 bytes, as the shell has it: the log stays below it, the book does not.
  const child = startWriter(folder, 'append-much', 'ulimit -f 200000; exec "$0" "$@"')
  await child.ended
  expect(child.lines.at(-1)).toBe('disk_full')
  const acknowledged = lastSize(child.lines)
  await withWriter(folder, async (writer) => {
    // Everything that is there was answered: the commit that was told so wrote nothing.
    expect(await writer.size()).toBe(acknowledged)
    expect(await writer.defects()).toEqual([])
    await writer.commit({ ...sampleCommit(acknowledged, 1), tiles: [] })
  })
})
