/**
 * A trace of calls as CSV, with the columns TIMESTAMP (UTC), ContextTokens and GeneratedTokens, found by their header in any
 * order:
 *
 *   TIMESTAMP,ContextTokens,GeneratedTokens
 *   2023-11-16 18:15:46.6805900,374,44
 *
 * Read as a stream, so a trace may be larger than memory. A line that is not of the form is named, with its number in the file.
 */

import { createReadStream } from 'node:fs'
import { CsvError, type Options, parse } from 'csv-parse'
import { quoted } from '../../domain/text.ts'
import { MAX_SECONDS, type Milliseconds } from '../../domain/time.ts'

export interface Call {
  readonly time: Milliseconds
  readonly inputTokens: number
  readonly outputTokens: number
}

/** Why a file is not a trace. */
export class TraceError extends Error {
  override readonly name = 'TraceError'
}

const COLUMNS = ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens'] as const
const TIME_FORM = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)?$/
const FORM = {
  bom: true,
  trim: true,
  skip_empty_lines: true,
  info: true,
  max_record_size: 10_000,
  record_delimiter: ['\r\n', '\n', '\r'],
} satisfies Options

/** The calls of a file in order. Throws TraceError at the first line that is not one. */
export async function* readTrace(file: string): AsyncGenerator<Call> {
  const source = createReadStream(file)
  const parser = source.pipe(parse(FORM))
  // A pipe does not carry errors along.
  source.on('error', (error) => parser.destroy(error))
  let columns: readonly number[] | undefined
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (columns === undefined) columns = findColumns(record)
      else yield parseCall(record, columns, info.lines)
    }
  } catch (error) {
    throw error instanceof CsvError ? new TraceError(`It is not CSV: ${error.message}.`) : error
  }
  if (columns === undefined) throw new TraceError('It is empty: not even a header.')
}

function findColumns(header: readonly string[]): readonly number[] {
  const columns = COLUMNS.map((name) => header.indexOf(name))
  const missing = COLUMNS.filter((_, i) => columns[i]! < 0)
  if (missing.length > 0) throw new TraceError(`Its header lacks ${missing.join(' and ')}; it reads ${quoted(header.join(','))}.`)
  const twice = COLUMNS.find((name, i) => header.lastIndexOf(name) !== columns[i])
  if (twice !== undefined) throw new TraceError(`Its header has ${twice} twice: which one counts cannot be told.`)
  return columns
}

function parseCall(record: readonly string[], columns: readonly number[], line: number): Call {
  const [time, inputTokens, outputTokens] = columns.map((column) => record[column] ?? '') as [string, string, string]
  return {
    time: parseTimestamp(time, line),
    inputTokens: parseTokens(inputTokens, COLUMNS[1], line),
    outputTokens: parseTokens(outputTokens, COLUMNS[2], line),
  }
}

function parseTimestamp(text: string, line: number): Milliseconds {
  const match = TIME_FORM.exec(text)
  const milliseconds =
    match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}.${(match[3] ?? '0').padEnd(3, '0').slice(0, 3)}Z`)
  const isDay = !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().startsWith(match![1]!)
  if (!isDay || milliseconds < 0 || milliseconds / 1000 > MAX_SECONDS) {
    throw new TraceError(`Line ${line}: TIMESTAMP is ${quoted(text)}, not a time such as 2023-11-16 18:15:46.680.`)
  }
  return milliseconds
}

function parseTokens(text: string, column: string, line: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new TraceError(`Line ${line}: ${column} is ${quoted(text)}, not a number of tokens.`)
  }
  return value
}
