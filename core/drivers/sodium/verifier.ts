/**
 * The verifier: signature checks spread over worker threads. A few are checked where they are asked for, since crossing to a
 * worker costs more than some signatures, and starting one more than a thousand; from there on a call is cut into jobs, small
 * ones under light load so that all workers share it, larger ones under heavy load. A worker that dies is replaced, and its job
 * is done again: nothing is lost with it.
 */

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import type { SignatureCheck, Verifier } from '../../ledger/verifier.ts'
import { type VerifySignature, verifyGated } from '../../log/signature.ts'
import { isPackable, packChecks } from './checks.ts'
import { chooseVerifier } from './ed25519.ts'
import type { Job } from './worker.ts'

/** Up to this many checks at once are done on the calling thread. */
const FEW_CHECKS = 8
/** And as many in all before the first worker starts: starting one costs about as much, and short programs never need it. */
const CHECKS_BEFORE_WORKERS = 2_000
/** The most that one job holds: some ten milliseconds of work. */
const MAX_JOB_CHECKS = 500
/** How often one job may be taken up again after its worker died, before that is an error of this machine. */
const MAX_ATTEMPTS = 3

interface VerifierOptions {
  /** Worker threads; 0 for none at all. By default one for each core, and two at least. */
  readonly threads?: number | undefined
}

export function createVerifier({ threads = Math.max(2, availableParallelism()) }: VerifierOptions = {}): Verifier {
  return new WorkerVerifier(chooseVerifier(), threads)
}

interface Task {
  readonly checks: readonly SignatureCheck[]
  readonly resolve: (valid: Uint8Array) => void
  readonly reject: (error: unknown) => void
  attempts: number
}

class WorkerVerifier implements Verifier {
  readonly #verify: VerifySignature
  readonly #threads: number
  readonly #waiting: Task[] = []
  readonly #idle: Worker[] = []
  readonly #busy = new Map<Worker, Task>()
  #checked = 0
  #closed = false

  constructor(verify: VerifySignature, threads: number) {
    this.#verify = verify
    this.#threads = threads
  }

  async verify(checks: readonly SignatureCheck[]): Promise<boolean[]> {
    assert(!this.#closed, 'a closed verifier is not asked')
    this.#checked += checks.length
    const isFew = checks.length <= FEW_CHECKS || this.#checked <= CHECKS_BEFORE_WORKERS
    if (this.#threads === 0 || isFew || !checks.every(isPackable)) {
      return checks.map(({ publicKey, message, signature }) => verifyGated(this.#verify, publicKey, message, signature))
    }
    const share = Math.ceil(checks.length / this.#threads)
    const size = Math.min(MAX_JOB_CHECKS, share)
    const jobs: Promise<Uint8Array>[] = []
    for (let from = 0; from < checks.length; from += size) jobs.push(this.#run(checks.slice(from, from + size)))
    return (await Promise.all(jobs)).flatMap((valid) => Array.from(valid, (one) => one === 1))
  }

  async close(): Promise<void> {
    this.#closed = true
    const workers = [...this.#idle, ...this.#busy.keys()]
    for (const { reject } of [...this.#waiting.splice(0), ...this.#busy.values()]) reject(new Error('The verifier was closed.'))
    this.#busy.clear()
    await Promise.all(workers.map((worker) => worker.terminate()))
  }

  #run(checks: readonly SignatureCheck[]): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ checks, resolve, reject, attempts: 0 })
      this.#assign()
    })
  }

  #assign(): void {
    while (this.#waiting.length > 0 && !this.#closed) {
      const worker = this.#idle.pop() ?? (this.#busy.size < this.#threads ? this.#start() : undefined)
      if (worker === undefined) return
      const task = this.#waiting.shift()!
      task.attempts += 1
      this.#busy.set(worker, task)
      worker.ref()
      const packed = packChecks(task.checks)
      worker.postMessage({ packed, count: task.checks.length } satisfies Job, [packed.buffer])
    }
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url))
    worker.on('message', (valid: Uint8Array) => {
      // What was on its way when the verifier was closed answers nobody.
      if (this.#closed) return
      const task = this.#busy.get(worker)
      assert(task !== undefined && valid.length === task.checks.length, 'a worker answers the job that it has')
      this.#busy.delete(worker)
      this.#idle.push(worker)
      // An idle worker does not keep the program alive.
      worker.unref()
      task.resolve(valid)
      this.#assign()
    })
    worker.on('error', (error) => this.#lose(worker, error))
    worker.on('exit', () => this.#lose(worker, new Error('A verifying thread ended.')))
    return worker
  }

  /** A worker died: its job goes back to the head of the queue, and another worker takes its place when there is work. */
  #lose(worker: Worker, error: unknown): void {
    const position = this.#idle.indexOf(worker)
    if (position >= 0) this.#idle.splice(position, 1)
    const task = this.#busy.get(worker)
    this.#busy.delete(worker)
    if (task === undefined || this.#closed) return
    if (task.attempts < MAX_ATTEMPTS) this.#waiting.unshift(task)
    else task.reject(error)
    this.#assign()
  }
}
