/** What failed, in the console's codes and in words. */

import type { FailureCode } from '../../api/views.ts'
import { failureOf, knownFailureOf, toldToCallers } from '../failure.ts'
import { note } from '../output.ts'

/** The keys are not at hand: not the caller's fault, but something to do first. */
export class KeysLocked extends Error {
  override readonly name = 'KeysLocked'

  constructor() {
    super('The keys are locked: unlock them first.')
  }
}

export function explain(error: unknown): { readonly code: FailureCode; readonly message: string } {
  if (error instanceof KeysLocked) return { code: 'locked', message: error.message }
  const failure = knownFailureOf(error)
  if (failure !== undefined) return toldToCallers(failure)
  note(failureOf(error).message)
  return { code: 'defect', message: `This is a defect of the program, please report it: ${(error as Error).message}` }
}
