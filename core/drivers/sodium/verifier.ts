/**
 * The verifier: signatures checked and leaves hashed by worker threads. Small amounts are done on the calling thread, since
 * crossing to a worker costs as much as one signature, and starting one as much as a thousand. Larger calls are cut into jobs:
 * small ones under light load, so that all workers share the call and the first answers come early, larger ones under heavy load.
 */

import { availableParallelism } from 'node:os'
import { assert } from '../../base/assert.ts'
import type { SignatureCheck, Verifier } from '../../ledger/verifier.ts'
import { leafHash } from '../../log/merkle.ts'
import { type VerifySignature, verifyGated } from '../../log/signature.ts'
import { sha256 } from '../sha256.ts'
import { chooseVerifier } from './ed25519.ts'
import { CHECKS, cut, type JobForm, LEAVES, packJob } from './jobs.ts'
import { BUFFER_BYTES, WorkerPool } from './pool.ts'

/** Up to this many checks at once are done on the calling thread, while no worker is at work. */
const FEW_CHECKS = 8
/** So many checks in all are done there before the first worker starts: short programs never need one. */
const CHECKS_BEFORE_WORKERS = 2_000
/** So many leaves are hashed in the time of one check. */
const LEAVES_PER_CHECK = 32
/** The most that one job holds: some twenty milliseconds of work. */
const MAX_JOB_ITEMS = 500

interface VerifierOptions {
  /** Worker threads; 0 for none at all. By default one for each core, and two at least. */
  readonly threads?: number | undefined
}

export function createVerifier({ threads = Math.max(2, availableParallelism()) }: VerifierOptions = {}): Verifier {
  return new WorkerVerifier(chooseVerifier(), threads)
}

class WorkerVerifier implements Verifier {
  readonly #verify: VerifySignature
  readonly #threads: number
  readonly #pool: WorkerPool | undefined
  #checked = 0
  #closed = false

  constructor(verify: VerifySignature, threads: number) {
    this.#verify = verify
    this.#threads = threads
    this.#pool = threads === 0 ? undefined : new WorkerPool(threads)
  }

  async verify(checks: readonly SignatureCheck[]): Promise<boolean[]> {
    const pool = this.#poolFor(checks.length)
    if (pool === undefined) {
      return checks.map(({ publicKey, message, signature }) => verifyGated(this.#verify, publicKey, message, signature))
    }
    return this.#spread(pool, CHECKS, checks)
  }

  async hashLeaves(entries: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const pool = this.#poolFor(entries.length / LEAVES_PER_CHECK)
    if (pool === undefined) return entries.map((entry) => leafHash(sha256, entry))
    return this.#spread(pool, LEAVES, entries)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#pool?.close()
  }

  /** The workers, for work as large as this many checks; undefined where it is better done here. */
  #poolFor(checks: number): WorkerPool | undefined {
    assert(!this.#closed, 'a closed verifier is not asked')
    this.#checked += checks
    const isLittle = this.#checked <= CHECKS_BEFORE_WORKERS || (checks <= FEW_CHECKS && this.#pool?.isIdle)
    return isLittle ? undefined : this.#pool
  }

  #spread<Item, Answer>(pool: WorkerPool, form: JobForm<Item, Answer>, items: readonly Item[]): Promise<Answer[]> {
    const maxItems = Math.min(MAX_JOB_ITEMS, Math.ceil(items.length / this.#threads))
    const answers = new Array<Answer>(items.length)
    return new Promise((resolve, fail) => {
      let missing = items.length
      if (missing === 0) resolve(answers)
      for (const { items: part, from, bytes } of cut(form, items, { maxItems, maxBytes: BUFFER_BYTES })) {
        const pack = (buffer: ArrayBuffer) => packJob(form, part, buffer)
        const done = (buffer: ArrayBuffer) => {
          const joined = new Uint8Array(buffer.slice(0, part.length * form.answerBytes))
          for (let i = 0; i < part.length; i++) answers[from + i] = form.read(joined, i)
          missing -= part.length
          if (missing === 0) resolve(answers)
        }
        pool.run({ bytes, pack, done, fail })
      }
    })
  }
}
