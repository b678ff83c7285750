/** A process that runs commands one after another (runner-child.ts), as a test has it. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Command, Ended } from './runner-child.ts'

const CHILD = join(import.meta.dirname, 'runner-child.ts')

interface Running {
  readonly child: ChildProcess
  readonly exit: Promise<unknown>
}

export class Runner {
  #running: Running | undefined

  /** Runs a command to its end. The process is started for the first, in whose environment is what Node looks for then. */
  async run(command: Command): Promise<Ended> {
    this.#running ??= started(command.env)
    const { child, exit } = this.#running
    const answer = once(child, 'message')
    child.send(command)
    const [ended] = (await Promise.race([answer, exit])) as unknown[]
    if (ended === null || typeof ended !== 'object') throw new Error('The command ended the process: it may only be run alone.')
    return ended as Ended
  }

  /** Lets the process go. */
  async end(): Promise<void> {
    if (this.#running?.child.connected) this.#running.child.disconnect()
    await this.#running?.exit
  }
}

function started(env: Command['env']): Running {
  const child = fork(CHILD, { env, execArgv: [], serialization: 'advanced' })
  return { child, exit: once(child, 'exit') }
}
