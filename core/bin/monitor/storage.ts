/** What a ledger takes of its disk, and what is left of it. */

import { statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { HubView } from '../../api/hub-view.ts'
import { BOOK, GUARD, SUFFIXES } from '../../drivers/sqlite/database.ts'
import { INDEX_FILE } from '../../drivers/sqlite/index-database.ts'

export function storageOf(dir: string): HubView['storage'] {
  const bytesOf = (file: string) => statSync(join(dir, file), { throwIfNoEntry: false })?.size ?? 0
  const withAll = (file: string) => SUFFIXES.reduce((sum, suffix) => sum + bytesOf(file + suffix), 0)
  return {
    book: bytesOf(BOOK.file),
    writeAhead: bytesOf(`${BOOK.file}-wal`),
    index: withAll(INDEX_FILE),
    guard: withAll(GUARD.file),
    ...diskOf(dir),
  }
}

/** Free bytes of the disk that a folder is on. */
export function freeBytes(dir: string): number {
  return diskOf(dir).free
}

function diskOf(dir: string): Pick<HubView['storage'], 'free' | 'disk'> {
  const { bavail, blocks, bsize } = statfsSync(dir)
  return { free: bavail * bsize, disk: blocks * bsize }
}
