/** How a statement is written: for a terminal, for programs, for a spreadsheet, on paper. */

import { presentStatement } from '../../ledger/statement.ts'
import { statementCsv } from './csv.ts'
import type { FoundStatement } from './find.ts'
import { statementTable } from './table.ts'

export const FORMATS = ['table', 'json', 'csv', 'pdf'] as const
export type Format = (typeof FORMATS)[number]

type Parts = AsyncIterable<Uint8Array> | Iterable<string>

export async function partsOf({ statement, ledger }: FoundStatement, format: Format): Promise<Parts> {
  if (format === 'json') return [`${JSON.stringify(presentStatement(statement))}\n`]
  if (format === 'table') return statementTable(statement).map((line) => `${line}\n`)
  if (format === 'csv') return [statementCsv(statement)]
  // Loaded only here: with it every command would start at half the speed.
  const { statementPdf } = await import('./pdf.ts')
  return statementPdf(statement, ledger)
}
