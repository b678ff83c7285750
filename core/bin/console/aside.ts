/** Long work in a thread of its own, so that it never holds up a window and its events. */

import { Worker } from 'node:worker_threads'
import type { ExportFormat, HubNamed, StatementAsked } from '../../api/host.ts'
import type { Refusal } from '../../domain/refusal.ts'
import type { AuditReport } from '../../ledger/audit.ts'
import type { Period } from '../../ledger/statement.ts'
import { Failure } from '../failure.ts'

interface FoundingTerms {
  readonly origin?: string | undefined
  readonly name: string
}

/** What can be done aside, and what each task results in. */
export interface Tasks {
  demo: { readonly given: { readonly dir: string }; readonly result: Refusal | undefined }
  found: {
    readonly given: { readonly dir: string; readonly passphrase: string; readonly terms: FoundingTerms }
    readonly result: Refusal | undefined
  }
  join: {
    readonly given: { readonly dir: string; readonly hub: HubNamed; readonly token: string | undefined }
    readonly result: undefined
  }
  restore: { readonly given: { readonly dir: string; readonly file: string }; readonly result: undefined }
  deposits: { readonly given: { readonly dir: string; readonly period: Period }; readonly result: Uint8Array }
  statement: { readonly given: { readonly dir: string } & StatementAsked; readonly result: Uint8Array }
  exportLog: {
    readonly given: { readonly dir: string; readonly format: ExportFormat; readonly file: string }
    readonly result: { readonly entries: number; readonly bytes: number }
  }
  keyFile: {
    readonly given: { readonly dir: string; readonly passphrase: string; readonly account: string | undefined }
    readonly result: Uint8Array
  }
  words: {
    readonly given: { readonly dir: string; readonly passphrase: string; readonly publicKeys: readonly string[] }
    readonly result: readonly (readonly string[])[]
  }
  audit: { readonly given: { readonly dir: string }; readonly result: AuditReport }
}

export type Task = { [Name in keyof Tasks]: { readonly name: Name; readonly given: Tasks[Name]['given'] } }[keyof Tasks]

export type Told =
  | { readonly what: 'progress'; readonly done: number; readonly total: number }
  | { readonly what: 'done'; readonly result: unknown }
  | { readonly what: 'failed'; readonly code: Failure['code']; readonly message: string }

interface AsideOptions {
  readonly progress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/** Does a task in a thread. Ended by the signal it rejects, and what was committed stays. */
export async function aside<Name extends keyof Tasks>(
  name: Name,
  given: Tasks[Name]['given'],
  { progress, signal }: AsideOptions = {},
): Promise<Tasks[Name]['result']> {
  const worker = new Worker(new URL('./aside-worker.ts', import.meta.url), { workerData: { name, given } })
  const end = () => void worker.terminate()
  signal?.addEventListener('abort', end)
  try {
    return await new Promise((resolve, reject) => {
      worker.on('message', (told: Told) => {
        if (told.what === 'progress') progress?.(told.done, told.total)
        else if (told.what === 'done') resolve(told.result as Tasks[Name]['result'])
        else reject(new Failure(told.code, told.message))
      })
      worker.on('error', reject)
      worker.on('exit', () => reject(new Failure('offline', 'The work was ended before it was done.')))
    })
  } finally {
    signal?.removeEventListener('abort', end)
    await worker.terminate()
  }
}
