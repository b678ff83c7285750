/**
 * Reading a database in a folder that may not be written to, such as a read-only medium or somebody else's.
 *
 * SQLite reads a database in WAL mode through an index beside it, `-shm`, which is made by the first connection and removed by
 * the last. Where it exists, SQLite can read the database in place. Where it does not and cannot be made, nobody has the database
 * open, so nothing changes while it is copied into a temporary folder, with the write-ahead log that a killed writer may have
 * left; then the copy is read.
 */

import { accessSync, constants, copyFileSync, existsSync, mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { StoreError } from '../../ledger/store.ts'
import type { DatabaseKind } from './database.ts'
import { onFile } from './errors.ts'

const INDEX_SUFFIX = '-shm'
/** What is copied, the log first: everything in the database was in the log before. */
const COPIED_SUFFIXES = ['-wal', '']
/** What is left free for others, and for the index of the copy. */
const SPARE_BYTES = 16 * 1024 * 1024

/** Where to read a database of `folder`: there, or in a copy that is gone when `closing` is disposed of. */
export function readableFolder(closing: DisposableStack, folder: string, { file }: DatabaseKind): string {
  const path = join(folder, file)
  if (!existsSync(path) || existsSync(path + INDEX_SUFFIX) || isWritable(folder)) return folder
  return onFile(file, () => {
    const suffixes = COPIED_SUFFIXES.filter((suffix) => existsSync(path + suffix))
    requireRoom(
      folder,
      file,
      suffixes.reduce((bytes, suffix) => bytes + statSync(path + suffix).size, 0),
    )
    const copy = closing.adopt(mkdtempSync(join(tmpdir(), 'nimledger-read-')), (made) =>
      rmSync(made, { recursive: true, force: true }),
    )
    for (const suffix of suffixes) copyFileSync(path + suffix, join(copy, file + suffix), constants.COPYFILE_FICLONE)
    // Somebody who may write there has opened it meanwhile and so made the index; now it can be read there.
    return existsSync(path + INDEX_SUFFIX) ? folder : copy
  })
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function requireRoom(folder: string, file: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(tmpdir())
  if (bytes + SPARE_BYTES <= bavail * bsize) return
  throw new StoreError(
    'disk_full',
    `${resolve(folder)} may not be written, so ${file} is read in a copy, and ${tmpdir()} has no room for its ` +
      `${Math.ceil(bytes / 1_000_000)} MB: name another folder in TMPDIR.`,
  )
}
