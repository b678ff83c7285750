/** Files that must be whole after a crash: the old one, or the new one. */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Writes a file that only its owner may read. It is complete on disk before it replaces the one before. */
export function writeDurably(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.new`
  // Made anew, so that it has this mode and is no link to elsewhere.
  rmSync(temporary, { force: true })
  const file = openSync(temporary, 'wx', 0o600)
  try {
    writeFileSync(file, content)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
  syncFolder(dirname(path))
}

/** Gives a complete file its name, durably: whoever finds it under that name finds all of it. */
export function moveDurably(from: string, to: string): void {
  const file = openSync(from, 'r+')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(from, to)
  syncFolder(dirname(to))
}

/** Bytes collected before they are written: enough that the number of writes does not matter. */
const BUFFER_BYTES = 256 * 1024

/**
 * Writes a file of any length part by part, readable to whomever the system's rules allow. It is complete on disk before it
 * replaces the one before; where that fails, the one before stays and nothing else is left.
 */
export async function writePartsDurably(
  path: string,
  parts: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
): Promise<void> {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there !== undefined && !there.isFile()) throw inTheWay(path, there.isDirectory() ? 'EISDIR' : 'EEXIST')
  const temporary = `${path}.new`
  let isBegun = false
  try {
    rmSync(temporary, { force: true })
    const file = openSync(temporary, 'wx')
    isBegun = true
    try {
      await writeParts(file, parts)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    if (isBegun) rmSync(temporary, { force: true })
    const { syscall, path: failed } = error as NodeJS.ErrnoException
    // The user knows the file by the name that it was to have.
    if (syscall !== undefined && (failed === undefined || failed === temporary)) Object.assign(error as Error, { path })
    throw error
  }
  syncFolder(dirname(path))
}

/** A folder, a device or a pipe is not replaced by a file. */
function inTheWay(path: string, code: 'EISDIR' | 'EEXIST'): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code, path })
}

async function writeParts(file: number, parts: Parameters<typeof writePartsDurably>[1]): Promise<void> {
  let waiting: Uint8Array[] = []
  let bytes = 0
  const flush = () => {
    // Unlike writeSync, writeFileSync goes on after a part was written.
    writeFileSync(file, Buffer.concat(waiting))
    waiting = []
    bytes = 0
  }
  for await (const part of parts) {
    const next = typeof part === 'string' ? Buffer.from(part) : part
    waiting.push(next)
    bytes += next.length
    if (bytes >= BUFFER_BYTES) flush()
  }
  flush()
}

/** A new name is durable once the folder is; Windows has no such call and needs none. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const file = openSync(folder, 'r')
  fsyncSync(file)
  closeSync(file)
}
