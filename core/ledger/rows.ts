/**
 * Rows on their way between a store, which holds texts, and the machine, which works on values. A transaction sees the rows that
 * it declared and no others; what is asked for in vain is known to be absent.
 */

import { assert, InvariantError } from '../base/assert.ts'
import type { Sha256 } from '../base/bytes.ts'
import type { Transaction } from '../domain/envelope.ts'
import { roundsOf, rowsToRead } from '../domain/machine.ts'
import type { Changes } from '../domain/run.ts'
import { type EntryRecord, entryRecords } from '../domain/state.ts'
import { decodeRow, encodeRow, type RowKey, RowMap } from '../domain/table.ts'
import { type Moment, type Rows, type Signing, View } from '../domain/view.ts'
import { type ChangedRow, StoreError, type StoreReader } from './store.ts'

/** Rows kept in memory between batches at most; more are dropped and read again. */
const MAX_KEPT_ROWS = 500_000

/** A row in memory, and whether the store has it otherwise. */
interface Kept {
  readonly key: RowKey
  row: unknown
  isChanged: boolean
}

/**
 * The rows read so far, with the changes of earlier transactions on top: never a second truth, only what the store says or will
 * be told.
 */
export class LoadedRows implements Rows {
  readonly store: Pick<StoreReader, 'rows'>
  readonly #readEntry: ReadEntry
  /** By the table's number, then by key: so no path has to be put together to find a row. */
  readonly #tables: Map<string, Kept>[] = []
  #count = 0
  #changed: Kept[] = []

  constructor(store: Pick<StoreReader, 'rows'>, readEntry: ReadEntry = noEntries) {
    this.store = store
    this.#readEntry = readEntry
  }

  get<Row>(key: RowKey<Row>): Row | undefined {
    const kept = this.#find(key)
    assert(kept !== undefined, () => `the row ${key.path} was loaded`)
    return kept.row as Row | undefined
  }

  hasAll(keys: readonly RowKey[]): boolean {
    for (const key of keys) if (!this.has(key)) return false
    return true
  }

  has(key: RowKey): boolean {
    return this.#find(key) !== undefined
  }

  async load(keys: readonly RowKey[]): Promise<void> {
    const missing = keys.filter((key) => !this.has(key))
    if (missing.length === 0) return
    const isEntry = ({ table }: RowKey) => table === entryRecords
    for (const key of missing.filter(isEntry)) this.#keep(key, await this.#readEntry(Number(key.key)))
    const stored = missing.filter((key) => !isEntry(key))
    const texts = stored.length === 0 ? [] : await this.store.rows(stored)
    stored.forEach((key, i) => {
      const text = texts[i]
      this.#keep(key, text === undefined ? undefined : decodeStored(key.path, text))
    })
  }

  /**
   * These rows as they are now, for somebody who looks ahead. What has to be read is not kept, so that nothing older than what
   * the writer will read can find its way into it.
   */
  async peek(keys: readonly RowKey[]): Promise<Rows> {
    const seen = new LoadedRows(this.store)
    for (const key of keys) if (this.has(key)) seen.#keep(key, this.get(key))
    await seen.load(keys)
    return seen
  }

  /** Takes over what a transaction changed. */
  apply(changes: Changes): void {
    for (const { key, row } of changes) {
      const kept = this.#find(key) ?? this.#keep(key, undefined)
      kept.row = row
      if (kept.isChanged) continue
      kept.isChanged = true
      this.#changed.push(kept)
    }
  }

  /** Takes over what an entry is for those who read it, before the store has it. */
  remember(index: number, record: EntryRecord): void {
    this.#keep(entryRecords.at(index), record)
  }

  /** The rows changed since this was asked last, each as the last change left it, as a commit takes them. */
  takeChanged(): ChangedRow[] {
    const changed = this.#changed
    this.#changed = []
    return changed.map((kept) => {
      kept.isChanged = false
      const { key, row } = kept
      return { table: key.table.name, key: key.key, value: row === undefined ? undefined : encodeRow(row) }
    })
  }

  /**
   * Forgets the entries read, and everything where too much is kept. To be called only when no change is waiting for its commit.
   */
  trim(): void {
    assert(this.#changed.length === 0, 'no row is forgotten that the store does not have')
    const entries = this.#tables[entryRecords.number]
    this.#count -= entries?.size ?? 0
    entries?.clear()
    if (this.#count <= MAX_KEPT_ROWS) return
    this.#tables.length = 0
    this.#count = 0
  }

  #find({ table, key }: RowKey): Kept | undefined {
    return this.#tables[table.number]?.get(key)
  }

  #keep(key: RowKey, row: unknown): Kept {
    const kept = { key, row, isChanged: false }
    const table = this.#tables[key.table.number] ?? new Map<string, Kept>()
    this.#tables[key.table.number] = table
    if (!table.has(key.key)) this.#count += 1
    table.set(key.key, kept)
    return kept
  }
}

/** Reads an entry of the log with what it did; undefined where there is none. */
type ReadEntry = (index: number) => Promise<EntryRecord | undefined>

const noEntries: ReadEntry = () => {
  throw new InvariantError('entries are read for transactions alone')
}

function decodeStored(path: string, text: string): unknown {
  try {
    return decodeRow(text)
  } catch (cause) {
    throw new StoreError('damaged', `The stored row ${path} is damaged; nimledger verify tells more.`, { cause })
  }
}

/**
 * Loads what a transaction reads, round by round, and returns its view: the rows it declared, and an assertion against any other.
 */
export async function declaredRows(
  sha256: Sha256,
  transaction: Transaction,
  signatories: readonly Signing[],
  rows: LoadedRows,
  moment: Moment,
): Promise<Rows> {
  const declared = new DeclaredRows(transaction)
  const view = new View(sha256, transaction, signatories, declared, moment)
  for (let round = 0; round < roundsOf(transaction); round++) {
    const keys = rowsToRead(view, signatories, round)
    // Nothing is waited for where all is there, which is nearly always: this runs for every transaction.
    if (!rows.hasAll(keys)) await rows.load(keys)
    for (const key of keys) declared.add(key, rows)
  }
  return declared
}

class DeclaredRows implements Rows {
  readonly #transaction: Transaction
  readonly #rows = new RowMap<unknown>()

  constructor(transaction: Transaction) {
    this.#transaction = transaction
  }

  get<Row>(key: RowKey<Row>): Row | undefined {
    const position = this.#rows.position(key)
    assert(position >= 0, () => `${this.#transaction.definition.type} declared the row ${key.path}`)
    return this.#rows.values[position] as Row | undefined
  }

  add(key: RowKey, rows: LoadedRows): void {
    this.#rows.set(key, rows.get(key))
  }
}
