/** Processes that write to a ledger, and what they said before they were killed. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Task } from './crash-writer.ts'

const WRITER = join(import.meta.dirname, 'crash-writer.ts')

export interface Acknowledged {
  readonly id: string
  /** Of an accepted one. */
  readonly index?: number
  readonly digest: string
}

export class Writer {
  readonly lines: string[] = []
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #errors = ''
  readonly #watchers = new Set<() => void>()

  /** Starts at once to load its modules, which takes longer than opening a ledger. */
  constructor() {
    this.#child = spawn(process.execPath, [WRITER], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#ended = once(this.#child, 'close')
    this.#child.stderr!.on('data', (chunk) => {
      this.#errors += chunk
    })
    createInterface(this.#child.stdout!).on('line', (line) => {
      this.lines.push(line)
      for (const watch of this.#watchers) watch()
    })
  }

  /** Resolves when this many lines begin so. */
  async says(beginning: string, count = 1): Promise<void> {
    const isSaid = () => this.lines.filter((line) => line.startsWith(beginning)).length >= count
    if (isSaid()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const watch = () => isSaid() && resolve()
    this.#watchers.add(watch)
    await Promise.race([promise, this.#ended])
    this.#watchers.delete(watch)
    if (!isSaid()) throw new Error(`The writer ended before it said ${beginning}: ${this.#errors}`)
  }

  async begin(task: Task): Promise<void> {
    await this.says('loaded')
    this.#child.stdin!.write(`${JSON.stringify(task)}\n`)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Stops it in whatever it does until SIGCONT; resolves once it stands still. Linux only. */
  async stop(): Promise<void> {
    this.#child.kill('SIGSTOP')
    // Each of its threads: one that waits for the disk stops later than the others, and what it writes until then counts.
    const tasks = `/proc/${this.#child.pid}/task`
    const isStopped = (task: string) => /^\d+ \(.*\) T /.test(readFileSync(join(tasks, task, 'stat'), 'utf8'))
    while (!readdirSync(tasks).every(isStopped)) await new Promise((resolve) => setTimeout(resolve, 1))
  }

  /** Resolves once it is gone and everything that it said was read. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
    if (this.#errors !== '') throw new Error(`The writer failed before it was killed: ${this.#errors}`)
  }

  /** Where it was when it was killed: loading and opening, between changes of the store, or within one. */
  get place(): 'opening' | 'between' | 'within' {
    if (!this.lines.includes('open')) return 'opening'
    return this.lines.findLast((line) => line.startsWith('>') || line === '<')?.startsWith('>') ? 'within' : 'between'
  }

  get acknowledged(): Acknowledged[] {
    return this.lines.flatMap((line): Acknowledged[] => {
      const [kind, id, ...rest] = line.split(' ')
      if (kind === 'A') return [{ id: id!, index: Number(rest[0]), digest: rest[1]! }]
      return kind === 'R' ? [{ id: id!, digest: rest[0]! }] : []
    })
  }

  get submitted(): Map<string, Uint8Array> {
    const notes = this.lines.filter((line) => line.startsWith('S ')).map((line) => line.split(' '))
    return new Map(notes.map(([, id, note]) => [id!, new Uint8Array(Buffer.from(note!, 'base64'))]))
  }
}
