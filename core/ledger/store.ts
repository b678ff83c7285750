/**
 * What the ledger asks of a store. It speaks of entries, rows and tiles, never of SQL, and is asynchronous so that a remote
 * database fits behind it. Drivers implement it; one contract test runs against each.
 *
 * A ledger is two memories. The book is everything that follows from the log: entries, their ids and outcomes, the tree's tiles,
 * the rows. The guard is what the sequencer alone remembers and no restore may bring back: the last checkpoint it signed, and the
 * refusals that must not be replayed.
 */

import { utf8 } from '../base/bytes.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { RowKey } from '../domain/table.ts'

/** An entry of the log. */
export interface LoggedEntry {
  readonly index: number
  /** Acceptance line and note, verbatim. */
  readonly bytes: Uint8Array
  /** Its leaf hash, where that was made already. */
  readonly leaf?: Uint8Array
}

/** An entry with what it did, as it is stored. */
export interface StoredEntry extends LoggedEntry {
  /** encodeOutcome's bytes. */
  readonly outcome: Uint8Array
}

/** A row as it is stored: its table, its key, and encodeRow's text. */
export interface StoredRow {
  readonly table: string
  readonly key: string
  readonly value: string
}

/** A row with the store's own number for it, which stays the same for as long as the row is there. Numbers are positive. */
export interface NumberedRow extends StoredRow {
  readonly number: number
}

/** What a store has of a row that was asked for. */
export type NumberedText = Pick<NumberedRow, 'number' | 'value'>

/** Rows by their table. */
export interface TableRows {
  readonly table: string
  /** Only those whose key is this, or this before a '/'. */
  readonly firstPart?: string
  /** Only those whose keys come after this. */
  readonly after?: string
}

/** The order of rows: by the UTF-8 bytes of table and key. */
export function compareRows(a: Pick<StoredRow, 'table' | 'key'>, b: Pick<StoredRow, 'table' | 'key'>): number {
  return compareText(a.table, b.table) || compareText(a.key, b.key)
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(utf8(a), utf8(b))
}

/** A tile of the tree: up to 256 hashes of 32 bytes, one after the other. */
export interface StoredTile {
  readonly level: number
  readonly number: number
  readonly hashes: Uint8Array
}

/** A row as a commit leaves it; removed where there is no value. */
export interface ChangedRow {
  readonly table: string
  readonly key: string
  readonly value: string | undefined
  /** The object that remembers the row's number. Without it the store looks the row up. */
  readonly numbered?: Numbered
}

/**
 * What is known of the number of a row: 0 where the store has no such row, undefined where nobody has asked yet. A commit sets it
 * to what it is afterwards, so that the next change of the row need not look it up.
 */
export interface Numbered {
  number: number | undefined
}

/** One durable step of the book. */
export interface Commit {
  /** The number of entries before; the store refuses to commit on any other (compare and swap). */
  readonly size: number
  readonly entries: readonly { readonly id: string; readonly bytes: Uint8Array; readonly outcome: Uint8Array }[]
  /** The last value of each row that the entries changed, each row once. */
  readonly rows: readonly ChangedRow[]
  /** The tiles at the tree's right edge that the entries changed. */
  readonly tiles: readonly StoredTile[]
}

export interface RememberedRefusal {
  readonly id: string
  readonly refusal: Refusal
}

/** The log alone, as a store or a folder of exported tiles holds it. */
export interface LogReader {
  /** The number of entries. */
  size(): Promise<number>
  /** Up to `limit` entries from index `from`, in order. */
  entries(from: number, limit: number): Promise<readonly LoggedEntry[]>
  /** The hashes of a tile as far as it is filled; undefined where it does not exist. */
  tile(level: number, number: number): Promise<Uint8Array | undefined>
  /** The last checkpoint signed, a signed note; undefined before the first. */
  checkpoint(): Promise<Uint8Array | undefined>
  close(): Promise<void>
}

/** The whole book and the guard. What a reader sees is one consistent state, from when it was opened. */
export interface StoreReader extends LogReader {
  /** Numbers and texts of the rows, in the order of the keys, undefined where there is none. */
  rows(keys: readonly RowKey[]): Promise<(NumberedText | undefined)[]>
  /** Rows of a table in the order of their keys. The store goes through all of them before it returns the first. */
  tableRows(wanted: TableRows): AsyncIterable<NumberedRow>
  /** The indexes of accepted transactions, in the order of the ids, undefined for unknown ones. */
  indexes(ids: readonly string[]): Promise<(number | undefined)[]>
  /** Up to `limit` entries from index `from`, in order. */
  entries(from: number, limit: number): Promise<StoredEntry[]>
  /** A full entry bundle as one frame of Zstandard; undefined where the store does not keep it as one. */
  packedBundle(number: number): Promise<Uint8Array | undefined>
  /**
   * Every stored row in order of its number, every id and every tile in order of its key, for audits and exports; `after` is the
   * last of the page before.
   */
  scanRows(after: Pick<NumberedRow, 'number'> | undefined, limit: number): Promise<NumberedRow[]>
  scanIds(after: string | undefined, limit: number): Promise<{ readonly id: string; readonly index: number }[]>
  scanTiles(after: { readonly level: number; readonly number: number } | undefined, limit: number): Promise<StoredTile[]>
  /** What is wrong with the store itself (its pages, its schema, values that no log could make), as far as the store can tell. */
  defects(): Promise<readonly StoreDefect[]>
}

export interface StoreDefect {
  readonly table: string
  readonly key?: string
  readonly message: string
}

/** The one writer of a ledger. Whoever holds it holds the ledger's lock. */
export interface StoreWriter extends StoreReader {
  /**
   * Commits durably, all or nothing. After an error nothing is known: close, reopen and look. There is one commit at a time;
   * until it is settled, reads show the book before it or after it.
   */
  commit(commit: Commit): Promise<void>
  /**
   * Puts `next` in the place of `previous` durably, only if `previous` is what is there. Throws StoreError `damaged` otherwise.
   */
  replaceCheckpoint(previous: Uint8Array | undefined, next: Uint8Array): Promise<void>
  /** Refusals of these ids that are still remembered, in the order of the ids. */
  refusals(ids: readonly string[]): Promise<(Refusal | undefined)[]>
  /** Remembers refusals durably, and forgets those whose notes had expired by `now` (Unix seconds). */
  rememberRefusals(refusals: readonly RememberedRefusal[], now: number): Promise<void>
  /** Notes made before this time (Unix seconds) are stale: the guard is younger than they are. 0 where it was never lost. */
  staleBefore(): Promise<number>
}

/**
 * The one writer of a mirror: a book that follows another's log. It holds what that log signed and signs nothing, so there is no
 * way from it to a StoreWriter.
 */
export interface MirrorWriter extends StoreReader {
  /** As a StoreWriter's. */
  commit(commit: Commit): Promise<void>
  /** The newest checkpoint that the log has shown; the book may lack entries that it covers. */
  shown(): Promise<Uint8Array | undefined>
  /** Stores durably what the log shows, before any of its entries is taken: whatever it shows later has to continue it. */
  keepShown(signed: Uint8Array): Promise<void>
  /** The book has all entries of what was shown: from now on that is its checkpoint. */
  coverShown(): Promise<void>
}

/**
 * What a witness remembers, so that it never cosigns two histories of one log: the last checkpoint of each that it cosigned, with
 * its cosignature.
 */
export interface WitnessStore {
  /** The last one of a log; undefined before the first. */
  cosigned(origin: string): Promise<Uint8Array | undefined>
  /** Puts `next` in the place of `previous` durably, only if `previous` is what is there; returns whether it was. */
  replaceCosigned(origin: string, previous: Uint8Array | undefined, next: Uint8Array): Promise<boolean>
  close(): Promise<void>
}

/** Why a store cannot be used, in a sentence for people. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  /** `denied`: whoever has it does not show it to us. `version`: it is another version of this program's. */
  readonly code: 'damaged' | 'locked' | 'busy' | 'disk_full' | 'offline' | 'denied' | 'missing' | 'version'

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
