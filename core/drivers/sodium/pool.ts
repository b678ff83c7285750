/**
 * Worker threads that do jobs, in the order in which they are given, several at once. A worker already has its next jobs while it
 * does one, so that it never waits for a calling thread that is busy. Threads start when there is work for them; idle ones cost
 * nothing and do not keep the program alive.
 *
 * A worker that dies is replaced and its jobs are done again: nothing is lost with it, unless one job brings down every worker
 * that takes it up.
 */

import { Worker } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import type { Job } from './jobs.ts'

/** Buffers of this length are used again; a job that needs more gets one of its own. */
export const BUFFER_BYTES = 512 * 1024
/** Most jobs that a worker has, including the one that it is doing. */
const MAX_WORKER_JOBS = 4
/** How often one job may be taken up, when its worker dies each time, before that counts as an error of this machine. */
const MAX_ATTEMPTS = 3

/** A job that is not done yet. */
interface Task {
  /** The room that it needs. */
  readonly bytes: number
  /** Writes the job into a buffer; a second time where a worker died with the first one. */
  readonly pack: (buffer: ArrayBuffer) => Job
  /** Takes the answers from the buffer, which belongs to the pool again afterwards. */
  readonly done: (buffer: ArrayBuffer) => void
  readonly fail: (error: unknown) => void
}

interface Assigned {
  readonly task: Task
  readonly attempts: number
}

export class WorkerPool {
  readonly #threads: number
  /** Jobs that no worker has yet. */
  readonly #waiting: Assigned[] = []
  /** The workers, each with its jobs in order. */
  readonly #workers = new Map<Worker, Assigned[]>()
  readonly #buffers: ArrayBuffer[] = []
  #closed = false

  constructor(threads: number) {
    assert(threads > 0, 'a pool has threads')
    this.#threads = threads
  }

  /** Whether no worker has anything to do. */
  get isIdle(): boolean {
    return [...this.#workers.values()].every((jobs) => jobs.length === 0)
  }

  run(task: Task): void {
    this.#waiting.push({ task, attempts: 0 })
    this.#assign()
  }

  async close(): Promise<void> {
    this.#closed = true
    const workers = [...this.#workers.keys()]
    const left = [...[...this.#workers.values()].flat(), ...this.#waiting.splice(0)]
    this.#workers.clear()
    for (const { task } of left) task.fail(new Error('The verifier was closed.'))
    await Promise.all(workers.map((worker) => worker.terminate()))
  }

  #assign(): void {
    while (this.#waiting.length > 0 && !this.#closed) {
      const worker = this.#freest()
      if (worker === undefined) return
      const { task, attempts } = this.#waiting.shift()!
      this.#workers.get(worker)!.push({ task, attempts: attempts + 1 })
      worker.ref()
      const job = task.pack(this.#buffer(task.bytes))
      worker.postMessage(job, [job.buffer])
    }
  }

  /** A worker that may have another job: one that has none, else one more, else the one with the fewest. */
  #freest(): Worker | undefined {
    const [first] = [...this.#workers].sort(([, a], [, b]) => a.length - b.length)
    const least = first?.[1].length ?? MAX_WORKER_JOBS
    if (least > 0 && this.#workers.size < this.#threads) return this.#start()
    return least < MAX_WORKER_JOBS ? first?.[0] : undefined
  }

  #buffer(bytes: number): ArrayBuffer {
    if (bytes > BUFFER_BYTES) return new ArrayBuffer(bytes)
    return this.#buffers.pop() ?? new ArrayBuffer(BUFFER_BYTES)
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url))
    this.#workers.set(worker, [])
    worker.on('message', (buffer: ArrayBuffer) => this.#answer(worker, buffer))
    worker.on('error', (error) => this.#lose(worker, error))
    worker.on('exit', () => this.#lose(worker, new Error('A verifying thread ended.')))
    return worker
  }

  #answer(worker: Worker, buffer: ArrayBuffer): void {
    const jobs = this.#workers.get(worker)
    // A worker's answers are ignored after the pool was closed, or the worker was given up.
    if (jobs === undefined) return
    const answered = jobs.shift()
    assert(answered !== undefined, 'a worker answers the jobs that it has')
    // An idle worker does not keep the program alive.
    if (jobs.length === 0) worker.unref()
    answered.task.done(buffer)
    if (buffer.byteLength === BUFFER_BYTES) this.#buffers.push(buffer)
    this.#assign()
  }

  /** Its jobs go back to the head of the queue, and another worker takes its place when there is work. */
  #lose(worker: Worker, error: unknown): void {
    const jobs = this.#workers.get(worker)
    if (jobs === undefined) return
    this.#workers.delete(worker)
    // The first is the one that it was doing; those behind it had not begun.
    const [doing, ...behind] = jobs
    this.#waiting.unshift(...behind.map(({ task, attempts }) => ({ task, attempts: attempts - 1 })))
    if (doing !== undefined && doing.attempts < MAX_ATTEMPTS) this.#waiting.unshift(doing)
    else doing?.task.fail(error)
    this.#assign()
  }
}
