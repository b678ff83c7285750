/**
 * Notes that were submitted and not answered: each is kept beside the ledger from before it is submitted until its answer is
 * known. So after a full disk or a kill the very same note can be submitted again, which is never taken twice, instead of a newly
 * signed one, which would be.
 */

import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Refusal } from '../domain/refusal.ts'
import { writeDurably } from '../drivers/durable-file.ts'
import type { Accepted } from '../ledger/accepted.ts'
import { NotTaken } from '../ledger/admission.ts'
import { Failure, failureOf } from './failure.ts'
import type { Sequencer } from './sequencer.ts'

const FILE_FORM = /^unanswered-[0-9a-f]+\.note$/

/** Submits a note, kept under `name` until it is answered. If that fails, the failure says where the note is. */
export async function submitKept(
  dir: string,
  ledger: Pick<Sequencer, 'submit'>,
  name: string,
  note: Uint8Array,
): Promise<Accepted | Refusal> {
  const file = join(dir, `unanswered-${name}.note`)
  writeDurably(file, note)
  try {
    const answer = await ledger.submit(note)
    rmSync(file)
    return answer
  } catch (error) {
    if (error instanceof NotTaken) {
      rmSync(file)
      throw error
    }
    const { code, message } = failureOf(error)
    throw new Failure(code, `${message} What became of the transaction is not known: nimledger tx submit ${file} tells.`)
  }
}

/** The notes of earlier commands that ended before they were answered. */
export function unansweredNotes(dir: string): string[] {
  const names = readdirSync(dir).filter((name) => FILE_FORM.test(name))
  return names.map((name) => join(dir, name))
}

/** Deletes such a file once all its notes are answered; other files are the user's own. */
export function forgetAnswered(dir: string, file: string): void {
  if (unansweredNotes(dir).includes(file)) rmSync(file)
}
