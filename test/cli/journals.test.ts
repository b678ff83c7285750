/** The files that spreadsheets and accounting programs read, of a ledger in which people chose hostile names. */

import { parse } from 'csv-parse/sync'
import { beforeAll, describe, expect, test } from 'vitest'
import { formatCsv } from '../../core/bin/csv.ts'
import { beancount, beancountAccount } from '../../core/bin/export/beancount.ts'
import { csv } from '../../core/bin/export/csv.ts'
import { hledger } from '../../core/bin/export/hledger.ts'
import { amountText, escapeCharacters } from '../../core/bin/export/plain-text.ts'
import { type ExportWriter, exportSource } from '../../core/bin/export/source.ts'
import { BOOK_CLASSES, type BookClass, isAccountBook } from '../../core/domain/books.ts'
import { type MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { person } from '../ledger/support.ts'
import { every } from '../support/every.ts'
import { sumOf } from './exact-money.ts'
import { HOSTILE_TEXTS, hostileLedger } from './hostile.ts'

let memory: MemoryLedger

beforeAll(async () => {
  memory = await hostileLedger()
})

async function written(writer: ExportWriter): Promise<string> {
  const parts = await every(writer(await exportSource(await openMemoryReader(memory))))
  return parts.join('')
}

describe('the files are, to the letter,', () => {
  test.each([
    ['hledger', hledger],
    ['beancount', beancount],
    ['csv', csv],
  ])('as in golden/hostile.%s', async (format, writer) => {
    await expect(await written(writer)).toMatchFileSnapshot(`golden/hostile.${format}`)
  })
})

test('no text of others begins a line, ends a description or becomes a tag', async () => {
  const journal = (await written(hledger)).split('\n')
  // Of their texts none but the first line of a transaction has any.
  for (const line of journal.filter((one) => !/^\d{4}-\d\d-\d\d \* /.test(one))) {
    expect(line).not.toMatch(/HYPERLINK|thief|Theft|2020|Łódź/)
  }
  for (const line of journal.filter((one) => one.startsWith('2026-'))) expect(line).not.toMatch(/[;|]/)
  const file = (await written(beancount)).split('\n')
  const hostile = file.filter((one) => /HYPERLINK|thief|Theft|2020|Łódź/.test(one))
  expect(hostile.length).toBeGreaterThan(0)
  for (const line of hostile) {
    // One string, closed where the line ends.
    expect(line).toMatch(/^2026-01-0\d \* "(?:[^"\\]|\\["\\])*"$/)
  }
})

test('CSV has each text as it was written, and amounts that sum to zero', async () => {
  const rows = parse(await written(csv), { columns: true, record_delimiter: '\r\n' }) as Record<string, string>[]
  expect(sumOf(rows.map(({ amount }) => amount || '0'))).toBe(0n)
  const summaries = rows.map(({ summary }) => summary!)
  for (const text of HOSTILE_TEXTS) expect(summaries.some((summary) => summary.includes(text))).toBe(true)
  expect(Object.keys(rows[0]!)).toHaveLength(13)
})

test('a cell that a spreadsheet would run gets an apostrophe, an amount does not', () => {
  const texts = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1', 'plain', '1=1', 'a "b", c\nd']
  const [cells] = parse(formatCsv([texts]), { record_delimiter: '\r\n' }) as string[][]
  const guarded = ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", "'\r=1", "'＝1", 'plain', '1=1', 'a "b", c\nd']
  expect(cells).toEqual(guarded)
  expect(formatCsv([[-25_500_000n, 0n, 12, undefined, '']])).toBe('-25.5,0,12,,\r\n')
})

test('amounts have six decimals, of any size and sign', () => {
  const texts = [0n, 1n, -1n, 25_500_000n, -(10n ** 18n), 10n ** 18n + 1n].map(amountText)
  const expected = ['0.000000', '0.000001', '-0.000001', '25.500000', '-1000000000000.000000', '1000000000000.000001']
  expect(texts).toEqual(expected.map((amount) => `${amount} CREDIT`))
})

test('line breaks and control characters never pass', () => {
  expect(escapeCharacters('a\nb\rc\td\u2028e\u2029f\u0085g\u0000;|', ';')).toBe(
    'a\\u{a}b\\u{d}c\\u{9}d\\u{2028}e\\u{2029}f\\u{85}g\\u{0}\\u{3b}|',
  )
})

test('no two books have one beancount account, and each has a name that beancount takes', () => {
  const accounts = ['Ada', 'Bob', 'Cyd'].map((name) => person(name).account)
  const books = BOOK_CLASSES.flatMap((book): readonly { readonly book: BookClass; readonly account?: string }[] => {
    return isAccountBook(book) ? accounts.map((account) => ({ book, account })) : [{ book }]
  })
  const names = books.map(beancountAccount)
  expect(new Set(names).size).toBe(books.length)
  for (const name of names) expect(name).toMatch(/^(?:Assets|Liabilities|Equity)(?::[A-Z][A-Za-z0-9-]*)+$/)
})

test.each([
  ['hledger', hledger],
  ['beancount', beancount],
  ['csv', csv],
])('%s is written as the log is read: nothing waits for its end', async (_format, writer) => {
  const source = await exportSource(await openMemoryReader(memory))
  let read = 0
  async function* watched() {
    for await (const entry of source.entries) {
      read += 1
      yield entry
    }
  }
  const seen: number[] = []
  for await (const part of writer({ ...source, entries: watched() })) if (part.includes('credit.topup')) seen.push(read)
  // Entries 2 to 7 are top-ups; each is written before the next one is read.
  expect(seen).toEqual([3, 4, 5, 6, 7, 8])
})
