/** Counts notes by what becomes of them, wherever they come in. */

import type { Failure } from '../../api/failures.ts'
import type { Refusal } from '../../domain/refusal.ts'
import type { Accepted } from '../../ledger/accepted.ts'

export interface NoteObserver {
  noteTaken(): void
  noteAnswered(outcome: 'accepted' | 'repeated' | 'refused' | 'failed', code: string, seconds: number): void
}

/** Passes an answer on, once it is counted. */
export async function observed(
  answering: Promise<Accepted | Refusal>,
  observer: NoteObserver | undefined,
  explain: (error: unknown) => Pick<Failure, 'message'> & { readonly code: string },
): Promise<Accepted | Refusal> {
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  observer?.noteTaken()
  try {
    const answer = await answering
    if (answer.status === 'refused') observer?.noteAnswered('refused', answer.code, seconds())
    else observer?.noteAnswered(answer.repeated ? 'repeated' : 'accepted', '', seconds())
    return answer
  } catch (error) {
    observer?.noteAnswered('failed', explain(error).code, seconds())
    throw error
  }
}
