/** What a thread that works on a database answers: that it is done, or a failure in a form that can be sent to the caller. */

import { StoreError } from '../../ledger/store.ts'
import type { DatabaseKind } from './database.ts'
import { onFile } from './errors.ts'

export type ThreadAnswer = 'done' | { readonly code: StoreError['code']; readonly message: string }

/** In the thread: works on a file. A broken invariant ends the thread, and with it the writer. */
export function answerOf({ file }: DatabaseKind, work: () => void): ThreadAnswer {
  try {
    onFile(file, work)
    return 'done'
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return { code: error.code, message: error.message }
  }
}

/** On the caller's side: the failure again; undefined where there was none. */
export function failureIn(answer: ThreadAnswer): StoreError | undefined {
  return answer === 'done' ? undefined : new StoreError(answer.code, answer.message)
}
