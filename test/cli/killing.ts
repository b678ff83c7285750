/** Commands that are killed at some moment, as by kill -9 or a power cut, and the moments at which they are. */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cli, ok, PASSPHRASE, ROOT } from './run.ts'

/** Runs a command without the launcher, which would outlive it, and kills it after a while. */
export async function killed(
  dir: string,
  args: readonly string[],
  afterMs: number,
  env: Record<string, string> = {},
): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, 'core/bin/cli.ts'), '--dir', dir, '--json', ...args], {
    env: { ...process.env, NIMLEDGER_PASSPHRASE: PASSPHRASE, ...env },
    stdio: 'ignore',
  })
  const ended = new Promise((done) => child.on('close', done))
  await sleep(afterMs)
  child.kill('SIGKILL')
  await ended
}

/** How long a command takes here and now from the start of its process, by which the moments of its death are chosen. */
export async function durationMs(dir: string, args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  const started = performance.now()
  await ok(cli(dir, args, { env, isAlone: true }))
  return performance.now() - started
}

/** Moments over the second half of a command's life: in the first it loads its modules. */
export function moments(wholeMs: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.round(wholeMs * (0.4 + (0.6 * i) / count)))
}
