/**
 * A process that runs one command after another, for tests of what commands do: loading the program is most of what a short
 * one costs, and here that is done once. Each command is the program itself, core/bin/cli.ts evaluated anew, with arguments,
 * environment, folder and standard input of its own; it has ended when nothing keeps the process any more, which is when it would
 * end by itself.
 */

import { Readable } from 'node:stream'

export interface Command {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdin: Uint8Array
}

export interface Ended {
  readonly code: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
}

const PROGRAM = new URL('../../core/bin/cli.ts', import.meta.url)
/** As Node's own, of a module that waits for what will not come. */
const UNSETTLED = 13

/** What a command listens to, as long as it runs. */
const HEARD = ['uncaughtException', 'SIGXFSZ', 'SIGINT', 'SIGTERM', 'SIGHUP']

type Write = typeof process.stdout.write

/** Keeps what is written to a standard stream from here on. */
function capture(stream: NodeJS.WriteStream): Buffer[] {
  const parts: Buffer[] = []
  const write = (part: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    parts.push(Buffer.from(part as string))
    const called = typeof encoding === 'function' ? encoding : done
    if (typeof called === 'function') process.nextTick(called)
    return true
  }
  stream.write = write as Write
  return parts
}

let count = 0

function begin({ args, env, cwd, stdin }: Command): void {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.chdir(cwd)
  process.argv = [process.argv[0]!, PROGRAM.pathname, ...args]
  process.exitCode = undefined
  Object.defineProperty(process, 'stdin', {
    configurable: true,
    value: Readable.from([Buffer.from(stdin)], { objectMode: false }),
  })
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)]
  let isSettled = false
  process.once('beforeExit', () => {
    const code = isSettled ? Number(process.exitCode ?? 0) : UNSETTLED
    const ended: Ended = { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }
    for (const name of HEARD) process.removeAllListeners(name)
    process.stdout.removeAllListeners('error')
    process.exitCode = 0
    process.channel!.ref()
    process.send!(ended)
  })
  // From here on only what the command does keeps the process.
  process.channel!.unref()
  void import(`${PROGRAM.href}?command=${count++}`).then(() => {
    isSettled = true
  })
}

process.on('message', begin)
