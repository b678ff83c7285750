/**
 * Long work written once, as a generator that yields where it may be interrupted, and done either at one go, or in turns with
 * whatever else the program has to do meanwhile.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'

/** Work that answers when all of its parts are done. */
export type Parts<Answer> = Generator<undefined, Answer>

export function atOnce<Answer>(parts: Parts<Answer>): Answer {
  for (;;) {
    const part = parts.next()
    if (part.done) return part.value
  }
}

export async function inTurns<Answer>(parts: Parts<Answer>): Promise<Answer> {
  for (;;) {
    const part = parts.next()
    if (part.done) return part.value
    await nextTurn()
  }
}
