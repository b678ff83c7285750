/** What commands print: one JSON value for programs, or lines for people. Diagnostics go to the error stream. */

import type { Json } from '../domain/canonical.ts'

type Row = readonly string[]

let isReaderGone = false

/**
 * Called when the reader closes the pipe, as `head` does once it has seen enough: nothing more is printed, and work under way
 * goes on.
 */
export function stopPrinting(): void {
  isReaderGone = true
}

/** Whether anybody still reads what is printed; if not, long listings end. */
export function isRead(): boolean {
  return !isReaderGone
}

export function printJson(value: Json): void {
  print(JSON.stringify(value))
}

export function print(...lines: readonly string[]): void {
  printAll(lines)
}

/** Prints any number of lines; an argument list has its limits. */
export function printAll(lines: readonly string[]): void {
  for (const line of lines) if (!isReaderGone) process.stdout.write(`${line}\n`)
}

export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Columns as wide as their widest cell; amounts, in the columns that `amounts` names, are aligned on the point. */
export function formatTable(rows: readonly Row[], amounts: readonly number[] = []): string[] {
  const aligned = rows.map((row) => [...row])
  for (const column of amounts) alignOnPoint(aligned, column)
  const widths = (aligned[0] ?? []).map((_, column) => longest(aligned.map((row) => row[column]!)))
  return aligned.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - characters(cell)))
      .join('  ')
      .trimEnd(),
  )
}

function alignOnPoint(rows: string[][], column: number): void {
  const parts = rows.map((row) => row[column]!.split('.'))
  const whole = longest(parts.map(([left]) => left!))
  rows.forEach((row, i) => {
    const [left, right] = parts[i]!
    row[column] = left!.padStart(whole) + (right === undefined ? '' : `.${right}`)
  })
}

function longest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, characters(text)), 0)
}

function characters(text: string): number {
  return [...text].length
}

/** The fields of an object, one on each line. */
export function formatFields(fields: { readonly [name: string]: Json | undefined }): string[] {
  const shown = Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined)
  return formatTable(shown.map(([name, value]) => [wordsOf(name), formatValue(value)]))
}

/** A value for people: lists and objects as words, without quotes and braces. */
export function formatValue(value: Json): string {
  if (typeof value !== 'object') return String(value)
  const parts = Array.isArray(value)
    ? value.map(formatValue)
    : Object.entries(value).map(([name, item]) => `${wordsOf(name)} ${formatValue(item)}`.trimEnd())
  return parts.length === 0 ? 'none' : parts.join(', ')
}

/** "takeHome" → "take home"; codes and names, which are no such fields, stay as they are. */
export function wordsOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

const BAR_CHARACTERS = 24
const REDRAW_MS = 100

function formatRest(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}

/**
 * Shows the progress of long work, on a terminal only: a bar, the rate and the time left. Returns the function to call as it
 * proceeds.
 */
export function progressBar(what: string): (done: number, total: number) => void {
  if (!process.stderr.isTTY) return () => {}
  const started = Date.now()
  let drawn = 0
  return (done, total) => {
    const now = Date.now()
    const isLast = done >= total
    if (!isLast && now - drawn < REDRAW_MS) return
    drawn = now
    const seconds = Math.max((now - started) / 1000, 0.001)
    const rate = done / seconds
    const left = rate > 0 ? Math.ceil((total - done) / rate) : 0
    const filled = total === 0 ? BAR_CHARACTERS : Math.floor((done / total) * BAR_CHARACTERS)
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_CHARACTERS - filled)
    const line = `${what} ${bar} ${done}/${total}  ${Math.round(rate)}/s  ${formatRest(left)} left`
    // A line that the terminal breaks in two is not taken back by the next one.
    process.stderr.write(`\r\x1b[K${line.slice(0, process.stderr.columns - 1)}`)
    if (isLast) process.stderr.write('\r\x1b[K')
  }
}
