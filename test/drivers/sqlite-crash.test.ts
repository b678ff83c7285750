import { expect, test } from 'vitest'
import { openSqliteReader, openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import { emptyLedger, withReader, withWriter } from './folders.ts'
import { sampleCheckpoint, sampleCommit } from './samples.ts'
import { lastSize, startWriter } from './writer.ts'

test('a second process is told that the ledger is locked, until the first is killed', async () => {
  const folder = await emptyLedger()
  const first = startWriter(folder, 'hold')
  await first.says('ready')
  await expect(openSqliteWriter(folder)).rejects.toMatchObject({ code: 'locked', message: /there can be one writer at a time/ })
  const second = startWriter(folder, 'hold')
  await second.ended
  expect(second.lines).toEqual(['locked'])
  await first.kill()
  await withWriter(folder, async (writer) => expect(await writer.size()).toBe(0))
})

test('a writer that is killed keeps what it acknowledged, and leaves book and guard whole', async () => {
  const folder = await emptyLedger()
  let acknowledged = 0
  for (let round = 0; round < 5; round++) {
    const child = startWriter(folder, 'append')
    await child.says('size')
    await new Promise((resolve) => setTimeout(resolve, 40 * round))
    await child.kill()
    acknowledged = Math.max(acknowledged, lastSize(child.lines))
    const open = round % 2 === 0 ? withReader : withWriter
    await open(folder, async (store) => {
      const size = await store.size()
      // The commit that was under way may be there as well.
      expect([acknowledged, acknowledged + 1]).toContain(size)
      expect(await store.scanIds(undefined, 100_000)).toHaveLength(size)
      expect(await store.scanRows(undefined, 100_000)).toHaveLength(size + 1)
      const checkpoints = [sampleCheckpoint(size), sampleCheckpoint(size - 1)]
      expect(checkpoints).toContainEqual(await store.checkpoint())
      expect(await store.defects()).toEqual([])
    })
  }
  await withWriter(folder, async (writer) => writer.commit({ ...sampleCommit(await writer.size(), 1), tiles: [] }))
})

test('readers beside a writing process see every entry that their checkpoint covers', async () => {
  const folder = await emptyLedger()
  const child = startWriter(folder, 'append')
  await child.says('size')
  let last = 0
  for (let i = 0; i < 100; i++) {
    const reader = await openSqliteReader(folder)
    const signed = Number(new TextDecoder().decode(await reader.checkpoint()).split('\n')[1])
    const size = await reader.size()
    expect(size).toBeGreaterThanOrEqual(Math.max(signed, last))
    expect(await reader.entries(size - 1, 2)).toHaveLength(1)
    last = size
    await reader.close()
  }
  await child.kill()
  expect(last).toBeGreaterThan(1)
})

// The largest size of a file, which a shell can set for a process, stands for a full disk. Windows has no such limit.
test.skipIf(process.platform === 'win32')(
  'a process whose disk is full stops with that word, and the book goes on later',
  async () => {
    const folder = await emptyLedger()
    const child = startWriter(folder, 'append', 'ulimit -f 800; exec "$0" "$@"')
    await child.ended
    expect(child.lines.at(-1)).toBe('disk_full')
    const acknowledged = lastSize(child.lines)
    expect(acknowledged).toBeGreaterThan(10)
    await withWriter(folder, async (writer) => {
      const size = await writer.size()
      expect([acknowledged, acknowledged + 1]).toContain(size)
      expect(await writer.defects()).toEqual([])
      await writer.commit({ ...sampleCommit(size, 1), tiles: [] })
    })
  },
)
