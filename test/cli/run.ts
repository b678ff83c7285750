/**
 * The command line as its users meet it: a process, its exit code, and what it printed; and ledgers in folders that are
 * gone after the test.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, vi } from 'vitest'
import { LEDGER_TOOLS } from '../../core/bin/desk.ts'
import { createVerifier } from '../../core/drivers/sodium/verifier.ts'
import { openSqliteReader } from '../../core/drivers/sqlite/store.ts'
import { type AuditReport, audit } from '../../core/ledger/audit.ts'
import { Runner } from './runner.ts'
import type { Command } from './runner-child.ts'

// A case is many processes, each as slow as the machine is busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/** How long a program may take to end. */
const END_TIMEOUT_MS = 30_000

export const ROOT = resolve(import.meta.dirname, '../..')
const PROGRAM = join(ROOT, 'core/bin/cli.ts')
const OWN_COMPILE_CACHE = join(ROOT, 'node_modules/.cache/node-compile')
export const PASSPHRASE = 'open sesame'
export const TRACE = join(ROOT, 'core/bin/demo/conversation.csv')

/** Fields of the answers that the tests look into by name; what a command really prints is asserted, not typed. */
export interface Answer {
  readonly [field: string]: unknown
  readonly status: string
  readonly code: string
  readonly message: string
  readonly data: Record<string, unknown>
  readonly id: string
  readonly index: number
  readonly time: string
  readonly created: string
  readonly account: string
  readonly vkey: string
  readonly note: string
  readonly size: number
  readonly root: string
  readonly sum: string
  readonly postings: readonly { readonly book: string; readonly amount: string }[]
  readonly balances: Record<string, string>
  readonly books: Record<string, string>
  readonly defects: readonly { readonly index?: number; readonly table?: string; readonly key?: string; readonly what: string }[]
}

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** The values on stdout, one a line; empty where stdout is not JSON. */
  readonly lines: readonly Answer[]
  /** The one value on stdout. */
  readonly json: Answer
}

export interface RunOptions {
  /** Without `--json`. */
  readonly plain?: boolean
  readonly stdin?: string | Uint8Array
  readonly passphrase?: string | undefined
  readonly env?: Record<string, string>
  readonly cwd?: string
  /** Runs in a shell that has this largest size of a file, in KiB; always alone. */
  readonly maxFileKib?: number
  /** In a process of its own, as its users start it, where the process is what is tested. */
  readonly isAlone?: boolean
}

/** Processes at a time in one test file: there is little to gain from more than the machine has cores. */
const AT_ONCE = 2
const runners = Array.from({ length: AT_ONCE }, () => new Runner())
const idle = [...runners]
const queue: (() => void)[] = []
afterAll(() => Promise.all(runners.map((runner) => runner.end())))

async function turn<T>(work: (runner: Runner) => Promise<T>): Promise<T> {
  while (idle.length === 0) await new Promise<void>((next) => queue.push(next))
  // The one that ended last, so that a file whose commands come one by one starts one process.
  const runner = idle.pop()!
  try {
    return await work(runner)
  } finally {
    idle.push(runner)
    queue.shift()?.()
  }
}

/** Runs `nimledger --dir DIR --json ARGUMENTS`, in a process that has run others before unless it is to be alone. */
export function cli(dir: string, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { env = {}, maxFileKib, stdin = '' } = options
  // What Node itself looks for, it looks for when it starts.
  const isAlone = options.isAlone || maxFileKib !== undefined || Object.keys(env).some((name) => name.startsWith('NODE_'))
  return turn(async (runner) => {
    if (isAlone) return collect(start(dir, args, options), stdin)
    const { code, stdout, stderr } = await runner.run({ ...commandOf(dir, args, options), stdin: Buffer.from(stdin) })
    return answerOf(code, Buffer.from(stdout), Buffer.from(stderr))
  })
}

/** Starts the command line and lets it go on, without the launcher between: a kill -9 is to end the program itself. */
export function start(dir: string, args: readonly string[], options: RunOptions = {}): ChildProcess {
  const { maxFileKib } = options
  const { args: given, ...place } = commandOf(dir, args, options)
  const argv = [process.execPath, PROGRAM, ...given]
  const whole = maxFileKib === undefined ? argv : ['bash', '-c', `ulimit -f ${maxFileKib}; exec "$@"`, 'bash', ...argv]
  return spawn(whole[0]!, whole.slice(1), { ...place, stdio: ['pipe', 'pipe', 'pipe'] })
}

function commandOf(dir: string, args: readonly string[], options: RunOptions): Omit<Command, 'stdin'> {
  const { plain, env = {}, cwd = tmpdir(), maxFileKib } = options
  const passphrase = 'passphrase' in options ? options.passphrase : PASSPHRASE
  const {
    NIMLEDGER_PASSPHRASE: _mine,
    INIT_CWD: _npm,
    NODE_COMPILE_CACHE: kept = OWN_COMPILE_CACHE,
    ...environment
  } = process.env
  return {
    args: [...(dir === '' ? [] : ['--dir', dir]), ...(plain ? [] : ['--json']), ...args],
    // As the launcher has it: without it each start compiles everything anew.
    env: {
      // Written when a process ends, when nothing keeps the system from ending it where a file outgrows its limit.
      ...(maxFileKib === undefined && { NODE_COMPILE_CACHE: kept }),
      ...environment,
      ...(passphrase === undefined ? {} : { NIMLEDGER_PASSPHRASE: passphrase }),
      ...env,
    },
    cwd,
  }
}

/** Ends a program as the system would, and by force where it does not end; its exit code, null where a signal ended it. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  // With all that it printed.
  const closed = once(child, 'close')
  child.kill(signal)
  const force = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS)
  await closed
  clearTimeout(force)
  return child.exitCode
}

export function collect(child: ChildProcess, stdin: string | Uint8Array = ''): Promise<Run> {
  const chunks: { out: Buffer[]; err: Buffer[] } = { out: [], err: [] }
  child.stdout!.on('data', (chunk: Buffer) => chunks.out.push(chunk))
  child.stderr!.on('data', (chunk: Buffer) => chunks.err.push(chunk))
  child.stdin!.on('error', () => {})
  child.stdin!.end(stdin)
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', (code) => done(answerOf(code, Buffer.concat(chunks.out), Buffer.concat(chunks.err))))
  })
}

function answerOf(code: number | null, out: Buffer, err: Buffer): Run {
  const stdout = out.toString('utf8')
  const lines = parseLines(stdout)
  return { code, stdout, stderr: err.toString('utf8'), lines, json: lines[0] ?? ({} as Answer) }
}

function parseLines(stdout: string): Answer[] {
  try {
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Answer)
  } catch {
    return []
  }
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A new folder, gone after the tests of the file. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'nimledger-cli-'))
  folders.push(made)
  return made
}

export function copyOf(dir: string): string {
  const copy = join(folder(), 'ledger')
  cpSync(dir, copy, { recursive: true })
  return copy
}

/** On the calling thread: an audit of a small ledger is done before a thread has loaded its modules. */
const VERIFIER = createVerifier({ threads: 0 })

/** The full audit of a ledger's folder, in this process. */
export async function auditOf(dir: string): Promise<AuditReport> {
  const store = await openSqliteReader(dir)
  try {
    return await audit(store, store, { ...LEDGER_TOOLS, verifier: VERIFIER })
  } finally {
    await store.close()
  }
}

export async function stateOf(dir: string): Promise<{ ok: boolean; size: number; root: string }> {
  const { ok, size, root } = await auditOf(dir)
  return { ok, size, root }
}

/** What no user may be shown. */
export function expectNoStack(run: Run): void {
  expect(`${run.stderr}\n${run.stdout}`).not.toMatch(/^\s+at /m)
  expect(run.stderr).not.toContain('node:internal')
}

/** One JSON value on stdout, and nothing else anywhere. */
export function expectOneValue(run: Run): void {
  expect(run.stdout.endsWith('\n')).toBe(true)
  expect(run.stdout.trimEnd().split('\n')).toHaveLength(1)
  expect(run.lines).toHaveLength(1)
  expectNoStack(run)
}

/** The answer of a transaction that was accepted. */
export async function accepted(answer: Promise<Run>): Promise<Answer> {
  const run = await answer
  expectOneValue(run)
  expect(run.json, run.stdout).toMatchObject({ status: 'accepted' })
  expect(run.code).toBe(0)
  expect(run.stderr).toBe('')
  return run.json
}

/** The answer of a command that did what it was asked. */
export async function ok(answer: Promise<Run>): Promise<Answer> {
  const run = await answer
  expectOneValue(run)
  expect(run.code, run.stdout).toBe(0)
  return run.json
}

export function expectRefused(run: Run, code: string): void {
  expectOneValue(run)
  expect(run.json, run.stdout).toMatchObject({ status: 'refused', code })
  expect(run.json.message).toMatch(/^[\p{Lu}\p{L}\d"-].*\.$/su)
  expect(run.code).toBe(1)
}

const EXIT_OF: Record<string, number> = {
  usage: 2,
  passphrase: 2,
  damaged: 3,
  locked: 4,
  offline: 4,
  busy: 4,
  disk_full: 4,
}

/** A command that could not be carried out: one JSON error with one of these codes, and the exit code that goes with it. */
export function expectFailed(run: Run, ...codes: readonly string[]): void {
  expectNoStack(run)
  expectOneValue(run)
  // What an audit cannot read is told as a defect besides.
  const { ok, vkeySource, defects, ...failed } = run.json
  expect(Object.keys(failed).sort()).toEqual(['code', 'message', 'status'])
  if (ok !== undefined || defects !== undefined || vkeySource !== undefined)
    expect({ ok, defects }).toEqual({ ok: false, defects: [{ what: 'unreadable', message: failed.message }] })
  expect(run.json.status).toBe('failed')
  expect(codes).toContain(run.json.code)
  expect(run.json.message.length).toBeGreaterThan(10)
  expect(run.code).toBe(EXIT_OF[run.json.code])
}
