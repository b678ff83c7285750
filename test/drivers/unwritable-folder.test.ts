/** A ledger on a medium that may be read and not written, as an auditor gets one. */

import { execFile } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { filledLedger, temporaryFolder, withWriter } from './folders.ts'
import { sampleCommit } from './samples.ts'

const CHILD = join(import.meta.dirname, 'unwritable-child.ts')

/** What somebody finds in a folder who may not write in it, with another one for temporary files. */
async function readUnwritable(folder: string, temporary = shared()) {
  const before = readdirSync(folder)
  for (const file of before) chmodSync(join(folder, file), 0o644)
  chmodSync(folder, 0o555)
  onTestFinished(() => chmodSync(folder, 0o755))
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, folder], { env: { ...process.env, TMPDIR: temporary } })
  expect(readdirSync(folder)).toEqual(before)
  return JSON.parse(stdout) as Record<string, unknown>
}

/** A folder in which everybody may make files. */
function shared(): string {
  const folder = temporaryFolder()
  chmodSync(folder, 0o777)
  return folder
}

describe.runIf(process.getuid !== undefined)('a ledger in a folder that may not be written', () => {
  test('is read in copies of its databases, which are gone afterwards', async () => {
    const folder = await filledLedger()
    expect(await readUnwritable(folder)).toEqual({ size: 5, entries: 5, defects: [], made: 2, left: 0 })
  })

  test('is read with what a writer left in its write-ahead log', async () => {
    const folder = temporaryFolder()
    const written = await filledLedger()
    await withWriter(written, async (writer) => {
      await writer.commit(sampleCommit(5, 1))
      for (const file of readdirSync(written).filter((name) => !name.endsWith('-shm')))
        copyFileSync(join(written, file), join(folder, file))
    })
    expect(readdirSync(folder)).toContain('ledger.db-wal')
    expect(await readUnwritable(folder)).toEqual({ size: 6, entries: 6, defects: [], made: 2, left: 0 })
  })

  test('is read where it is while somebody else writes there', async () => {
    const folder = await filledLedger()
    await withWriter(folder, async (writer) => {
      await writer.commit(sampleCommit(5, 1))
      expect(existsSync(join(folder, 'ledger.db-shm'))).toBe(true)
      expect(await readUnwritable(folder)).toEqual({ size: 6, entries: 6, defects: [], made: 0, left: 0 })
    })
  })

  // Of the file system there it is known that it has no room.
  test.runIf(process.platform === 'linux')('is not read where there is no room for a copy', async () => {
    const folder = await filledLedger()
    const why = `${folder} may not be written, so checkpoint.db is read in a copy, and /proc has no room for its 1 MB`
    const message = `${why}: name another folder in TMPDIR.`
    expect(await readUnwritable(folder, '/proc')).toEqual({ code: 'disk_full', message })
  })
})
