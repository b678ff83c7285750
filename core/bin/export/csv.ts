/**
 * CSV: a line for each posting, so that a column of amounts can be summed (to zero over the whole file, and to a book's balance
 * over its lines). An entry without postings has one line without a book. What an entry has only once (gross, fee, take-home,
 * what it created) stands in its first line only, for the same reason.
 *
 *   index,time,type,id,signer,summary,book,amount,balance,gross,fee,takeHome,created
 *   1,2026-01-01T00:00:00.000Z,credit.topup,6957…,nim1…,Tops up nim1… by 25 credits…,issued,-25,-25,,,,
 *   1,2026-01-01T00:00:00.000Z,credit.topup,6957…,nim1…,Tops up nim1… by 25 credits…,wallet:nim1…,25,25,,,,
 */

import { postingBook } from '../../domain/outcome.ts'
import { formatMilliseconds } from '../../domain/time.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import { creatorPayment, describe } from '../../ledger/present.ts'
import { type CsvCell, formatCsv } from '../csv.ts'
import type { ExportSource } from './source.ts'

const HEADER = 'index time type id signer summary book amount balance gross fee takeHome created'.split(' ')

export async function* csv({ entries }: ExportSource): AsyncGenerator<string> {
  yield formatCsv([HEADER])
  for await (const entry of entries) yield formatCsv(rowsOf(entry))
}

function rowsOf({ index, time, transaction, outcome }: Accepted): CsvCell[][] {
  const { definition, id, signer } = transaction
  const { postings, created } = outcome
  const payment = creatorPayment(outcome)
  const entry = [index, formatMilliseconds(time), definition.type, id, signer, describe(transaction)]
  const money = payment && [payment.grossMicros, payment.feeMicros, payment.grossMicros - payment.feeMicros]
  const once = [...(money ?? [undefined, undefined, undefined]), created]
  const nothing = once.map(() => undefined)
  if (postings.length === 0) return [[...entry, undefined, undefined, undefined, ...once]]
  return postings.map((posting, i) => {
    const figures = [postingBook(posting), posting.amountMicros, posting.balanceMicros]
    return [...entry, ...figures, ...(i === 0 ? once : nothing)]
  })
}
