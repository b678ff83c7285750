/**
 * A ledger in memory, for tests and simulations, with the same checks as the one on disk. A `MemoryLedger` stands for its folder:
 * it outlives the stores that are opened on it. Bytes are copied on their way in and out, so nobody can change what is stored.
 */

import { assert } from '../../base/assert.ts'
import { equalBytes } from '../../base/bytes.ts'
import { entryCount } from '../../base/plural.ts'
import { TRANSACTION_ID_PATTERN, validUntilOf } from '../../domain/ids.ts'
import type { Refusal } from '../../domain/refusal.ts'
import type { RowKey } from '../../domain/table.ts'
import type { Seconds } from '../../domain/time.ts'
import {
  type ChangedRow,
  type Commit,
  compareRows,
  type NumberedRow,
  type NumberedText,
  type RememberedRefusal,
  type StoreDefect,
  type StoredEntry,
  type StoredRow,
  type StoredTile,
  StoreError,
  type StoreReader,
  type StoreWriter,
  type TableRows,
} from '../../ledger/store.ts'

type Change = 'commit' | 'replaceCheckpoint' | 'rememberRefusals'

/**
 * Called around every change. What it throws, the writer throws. At `before` nothing has changed; at `after` everything has, as
 * when a disk reports a failure although it has written.
 */
export type Fault = (change: Change, moment: 'before' | 'after') => void

export class MemoryLedger {
  readonly staleBefore: Seconds
  fault: Fault
  hasWriter = false
  entries: StoredEntry[] = []
  ids = new Map<string, number>()
  tiles = new Map<string, StoredTile>()
  rows = new Map<string, NumberedRow>()
  lastRow = 0
  checkpoint: Uint8Array | undefined
  refusals = new Map<string, Refusal>()

  constructor({ staleBefore = 0, fault = () => {} }: { staleBefore?: Seconds; fault?: Fault } = {}) {
    this.staleBefore = staleBefore
    this.fault = fault
  }

  /** The book and the checkpoint as they are now. */
  snapshot(): MemoryLedger {
    const copy = new MemoryLedger({ staleBefore: this.staleBefore })
    copy.entries = [...this.entries]
    copy.ids = new Map(this.ids)
    copy.tiles = new Map(this.tiles)
    copy.rows = new Map(this.rows)
    copy.lastRow = this.lastRow
    copy.checkpoint = this.checkpoint
    return copy
  }
}

export async function openMemoryReader(ledger: MemoryLedger): Promise<StoreReader> {
  return new MemoryReader(ledger.snapshot())
}

export async function openMemoryWriter(ledger: MemoryLedger): Promise<StoreWriter> {
  if (ledger.hasWriter) throw new StoreError('locked', 'Somebody writes to this ledger: there can be one writer at a time.')
  ledger.hasWriter = true
  return new MemoryWriter(ledger)
}

class MemoryReader implements StoreReader {
  protected readonly ledger: MemoryLedger
  protected isClosed = false

  constructor(ledger: MemoryLedger) {
    this.ledger = ledger
  }

  async size(): Promise<number> {
    return this.use().entries.length
  }

  async rows(keys: readonly RowKey[]): Promise<(NumberedText | undefined)[]> {
    const { rows } = this.use()
    return keys.map(({ table, key }) => rows.get(rowPath({ table: table.name, key })))
  }

  async *tableRows({ table, firstPart, after }: TableRows): AsyncGenerator<NumberedRow> {
    const isWanted = (row: NumberedRow) =>
      row.table === table &&
      (firstPart === undefined || row.key === firstPart || row.key.startsWith(`${firstPart}/`)) &&
      (after === undefined || compareRows(row, { table, key: after }) > 0)
    yield* [...this.use().rows.values()].filter(isWanted).sort(compareRows)
  }

  async indexes(ids: readonly string[]): Promise<(number | undefined)[]> {
    const ledger = this.use()
    return ids.map((id) => ledger.ids.get(checkedId(id)))
  }

  async entries(from: number, limit: number): Promise<StoredEntry[]> {
    return this.use()
      .entries.slice(from, from + limit)
      .map(copyEntry)
  }

  /** Entries are kept one by one. */
  async packedBundle(): Promise<undefined> {
    return undefined
  }

  async tile(level: number, number: number): Promise<Uint8Array | undefined> {
    const tile = this.use().tiles.get(tilePath({ level, number }))
    return tile && copyBytes(tile.hashes)
  }

  async scanRows(after: RowNumber | undefined, limit: number): Promise<NumberedRow[]> {
    return page(this.use().rows.values(), (a: RowNumber, b: RowNumber) => a.number - b.number, after, limit)
  }

  async scanIds(after: string | undefined, limit: number): Promise<{ readonly id: string; readonly index: number }[]> {
    const ids = Array.from(this.use().ids, ([id, index]) => ({ id, index }))
    return page(ids, (a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)), after === undefined ? after : { id: after }, limit)
  }

  async scanTiles(after: { readonly level: number; readonly number: number } | undefined, limit: number): Promise<StoredTile[]> {
    const order = (a: TileKey, b: TileKey) => a.level - b.level || a.number - b.number
    return page(this.use().tiles.values(), order, after, limit).map(copyTile)
  }

  async checkpoint(): Promise<Uint8Array | undefined> {
    const { checkpoint } = this.use()
    return checkpoint && copyBytes(checkpoint)
  }

  async defects(): Promise<readonly StoreDefect[]> {
    this.use()
    return []
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  protected use(): MemoryLedger {
    assert(!this.isClosed, 'a store is not used after it was closed')
    return this.ledger
  }
}

class MemoryWriter extends MemoryReader implements StoreWriter {
  #isBroken = false

  async commit(commit: Commit): Promise<void> {
    this.#change('commit', (ledger) => {
      check(ledger, commit)
      for (const { id, bytes, outcome } of commit.entries) {
        const index = ledger.entries.length
        ledger.entries.push(copyEntry({ index, bytes, outcome }))
        ledger.ids.set(id, index)
      }
      for (const tile of commit.tiles) ledger.tiles.set(tilePath(tile), copyTile(tile))
      for (const row of commit.rows) writeRow(ledger, row)
    })
  }

  async replaceCheckpoint(previous: Uint8Array | undefined, next: Uint8Array): Promise<void> {
    this.#change('replaceCheckpoint', (ledger) => {
      if (!equalBytes(previous ?? new Uint8Array(), ledger.checkpoint ?? new Uint8Array()))
        throw new StoreError('damaged', 'There is another checkpoint than the last one that the writer signed.')
      ledger.checkpoint = copyBytes(next)
    })
  }

  async refusals(ids: readonly string[]): Promise<(Refusal | undefined)[]> {
    const { refusals } = this.use()
    return ids.map((id) => structuredClone(refusals.get(checkedId(id))))
  }

  async rememberRefusals(refusals: readonly RememberedRefusal[], now: Seconds): Promise<void> {
    this.#change('rememberRefusals', (ledger) => {
      for (const { id, refusal } of refusals)
        if (!ledger.refusals.has(checkedId(id))) ledger.refusals.set(id, structuredClone(refusal))
      for (const id of ledger.refusals.keys()) if (validUntilOf(id) <= now) ledger.refusals.delete(id)
    })
  }

  async staleBefore(): Promise<Seconds> {
    return this.use().staleBefore
  }

  override async close(): Promise<void> {
    if (!this.isClosed) this.ledger.hasWriter = false
    this.isClosed = true
  }

  #change(change: Change, work: (ledger: MemoryLedger) => void): void {
    const ledger = this.use()
    if (this.#isBroken) throw new StoreError('offline', 'A change failed before; close the ledger and open it again.')
    try {
      ledger.fault(change, 'before')
      work(ledger)
      ledger.fault(change, 'after')
    } catch (error) {
      this.#isBroken = true
      throw error
    }
  }
}

function writeRow(ledger: MemoryLedger, { table, key, value, numbered }: ChangedRow): void {
  const path = rowPath({ table, key })
  const stored = ledger.rows.get(path)?.number ?? 0
  const known = numbered?.number ?? stored
  assert(known === stored, () => `the row ${path} is number ${stored}, not ${known}`)
  const number = value === undefined ? 0 : stored || ++ledger.lastRow
  if (value === undefined) ledger.rows.delete(path)
  else ledger.rows.set(path, { number, table, key, value })
  if (numbered !== undefined) numbered.number = number
}

/** Throws unless the commit may follow. Afterwards it is made as a whole. */
function check(ledger: MemoryLedger, { size, entries, tiles }: Commit): void {
  const actual = ledger.entries.length
  if (actual !== size)
    throw new StoreError('damaged', `The ledger has ${entryCount(actual)}, not the ${size} that its writer knows.`)
  const ids = new Set<string>()
  for (const { id } of entries) {
    if (ledger.ids.has(checkedId(id)) || ids.has(id))
      throw new StoreError('damaged', `The ledger has the transaction ${id} already.`)
    ids.add(id)
  }
  for (const tile of tiles) {
    const before = ledger.tiles.get(tilePath(tile))?.hashes
    if (before !== undefined && !equalBytes(before, tile.hashes.subarray(0, before.length)))
      throw new StoreError('damaged', `Tile ${tile.number} of level ${tile.level} would change, and tiles only grow.`)
  }
}

type RowNumber = Pick<NumberedRow, 'number'>

type TileKey = Pick<StoredTile, 'level' | 'number'>

function tilePath({ level, number }: TileKey): string {
  return `${level}/${number}`
}

function rowPath({ table, key }: Pick<StoredRow, 'table' | 'key'>): string {
  return `${table} ${key}`
}

function checkedId(id: string): string {
  assert(TRANSACTION_ID_PATTERN.test(id), `a transaction's id is 48 hex digits, not ${id}`)
  return id
}

/** Not `slice`, which in a Buffer copies nothing. */
function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

function copyEntry({ index, bytes, outcome }: StoredEntry): StoredEntry {
  return { index, bytes: copyBytes(bytes), outcome: copyBytes(outcome) }
}

function copyTile({ level, number, hashes }: StoredTile): StoredTile {
  return { level, number, hashes: copyBytes(hashes) }
}

/** Up to `limit` items after a key, in order. */
function page<Key, Item extends Key>(
  items: Iterable<Item>,
  order: (a: Key, b: Key) => number,
  after: Key | undefined,
  limit: number,
): Item[] {
  const later = [...items].filter((item) => after === undefined || order(item, after) > 0)
  return later.sort(order).slice(0, limit)
}
