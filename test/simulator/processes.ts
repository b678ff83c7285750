/** The programs themselves, to be killed: a hub and a mirror with its outbox, as processes, and what they print. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { PASSPHRASE, ROOT } from '../cli/run.ts'

export class Program {
  readonly lines: string[] = []
  errors = ''
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #watchers: (() => void)[] = []

  /** Without the launcher, which would outlive it. Where a file may not grow beyond some size, the disk is full for it. */
  constructor(dir: string, args: readonly string[], { maxFileKib }: { readonly maxFileKib?: number } = {}) {
    const { INIT_CWD: _npm, ...env } = process.env
    const whole = [process.execPath, join(ROOT, 'core/bin/cli.ts'), '--dir', dir, '--json', ...args]
    const limited = maxFileKib === undefined ? whole : ['bash', '-c', `ulimit -f ${maxFileKib}; exec "$@"`, 'bash', ...whole]
    this.#child = spawn(limited[0]!, limited.slice(1), {
      env: { ...env, NIMLEDGER_PASSPHRASE: PASSPHRASE },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#ended = once(this.#child, 'close')
    this.#child.stderr!.on('data', (chunk) => {
      this.errors += chunk
    })
    createInterface(this.#child.stdout!).on('line', (line) => {
      this.lines.push(line)
      for (const watch of this.#watchers.splice(0)) watch()
    })
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves once it has printed so many lines. */
  async prints(count: number): Promise<void> {
    while (this.lines.length < count) {
      if (!this.isRunning) throw new Error(`The program ended (${this.#child.exitCode}) before it said so: ${this.errors}`)
      await Promise.race([new Promise<void>((watch) => this.#watchers.push(watch)), this.#ended])
    }
  }

  /** By kill -9, in whatever it does; fails where it had ended by itself. */
  async kill(): Promise<void> {
    if (!this.isRunning) throw new Error(`The program ended by itself (${this.#child.exitCode}): ${this.errors}`)
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** Its exit code, once it has ended by itself. */
  async ends(): Promise<number | null> {
    await this.#ended
    return this.#child.exitCode
  }

  /** As it is told to end; its exit code. */
  async end(): Promise<number | null> {
    this.#child.kill('SIGTERM')
    await this.#ended
    return this.#child.exitCode
  }
}
