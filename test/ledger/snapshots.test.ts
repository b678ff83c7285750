/**
 * What a machine that loses its power leaves: the files as they were at one moment, without what had not reached the disk.
 *
 * The writer is stopped in the middle of whatever it does, so that a copy of its files shows one moment. A copy of a running
 * writer's files, one after the other, would not: between two of them the write-ahead log may be moved into the database, and
 * no order of copying helps (database first: the pages moved meanwhile are in neither copy; log first: old pages are laid over
 * newer ones).
 *
 * With every commit synchronised, a loss of power can only take from the end of a log what no commit had finished: there the
 * copy must have all that was acknowledged. A disk that lies about synchronising takes more. Then the book is a prefix of what
 * it was, and the guard tells: where it is newer than the book, the ledger does not open, because signing on would fork the
 * log; where the book is newer, what was not signed is signed. Pages that were already moved into the database cannot be
 * taken, since a log is synchronised before they move.
 */

import { copyFileSync, existsSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { sha256 } from '../../core/drivers/sha256.ts'
import type { StoreReader } from '../../core/ledger/store.ts'
import { frontierAt } from '../../core/ledger/tree.ts'
import { signCheckpoint } from '../../core/log/checkpoint.ts'
import { Writer } from './children.ts'
import { randomOf } from './crash-writer.ts'
import { temporaryFolder } from './homes.ts'
import { sumOfBooks } from './marketplace.ts'
import { auditOf, folderHome, ORIGIN, openedCheckpoint, SEQUENCER } from './support.ts'
import { newMarket, openedFolder, Witness } from './witness.ts'

const ROUNDS = 25
const FILES = ['ledger.db', 'ledger.db-wal', 'checkpoint.db', 'checkpoint.db-wal']

/** The files without the index of the log, which a machine does not keep. */
function copyOf(folder: string): string {
  const copy = temporaryFolder()
  for (const file of FILES) if (existsSync(join(folder, file))) copyFileSync(join(folder, file), join(copy, file))
  return copy
}

const WAL_HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
/** Where the index of a log says how many of its frames may have been moved into the database. */
const BACKFILL_ATTEMPTED = 128

interface Wal {
  readonly frameBytes: number
  readonly backfilled: number
  /** The end of each commit's last frame. */
  readonly commits: readonly number[]
  readonly length: number
}

function readWal(folder: string, file: string): Wal {
  const bytes = readFileSync(join(folder, `${file}-wal`))
  const backfilled = readFileSync(join(folder, `${file}-shm`)).readUInt32LE(BACKFILL_ATTEMPTED)
  if (bytes.length < WAL_HEADER_BYTES) return { frameBytes: 0, backfilled, commits: [], length: bytes.length }
  const frameBytes = bytes.readUInt32BE(8) + FRAME_HEADER_BYTES
  const salt = bytes.subarray(16, 24)
  const commits: number[] = []
  for (let at = WAL_HEADER_BYTES; at + frameBytes <= bytes.length; at += frameBytes) {
    if (!bytes.subarray(at + 8, at + 16).equals(salt)) break
    if (bytes.readUInt32BE(at + 4) > 0) commits.push(at + frameBytes)
  }
  return { frameBytes, backfilled, commits, length: bytes.length }
}

/** The log as its own checkpoint would have it at the size of the book: the guard is judged apart. */
async function signedAtItsSize(reader: StoreReader): Promise<StoreReader> {
  const size = await reader.size()
  const root = (await frontierAt(sha256, reader, size)).root()
  const checkpoint = signCheckpoint({ origin: ORIGIN, size, root, extensions: [] }, [SEQUENCER])
  return new Proxy(reader, {
    get: (target, name) => {
      if (name === 'checkpoint') return async () => checkpoint
      const value = Reflect.get(target, name) as ((...given: unknown[]) => unknown) | undefined
      return value?.bind(target)
    },
  })
}

async function checkWhole(copy: string, witness: Witness): Promise<number> {
  const reader = await folderHome(copy).openReader()
  expect(await auditOf(reader, reader)).toMatchObject({ ok: true, defects: [] })
  await witness.checkStored(reader)
  const size = await reader.size()
  await reader.close()
  const opened = await openedFolder(copy)
  expect(openedCheckpoint(opened.ledger.checkpoint).size).toBe(size)
  for (const { note, digest } of witness.refused.values()) {
    const answer = await opened.ledger.submit(note)
    expect([answer.status, digest]).toEqual(['refused', digest])
  }
  await opened.close()
  return size
}

/** Checks a copy whose logs lost their ends; says how its writer was received. */
async function checkCut(copy: string, whole: number): Promise<'refused' | 'opened'> {
  const reader = await folderHome(copy).openReader()
  const size = await reader.size()
  expect(size).toBeLessThanOrEqual(whole)
  const asSigned = await signedAtItsSize(reader)
  expect(await auditOf(asSigned, asSigned)).toMatchObject({ ok: true, defects: [], size })
  expect(await sumOfBooks(reader)).toBe(0n)
  const guarded = openedCheckpoint(await reader.checkpoint()).size
  await reader.close()
  if (guarded > size) {
    const message = new RegExp(`has ${size} entries, but a checkpoint of ${guarded} was signed: it is an older copy`)
    await expect(openedFolder(copy)).rejects.toMatchObject({ name: 'StoreError', code: 'damaged', message })
    return 'refused'
  }
  const opened = await openedFolder(copy)
  expect(openedCheckpoint(opened.ledger.checkpoint).size).toBe(size)
  await opened.close()
  return 'opened'
}

// A process that is stopped, not killed, and the certainty that it is, are had this way on Linux alone.
test.skipIf(process.platform !== 'linux')('a copy of one moment opens', { timeout: 240_000 }, async () => {
  const { folder, market } = await newMarket()
  const witness = new Witness()
  const writer = new Writer()
  onTestFinished(() => writer.kill().catch(() => {}))
  await writer.begin({ folder, market, seed: 7 })
  await writer.says('open')
  const random = randomOf(1)
  const received = { whole: 0, refused: 0, opened: 0, within: 0 }
  for (let round = 1; round <= ROUNDS; round++) {
    await writer.says('>', round * 30)
    await writer.stop()
    received.within += Number(writer.place === 'within')
    witness.hear(writer)
    const book = readWal(folder, 'ledger.db')
    const guard = readWal(folder, 'checkpoint.db')
    const size = await checkWhole(copyOf(folder), witness)
    received.whole += 1

    const cut = ({ frameBytes, backfilled, length }: Wal) => {
      const least = Math.min(length, WAL_HEADER_BYTES + backfilled * frameBytes)
      // Mostly near the end, for commits are short and the log is long.
      return Math.floor(length - (length - least) * random() ** 4)
    }
    for (const files of [['ledger.db'], ['checkpoint.db'], ['ledger.db', 'checkpoint.db']]) {
      const copy = copyOf(folder)
      for (const file of files) truncateSync(join(copy, `${file}-wal`), cut(file === 'ledger.db' ? book : guard))
      received[await checkCut(copy, size)] += 1
    }
    writer.signal('SIGCONT')
  }
  expect(received.whole).toBe(ROUNDS)
  expect(received.refused).toBeGreaterThan(0)
  expect(received.opened).toBeGreaterThan(0)
  expect(received.within).toBeGreaterThan(0)
})
