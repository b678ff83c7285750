/**
 * Rows on their way between a store, which holds texts, and the machine, which works on values. A transaction sees the rows that
 * it declared and no others; what is asked for in vain is known to be absent.
 */

import { assert, InvariantError } from '../base/assert.ts'
import type { Sha256 } from '../base/bytes.ts'
import { MAX_READ_ROUNDS } from '../base/limits.ts'
import type { Transaction } from '../domain/envelope.ts'
import { rowsToRead } from '../domain/machine.ts'
import type { Changes } from '../domain/run.ts'
import { type EntryRecord, entryRecords } from '../domain/state.ts'
import { decodeRow, type RowKey } from '../domain/table.ts'
import type { Moment, Rows, Signing } from '../domain/view.ts'
import { StoreError, type StoreReader } from './store.ts'

/** Rows kept in memory between batches at most; more are dropped and read again. */
const MAX_KEPT_ROWS = 500_000

/**
 * The rows read so far, with the changes of earlier transactions on top: never a second truth, only what the store says or will
 * be told.
 */
export class LoadedRows implements Rows {
  readonly store: Pick<StoreReader, 'rows'>
  readonly #rows = new Map<string, unknown>()
  readonly #readEntry: ReadEntry
  /** Entries of the log kept among the rows, to be forgotten with the batch that asked for them. */
  readonly #entries = new Set<string>()

  constructor(store: Pick<StoreReader, 'rows'>, readEntry: ReadEntry = noEntries) {
    this.store = store
    this.#readEntry = readEntry
  }

  get<Row>(key: RowKey<Row>): Row | undefined {
    assert(this.#rows.has(key.path), `the row ${key.path} was loaded`)
    return this.#rows.get(key.path) as Row | undefined
  }

  async load(keys: readonly RowKey[]): Promise<void> {
    const missing = keys.filter(({ path }) => !this.#rows.has(path))
    if (missing.length === 0) return
    const isEntry = ({ table }: RowKey) => table.name === entryRecords.name
    for (const { key } of missing.filter(isEntry)) this.remember(Number(key), await this.#readEntry(Number(key)))
    const stored = missing.filter((key) => !isEntry(key))
    const texts = stored.length === 0 ? [] : await this.store.rows(stored)
    stored.forEach(({ path }, i) => {
      const text = texts[i]
      this.#rows.set(path, text === undefined ? undefined : decodeStored(path, text))
    })
  }

  /** Takes over what a transaction changed. */
  apply(changes: Changes): void {
    for (const [path, { row }] of changes) this.#rows.set(path, row)
  }

  /** Takes over what an entry is for those who read it, before the store has it. */
  remember(index: number, record: EntryRecord | undefined): void {
    const { path } = entryRecords.at(index)
    this.#entries.add(path)
    this.#rows.set(path, record)
  }

  /**
   * Forgets the entries read, and everything where too much is kept. To be called only when no change is waiting for its commit.
   */
  trim(): void {
    for (const path of this.#entries) this.#rows.delete(path)
    this.#entries.clear()
    if (this.#rows.size > MAX_KEPT_ROWS) this.#rows.clear()
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
  const declared = new Set<string>()
  const view: Rows = {
    get: (key) => {
      assert(declared.has(key.path), `${transaction.definition.type} declared the row ${key.path}`)
      return rows.get(key)
    },
  }
  for (let round = 0; round < MAX_READ_ROUNDS; round++) {
    const keys = rowsToRead(sha256, transaction, signatories, round, view, moment)
    await rows.load(keys)
    for (const { path } of keys) declared.add(path)
  }
  return view
}
