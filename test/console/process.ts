/** The console as a process: started as its user does, known by what it prints, ended by a signal. */

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { httpClient, visit } from '../api/console.ts'
import { end, ROOT, start } from '../cli/run.ts'

const START_TIMEOUT_MS = 30_000

export interface Running {
  readonly child: ChildProcess
  /** What it printed so far. */
  readonly output: () => string
  readonly errors: () => string
  /** Ends it as the system would; its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

export interface Facts {
  readonly listening: string
  readonly url: string
  readonly origin?: string
  readonly vkey?: string
  readonly size?: number
}

export function runProgram(child: ChildProcess): Running {
  let output = ''
  let errors = ''
  child.stdout!.on('data', (bytes: Buffer) => {
    output += bytes.toString('utf8')
  })
  child.stderr!.on('data', (bytes: Buffer) => {
    errors += bytes.toString('utf8')
  })
  child.stdin?.end()
  // Told to end rather than killed: a launcher passes that on, and whoever kills the launcher leaves the program behind.
  onTestFinished(() => void end(child))
  return { child, output: () => output, errors: () => errors, end: (signal) => end(child, signal) }
}

/** Waits until what was printed has the form; fails where it ends before. */
export async function printed(running: Running, form: RegExp): Promise<RegExpExecArray> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; ) {
    const found = form.exec(running.output())
    if (found !== null) return found
    if (running.child.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`It did not print ${form}:\n${running.output()}\n${running.errors()}`)
}

/** `nimledger console`, once it accepts connections. */
export async function startConsole(
  dir: string,
  args: readonly string[] = [],
  passphrase?: string,
): Promise<{ readonly running: Running; readonly facts: Facts }> {
  const running = runProgram(start(dir, ['console', ...args], { passphrase, plain: true }))
  const [line] = await printed(running, /^.*\n/)
  return { running, facts: JSON.parse(line) as Facts }
}

/** The program behind `npm start`, without npm, which passes no signals on. */
export function startStart(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const {
    NIMLEDGER_PASSPHRASE: _mine,
    INIT_CWD: _npm,
    DISPLAY: _x,
    WAYLAND_DISPLAY: _w,
    ELECTRON_EXEC_PATH: _e,
    ...outer
  } = process.env
  const argv = [join(ROOT, 'core/bin/launch.cjs'), join(ROOT, 'core/bin/start.ts'), ...args]
  return runProgram(spawn(process.execPath, argv, { cwd: ROOT, env: { ...outer, ...env }, stdio: ['ignore', 'pipe', 'pipe'] }))
}

export async function clientOf({ listening, url }: Pick<Facts, 'listening' | 'url'>) {
  return httpClient(listening, await visit(url)).client
}
