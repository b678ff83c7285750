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

  /** Without the launcher, which would outlive it. */
  constructor(dir: string, args: readonly string[]) {
    const { INIT_CWD: _npm, ...env } = process.env
    this.#child = spawn(process.execPath, [join(ROOT, 'core/bin/cli.ts'), '--dir', dir, '--json', ...args], {
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

  /** As it is told to end; its exit code. */
  async end(): Promise<number | null> {
    this.#child.kill('SIGTERM')
    await this.#ended
    return this.#child.exitCode
  }
}
