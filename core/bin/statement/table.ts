/** A statement on a terminal. */

import { formatMicros } from '../../domain/money.ts'
import { formatMilliseconds } from '../../domain/time.ts'
import type { Statement } from '../../ledger/statement.ts'
import { formatTable } from '../output.ts'
import { balanceRows, detailWords, periodWords, totalRows } from './words.ts'

export function statementTable(statement: Statement): string[] {
  const { account, name, entries } = statement
  const postings = entries.flatMap((entry) => entry.postings)
  const figures = formatTable(
    postings.map(({ book, amountMicros, balanceMicros }) => [book, formatMicros(amountMicros), formatMicros(balanceMicros)]),
    [1, 2],
  )
  const lines = [`Statement of ${name}, ${account}`, periodWords(statement), '']
  for (const entry of entries) {
    lines.push(`${String(entry.index).padStart(6)}  ${formatMilliseconds(entry.time)}  ${entry.summary}`)
    const words = detailWords(entry, account)
    if (words !== '') lines.push(`        ${words}`)
    lines.push(...figures.splice(0, entry.postings.length).map((line) => `        ${line}`))
  }
  const balances = formatTable([['', 'opening', 'change', 'closing'], ...balanceRows(statement)], [1, 2, 3])
  const totals = formatTable(totalRows(statement), [1])
  return [...lines, '', ...indent(balances), '', ...indent(totals)]
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}
