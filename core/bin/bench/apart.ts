/** Work that is measured in a process of its own, because its memory matters, or how it starts. */

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Defect } from '../../ledger/execution.ts'

/** What a process of its own can be asked to do; each task returns an object of figures. */
export type Task =
  | { readonly name: 'audit'; readonly folder: string }
  | { readonly name: 'open'; readonly folder: string; readonly note: Uint8Array }
  | { readonly name: 'memory'; readonly folder: string; readonly notes: string }

export interface Audited {
  readonly defects: readonly Defect[]
  readonly entries: number
  readonly seconds: number
  readonly peakBytes: number
}

export interface Opened {
  readonly entries: number
  readonly openMs: number
  /** From the start to the first durable answer. */
  readonly answerMs: number
}

/** Sizes of the whole process, and of what it still holds after garbage was collected. */
export interface Remembered {
  readonly open: Kept
  readonly traded: Kept
  readonly peakBytes: number
  readonly seconds: number
}

export interface Kept {
  readonly processBytes: number
  readonly liveBytes: number
}

interface Answers {
  readonly audit: Audited
  readonly open: Opened
  readonly memory: Remembered
}

export function apart<Name extends Task['name']>(task: Task & { readonly name: Name }): Promise<Answers[Name]> {
  const execArgv = [...process.execArgv, '--expose-gc']
  const child = fork(fileURLToPath(new URL('./apart-program.ts', import.meta.url)), { execArgv, serialization: 'advanced' })
  return new Promise((resolve, reject) => {
    let answer: Answers[Name] | undefined
    child.on('message', (message) => {
      answer = message as Answers[Name]
    })
    child.on('error', reject)
    child.on('exit', (code) => {
      if (code === 0 && answer !== undefined) resolve(answer)
      else reject(new Error(`The process for ${task.name} ended with ${code} and without an answer.`))
    })
    child.send(task)
  })
}
