/**
 * The limit that everything is held against: how many signatures of purchases a second this machine checks when it does nothing
 * else, with the ledger's own verifier behind its gate, in as many threads as the ledger checks in.
 */

import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { MAX_NOTE_BYTES } from '../../base/limits.ts'
import { Malformed } from '../../base/malformed.ts'
import type { SignatureCheck } from '../../ledger/verifier.ts'
import { parseNote } from '../../log/note.ts'
import { type Market, payer } from './market.ts'
import { signPurchases } from './purchases.ts'

/** Different checks that a thread goes through again and again. */
const SAMPLE = 2_000

/** What a thread is asked for. */
export interface LimitJob {
  readonly checks: readonly SignatureCheck[]
  readonly milliseconds: number
}

export interface LimitResult {
  readonly checked: number
  readonly milliseconds: number
}

/** Threads that check when they are asked to and sleep otherwise; started with the first measurement. */
export class LimitThreads {
  #workers: readonly Worker[] = []

  /** Signatures a second, in all threads together. */
  async measure(milliseconds: number): Promise<number> {
    if (this.#workers.length === 0) {
      const start = () => new Worker(new URL('./limit-worker.ts', import.meta.url))
      this.#workers = Array.from({ length: Math.max(2, availableParallelism()) }, start)
    }
    const job: LimitJob = { checks: purchaseChecks(), milliseconds }
    const results = await Promise.all(this.#workers.map((worker) => check(worker, job)))
    return results.reduce((sum, { checked, milliseconds: took }) => sum + (checked / took) * 1000, 0)
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}

async function check(worker: Worker, job: LimitJob): Promise<LimitResult> {
  worker.postMessage(job)
  // Also rejects where the thread fails.
  const [result] = await once(worker, 'message')
  return result as LimitResult
}

let sample: SignatureCheck[] | undefined

/** The checks of purchases in an imaginary market: it takes no ledger to know what has to be checked. */
export function purchaseChecks(): readonly SignatureCheck[] {
  if (sample !== undefined) return sample
  const listings = [`lst_${'0'.repeat(32)}`]
  const market: Market = { payers: SAMPLE, models: listings, datasets: listings, features: listings }
  const keys = new Map(Array.from({ length: SAMPLE }, (_, number) => [payer(number).name, payer(number).publicKey]))
  const range = { from: 0, to: SAMPLE, first: 0, madeFrom: 1_767_225_600 }
  sample = Array.from(signPurchases(market, range), (note) => {
    const parsed = parseNote(note, MAX_NOTE_BYTES)
    assert(!(parsed instanceof Malformed), 'the benchmark signs well-formed notes')
    const { name, signature } = parsed.signatures[0]!
    return { publicKey: keys.get(name)!, message: parsed.textBytes, signature }
  })
  return sample
}
