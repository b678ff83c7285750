/**
 * CSV (RFC 4180) for spreadsheets: lines end in CR LF, cells are quoted where they must be. Amounts are given as microcredits and
 * written as exact decimals of credits. A text that a spreadsheet would run as a formula, since it begins with = + - or @, gets
 * an apostrophe before it: texts are written by people who may wish the reader ill.
 */

import { stringify } from 'csv-stringify/sync'
import { formatMicros } from '../domain/money.ts'

/** A text, an index, or an amount in microcredits; undefined leaves the cell empty. */
export type CsvCell = string | number | bigint | undefined

export function formatCsv(rows: readonly (readonly CsvCell[])[]): string {
  return stringify(rows as CsvCell[][], {
    cast: { bigint: (amountMicros) => formatMicros(amountMicros) },
    escape_formulas: true,
    record_delimiter: 'windows',
  })
}
