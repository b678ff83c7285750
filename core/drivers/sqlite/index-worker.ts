/**
 * The thread of index-follower.ts. It follows the log in rounds of bounded length, each with a reader of its own, since the
 * writer's write-ahead log grows for as long as a reader is open. While the log grows, it works a fifth of the time.
 */

import { workerData } from 'node:worker_threads'
import { StoreError } from '../../ledger/store.ts'
import { type Following, followOnce } from './index-follower.ts'

const ROUND_ENTRIES = 20_000
/** The pause between two rounds, so that many small commits make one. */
const BETWEEN_ROUNDS_MS = 1_000
/** The pause after a round that failed: the disk may stay full for long. */
const AFTER_FAILURE_MS = 30_000
/** It rests so many times as long as a step took, while others are at work. */
const RESTS = 4

const { folder, growth } = workerData as Following

function rest(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** Returns whether there is more to do. */
async function round(): Promise<boolean> {
  let [started, seen] = [performance.now(), Atomics.load(growth, 0)]
  const pause = async () => {
    const now = Atomics.load(growth, 0)
    if (now !== seen) rest(RESTS * (performance.now() - started))
    started = performance.now()
    seen = now
  }
  try {
    const left = await followOnce(folder, { most: ROUND_ENTRIES, pause })
    rest(BETWEEN_ROUNDS_MS)
    return left > 0
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    rest(AFTER_FAILURE_MS)
    return true
  }
}

for (;;) {
  const before = Atomics.load(growth, 0)
  const isMore = await round()
  if (!isMore) Atomics.wait(growth, 0, before)
}
