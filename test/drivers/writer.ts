/** The process of writer-child.ts, for tests that kill it. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

const CHILD = join(import.meta.dirname, 'writer-child.ts')

interface Child {
  /** What it said so far, line by line. */
  readonly lines: string[]
  /** Resolves when it said a line that begins like this. */
  says(beginning: string): Promise<void>
  kill(): Promise<void>
  readonly ended: Promise<unknown>
}

/** `shell` is a command that starts the program of "$0" "$@". */
export function startWriter(folder: string, task: 'hold' | 'append' | 'append-much', shell?: string): Child {
  const command = [process.execPath, CHILD, folder, task]
  const [program, ...parameters] = shell === undefined ? command : ['/bin/sh', '-c', shell, ...command]
  const child = spawn(program!, parameters, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  const lines: string[] = []
  const reader = createInterface(child.stdout!)
  reader.on('line', (line) => lines.push(line))
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  onTestFinished(kill)
  const says = async (beginning: string) => {
    while (!lines.some((line) => line.startsWith(beginning))) {
      if (child.exitCode !== null) throw new Error(`the process ended without ${beginning}; it said ${lines.join(', ')}`)
      await Promise.race([once(reader, 'line'), ended])
    }
  }
  return { lines, says, kill, ended }
}

/** What was acknowledged last. */
export function lastSize(lines: readonly string[]): number {
  return Number(lines.findLast((line) => line.startsWith('size'))?.slice('size '.length) ?? 0)
}
