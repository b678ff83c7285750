/**
 * A statement on paper: A4, with a header, a footer and page numbers, amounts aligned on their decimal points. The same statement
 * gives the same bytes: the document is dated with the statement's own time.
 *
 * The font is DejaVu Sans, embedded as far as it is used: it has Latin with all its accents (Ł too), Greek, Cyrillic and more,
 * and figures of one width. A character that it lacks is shown as its escape, such as \u{4e2d}, and not as an empty box.
 */

import { createRequire } from 'node:module'
import { type Font, openSync } from 'fontkit'
import PDFDocument from 'pdfkit'
import { formatMicros } from '../../domain/money.ts'
import { formatMilliseconds, type Milliseconds } from '../../domain/time.ts'
import type { Statement, StatementEntry } from '../../ledger/statement.ts'
import { balanceRows, detailWords, periodWords, totalRows } from './words.ts'

// Not called `require`: the desktop program's bundle has one of that name in every file that asks for one.
const packages = createRequire(import.meta.url)
const FONTS = {
  regular: packages.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
  bold: packages.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'),
}

/** Points, from the left and the top of the page. */
const LEFT = 48
const RIGHT = 547
const TOP = 72
const BOTTOM = 782
const HEADER_Y = 36
const FOOTER_Y = 800
const COLUMNS = { index: LEFT + 36, time: LEFT + 44, text: LEFT + 134 }
/** Where the decimal points of amounts stand: there is room between them for any possible amount, 10¹² with six decimals. */
const POINTS = { first: 308, second: 410, third: 512 }
const LINE = 11
const GAP = 5
const SIZE = { small: 7, body: 8, title: 16 }
const RULE_COLOUR = '#999999'
const QUIET_COLOUR = '#555555'

interface LedgerName {
  readonly name: string
  readonly origin: string
}

export function statementPdf(statement: Statement, ledger: LedgerName): AsyncIterable<Uint8Array> {
  // Drawn twice, since every page says how many there are, and a page is not kept once it is full.
  const { pages } = draw(statement, ledger, 0)
  return draw(statement, ledger, pages).finish()
}

function draw(statement: Statement, ledger: LedgerName, pages: number): Sheet {
  const margins = { left: ledger.name, right: ledger.origin, footer: statement.account, pages }
  const sheet = new Sheet(`Statement of ${statement.name}`, statement.time, margins)
  drawSummary(sheet, statement, ledger)
  drawEntries(sheet, statement)
  return sheet
}

function drawSummary(sheet: Sheet, statement: Statement, { origin }: LedgerName): void {
  sheet.paragraph(`Statement of ${statement.name}`, { bold: true, size: SIZE.title })
  sheet.paragraph(`${statement.account}, on the ledger ${origin}`)
  sheet.paragraph(`${periodWords(statement)}. Times are UTC, amounts credits.`)
  sheet.skip(GAP)
  sheet.headings('Book', ['Opening', 'Change', 'Closing'])
  for (const [book, ...amounts] of balanceRows(statement)) sheet.amounts(LEFT, book, amounts)
  sheet.skip(LINE)
  sheet.headings('In this period', ['Amount'])
  for (const [words, amount] of totalRows(statement)) sheet.amounts(LEFT, words, [undefined, undefined, amount])
  sheet.skip(LINE)
}

function drawEntries(sheet: Sheet, { account, entries }: Statement): void {
  const heads = () => sheet.headings('Entry', ['Amount', 'Balance'])
  heads()
  for (const entry of entries) {
    const details = detailWords(entry, account)
    // An entry stays in one piece: it has at most a few lines.
    if (sheet.makeRoom(heightOf(sheet, entry, details))) heads()
    drawEntry(sheet, entry, details)
  }
  if (entries.length === 0) sheet.paragraph('No entry touched the account in this period.')
}

function heightOf(sheet: Sheet, { summary, postings }: StatementEntry, details: string): number {
  return sheet.heightOf(summary) + (details === '' ? 0 : sheet.heightOf(details)) + postings.length * LINE + GAP
}

function drawEntry(sheet: Sheet, entry: StatementEntry, details: string): void {
  sheet.line(String(entry.index), COLUMNS.index, { isRight: true })
  sheet.line(formatMilliseconds(entry.time).slice(0, 19).replace('T', ' '), COLUMNS.time)
  sheet.paragraph(entry.summary, { x: COLUMNS.text })
  if (details !== '') sheet.paragraph(details, { x: COLUMNS.text, colour: QUIET_COLOUR })
  for (const { book, amountMicros, balanceMicros } of entry.postings) {
    sheet.amounts(COLUMNS.text, book, [undefined, formatMicros(amountMicros), formatMicros(balanceMicros)])
  }
  sheet.skip(GAP)
}

interface Style {
  readonly x?: number
  readonly bold?: boolean
  readonly size?: number
  readonly colour?: string
}

/** What stands above and below every page. */
interface Margins {
  readonly left: string
  readonly right: string
  readonly footer: string
  readonly pages: number
}

/** Pages that are filled from the top. Nothing is left to pdfkit's own flow of text: every position is given. */
class Sheet {
  readonly #doc: PDFKit.PDFDocument
  readonly #glyphs: Font
  readonly #margins: Margins
  #y = TOP
  /** How many pages were begun. */
  pages = 0

  constructor(title: string, time: Milliseconds, margins: Margins) {
    this.#margins = margins
    this.#glyphs = openSync(FONTS.regular) as Font
    this.#doc = new PDFDocument({
      size: 'A4',
      margin: 0,
      autoFirstPage: false,
      lang: 'en',
      displayTitle: true,
      info: { Title: title, Creator: 'NIM Ledger', Producer: 'NIM Ledger', CreationDate: new Date(time) },
      // By its path, as in #style: a font named in another way would be opened again for every piece of text.
      font: FONTS.regular,
    })
    this.#beginPage()
  }

  /** Begins a page where less than `height` is left; tells whether it did. */
  makeRoom(height: number): boolean {
    if (this.#y + height <= BOTTOM) return false
    this.#beginPage()
    return true
  }

  skip(height: number): void {
    this.#y += height
  }

  /** Text from `x` to the right margin, over as many lines as it takes. */
  paragraph(text: string, style: Style = {}): void {
    const { x = LEFT } = style
    this.#style(style)
    this.#doc.text(this.#shown(text), x, this.#y, { width: RIGHT - x })
    this.#y = this.#doc.y + 1
  }

  heightOf(text: string): number {
    this.#style({})
    return this.#doc.heightOfString(this.#shown(text), { width: RIGHT - COLUMNS.text }) + 1
  }

  /** One line of text that begins, or ends, at `x`; the next thing is drawn beside it. */
  line(text: string, x: number, { isRight = false, ...style }: Style & { readonly isRight?: boolean } = {}): void {
    this.#style(style)
    this.#put(text, isRight ? x - this.#doc.widthOfString(text) : x)
  }

  /** A row of amounts behind their description. */
  amounts(x: number, what: string, amounts: readonly (string | undefined)[]): void {
    this.makeRoom(LINE)
    this.line(what, x)
    const points = Object.values(POINTS)
    amounts.forEach((amount, i) => {
      // Whole credits end at the point, so all points stand in one line.
      if (amount !== undefined) this.line(amount, points[i]! - this.#doc.widthOfString(amount.split('.')[0]!))
    })
    this.#y += LINE
  }

  /** The heads of columns, with a rule below; the last head stands over the last column. */
  headings(first: string, others: readonly string[]): void {
    this.makeRoom(4 * LINE)
    const style = { bold: true }
    this.line(first, LEFT, style)
    const points = Object.values(POINTS).slice(-others.length)
    others.forEach((text, i) => {
      this.line(text, points[i]!, { ...style, isRight: true })
    })
    this.#y += LINE + 1
    this.#rule(this.#y)
    this.#y += GAP
  }

  /** Gives the document's bytes. */
  finish(): AsyncIterable<Uint8Array> {
    this.#doc.end()
    return this.#doc as unknown as AsyncIterable<Uint8Array>
  }

  #beginPage(): void {
    const { left, right, footer, pages } = this.#margins
    this.#doc.addPage()
    this.pages += 1
    this.#margin(HEADER_Y, left, right)
    this.#rule(HEADER_Y + LINE + 2)
    this.#margin(FOOTER_Y, footer, `Page ${this.pages} of ${pages}`)
    this.#y = TOP
  }

  /** A line in the margin: text that is too long for its half is cut. */
  #margin(y: number, left: string, right: string): void {
    this.#y = y
    const style = { size: SIZE.small, colour: QUIET_COLOUR }
    this.#style(style)
    const width = RIGHT - LEFT - this.#doc.widthOfString(right) - 2 * GAP
    this.#doc.text(this.#shown(left), LEFT, y, { width, height: LINE, ellipsis: true })
    this.line(right, RIGHT, { ...style, isRight: true })
  }

  #rule(y: number): void {
    this.#doc.moveTo(LEFT, y).lineTo(RIGHT, y).lineWidth(0.5).strokeColor(RULE_COLOUR).stroke()
  }

  #put(text: string, x: number): void {
    this.#doc.text(this.#shown(text), x, this.#y, { lineBreak: false })
  }

  #style({ bold = false, size = SIZE.body, colour = 'black' }: Style): void {
    this.#doc
      .font(bold ? FONTS.bold : FONTS.regular)
      .fontSize(size)
      .fillColor(colour)
  }

  #shown(text: string): string {
    const show = (character: string) => {
      const codePoint = character.codePointAt(0)!
      return this.#glyphs.hasGlyphForCodePoint(codePoint) ? character : `\\u{${codePoint.toString(16)}}`
    }
    return Array.from(text, show).join('')
  }
}
