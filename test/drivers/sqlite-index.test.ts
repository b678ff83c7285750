/** The index in a folder: the contract, and what becomes of it when its file is not what it should be. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, test, vi } from 'vitest'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { followOnce, IndexFollower, openSqliteSearched } from '../../core/drivers/sqlite/index-follower.ts'
import { openSqliteIndex, openSqliteIndexWriter } from '../../core/drivers/sqlite/search-index.ts'
import { readBackwards } from '../../core/ledger/history.ts'
import { ADA, accepted, folderHome, MODEL, submitAll, TestLedger, withAda } from '../ledger/support.ts'
import { copyOf, makeTemplate, temporaryFolder, withDatabase } from './folders.ts'
import { describeIndex, FIRST, SECOND } from './index-contract.ts'

describeIndex(async () => {
  const folder = temporaryFolder()
  return { openWriter: () => openSqliteIndexWriter(folder), openReader: () => openSqliteIndex(folder) }
})

async function madeIndex(): Promise<string> {
  const folder = temporaryFolder()
  const index = await openSqliteIndexWriter(folder)
  await index.follow(FIRST)
  await index.close()
  return folder
}

describe('a reader', () => {
  it('finds none where there is none, and makes none', async () => {
    const folder = temporaryFolder()
    expect(await openSqliteIndex(folder)).toBeUndefined()
    expect(readdirSync(folder)).toEqual([])
  })

  it('sees one state, whoever makes it follow meanwhile', async () => {
    const folder = await madeIndex()
    const reader = (await openSqliteIndex(folder))!
    const writer = await openSqliteIndexWriter(folder)
    await writer.follow(SECOND)
    expect(await reader.position()).toMatchObject({ size: 3 })
    expect(await reader.findEntries({ from: 0, to: 9, order: 'down', limit: 1 })).toEqual([2])
    await reader.close()
    await writer.close()
  })
})

describe('a file that is no index', () => {
  const spoilt: Record<string, (path: string) => void> = {
    'is empty': (path) => truncateSync(path),
    'is no database': (path) => writeFileSync(path, 'not a database'),
    'was cut off': (path) => truncateSync(path, 5_000),
    'has other pages': (path) => {
      const bytes = readFileSync(path)
      writeFileSync(path, bytes.fill(0x55, 4_096))
    },
    'has another format': (path) => withDatabase(dirname(path), 'index.db', (database) => database.pragma('user_version = 99')),
    'is of another program': (path) =>
      withDatabase(dirname(path), 'index.db', (database) => database.pragma('application_id = 1')),
  }
  test.each(Object.entries(spoilt))('because it %s changes no answer, and is made anew', async (_what, spoil) => {
    const folder = await longLedger()
    await followOnce(folder, {})
    spoil(join(folder, 'index.db'))
    const expected = Array.from({ length: 4 }, (_, i) => SIZE - 1 - i)
    expect(await newestOfAda(folder)).toMatchObject({ indexes: expected })
    // The first attempt may be what finds the damage.
    await followOnce(folder, {}).catch(() => {})
    expect(await followOnce(folder, {})).toBe(0)
    expect(await newestOfAda(folder)).toEqual({ indexes: expected, known: SIZE })
    expect(readdirSync(folder).filter((name) => name.endsWith('.new'))).toEqual([])
  })

  test('and an index of another history starts from nothing', async () => {
    const [folder, other] = [await longLedger(), await longLedger('other')]
    await followOnce(other, {})
    copyFileSync(join(other, 'index.db'), join(folder, 'index.db'))
    expect(await newestOfAda(folder)).toMatchObject({ known: 0 })
    expect(await followOnce(folder, {})).toBe(0)
    expect(await newestOfAda(folder)).toMatchObject({ known: SIZE })
  })

  test('and one that is ahead of a ledger that was rolled back starts from nothing', async () => {
    const folder = await longLedger()
    await followOnce(folder, {})
    const shorter = await longLedger('m', SIZE - 100)
    for (const name of ['ledger.db', 'checkpoint.db']) copyFileSync(join(shorter, name), join(folder, name))
    expect(await newestOfAda(folder)).toMatchObject({ known: 0 })
    expect(await followOnce(folder, {})).toBe(0)
    expect(await newestOfAda(folder)).toMatchObject({ known: SIZE - 100 })
  })
})

test('two that make it follow at once do no step twice', async () => {
  const folder = await longLedger()
  await Promise.all([followOnce(folder, {}), followOnce(folder, {}), followOnce(folder, {})].map((one) => one.catch(() => {})))
  await followOnce(folder, {})
  expect(await newestOfAda(folder)).toMatchObject({ known: SIZE })
  withDatabase(folder, 'index.db', (database) => {
    expect(database.prepare('SELECT count(*) FROM entries').pluck().get()).toBe(SIZE)
  })
})

/** How many children are killed; INDEX_KILLS asks for more. */
const KILLS = Number(process.env.INDEX_KILLS ?? 4)

test('killed at any moment it goes on from its last step, and has every entry once', { timeout: 120_000 }, async () => {
  const folder = await longLedger()
  for (let i = 0; i < KILLS; i++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'index-child.ts'), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'close')
    await once(child.stdout!, 'data')
    await sleep((i * 37) % 100)
    child.kill('SIGKILL')
    await ended
    const searched = await openSqliteSearched(folder)
    const { lookup } = searched
    const known = await lookup.ask((index) => index.findEntries({ from: 0, to: SIZE, order: 'up', limit: SIZE }))
    expect(known ?? []).toEqual(Array.from({ length: lookup.size }, (_, index) => index))
    await searched.close()
  }
  await followOnce(folder, {})
  expect(await newestOfAda(folder)).toMatchObject({ known: SIZE })
})

describe('the thread that follows', () => {
  const knownIn = async (folder: string) => (await newestOfAda(folder)).known

  it('starts where it is worth it, and keeps up while the ledger grows', async () => {
    const folder = await longLedger()
    const follower = await IndexFollower.start(folder, fail)
    await vi.waitFor(async () => expect(await knownIn(folder)).toBe(SIZE), { timeout: 20_000, interval: 100 })
    const ledger = new TestLedger(folderHome(folder))
    await ledger.open()
    await submitAll(
      ledger,
      Array.from({ length: 40 }, () => ledger.sign(ADA, 'model.create', MODEL)),
    )
    follower.grown(ledger.ledger.size)
    await vi.waitFor(async () => expect(await knownIn(folder)).toBe(SIZE + 40), { timeout: 20_000, interval: 100 })
    await ledger.close()
    await follower.close()
  })

  it('does not start for a short log', async () => {
    const folder = await longLedger('m', 10)
    const follower = await IndexFollower.start(folder, fail)
    follower.grown(11)
    await follower.close()
    expect(readdirSync(folder)).not.toContain('index.db')
  })
})

function fail(error: unknown): void {
  throw error
}

const SIZE = 1_200
const ledgers = new Map<string, Promise<string>>()

/** A ledger of so many entries, most of them Ada's; a copy for each test. */
async function longLedger(prefix = 'm', size = SIZE): Promise<string> {
  const name = `${prefix} ${size}`
  if (!ledgers.has(name)) ledgers.set(name, makeLongLedger(prefix, size))
  return copyOf(await ledgers.get(name)!)
}

function makeLongLedger(prefix: string, size: number): Promise<string> {
  return makeTemplate(async (folder) => {
    const ledger = await withAda(folderHome(folder))
    const names = Array.from({ length: size - 2 }, (_, i) => `${prefix} ${i}`)
    const answers = await submitAll(
      ledger,
      names.map((name) => ledger.model(ADA, name)),
    )
    answers.forEach(accepted)
    await ledger.close()
  })
}

/** Ada's last entries as a search gives them, and how many entries the index knows. */
async function newestOfAda(folder: string): Promise<{ indexes: readonly number[]; known: number }> {
  const searched = await openSqliteSearched(folder)
  try {
    const { entries } = await readBackwards({ rules, sha256 }, searched, { account: ADA.account, limit: 4 })
    return { indexes: entries.map(({ index }) => index), known: searched.lookup.size }
  } finally {
    await searched.close()
  }
}
