/**
 * What people ask of a ledger: accounts, balances, the trial balance, entries described. All of it read from one consistent
 * state.
 */

import { assert } from '../base/assert.ts'
import type { Sha256 } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { matured } from '../domain/aged-sum.ts'
import { ACCOUNT_BOOKS, type AccountBook, type BookClass, bookName, PLATFORM_BOOKS, type PlatformBook } from '../domain/books.ts'
import { payerRows, settledPurse } from '../domain/credits.ts'
import { parseSignedTransaction, type Rules, type Tools } from '../domain/envelope.ts'
import { formatMicros, type Micros } from '../domain/money.ts'
import { standing, unended } from '../domain/paid-periods.ts'
import { platformAt } from '../domain/policy.ts'
import { paidIn, spendableIn } from '../domain/purse.ts'
import {
  accounts,
  earnings,
  type Key,
  type Keyring,
  keyrings,
  keys,
  type Platform,
  planSubscriptions,
  platform,
  type Treasury,
  treasury,
} from '../domain/state.ts'
import { decodeRow, type RowKey, type Table } from '../domain/table.ts'
import { formatMilliseconds, formatSeconds, type Milliseconds, type Seconds, wholeSeconds } from '../domain/time.ts'
import { type Accepted, decodeEntries } from './accepted.ts'
import { accountChain } from './chain.ts'
import { parseEntry } from './entry.ts'
import { type EntryFilter, entriesBefore, findIndexed, isFiltered, isWanted, type Searched } from './entry-search.ts'
import type { JsonObject } from './present.ts'
import { LoadedRows } from './rows.ts'
import { type LogReader, StoreError, type StoreReader, type TableRows } from './store.ts'
import { timeOfEntry } from './tree.ts'

/** Entries read at a time, each of which may have 60 kB and a thousand lines. */
const ENTRY_PAGE = 100

/** A row, decoded; undefined where there is none. */
export async function readRow<Row>(store: StoreReader, key: RowKey<Row>): Promise<Row | undefined> {
  const rows = new LoadedRows(store)
  await rows.load([key])
  return rows.get(key)
}

export async function readPlatform(store: StoreReader): Promise<Platform> {
  const row = await readRow(store, platform)
  if (row === undefined) throw notFounded()
  return row
}

export type Genesis = Pick<Platform, 'origin' | 'clock'>

/** What the genesis lays down for good, for readers who have the log alone. None of it is checked. */
export async function readGenesis(rules: Rules, sha256: Sha256, log: LogReader): Promise<Genesis> {
  const [first] = await log.entries(0, 1)
  if (first === undefined) throw notFounded()
  const entry = parseEntry(first.bytes)
  const transaction = entry instanceof Malformed ? entry : parseSignedTransaction(rules, sha256, entry.note)
  if (transaction instanceof Malformed || transaction.definition.type !== 'ledger.genesis')
    throw new StoreError('damaged', 'Entry 0 is damaged: it founds no ledger; nimledger verify tells more.')
  return transaction.body as Genesis
}

function notFounded(): StoreError {
  return new StoreError('missing', 'The ledger is not founded yet: its founding was cut off. Run init again.')
}

/** Rows of a table in order of their keys. */
export async function* readTable<Row>(
  store: StoreReader,
  table: Table<Row>,
  within: Omit<TableRows, 'table'> = {},
): AsyncGenerator<{ key: string; row: Row }> {
  for await (const { key, value } of store.tableRows({ ...within, table: table.name }))
    yield { key, row: decodeRow(value) as Row }
}

/** The time of the last entry. */
export async function lastTime(store: LogReader): Promise<Milliseconds> {
  return timeOfEntry(store, (await store.size()) - 1)
}

interface AccountSummary {
  readonly account: string
  readonly number: number
  readonly name: string
}

export async function listAccounts(store: StoreReader): Promise<AccountSummary[]> {
  const found: AccountSummary[] = []
  for await (const { key, row } of readTable(store, accounts)) {
    found.push({ account: key, number: row.number, name: row.name })
  }
  return found.sort((a, b) => a.number - b.number)
}

/** The keys of an account with their ids. */
export async function readKeys(store: StoreReader, account: string): Promise<{ keyId: string; key: Key }[]> {
  const found: { keyId: string; key: Key }[] = []
  for await (const { key, row } of readTable(store, keys, { firstPart: account }))
    found.push({ keyId: key.slice(account.length + 1), key: row })
  return found
}

/** The keys that sign for an account: not revoked, nor expired when that was last looked at. */
export function readKeyring(store: StoreReader, account: string): Promise<Keyring | undefined> {
  return readRow(store, keyrings.at(account))
}

export function readKey(store: StoreReader, account: string, keyId: string): Promise<Key | undefined> {
  return readRow(store, keys.at(account, keyId))
}

/** A key by which an account signs at a time; undefined where there is none, or it is revoked or expired. */
export async function readLivingKey(store: StoreReader, account: string, keyId: string, time: Seconds): Promise<Key | undefined> {
  const key = await readKey(store, account, keyId)
  const isOver = key?.revoked === true || (key?.expires !== undefined && key.expires <= time)
  return isOver ? undefined : key
}

/** Loaded rows as the rules read them, at a time. */
export function rowsAt(rows: LoadedRows, time: Seconds) {
  return {
    time,
    get: <Row>(key: RowKey<Row>) => rows.get(key),
    need: <Row>(key: RowKey<Row>) => {
      const row = rows.get(key)
      assert(row !== undefined, `the row ${key.path} exists`)
      return row
    },
  }
}

/** What an account has at a time, everything settled that time alone decides; undefined where there is no such account. */
export async function balance(store: StoreReader, account: string, time: Milliseconds): Promise<JsonObject | undefined> {
  const rows = new LoadedRows(store)
  await rows.load([...payerRows(account), earnings.at(account)])
  const row = rows.get(accounts.at(account))
  if (row === undefined) return undefined
  const purse = settledPurse(rowsAt(rows, wholeSeconds(time)), account)
  const available = matured(rows.get(earnings.at(account)), wholeSeconds(time)).availableMicros
  return {
    account,
    size: await store.size(),
    time: formatMilliseconds(time),
    spendable: formatMicros(spendableIn(purse)),
    paid: formatMicros(paidIn(purse)),
    grants: purse.wallet.lots
      .filter(({ remainingMicros }) => remainingMicros > 0n)
      .map(({ grant, remainingMicros, expiresAt }) => ({
        id: grant,
        remaining: formatMicros(remainingMicros),
        expiresAt: formatSeconds(expiresAt),
      })),
    held: formatMicros(purse.heldMicros),
    earnings: formatMicros(row.earningsMicros),
    earningsAvailable: formatMicros(available),
    payable: formatMicros(row.payableMicros),
    receivable: formatMicros(-purse.owedMicros),
  }
}

/** An account's plan and how it stands at a time; undefined where it has none. */
export async function readPlan(store: StoreReader, account: string, time: Milliseconds): Promise<JsonObject | undefined> {
  const rows = new LoadedRows(store)
  await rows.load([platform, planSubscriptions.at(account)])
  const plan = rows.get(planSubscriptions.at(account))
  if (plan === undefined) return undefined
  // The period that runs now; once all have ended, the last one.
  const shown = unended(plan.periods, wholeSeconds(time))[0] ?? plan.periods.at(-1)
  return {
    plan: shown?.plan ?? plan.plan,
    modelLimit: shown?.modelLimit ?? 0,
    price: formatMicros(plan.priceMicros),
    period: plan.period,
    start: formatSeconds(shown?.start ?? plan.anchor),
    end: formatSeconds(plan.end),
    standing: standing(plan, wholeSeconds(time), platformAt(rows.get(platform)!, wholeSeconds(time)).graceDays),
    ...(plan.cancelled && { cancelled: true }),
    ...(plan.next !== undefined && { next: plan.next.plan }),
  }
}

export interface BookBalance {
  readonly book: BookClass
  readonly account?: string
  readonly balanceMicros: Micros
}

/** Every book of the platform and of every account, as the state has it. */
export async function* everyBook(store: StoreReader): AsyncGenerator<BookBalance> {
  await readPlatform(store)
  const platformRow = (await readRow<Treasury>(store, treasury))!
  for (const [book, { field }] of Object.entries(PLATFORM_BOOKS)) {
    yield { book: book as PlatformBook, balanceMicros: platformRow[field] }
  }
  for await (const { key, row } of readTable(store, accounts)) {
    for (const [book, { field }] of Object.entries(ACCOUNT_BOOKS)) {
      yield { book: book as AccountBook, account: key, balanceMicros: row[field] }
    }
  }
}

/**
 * The trial balance: every book of the platform, and every account book that is not zero; or the sums by class of book. Asserts
 * that everything sums to zero.
 */
export async function trialBalance(store: StoreReader, byClass: boolean): Promise<JsonObject> {
  const totals = new Map<string, bigint>()
  for await (const { book, account, balanceMicros } of everyBook(store)) {
    if (!byClass && account !== undefined && balanceMicros === 0n) continue
    const name = byClass ? book : bookName(book, account)
    totals.set(name, (totals.get(name) ?? 0n) + balanceMicros)
  }
  const sum = [...totals.values()].reduce((total, amount) => total + amount, 0n)
  assert(sum === 0n, 'all books sum to zero')
  const books = Object.fromEntries([...totals].map(([name, amount]) => [name, formatMicros(amount)]))
  return { size: await store.size(), time: formatMilliseconds(await lastTime(store)), books, sum: formatMicros(sum) }
}

interface LogFilter extends EntryFilter {
  readonly from: number
  readonly limit: number
  /** Entries accepted at a time or later, and before one. */
  readonly since?: Milliseconds | undefined
  readonly until?: Milliseconds | undefined
}

/** Entries from an index on, in order; those of an account, a type, a time, an amount where asked. */
export async function* readLog(tools: Tools, searched: Searched, filter: LogFilter): AsyncGenerator<Accepted> {
  const { store } = searched
  const { from, limit, since, until } = filter
  const end = until === undefined ? await store.size() : await entriesBefore(store, until)
  const start = since === undefined ? from : Math.max(from, await entriesBefore(store, since))
  let given = 0
  for await (const entry of entriesWanted(tools, searched, filter, { from: start, to: end })) {
    if (given >= limit) return
    given += 1
    yield entry
  }
}

/** What the index knows is found through it, and the rest in the log itself. */
async function* entriesWanted(
  tools: Tools,
  searched: Searched,
  filter: EntryFilter,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<Accepted> {
  const { store, lookup } = searched
  let next = from
  if (isFiltered(filter)) {
    const known = Math.min(lookup.size, to)
    for await (const entry of findIndexed(tools, searched, filter, { from, to: known, order: 'up' })) {
      yield entry
      next = entry.index + 1
    }
    if (lookup.size > 0) next = Math.max(next, known)
  }
  const { account } = filter
  const rest = account === undefined ? allEntries(tools, store, next) : entriesOfAccount(tools, store, account, next)
  for await (const entry of rest) {
    if (entry.index >= to) return
    if (isWanted(filter, entry)) yield entry
  }
}

async function* allEntries(tools: Tools, store: StoreReader, from: number): AsyncGenerator<Accepted> {
  for (let next = from; ; ) {
    const page = await store.entries(next, ENTRY_PAGE)
    if (page.length === 0) return
    yield* await decodeEntries(tools, store, page)
    next += page.length
  }
}

/** The entries that touched an account: a chain of indexes from the last one back. */
async function* entriesOfAccount(tools: Tools, store: StoreReader, account: string, from: number): AsyncGenerator<Accepted> {
  const indexes: number[] = []
  for await (const entry of accountChain(tools, store, account)) {
    if (entry.index < from) break
    indexes.push(entry.index)
  }
  for (const index of indexes.reverse()) {
    const [entry] = await decodeEntries(tools, store, await store.entries(index, 1))
    yield entry!
  }
}
