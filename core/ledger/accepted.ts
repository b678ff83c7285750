/** An accepted transaction: what the ledger answers for it, now and whenever it is asked again. */

import { assert } from '../base/assert.ts'
import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type SignedTransaction, type Tools, type Transaction } from '../domain/envelope.ts'
import { decodeOutcome, type Outcome, touchedNumbers } from '../domain/outcome.ts'
import { accountNumbers, type EntryRecord } from '../domain/state.ts'
import type { Milliseconds } from '../domain/time.ts'
import { createdId } from '../domain/view.ts'
import { parseEntry } from './entry.ts'
import { LoadedRows } from './rows.ts'
import { type StoredEntry, StoreError, type StoreReader } from './store.ts'

export interface Accepted {
  readonly status: 'accepted'
  readonly index: number
  readonly time: Milliseconds
  readonly transaction: SignedTransaction
  readonly outcome: Outcome
  readonly note: Uint8Array
  /** The note was accepted before; this is its first outcome. */
  readonly repeated?: true
}

/**
 * The answer for an entry that was just executed. Thousands wait for their commits, and keeping objects that live so long costs
 * more than making them: so what the entry did is held as the bytes that the store takes, and decoded when somebody asks.
 */
export class NewlyAccepted implements Accepted {
  readonly status = 'accepted'
  readonly index: number
  readonly time: Milliseconds
  readonly transaction: SignedTransaction
  readonly #outcome: Uint8Array
  /** The names of the accounts touched, which the bytes number. */
  readonly #accounts: readonly string[]

  constructor(
    index: number,
    time: Milliseconds,
    transaction: SignedTransaction,
    outcome: Uint8Array,
    accounts: readonly string[],
  ) {
    this.index = index
    this.time = time
    this.transaction = transaction
    this.#outcome = outcome
    this.#accounts = accounts
  }

  get outcome(): Outcome {
    const accounts = this.#accounts.values()
    return decodeOutcome(this.#outcome, () => accounts.next().value!, createdId(this.transaction))
  }

  get note(): Uint8Array {
    return this.transaction.note
  }
}

/** The answer to whoever sends the same note again. */
export function repeated({ status, index, time, transaction, outcome, note }: Accepted): Accepted {
  return { status, index, time, transaction, outcome, note, repeated: true }
}

export async function readAccepted(tools: Tools, store: StoreReader, index: number): Promise<Accepted> {
  const [entry] = await store.entries(index, 1)
  assert(entry !== undefined, `entry ${index} is stored`)
  const [accepted] = await decodeEntries(tools, store, [entry])
  return accepted!
}

/** A transaction with what it did. */
export interface ExecutedTransaction {
  readonly transaction: Transaction
  readonly outcome: Outcome
}

/** What transactions see of an entry that they name. */
export function recordOf({ transaction, outcome }: ExecutedTransaction): EntryRecord {
  const { definition, signer, body } = transaction
  return { type: definition.type, signer, body, outcome }
}

/** A stored entry as transactions see it; undefined where there is none. */
export async function readRecord(tools: Tools, store: StoreReader, index: number): Promise<EntryRecord | undefined> {
  const [entry] = await store.entries(index, 1)
  return entry && decodeRecord(tools, new LoadedRows(store), entry)
}

/** The rows have to have the accounts that the entry touched. */
export async function decodeRecord(tools: Tools, rows: LoadedRows, entry: StoredEntry): Promise<EntryRecord> {
  const [accepted] = await decodeOn(tools, rows, [entry])
  return recordOf(accepted!)
}

/** Stored entries with their outcomes. Throws StoreError `damaged` where one cannot be read. */
export async function decodeEntries(tools: Tools, store: StoreReader, entries: readonly StoredEntry[]): Promise<Accepted[]> {
  return decodeOn(tools, new LoadedRows(store), entries)
}

async function decodeOn(tools: Tools, rows: LoadedRows, entries: readonly StoredEntry[]): Promise<Accepted[]> {
  const damaged = (index: number, cause?: unknown) =>
    new StoreError('damaged', `Entry ${index} is damaged; nimledger verify tells more.`, { cause })
  try {
    await rows.load(entries.flatMap(({ outcome }) => touchedNumbers(outcome).map((number) => accountNumbers.at(number))))
  } catch (error) {
    throw error instanceof StoreError ? error : damaged(entries[0]!.index, error)
  }
  return entries.map(({ index, bytes, outcome }) => {
    const entry = parseEntry(bytes)
    if (entry instanceof Malformed) throw damaged(index)
    const transaction = parseSignedTransaction(tools.rules, tools.sha256, entry.note)
    if (transaction instanceof Malformed) throw damaged(index)
    const accountOf = (number: number) => {
      const account = rows.get(accountNumbers.at(number))?.account
      if (account === undefined) throw damaged(index)
      return account
    }
    try {
      const decoded = decodeOutcome(outcome, accountOf, createdId(transaction))
      return { status: 'accepted', index, time: entry.time, transaction, outcome: decoded, note: entry.note }
    } catch (error) {
      throw error instanceof StoreError ? error : damaged(index, error)
    }
  })
}
