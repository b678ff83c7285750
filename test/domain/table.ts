/**
 * Reads the tables of cases in test/tables: what a table holds, line by line. test/domain/play.ts runs them.
 *
 * A table is lines. Those before the first `case` set the scene for every case; each case then starts from that scene afresh.
 *
 *   # a comment                              a line that ends in \ goes on in the next one
 *   given market                             runs test/tables/given/market.txt here
 *   case Three models fit, a fourth does not
 *     at 2026-02-01T00:00:00Z                the ledger's time from here on (a fraction of a second may follow: 00.999Z)
 *     body LAW {"name":"law", …}             a body to use below by its name
 *     $law = ada model.create LAW -> ok      somebody signs; $law names what the entry made
 *
 * The body CLOSING is the period.close of the books as they are at that moment.
 *
 * A transaction is `SIGNER[/KEY] [& COSIGNER[/KEY]] TYPE BODY [made TIME] [until TIME] [on LEDGER] -> OUTCOME`, perhaps after
 * `N times` (# in it is then the number of the turn) or `$name =`. A BODY is JSON or a name, then any of
 * `+ {fields that replace}` and `- field`. Its outcome is one of
 *
 *   ok                                       accepted, whatever it does
 *   accepted [PREFIX]                        accepted, makes a thing with this prefix (none: nothing), and does exactly
 *     wallet:ada -19 = 81                      these postings (the book, its change, its balance after it)
 *     gross 25 fee 3.75                        with this payment
 *     line 2..4 refused no_mandate             and these lines: charged GROSS fee FEE, duplicate, refused CODE
 *     touches ada operator                     and, where written, touching exactly these accounts
 *   plan_limit {"limit":3,"plan":"starter"}  refused by this code, with exactly this data where it is written
 *   not_owner over plan_required             the same, and the later code would refuse as well: it is the order that decides
 *   malformed body.name                      refused with a reason that begins so
 *
 * In JSON, outside of strings: @ada is her account's id, $law the id of a thing, and key(ada) key(ada/phone) keyid(ada/phone)
 * hash(x) time(2026-01-01T00:00:00Z)
 * credits(1.5) text(64) text(64,é) accounts(100) repeat(3,[…]) make what their names say. Inside strings: ${law} ${@ada}.
 *
 * The state past all rules, where a transaction would be in the way or cannot reach it:
 *
 *   people ada bob          person eve HEX (with this public key)
 *   keys ada/laptop spend meter     freeze ada       unfreeze ada
 *   books wallet:bob -4 issued +4           edit TABLE KEY {…}
 *   copy TABLE KEY TABLE KEY - field (a row without one of its fields)
 *
 * and what holds: `balance wallet:ada 81` · `row TABLE KEY {"some":"fields"}` · `norow TABLE KEY` · `deployed ada $law $med`.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { assert } from '../../core/base/assert.ts'

const TABLES = join(import.meta.dirname, '../tables')

/** A statement, and below a transaction what is expected of it. */
export interface Statement {
  readonly text: string
  /** File and line, for messages. */
  readonly place: string
  readonly expected: readonly string[]
}

export interface Case {
  readonly title: string
  readonly statements: readonly Statement[]
}

export interface Table {
  readonly name: string
  readonly scene: readonly Statement[]
  readonly cases: readonly Case[]
}

const EXPECTED =
  /^((issued|promotions|redeemed|revenue:\w+|(wallet|held|earnings|payable|receivable):\w+) [+-]\d|gross |line |touches )/

export function tableNames(): string[] {
  return readdirSync(TABLES)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => basename(name, '.txt'))
}

/** The table of a name, for instance `model.deploy` or `given/market`. */
export function readTable(name: string): Table {
  const scene: Statement[] = []
  const cases: { title: string; statements: Statement[] }[] = []
  for (const { text, place } of logicalLines(name)) {
    const into = cases.at(-1)?.statements ?? scene
    if (text.startsWith('case ')) cases.push({ title: text.slice(5), statements: [] })
    else if (EXPECTED.test(text)) (into.at(-1)!.expected as string[]).push(text)
    else into.push({ text, place, expected: [] })
  }
  const titles = cases.map(({ title }) => title)
  assert(new Set(titles).size === titles.length, `the cases of ${name} have titles of their own`)
  return { name, scene, cases }
}

/** Lines without comments and empty ones, with their continuations. */
function logicalLines(name: string): { text: string; place: string }[] {
  const lines: { text: string; place: string }[] = []
  let isContinued = false
  readFileSync(join(TABLES, `${name}.txt`), 'utf8')
    .split('\n')
    .forEach((line, i) => {
      const text = line.trim()
      if (text === '' || text.startsWith('#')) return
      const part = text.endsWith('\\') ? text.slice(0, -1).trimEnd() : text
      if (isContinued) lines.at(-1)!.text += ` ${part}`
      else lines.push({ text: part, place: `${name}.txt:${i + 1}` })
      isContinued = part !== text
    })
  return lines
}

export interface TransactionLine {
  readonly times: number
  readonly binds?: string
  readonly signer: string
  readonly key?: string
  /** Who signs below the signer, with another than the first of his keys where one is named. */
  readonly cosigner?: string
  readonly cokey?: string
  readonly type: string
  readonly body: string
  readonly made?: string
  readonly until?: string
  readonly on?: string
  readonly outcome: ExpectedOutcome
}

export type ExpectedOutcome =
  | { readonly status: 'ok' }
  | { readonly status: 'accepted'; readonly prefix?: string }
  | { readonly status: 'refused'; readonly code: string; readonly over?: string; readonly detail?: string }

const TRANSACTION = new RegExp(
  [
    String.raw`^(?:(?<times>\d+) times )?(?:\$(?<binds>[\w#]+) = )?`,
    String.raw`(?<signer>\w+)(?:\/(?<key>\w+))?(?: & (?<cosigner>\w+)(?:\/(?<cokey>\w+))?)? (?<type>[a-z]+\.[a-z]+) (?<body>.*?)`,
    String.raw`(?: made (?<made>[\dTZ:-]+))?(?: until (?<until>[\dTZ:-]+))?(?: on (?<on>[a-z./]+))?$`,
  ].join(''),
)

export function isTransaction({ text }: Statement): boolean {
  return text.includes(' -> ')
}

/** Reads `… -> outcome`. `again -> …`, which sends the last text once more, is the caller's. */
export function readTransaction({ text, place }: Statement): TransactionLine {
  const arrow = text.lastIndexOf(' -> ')
  const { groups } = TRANSACTION.exec(text.slice(0, arrow)) ?? {}
  assert(groups !== undefined, `${place} is a transaction`)
  const { times = '1', ...rest } = groups as unknown as Record<'times', string> & Omit<TransactionLine, 'times' | 'outcome'>
  return { times: Number(times), ...rest, outcome: readOutcome(text.slice(arrow + 4)) }
}

export function readOutcome(text: string): ExpectedOutcome {
  const [word, ...more] = text.split(' ')
  if (word === 'ok') return { status: 'ok' }
  if (word === 'accepted') return { status: 'accepted', ...(more[0] !== undefined && { prefix: more[0] }) }
  const over = more[0] === 'over' ? more[1]! : undefined
  const detail = more.slice(over === undefined ? 0 : 2).join(' ')
  return { status: 'refused', code: word!, ...(over !== undefined && { over }), ...(detail !== '' && { detail }) }
}

/** Every outcome that a table's cases name, for tests of completeness. */
export function outcomesOf({ cases }: Table): ExpectedOutcome[] {
  return cases.flatMap(({ statements }) =>
    statements.filter(isTransaction).map(({ text }) => readOutcome(text.slice(text.lastIndexOf(' -> ') + 4))),
  )
}

/** Every code by which a table's cases expect a line of a batch to be refused. */
export function lineCodesOf({ cases }: Table): string[] {
  const expected = cases.flatMap(({ statements }) => statements.flatMap((statement) => statement.expected))
  return expected.flatMap((line) => /^line \S+ refused (\w+)$/.exec(line)?.[1] ?? [])
}
