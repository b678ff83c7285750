/**
 * What transactions read, found before they are executed: their types say which rows, round by round, each round by the rows of
 * those before. The rounds of many transactions are gone through together, so that one question to the store answers a round for
 * all of them.
 *
 * A transaction sees the rows that it declared and no others. It declared them by the rows and the time as they were then; where
 * a transaction before it in the batch has since changed a row that a round looked at, it has to declare them again.
 */

import { assert } from '../base/assert.ts'
import type { Sha256 } from '../base/bytes.ts'
import type { SignedTransaction, Transaction } from '../domain/envelope.ts'
import { roundsOf, rowsToRead } from '../domain/machine.ts'
import { type RowKey, RowMap } from '../domain/table.ts'
import { type Milliseconds, wholeSeconds } from '../domain/time.ts'
import { type Moment, type Rows, type Signing, signatoriesOf, View } from '../domain/view.ts'
import type { Kept, LoadedRows } from './rows.ts'

const NONE: readonly Kept[] = []

/** The rows of one transaction. */
export class Declared implements Rows {
  readonly signatories: readonly Signing[]
  readonly #view: View
  readonly #loaded: LoadedRows
  readonly #rounds: number
  readonly #places = new RowMap<Kept>()
  /** What the rounds looked at, and what they saw there. */
  readonly #looks: { readonly kept: Kept; readonly row: unknown }[] = []
  #round = 0

  constructor(sha256: Sha256, transaction: Transaction, signatories: readonly Signing[], loaded: LoadedRows, moment: Moment) {
    this.#view = new View(sha256, transaction, signatories, this, moment)
    this.signatories = signatories
    this.#loaded = loaded
    this.#rounds = roundsOf(transaction)
  }

  get<Row>(key: RowKey<Row>): Row | undefined {
    const kept = this.place(key)
    if (this.#round < this.#rounds) this.#looks.push({ kept, row: kept.row })
    return kept.row as Row | undefined
  }

  /** The place of a row that was declared. */
  place(key: RowKey): Kept {
    const kept = this.#places.get(key)
    assert(kept !== undefined, () => `${this.#view.definition.type} declared the row ${key.path}`)
    return kept
  }

  /**
   * Goes on to the next round and returns the places that have to be filled before another round can follow; none where all
   * rounds are declared.
   */
  next(): readonly Kept[] {
    while (this.#round < this.#rounds) {
      let missing: Kept[] | undefined
      for (const key of rowsToRead(this.#view, this.signatories, this.#round)) {
        if (this.#places.has(key)) continue
        const kept = this.#loaded.place(key)
        this.#places.add(key, kept)
        if (kept.isLoaded) continue
        missing ??= []
        missing.push(kept)
      }
      this.#round += 1
      if (missing !== undefined) return missing
    }
    return NONE
  }

  /** Whether the rounds would declare the same rows again. */
  holdsAt(time: Milliseconds): boolean {
    if (wholeSeconds(time) !== this.#view.time) return false
    for (const { kept, row } of this.#looks) if (kept.row !== row) return false
    return true
  }
}

/** The rows of one transaction, loaded. */
export async function declaredRows(...declaration: ConstructorParameters<typeof Declared>): Promise<Declared> {
  const declared = new Declared(...declaration)
  await loadAll([declared], declaration[3])
  return declared
}

/**
 * The rows of transactions, loaded. At which index each will stand is not known before they are executed, so no type may use its
 * index to say what it reads.
 */
export async function prefetch(
  sha256: Sha256,
  transactions: readonly SignedTransaction[],
  rows: LoadedRows,
  time: Milliseconds,
): Promise<readonly Declared[]> {
  const moment = { index: Number.NaN, time }
  const batch = transactions.map((transaction) => declare(sha256, transaction, rows, moment))
  await loadAll(batch, rows)
  return batch
}

/** The rows of entries that are executed again, loaded: where and when each of them stands is known. */
export async function prefetchAgain(
  sha256: Sha256,
  entries: readonly ({ readonly transaction: SignedTransaction } & Moment)[],
  rows: LoadedRows,
): Promise<readonly Declared[]> {
  const batch = entries.map((entry) => declare(sha256, entry.transaction, rows, entry))
  await loadAll(batch, rows)
  return batch
}

/** The signers are those that the signatures name; whether they are theirs is found out later. */
function declare(sha256: Sha256, transaction: SignedTransaction, rows: LoadedRows, moment: Moment): Declared {
  const named = transaction.signatures.map(({ name, keyId }) => ({ account: name, keyId }))
  return new Declared(sha256, transaction, signatoriesOf(transaction, named), rows, moment)
}

/** Goes through the rounds of all transactions together. */
async function loadAll(batch: readonly Declared[], rows: LoadedRows): Promise<void> {
  for (let waiting = batch; waiting.length > 0; ) {
    const missing: Kept[] = []
    const unfinished: Declared[] = []
    for (const declared of waiting) {
      const places = declared.next()
      if (places.length === 0) continue
      missing.push(...places)
      unfinished.push(declared)
    }
    if (missing.length > 0) await rows.fill(missing)
    waiting = unfinished
  }
}
