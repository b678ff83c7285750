/**
 * Deposits as CSV, to be compared with what the providers say: one line for each payment outside of the ledger, in the order of
 * the log. What went out has a minus.
 *
 *   entry,time,type,provider,reference,account,name,amount,topup
 *   17,2026-01-01T08:00:00.000Z,credit.topup,stripe,pi_123,nim1…,Ada,100,
 *   52,2026-01-09T08:00:00.000Z,credit.return,stripe,re_1,nim1…,Ada,-40,17
 */

import { accounts } from '../domain/state.ts'
import { formatMilliseconds } from '../domain/time.ts'
import { DEPOSIT_TYPES, depositOf } from '../ledger/deposits.ts'
import type { Searched } from '../ledger/entry-search.ts'
import { readLog } from '../ledger/queries.ts'
import { LoadedRows } from '../ledger/rows.ts'
import type { Period } from '../ledger/statement.ts'
import { type CsvCell, formatCsv } from './csv.ts'
import { LEDGER_TOOLS } from './desk.ts'

const HEADER = 'entry time type provider reference account name amount topup'.split(' ')

export async function depositsCsv(searched: Searched, { from, to }: Period): Promise<string> {
  const rows = new LoadedRows(searched.store)
  const lines: { readonly index: number; readonly cells: CsvCell[] }[] = []
  for (const type of DEPOSIT_TYPES) {
    const filter = { type, from: 0, limit: Number.POSITIVE_INFINITY, since: from, until: to }
    for await (const entry of readLog(LEDGER_TOOLS, searched, filter)) {
      const { provider, reference, account, amountMicros, topup } = depositOf(entry)
      if (account !== undefined) await rows.load([accounts.at(account)])
      const name = account === undefined ? undefined : rows.get(accounts.at(account))?.name
      const amount = type === 'credit.topup' ? amountMicros : -amountMicros
      const { index, time } = entry
      lines.push({ index, cells: [index, formatMilliseconds(time), type, provider, reference, account, name, amount, topup] })
    }
  }
  return formatCsv([HEADER, ...lines.sort((a, b) => a.index - b.index).map(({ cells }) => cells)])
}
