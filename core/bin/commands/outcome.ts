/** What became of a transaction, as commands print it. */

import type { Refusal } from '../../domain/refusal.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import { describe, type JsonObject, presentAccepted, presentPreview } from '../../ledger/present.ts'
import type { Preview } from '../../ledger/preview.ts'
import { EXIT } from '../failure.ts'
import { localNames, withNames } from '../local-keys.ts'
import { Pending } from '../mirror-sequencer.ts'
import { formatFields, formatTable, print, printJson, wordsOf } from '../output.ts'
import { type GlobalOptions, placeOf } from './options.ts'

/** What waits in a mirror's outbox is on its way: the command that put it there has not failed. */
export function pendingOf(error: unknown): Pending {
  if (error instanceof Pending) return error
  throw error
}

/** Prints an outcome and returns its exit code. */
export function showOutcome(outcome: Accepted | Preview | Refusal | Pending, options: GlobalOptions): number {
  const { json } = options
  if (outcome instanceof Pending) return showPending(outcome, json)
  if (outcome.status === 'refused') {
    if (json) printJson({ status: outcome.status, code: outcome.code, message: outcome.message, data: outcome.data })
    else print(`refused  ${outcome.code}`, `  ${withNames(outcome.message, namesFor(options))}`)
    return EXIT.refused
  }
  const shown = outcome.status === 'accepted' ? presentAccepted(outcome) : presentPreview(outcome)
  if (json) printJson(shown)
  else printEffects(outcome, shown, namesFor(options))
  return EXIT.done
}

function showPending({ kept, message }: Pending, json: true | undefined): number {
  const { id, state, answer, note } = kept
  const index = answer?.status === 'accepted' ? { index: answer.index } : {}
  if (json) printJson({ status: state, id, ...index, note: new TextDecoder().decode(note) })
  else print(`${state}  ${id}`, `  ${message}`)
  return EXIT.done
}

/** For people only. Where the file of keys is damaged, what was done is shown without names; other commands report the damage. */
function namesFor(options: GlobalOptions): ReadonlyMap<string, string> {
  try {
    return localNames(placeOf(options).dir)
  } catch {
    return new Map()
  }
}

function printEffects(outcome: Accepted | Preview, shown: JsonObject, names: ReadonlyMap<string, string>): void {
  const repeated = outcome.status === 'accepted' && outcome.repeated ? ', as before' : ''
  const place = outcome.status === 'accepted' ? `${repeated}  entry ${shown.index}  ${shown.time}` : ''
  print(`${outcome.status}${place}  ${shown.type}`, `  ${withNames(describe(outcome.transaction), names)}`)
  const postings = shown.postings as { book: string; amount: string }[]
  const rows = postings.map(({ book, amount }) => [withNames(book, names), amount])
  print(...formatTable(rows, [1]).map((line) => `  ${line}`))
  const { gross, fee, takeHome, created, lines } = shown
  const amounts = Object.entries({ gross, fee, takeHome }).flatMap(([name, amount]) =>
    amount === undefined ? [] : [[wordsOf(name), String(amount)]],
  )
  const others = formatFields({ lines, ...(outcome.status === 'accepted' && { created }) })
  print(...[...formatTable(amounts, [1]), ...others].map((line) => `  ${line}`))
}
