/** The statement command: one account, in every format, in agreement with what the other commands say. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { beforeAll, describe, expect, it } from 'vitest'
import { statementPdf } from '../../core/bin/statement/pdf.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { openMemoryReader } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { Lookup } from '../../core/ledger/lookup.ts'
import { readStatement } from '../../core/ledger/statement.ts'
import { person } from '../ledger/support.ts'
import { every } from '../support/every.ts'
import { micros, sumOf } from './exact-money.ts'
import { hostileLedger } from './hostile.ts'
import { foundMarket, type Market } from './market.ts'
import { readPdf } from './pdf-text.ts'
import { cli, expectFailed, expectNoStack, folder, ok, type Run } from './run.ts'

interface StatementAnswer {
  readonly opening: Record<string, string>
  readonly closing: Record<string, string>
  readonly totals: Record<string, string>
  readonly takeHome: string
  readonly entries: readonly {
    readonly index: number
    readonly type: string
    readonly postings: readonly { readonly book: string; readonly amount: string; readonly balance: string }[]
    readonly role?: string
    readonly gross?: string
    readonly fee?: string
    readonly takeHome?: string
  }[]
}

let market: Market
let dir: string
const files = folder()

beforeAll(async () => {
  market = await foundMarket()
  dir = market.dir
})

const statement = async (...args: string[]) => (await ok(cli(dir, ['statement', ...args]))) as unknown as StatementAnswer
const plain = (...args: string[]) => cli(dir, ['statement', ...args], { plain: true })

function expectDone(run: Run): Run {
  expect([run.code, run.stderr], run.stdout).toEqual([0, ''])
  return run
}

describe('as JSON', () => {
  it('has these names and no others', async () => {
    const found = await statement('Bob', '--from', '2026-01-02T00:00:00Z', '--to', '2027-01-01T00:00:00Z')
    const names = 'account name from to time size opening entries closing totals takeHome'.split(' ')
    expect(Object.keys(found)).toEqual(names)
    expect(Object.keys(await statement('Bob'))).toEqual(names.filter((name) => name !== 'from' && name !== 'to'))
    const entry = 'index time type signer id summary postings'.split(' ')
    for (const one of found.entries) expect(Object.keys(one).slice(0, entry.length)).toEqual(entry)
    const paid = found.entries.find(({ type }) => type === 'dataset.license')!
    expect(paid).toMatchObject({ role: 'payer', gross: '9', fee: '1.35', takeHome: '7.65' })
    expect(Object.keys(paid)).toEqual([...entry, 'role', 'gross', 'fee', 'takeHome'])
    const batch = found.entries.find(({ type }) => type === 'usage.batch')!
    expect(batch).toMatchObject({ role: 'payer', lines: { charged: 2, duplicates: 0, refused: {} } })
  })

  it('ties, book by book, to the balance and to the trial balance', async () => {
    const { books } = await ok(cli(dir, ['trial-balance']))
    for (const name of ['Ada', 'Bob', 'Chiara', 'operator']) {
      const { opening, entries, closing, totals, takeHome } = await statement(name)
      for (const [book, end] of Object.entries(closing)) {
        const own = entries.flatMap(({ postings }) => postings).filter((posting) => posting.book === book)
        expect(micros(opening[book]!) + sumOf(own.map(({ amount }) => amount)), book).toBe(micros(end))
        expect(own.at(-1)?.balance ?? '0').toBe(end)
        expect(books[book] ?? '0').toBe(end)
      }
      expect(sumOf(Object.values(totals))).toBe(sumOf(Object.values(closing)) - sumOf(Object.values(opening)))
      expect(micros(takeHome)).toBe(sumOf([totals.received ?? '0', totals.fees ?? '0']))
    }
  })

  it('of the creator has what was received, gross, fee and take-home', async () => {
    const { entries, totals, closing } = await statement('Ada')
    const received = entries.filter(({ role }) => role === 'payee')
    expect(received.map(({ type }) => type)).toEqual([
      'subscription.start',
      'dataset.purchase',
      'dataset.license',
      'feature.purchase',
      'usage.batch',
    ])
    expect(sumOf(received.map(({ gross }) => gross!))).toBe(micros(totals.received!))
    expect(sumOf(received.map(({ fee }) => fee!))).toBe(-micros(totals.fees!))
    expect(sumOf(received.map(({ takeHome }) => takeHome!))).toBe(micros(closing[`earnings:${market.accounts.Ada}`]!))
  })

  it('begins where the period before it ended', async () => {
    const cut = '2026-01-02'
    const [before, after, whole] = await Promise.all([
      statement('Ada', '--to', cut),
      statement('Ada', '--from', cut),
      statement('Ada'),
    ])
    expect(after.opening).toEqual(before.closing)
    expect([...before.entries, ...after.entries]).toEqual(whole.entries)
    expect(await statement('Ada', '--from', '2026-01-02T01:00:00+01:00')).toEqual(after)
    expect([before.entries.length, after.entries.length > 0]).toEqual([0, true])
  })
})

describe('for people', () => {
  it('is a table by default', async () => {
    const { stdout } = expectDone(await plain('Bob'))
    expect(stdout).toMatch(/^Statement of Bob, nim1/)
    expect(stdout).toMatch(/Paid gross 9, fee 1\.35, take-home 7\.65/)
    expect(stdout).toMatch(/^ {8}wallet\s+-9\s+241/m)
    expect(stdout).toMatch(/Top-ups +250/)
  })

  it('is CSV whose amounts lead from the opening to the closing balance', async () => {
    const run = expectDone(await plain('Ada', '--format', 'csv', '--from', '2026-01-01T00:00:00Z'))
    const rows = parse(run.stdout, { columns: true, record_delimiter: '\r\n' }) as Record<string, string>[]
    for (const { book, balance } of rows.filter(({ type }) => type === 'closing')) {
      const own = rows.filter((row) => row.book === book)
      expect(own[0]!.type).toBe('opening')
      expect(sumOf([own[0]!.balance!, ...own.map(({ amount }) => amount || '0')])).toBe(micros(balance!))
    }
    const { totals } = await statement('Ada')
    const received = rows.filter(({ role }) => role === 'payee').map(({ gross }) => gross!)
    expect(sumOf(received)).toBe(micros(totals.received!))
  })

  it('is a PDF that says the same, with its fonts inside, page after page', async () => {
    const file = join(files, 'ada.pdf')
    const run = expectDone(await plain('Ada', '--format', 'pdf', '-o', file))
    expect(run.stdout).toContain(file)
    const { pages, embeddedFonts, bytes } = readPdf(readFileSync(file))
    expect(embeddedFonts).toBe(2)
    expect(bytes.subarray(-6).toString()).toBe('%%EOF\n')
    const texts = pages.flatMap((page) => page.texts)
    pages.forEach(({ texts: own }, i) => {
      expect(own).toContain(`Page ${i + 1} of ${pages.length}`)
      expect(own).toContain('test.example/credits')
      expect(own).toContain(market.accounts.Ada)
    })
    const { closing, entries, totals } = await statement('Ada')
    const amounts = entries.flatMap(({ postings }) => postings.flatMap(({ amount, balance }) => [amount, balance]))
    for (const amount of [...amounts, ...Object.values(closing), ...Object.values(totals)]) expect(texts).toContain(amount)
    for (const { index } of entries) expect(texts).toContain(String(index))
  })
})

describe('the PDF', () => {
  async function hostilePdf(): Promise<Buffer> {
    const store = await openMemoryReader(await hostileLedger())
    const found = await readStatement({ rules, sha256 }, { store, lookup: Lookup.none() }, person('Zoë').account, {})
    if (found === undefined || found === 'too_long') throw new Error('there is a statement')
    return Buffer.concat(await every(statementPdf(found, { name: 'Łódź', origin: 'test.example/credits' })))
  }

  it('is the same for the same statement, byte by byte', async () => {
    expect((await hostilePdf()).equals(await hostilePdf())).toBe(true)
    expect((await hostilePdf()).toString('latin1')).toContain('(D:20260102000005Z)')
  })

  it('shows letters of many scripts, and the escapes of those that its font lacks', async () => {
    const { pages } = readPdf(await hostilePdf())
    expect(pages[0]!.texts[0]).toBe('Łódź')
    expect(pages.flatMap(({ texts }) => texts).join('')).toContain('(Łódź Ελλάδα Київ \\u{4e2d}\\u{6587} \u{1f600})')
  })

  it('has as many pages as its entries take, numbered, none of them cut through an entry', async () => {
    const big = await foundMarket(120)
    const file = join(files, 'many.pdf')
    expectDone(await cli(big.dir, ['statement', 'Bob', '--format', 'pdf', '-o', file], { plain: true }))
    const { pages } = readPdf(readFileSync(file))
    expect(pages.length).toBeGreaterThan(3)
    for (const [i, { texts }] of pages.entries()) {
      expect(texts).toContain(`Page ${i + 1} of ${pages.length}`)
      // Every page says what its columns are, and ends with the amounts of its last entry.
      expect(texts).toContain('Balance')
      expect(texts.at(-3)).toBe('wallet')
    }
  })
})

describe('where it goes', () => {
  it('prints the same that it writes to a file', async () => {
    for (const format of ['table', 'json', 'csv', 'pdf']) {
      const file = join(files, `bob.${format}`)
      const printed = expectDone(await plain('Bob', '--format', format))
      expectDone(await plain('Bob', '--format', format, '-o', file))
      expect(readFileSync(file, 'utf8')).toBe(printed.stdout)
    }
  })

  it('with --json names the file', async () => {
    const file = join(files, 'chiara.pdf')
    expect(await ok(cli(dir, ['statement', 'Chiara', '--format', 'pdf', '-o', file]))).toEqual({ file })
    expect(readdirSync(files)).toContain('chiara.pdf')
    const json = join(files, 'chiara.json')
    expect(await ok(cli(dir, ['statement', 'Chiara', '-o', json]))).toEqual({ file: json })
    expect(JSON.parse(readFileSync(json, 'utf8'))).toEqual(await statement('Chiara'))
  })

  it('is refused where it cannot be, and leaves what was there', async () => {
    writeFileSync(join(files, 'kept'), 'kept')
    const nobody = 'nim1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq'
    const wrong = [
      ['Nobody'],
      [nobody],
      ['Bob', '--from', 'yesterday'],
      ['Bob', '--to', '2026-02-30'],
      ['Bob', '--from', '2026-01-03T00:00:00Z', '--to', '2026-01-02T00:00:00Z'],
      ['Bob', '--format', 'docx'],
      ['Bob', '--format', 'pdf'],
      ['Bob', '-o', files],
      ['Bob', '-o', join(files, 'no such folder', 'x')],
      ['Bob', '-o', join(files, 'kept', 'x')],
    ]
    for (const args of wrong) {
      const run = await cli(dir, ['statement', ...args])
      expectFailed(run, 'usage')
      expectNoStack(run)
      expect(run.json.message).not.toContain('.new')
    }
    expect(readFileSync(join(files, 'kept'), 'utf8')).toBe('kept')
    expect(readdirSync(files).filter((name) => name.endsWith('.new'))).toEqual([])
  })
})
