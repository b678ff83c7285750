/** The lines of a batch of calls: who was charged for what, why some were not, and what was given back of each. */

import type { Tools } from '../domain/envelope.ts'
import { formatMicros } from '../domain/money.ts'
import { accounts, refunds } from '../domain/state.ts'
import { readRange } from '../ledger/history.ts'
import { presentBody } from '../ledger/present.ts'
import { LoadedRows } from '../ledger/rows.ts'
import { missing } from './failures.ts'
import type { Sight } from './host.ts'
import type { LinePage, LineView } from './views.ts'

/** Of the body of a batch: index into payers, milliseconds after start, four counts, and perhaps a reference. */
interface BatchBody {
  readonly payers: readonly string[]
  readonly lines: readonly (readonly [number, number, number, number, number, number, string?])[]
}

interface Asked {
  readonly index: number
  /** Lines after this one. */
  readonly after?: number | undefined
  readonly limit: number
}

export async function readLines(tools: Tools, { store }: Sight, { index, after = -1, limit }: Asked): Promise<LinePage> {
  const [entry] = await readRange(tools, store, index, 1)
  const outcomes = entry?.outcome.lines
  if (entry === undefined || outcomes === undefined) throw missing(`Entry ${index} is no batch of calls.`)
  const { payers, lines } = presentBody(entry.transaction) as unknown as BatchBody
  const end = Math.min(outcomes.length, after + 1 + limit)
  const places = Array.from({ length: Math.max(0, end - after - 1) }, (_, at) => after + 1 + at)
  const rows = new LoadedRows(store)
  await rows.load(places.flatMap((line) => [refunds.at(index, line), accounts.at(payers[lines[line]![0]]!)]))
  const views = places.map((line): LineView => {
    const [of, , requests, inputTokens, outputTokens, milliseconds, reference] = lines[line]!
    const payer = payers[of]!
    const outcome = outcomes[line]!
    const refunded = rows.get(refunds.at(index, line))
    return {
      line,
      payer,
      name: rows.get(accounts.at(payer))?.name ?? '',
      usage: { requests, inputTokens, outputTokens, milliseconds },
      ...(reference !== undefined && { reference }),
      status: outcome.status,
      ...(outcome.status === 'refused' && { code: outcome.code }),
      ...(outcome.status === 'charged' && { gross: formatMicros(outcome.grossMicros) }),
      ...(refunded && { refunded: formatMicros(refunded.refundedMicros) }),
    }
  })
  return { size: await store.size(), lines: views, ...(end < outcomes.length && { next: end - 1 }) }
}
