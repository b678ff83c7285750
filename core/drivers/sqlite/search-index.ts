/** The index of a ledger in a folder, on SQLite: index-database.ts has its tables. */

import type { Statement } from 'better-sqlite3'
import { BOOKS } from '../../ledger/account-books.ts'
import {
  type Days,
  type EntryQuery,
  type IndexedRevenue,
  type IndexedSpending,
  type IndexedTouch,
  type IndexPosition,
  type IndexStep,
  SERIES,
  type SearchIndex,
  type SearchIndexWriter,
  type Tally,
  type TallyQuery,
  THING_KINDS,
  type ThingQuery,
} from '../../ledger/search-index.ts'
import { StoreError } from '../../ledger/store.ts'
import { sha256 } from '../sha256.ts'
import type { Database } from './database.ts'
import { damaged, onFile } from './errors.ts'
import { INDEX_FILE, makeIndex, openIndex, remakeIndex } from './index-database.ts'
import { isSafe } from './values.ts'

/**
 * The index in a folder as it is now, for as long as it is open; undefined where there is none that can be used. Open it before
 * the ledger.
 */
export async function openSqliteIndex(folder: string): Promise<SearchIndex | undefined> {
  const database = openIndex(folder)
  return database && new SqliteIndex(folder, database)
}

/** The index in a folder, to make it follow the log; an empty one is made where there is none that can be used. */
export async function openSqliteIndexWriter(folder: string): Promise<SearchIndexWriter> {
  return new SqliteIndexWriter(folder, makeIndex(folder))
}

/** What an entry did to an account: the books that it posted to, by their order, and whether a payment reached the account. */
const PAYEE_FLAG = 1 << BOOKS.length

function flagsOf({ books, isPayee }: Pick<IndexedTouch, 'books' | 'isPayee'>): number {
  return books.reduce((flags, book) => flags | (1 << BOOKS.indexOf(book)), isPayee ? PAYEE_FLAG : 0)
}

/** The largest amount that is stored; a larger one would still be found as at least this. */
const MAX_AMOUNT = 2n ** 63n - 1n

function amountOf(amountMicros: bigint): bigint {
  return amountMicros > MAX_AMOUNT ? MAX_AMOUNT : amountMicros
}

const NO_LISTING = ''

/** The words of the account that owns a thing. */
const OWNER_TEXT = `(SELECT text FROM things AS account
  WHERE account.kind = ${THING_KINDS.indexOf('account')} AND account.key = things.owner)`

class SqliteIndex implements SearchIndex {
  protected readonly database: Database
  protected readonly folder: string
  readonly #statements = new Map<string, Statement<unknown[], unknown>>()

  constructor(folder: string, database: Database) {
    this.folder = folder
    this.database = database
  }

  async position(): Promise<IndexPosition> {
    return this.use(() => this.readPosition())
  }

  async findEntries({ from, to, order, limit, ...query }: EntryQuery): Promise<number[]> {
    const { account, isPayee, book, type, leastMicros, mostMicros } = query
    return this.use(() => {
      const conditions: [string, readonly unknown[]][] = [['"index" >= ? AND "index" < ?', [from, to]]]
      if (account !== undefined) conditions.push(['account = ?', [account]])
      const flags = flagsOf({ isPayee: isPayee === true, books: book === undefined ? [] : [book] })
      if (flags > 0) conditions.push(['flags & ? = ?', [flags, flags]])
      if (type !== undefined) conditions.push(['type = ?', [this.#get('SELECT number FROM types WHERE type = ?', type) ?? -1]])
      // So each type is looked up by the primary key, instead of going through every entry of the range.
      else if (account === undefined) conditions.push(['type IN (SELECT number FROM types)', []])
      if (leastMicros !== undefined) conditions.push(['amount >= ?', [amountOf(leastMicros)]])
      if (mostMicros !== undefined) conditions.push(['amount <= ?', [amountOf(mostMicros)]])
      const where = conditions.map(([condition]) => condition).join(' AND ')
      const table = account === undefined ? 'entries' : 'touches'
      const sql = `SELECT "index" FROM ${table} WHERE ${where} ORDER BY "index" ${order === 'up' ? 'ASC' : 'DESC'} LIMIT ?`
      const found = this.#prepare(sql).all(...conditions.flatMap(([, values]) => values), limit)
      return found.map((index) => integerOf(index))
    })
  }

  async findThings({ kind, owner, sort, words = [], mostMicros, after = '', limit }: ThingQuery): Promise<string[]> {
    return this.use(() => {
      const conditions: [string, readonly unknown[]][] = [['kind = ? AND key > ?', [THING_KINDS.indexOf(kind), after]]]
      if (owner !== undefined) conditions.push(['owner = ?', [owner]])
      if (sort !== undefined) conditions.push(['sort = ?', [sort]])
      if (mostMicros !== undefined) conditions.push(['price <= ?', [amountOf(mostMicros)]])
      for (const word of words) conditions.push([`(instr(text, ?) > 0 OR instr(${OWNER_TEXT}, ?) > 0)`, [word, word]])
      const where = conditions.map(([condition]) => condition).join(' AND ')
      const statement = this.database.prepare<unknown[], string>(`SELECT key FROM things WHERE ${where} ORDER BY key LIMIT ?`)
      return statement.pluck().all(...conditions.flatMap(([, values]) => values), limit)
    })
  }

  async revenueOf(payee: string): Promise<IndexedRevenue[]> {
    return this.use(() => {
      const rows = this.#prepare('SELECT day, listing, gross, fee, payments FROM revenue WHERE payee = ?', 'raw').all(payee)
      return (rows as [unknown, string, string, string, unknown][]).map(([day, listing, gross, fee, payments]) => ({
        payee,
        day: integerOf(day),
        ...(listing !== NO_LISTING && { listing }),
        sums: { grossMicros: BigInt(gross), feeMicros: BigInt(fee), payments: integerOf(payments) },
      }))
    })
  }

  async spendingOf(payer: string, { from, to }: Days): Promise<IndexedSpending[]> {
    return this.use(() => {
      const sql = 'SELECT day, listing, cost, calls FROM spending WHERE payer = ? AND day >= ? AND day < ?'
      const rows = this.#prepare(sql, 'raw').all(payer, from, to) as [unknown, string, string, unknown][]
      return rows.map(([day, listing, cost, calls]) => ({
        payer,
        day: integerOf(day),
        listing,
        sums: { costMicros: BigInt(cost), calls: integerOf(calls) },
      }))
    })
  }

  async tallies({ series, from, to, after, limit }: TallyQuery): Promise<Tally[]> {
    return this.use(() => {
      const sql = `SELECT period, subject, sums FROM tallies
        WHERE series = ? AND period >= ? AND period < ? ${after === undefined ? '' : 'AND (period, subject) > (?, ?)'}
        ORDER BY period, subject LIMIT ?`
      const place = after === undefined ? [] : [after.period, after.subject]
      const least = Math.max(from, after?.period ?? from)
      const rows = this.#prepare(sql, 'raw').all(SERIES.indexOf(series), least, to, ...place, limit)
      return (rows as [unknown, string, string][]).map(([at, of, sums]) => {
        return { series, period: integerOf(at), subject: of, sums: sums.split(' ').map(BigInt) }
      })
    })
  }

  async kept(keys: readonly string[]): Promise<(string | undefined)[]> {
    return this.use(() => {
      const statement = this.#prepare('SELECT text FROM kept WHERE key = ?')
      return keys.map((key) => statement.get(key) as string | undefined)
    })
  }

  async forget(): Promise<void> {
    // This index reads a past state; forgetting has to reach the one that is there for all.
    const writer = new SqliteIndexWriter(this.folder, makeIndex(this.folder))
    await writer.forget()
    await writer.close()
  }

  async close(): Promise<void> {
    this.database.close()
  }

  protected use<T>(work: () => T): T {
    return onFile(INDEX_FILE, work)
  }

  protected readPosition(): IndexPosition {
    const row = this.#prepare('SELECT size, root FROM position', 'raw').get() as [unknown, Uint8Array] | undefined
    return row === undefined
      ? { size: 0, root: sha256(new Uint8Array()) }
      : { size: integerOf(row[0]), root: new Uint8Array(row[1]) }
  }

  #get(sql: string, ...values: unknown[]): unknown {
    return this.#prepare(sql).get(...values)
  }

  #prepare(sql: string, form: 'raw' | 'pluck' = 'pluck'): Statement<unknown[], unknown> {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const prepared = this.database.prepare<unknown[], unknown>(sql)
    const statement = form === 'raw' ? prepared.raw() : prepared.pluck()
    this.#statements.set(sql, statement)
    return statement
  }
}

/** What is forgotten: all but the numbers of types, which stay what they are. */
const TABLES_OF_ROWS = ['position', 'entries', 'touches', 'things', 'revenue', 'spending', 'tallies', 'kept']

class SqliteIndexWriter extends SqliteIndex implements SearchIndexWriter {
  readonly #write

  constructor(folder: string, database: Database) {
    super(folder, database)
    this.#write = this.use(() => prepareWrites(database))
  }

  /** A damaged index is thrown away: whoever opens it next finds an empty one. */
  protected override use<T>(work: () => T): T {
    try {
      return super.use(work)
    } catch (error) {
      if (error instanceof StoreError && error.code === 'damaged') {
        this.database.close()
        remakeIndex(this.folder)
      }
      throw error
    }
  }

  async follow(step: IndexStep): Promise<boolean> {
    return this.use(() =>
      this.database
        .transaction(() => {
          if (this.readPosition().size !== step.size) return false
          this.#put(step)
          return true
        })
        .immediate(),
    )
  }

  override async forget(): Promise<void> {
    this.use(() =>
      this.database
        .transaction(() => {
          for (const table of TABLES_OF_ROWS) this.database.exec(`DELETE FROM ${table}`)
        })
        .immediate(),
    )
  }

  #put({ size, entries, things, revenue, spending, tallies, kept, root }: IndexStep): void {
    const write = this.#write
    const types = new Map<string, number | bigint>()
    for (const type of new Set(entries.map((entry) => entry.type))) {
      write.type.run(type)
      types.set(type, write.typeNumber.get(type)!)
    }
    for (const { index, type, amountMicros, touched } of entries) {
      const [number, amount] = [types.get(type)!, amountOf(amountMicros)]
      write.entry.run(number, index, amount)
      for (const touch of touched) write.touch.run(touch.account, index, number, amount, flagsOf(touch))
    }
    for (const { kind, key, owner, sort, text, priceMicros } of things) {
      const price = priceMicros === undefined ? null : amountOf(priceMicros)
      write.thing.run(THING_KINDS.indexOf(kind), key, owner, sort ?? null, text, price)
    }
    for (const { payee, day, listing = NO_LISTING, sums } of revenue) {
      const [gross, fee, payments] = write.revenueRow.get(payee, day, listing) ?? ['0', '0', 0n]
      const texts = [BigInt(gross) + sums.grossMicros, BigInt(fee) + sums.feeMicros].map(String)
      write.revenue.run(payee, day, listing, ...texts, BigInt(payments) + BigInt(sums.payments))
    }
    for (const { payer, day, listing, sums } of spending) {
      const [cost, calls] = write.spendingRow.get(payer, day, listing) ?? ['0', 0n]
      write.spending.run(payer, day, listing, String(BigInt(cost) + sums.costMicros), BigInt(calls) + BigInt(sums.calls))
    }
    for (const { series, period, subject, sums } of tallies) {
      const number = SERIES.indexOf(series)
      const before = write.tallyRow.get(number, period, subject)?.split(' ')
      const texts = before === undefined ? sums : sums.map((sum, at) => sum + BigInt(before[at]!))
      write.tally.run(number, period, subject, texts.join(' '))
    }
    for (const { key, text } of kept) write.kept.run(key, text)
    write.position.run(size + entries.length, root)
  }
}

function prepareWrites(database: Database) {
  return {
    type: database.prepare('INSERT INTO types (type) VALUES (?) ON CONFLICT DO NOTHING'),
    typeNumber: database.prepare<[string], bigint>('SELECT number FROM types WHERE type = ?').pluck(),
    entry: database.prepare('INSERT INTO entries (type, "index", amount) VALUES (?, ?, ?)'),
    touch: database.prepare('INSERT INTO touches (account, "index", type, amount, flags) VALUES (?, ?, ?, ?, ?)'),
    thing: database.prepare('INSERT OR REPLACE INTO things (kind, key, owner, sort, text, price) VALUES (?, ?, ?, ?, ?, ?)'),
    revenueRow: database
      .prepare<[string, number, string], [string, string, bigint]>(
        'SELECT gross, fee, payments FROM revenue WHERE payee = ? AND day = ? AND listing = ?',
      )
      .raw(),
    revenue: database.prepare(
      'INSERT OR REPLACE INTO revenue (payee, day, listing, gross, fee, payments) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    spendingRow: database
      .prepare<[string, number, string], [string, bigint]>(
        'SELECT cost, calls FROM spending WHERE payer = ? AND day = ? AND listing = ?',
      )
      .raw(),
    spending: database.prepare('INSERT OR REPLACE INTO spending (payer, day, listing, cost, calls) VALUES (?, ?, ?, ?, ?)'),
    tallyRow: database
      .prepare<[number, number, string], string>('SELECT sums FROM tallies WHERE series = ? AND period = ? AND subject = ?')
      .pluck(),
    tally: database.prepare('INSERT OR REPLACE INTO tallies (series, period, subject, sums) VALUES (?, ?, ?, ?)'),
    kept: database.prepare('INSERT OR REPLACE INTO kept (key, text) VALUES (?, ?)'),
    position: database.prepare('INSERT OR REPLACE INTO position (one, size, root) VALUES (1, ?, ?)'),
  }
}

function integerOf(value: unknown): number {
  if (!isSafe(value)) throw damaged(INDEX_FILE, 'it holds a number that is none')
  return Number(value)
}
