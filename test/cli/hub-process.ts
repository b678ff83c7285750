/** The hub as a process: started as its operator does, known by what it prints, ended by a signal. */

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { end, PASSPHRASE, ROOT } from './run.ts'

const START_TIMEOUT_MS = 30_000

interface HubFacts {
  readonly listening: string
  readonly origin: string
  readonly vkey: string
  readonly size: number
}

export class RunningHub {
  readonly child: ChildProcess
  #output = ''
  #errors = ''

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout!.on('data', (bytes: Buffer) => (this.#output += bytes.toString('utf8')))
    child.stderr!.on('data', (bytes: Buffer) => (this.#errors += bytes.toString('utf8')))
    child.stdin?.end()
    onTestFinished(() => void end(child))
  }

  /** All that it printed. */
  get output(): string {
    return this.#output
  }

  /** The lines of its log, where that goes to the error stream. */
  get log(): { readonly level: string; readonly msg: string; readonly [field: string]: unknown }[] {
    return this.#errors
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))
  }

  get errors(): string {
    return this.#errors
  }

  get facts(): HubFacts {
    return JSON.parse(this.#output) as HubFacts
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  /** Ends it as the system would; its exit code. */
  end(name: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    return end(this.child, name)
  }
}

/** `nimledger hub` at a free port, once it accepts connections. */
export async function startHub(dir: string, args: readonly string[] = [], env: Record<string, string> = {}): Promise<RunningHub> {
  // Without the launcher between: a signal that cannot be caught ends the hub itself.
  const argv = [join(ROOT, 'core/bin/cli.ts'), '--dir', dir, 'hub', '--listen', '127.0.0.1:0', ...args]
  const given = { ...process.env, NIMLEDGER_PASSPHRASE: PASSPHRASE, ...env }
  const hub = new RunningHub(spawn(process.execPath, argv, { cwd: ROOT, env: given, stdio: ['pipe', 'pipe', 'pipe'] }))
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; ) {
    if (hub.output.includes('\n')) return hub
    if (hub.child.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`The hub did not start:\n${hub.output}\n${hub.errors}`)
}
