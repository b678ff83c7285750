/** Statements of accounts, against what a scan of the whole log adds up to. */

import { beforeAll, describe, expect, test } from 'vitest'
import { MAX_STATEMENT_ENTRIES } from '../../core/base/limits.ts'
import { ACCOUNT_BOOKS, type AccountBook } from '../../core/domain/books.ts'
import { encodeOutcome } from '../../core/domain/outcome.ts'
import { accounts } from '../../core/domain/state.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import type { Accepted } from '../../core/ledger/accepted.ts'
import { Lookup } from '../../core/ledger/lookup.ts'
import { readLog, readRow } from '../../core/ledger/queries.ts'
import { type Period, presentStatement, readStatement, type Statement } from '../../core/ledger/statement.ts'
import { StoreError } from '../../core/ledger/store.ts'
import { every } from '../support/every.ts'
import { openMarketplace, trade } from './marketplace.ts'
import { ADA, BOB, CYD, DAY, FOUNDED, memoryHome, OPERATOR, type Person, person, TestLedger } from './support.ts'

const OPTIONS = { rules, sha256 }
const BOOKS = Object.keys(ACCOUNT_BOOKS) as AccountBook[]

let memory: MemoryLedger
let log: Accepted[]

beforeAll(async () => {
  memory = new MemoryLedger()
  const ledger = await TestLedger.found(memoryHome(memory))
  const market = await openMarketplace(ledger)
  ledger.time += DAY
  await trade(ledger, market)
  ledger.time += DAY
  await ledger.ledger.submit(ledger.topup(BOB, '1'))
  await ledger.close()
  log = await everyEntry(memory)
})

async function everyEntry(ledger: MemoryLedger): Promise<Accepted[]> {
  return every(
    readLog(
      OPTIONS,
      { store: await openMemoryReader(ledger), lookup: Lookup.none() },
      { from: 0, limit: Number.POSITIVE_INFINITY },
    ),
  )
}

async function statementOf(who: Person, period: Period = {}, ledger = memory): Promise<Statement> {
  const statement = await readStatement(
    OPTIONS,
    { store: await openMemoryReader(ledger), lookup: Lookup.none() },
    who.account,
    period,
  )
  if (statement === undefined || statement === 'too_long') throw new Error(`no statement: ${statement}`)
  return statement
}

/** What a scan of all entries before a time finds in an account's books. */
function scanned(who: Person, before = Number.POSITIVE_INFINITY): Record<AccountBook, bigint> {
  const sums = Object.fromEntries(BOOKS.map((book) => [book, 0n])) as Record<AccountBook, bigint>
  for (const { time, outcome } of log) {
    if (time >= before) break
    for (const { book, account, amountMicros } of outcome.postings)
      if (account === who.account) sums[book as AccountBook] += amountMicros
  }
  return sums
}

const PEOPLE = [OPERATOR, ADA, BOB, CYD]
const times = () => [...new Set(log.map(({ time }) => time))]

test('a statement of everything begins with nothing and ends with what the ledger has', async () => {
  for (const who of PEOPLE) {
    const statement = await statementOf(who)
    const row = (await readRow(await openMemoryReader(memory), accounts.at(who.account)))!
    expect(Object.values(statement.opening)).toEqual(BOOKS.map(() => 0n))
    expect(Object.values(statement.closing)).toEqual(BOOKS.map((book) => row[ACCOUNT_BOOKS[book].field]))
    expect(statement.entries).toHaveLength(row.entries)
    expect(statement.closing).toEqual(scanned(who))
    expect([statement.size, statement.time]).toEqual([log.length, log.at(-1)!.time])
  }
})

test('over any period it has the entries, balances and totals that a scan of the log finds', async () => {
  const edges = [undefined, ...times().flatMap((time) => [time, time + 1])]
  for (const who of PEOPLE) {
    for (const from of edges) {
      for (const to of edges.filter((edge) => edge === undefined || from === undefined || edge >= from)) {
        const { opening, entries, closing, totals, size, time } = await statementOf(who, { from, to })
        const [first, end] = [from ?? 0, to ?? Number.POSITIVE_INFINITY]
        expect(opening).toEqual(scanned(who, first))
        expect(closing).toEqual(scanned(who, end))
        const touching = log.filter((entry) => entry.outcome.touched.some(({ account }) => account === who.account))
        const within = touching.filter((entry) => entry.time >= first && entry.time < end)
        expect(entries.map(({ index }) => index)).toEqual(within.map(({ index }) => index))
        const sum = (amounts: Iterable<bigint>) => [...amounts].reduce((total, amount) => total + amount, 0n)
        expect(sum(totals.values())).toBe(sum(Object.values(closing)) - sum(Object.values(opening)))
        expect(size).toBe(log.filter((entry) => entry.time < end).length)
        expect(time).toBe(to !== undefined && to <= log.at(-1)!.time ? to : log.at(-1)!.time)
      }
    }
  }
})

test('the statement of a past period stays as it is, whatever is appended', async () => {
  const copy = memory.snapshot()
  const period = { from: FOUNDED + DAY, to: FOUNDED + 2 * DAY }
  const before = await statementOf(BOB, period)
  const ledger = new TestLedger(memoryHome(copy))
  ledger.time = FOUNDED + 5 * DAY
  await ledger.open()
  const later = ledger.topup(BOB, '7', 'later')
  expect((await ledger.ledger.submit(later)).status).toBe('accepted')
  await ledger.close()
  expect(await statementOf(BOB, period, copy)).toEqual(before)
})

test('payments are shared out: what the payers paid is what the creator received', async () => {
  const [ada, bob, cyd] = [await statementOf(ADA), await statementOf(BOB), await statementOf(CYD)]
  const paid = (bob.totals.get('paymentsMade') ?? 0n) + (cyd.totals.get('paymentsMade') ?? 0n)
  expect(ada.totals.get('received')).toBe(-paid)
  expect(-ada.totals.get('fees')!).toBe(log.reduce((sum, { outcome }) => sum + (outcome.payment?.feeMicros ?? 0n), 0n))
  // Exactly fifteen per cent, cut to the microcredit once.
  expect(-ada.totals.get('fees')!).toBe((ada.totals.get('received')! * 1500n) / 10_000n)
  expect([...ada.totals.keys()]).toEqual(['topups', 'plans', 'received', 'fees'])
  expect(ada.closing.earnings).toBe(ada.totals.get('received')! + ada.totals.get('fees')!)
})

test('a batch is told to each payer as far as it is theirs', async () => {
  const batches = (statement: Statement) => statement.entries.filter(({ type }) => type === 'usage.batch')
  const [first] = batches(await statementOf(ADA))
  const bobs = batches(await statementOf(BOB)).find(({ index }) => index === first!.index)
  const cyds = batches(await statementOf(CYD)).find(({ index }) => index === first!.index)
  expect(first!.payment).toMatchObject({ role: 'payee' })
  for (const share of [bobs, cyds]) expect(share!.payment).toMatchObject({ role: 'payer' })
  const { grossMicros, feeMicros } = first!.payment!
  expect(bobs!.payment!.grossMicros + cyds!.payment!.grossMicros).toBe(grossMicros)
  expect(bobs!.payment!.feeMicros + cyds!.payment!.feeMicros).toBe(feeMicros)
  expect([first!.lines!.charged, bobs!.lines!.charged + cyds!.lines!.charged]).toEqual([3, 3])
})

test('for programs, books have their full names and amounts are decimals', async () => {
  const period = { from: FOUNDED + 2 * DAY, to: FOUNDED + 9 * DAY }
  const wallet = `wallet:${BOB.account}`
  const shown = presentStatement(await statementOf(BOB, period))
  expect(shown).toMatchObject({ account: BOB.account, name: 'Bob', from: '2026-01-03T00:00:00.000Z' })
  expect(shown.totals).toHaveProperty('topups', '1')
  expect(Object.keys(shown.opening as object)).toContain(wallet)
  const entries = shown.entries as { type: string; postings: { book: string; amount: string; balance: string }[] }[]
  const topup = entries.find(({ type }) => type === 'credit.topup')!
  expect(topup.postings).toEqual([{ book: wallet, amount: '1', balance: (shown.closing as Record<string, string>)[wallet] }])
})

test('nobody has no statement', async () => {
  const store = await openMemoryReader(memory)
  expect(await readStatement(OPTIONS, { store, lookup: Lookup.none() }, person('Nobody').account, {})).toBeUndefined()
})

describe('what does not tie is damage', () => {
  /** The ledger with one entry's outcome changed. */
  async function damaged(index: number, change: (outcome: Accepted['outcome']) => Accepted['outcome']): Promise<MemoryLedger> {
    const copy = memory.snapshot()
    copy.entries[index] = { ...copy.entries[index]!, outcome: encodeOutcome(change(log[index]!.outcome)) }
    return copy
  }

  const touching = (who: Person) =>
    log.filter(({ outcome }) => outcome.postings.some(({ account }) => account === who.account)).map(({ index }) => index)

  test('an amount, or the balance after it, of any entry', async () => {
    for (const field of ['amountMicros', 'balanceMicros'] as const) {
      for (const index of touching(BOB)) {
        const copy = await damaged(index, (outcome) => ({
          ...outcome,
          postings: outcome.postings.map((one) =>
            one.account === BOB.account ? { ...one, [field]: one[field] + 1n } : one,
          ) as typeof outcome.postings,
        }))
        await expect(statementOf(BOB, {}, copy), `${field} of ${index}`).rejects.toThrow(StoreError)
      }
    }
  })

  test('a chain that leaves out an entry, ends early, or goes in a circle', async () => {
    const own = touching(BOB)
    const [second, last] = [own[1]!, own.at(-1)!]
    const pointing = (previous: number | undefined) => (outcome: Accepted['outcome']) => ({
      ...outcome,
      touched: outcome.touched.map(({ previous: _, ...one }) =>
        one.account === BOB.account && previous !== undefined ? { ...one, previous } : one,
      ),
    })
    for (const [index, previous] of [
      [last, second],
      [second, undefined],
      [second, last],
      [last, last],
    ] as const) {
      const copy = await damaged(index, pointing(previous))
      await expect(statementOf(BOB, {}, copy), `${index} after ${previous}`).rejects.toThrow(/do not tie/)
    }
  })
})

test(`more than ${MAX_STATEMENT_ENTRIES} entries are too long for one statement`, async () => {
  const row = (await readRow(await openMemoryReader(memory), accounts.at(BOB.account)))!
  // One entry, again and again at ever higher indexes: nothing is posted, so nothing fails to tie before the end.
  const store = await openMemoryReader(memory)
  const [stored] = await store.entries(1, 1)
  const endless = MAX_STATEMENT_ENTRIES + 10
  const quiet = (index: number) => ({
    ...stored!,
    index,
    outcome: encodeOutcome({ postings: [], touched: [{ account: BOB.account, number: row.number, previous: index - 1 }] }),
  })
  const long = {
    ...store,
    size: () => store.size(),
    tableRows: store.tableRows.bind(store),
    rows: async (keys: Parameters<typeof store.rows>[0]) => {
      const rows = await store.rows(keys)
      return rows.map((one) => one && { ...one, value: one.value.replace(`"last":${row.last}`, `"last":${endless}`) })
    },
    entries: async (from: number) => [quiet(from)],
  } as unknown as typeof store
  expect(await readStatement(OPTIONS, { store: long, lookup: Lookup.none() }, BOB.account, {})).toBe('too_long')
})
