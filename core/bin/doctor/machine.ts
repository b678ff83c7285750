/** The machine: programs, disk, files, and who holds the lock. */

import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { sodiumVerifier } from '../../drivers/sodium/ed25519.ts'
import { BOOK, GUARD, MIRROR, sqliteVersion } from '../../drivers/sqlite/database.ts'
import { INDEX_FILE } from '../../drivers/sqlite/index-database.ts'
import { isLocked, LOCK_FILE } from '../../drivers/sqlite/lock.ts'
import { vaultPath } from '../../drivers/vault.ts'
import { StoreError } from '../../ledger/store.ts'
import { type Finding, finding } from './finding.ts'

const NODE_MAJOR = 24
const MEBIBYTE = 1024 * 1024
/** With less than this not even a commit is sure to fit. */
const FULL_BYTES = 16 * MEBIBYTE
const LOW_BYTES = 256 * MEBIBYTE
const WAL_LARGE_BYTES = 64 * MEBIBYTE

export function* programs(): Generator<Finding> {
  const { node } = process.versions
  if (Number(node.split('.')[0]) < NODE_MAJOR)
    yield finding('node_old', `This is Node ${node}; ${NODE_MAJOR} or newer is needed.`, 'npm ci brings it on Linux and Windows.')
  const { version, oldest, isNewEnough } = sqliteVersion()
  if (!isNewEnough) {
    const message = `SQLite is ${version}; versions before ${oldest} can corrupt a database in use.`
    yield finding('sqlite_old', message, 'npm ci brings the right one.')
  }
  if (sodiumVerifier() === undefined) {
    const message = 'libsodium has no binary here, so signatures are checked by OpenSSL, at half the speed.'
    yield finding('verifier_slow', message, 'Install on Linux, macOS or Windows, on x64 or arm64, with npm ci.')
  }
}

export function* disk(dir: string): Generator<Finding> {
  const { bavail, bsize } = statfsSync(dir)
  const free = bavail * bsize
  const needed = Math.max(LOW_BYTES, sizeOf(join(dir, BOOK.file)))
  const shown = `${Math.floor(free / MEBIBYTE)} MiB`
  if (free < FULL_BYTES)
    yield finding('disk_full', `${shown} are free on the disk of ${dir}.`, 'Free space before anything is written.')
  else if (free < needed) {
    const message = `${shown} are free on the disk of ${dir}, less than a backup or a restore needs there.`
    yield finding('disk_low', message, 'Free space, or move the folder to a larger disk while nothing runs on it.')
  }
  const wal = sizeOf(join(dir, `${BOOK.file}-wal`))
  if (wal > WAL_LARGE_BYTES) {
    const message = `The write-ahead log of ${BOOK.file} has ${Math.floor(wal / MEBIBYTE)} MiB: a program reads for long.`
    yield finding(
      'wal_large',
      message,
      'End long reading commands; the next commit then uses it anew, and closing the hub cuts it.',
    )
  }
}

export function* files(dir: string): Generator<Finding> {
  if (process.platform !== 'win32') yield* modes(dir)
  try {
    accessSync(dir, constants.W_OK)
  } catch {
    yield unwritable(dir)
  }
  const names = readdirSync(dir).filter((name) =>
    /^(?:ledger|checkpoint|mirror|index)\.db\.new$|^keys\.json\.new$|^replaced-/.test(name),
  )
  if (names.length > 0) {
    const message = `There are left-overs of restores or of writing that was cut off: ${names.join(', ')}.`
    yield finding('unfinished', message, 'Once the ledger verifies, and nothing is running, they can be deleted.')
  }
}

/** A copy for an auditor has no keys, and nobody means to write to it. */
function unwritable(dir: string): Finding {
  const remedy = 'Run it as the user that the folder belongs to.'
  if (existsSync(vaultPath(dir))) return finding('folder_unwritable', `This user may not write in ${dir}.`, remedy)
  const message = `This user may read and not write in ${dir}, and no keys are in it: it is a copy to look at.`
  return finding('read_only', message, `Nothing: commands that read work. If it is to be written to: ${remedy.toLowerCase()}`)
}

function* modes(dir: string): Generator<Finding> {
  const present = [BOOK.file, GUARD.file, MIRROR.file, LOCK_FILE, INDEX_FILE]
    .map((name) => join(dir, name))
    .filter((path) => existsSync(path))
  const open = [dir, ...present].filter((path) => (statSync(path).mode & 0o022) !== 0)
  const keys = vaultPath(dir)
  if (existsSync(keys) && (statSync(keys).mode & 0o077) !== 0) open.push(keys)
  if (open.length > 0) {
    const message = `Other users of the machine may change or read what is the ledger's alone: ${open.join(', ')}.`
    yield finding('files_open', message, `chmod go-rwx ${open.map((path) => JSON.stringify(path)).join(' ')}`)
  }
  const owner = statSync(dir).uid
  const foreign = present.filter((path) => statSync(path).uid !== owner)
  if (foreign.length > 0) {
    const message = `These files belong to another user than the folder: ${foreign.join(', ')}.`
    yield finding('files_foreign', message, `chown -R --reference=${JSON.stringify(dir)} ${JSON.stringify(dir)}`)
  }
}

export function* lock(dir: string): Generator<Finding> {
  try {
    if (!isLocked(dir)) return
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'damaged')) throw error
    const remedy = `Nothing is kept in it: delete ${LOCK_FILE} while no program runs; whatever writes next makes it anew.`
    return yield finding('store_damaged', error.message, remedy)
  }
  const holders = lockHolders(join(dir, LOCK_FILE))
  const who = holders.length === 0 ? 'another program' : holders.join(', ')
  yield finding(
    'lock_held',
    `The ledger is being written to by ${who}.`,
    'Nothing, if that is the hub; else wait for it, or end it.',
  )
}

/** The processes that hold a lock on a file, according to Linux; empty on other systems. */
function lockHolders(path: string): string[] {
  if (!existsSync('/proc/locks')) return []
  const inode = statSync(path).ino
  const lines = readFileSync('/proc/locks', 'utf8').split('\n')
  const pids = lines.flatMap((line) => /WRITE\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line)?.slice(1, 3).map(Number) ?? [])
  const found = new Set(pids.filter((_, i) => i % 2 === 0 && pids[i + 1] === inode && hasOpen(pids[i]!, path)))
  return [...found].map((pid) => `process ${pid}${nameOf(pid)}`)
}

/** The same inode number may stand for another file on another disk. */
function hasOpen(pid: number, path: string): boolean {
  try {
    const folder = `/proc/${pid}/fd`
    return readdirSync(folder).some((name) => readlinkSync(join(folder, name)) === realpathSync(path))
  } catch {
    // The files of another user's process cannot be seen.
    return true
  }
}

function nameOf(pid: number): string {
  try {
    return ` (${basename(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]!)})`
  } catch {
    return ''
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
