/**
 * Short work on a file that several programs change: read, alter, replace. One program at a time does it; a second file, which
 * only one program can create, says that it is being done. A program that was killed leaves that file behind; it is then taken
 * over, since such work takes milliseconds.
 */

import { closeSync, openSync, rmSync, statSync } from 'node:fs'

const STALE_AFTER_MS = 2_000
const RETRY_MS = 5

/** Does `work` while no other program does any on the same path. */
export function exclusively<T>(path: string, work: () => T): T {
  const mark = `${path}.busy`
  while (!tryMake(mark)) {
    const made = statSync(mark, { throwIfNoEntry: false })?.mtimeMs
    if (made !== undefined && Date.now() - made > STALE_AFTER_MS) rmSync(mark, { force: true })
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
  }
  try {
    return work()
  } finally {
    rmSync(mark, { force: true })
  }
}

function tryMake(mark: string): boolean {
  try {
    closeSync(openSync(mark, 'wx', 0o600))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
