/** The state of a replay in memory: all rows, and whatever else entries ask for that the log does not say. */

import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type Tools } from '../domain/envelope.ts'
import { decodeOutcome, type Outcome } from '../domain/outcome.ts'
import { accountNumbers, type EntryRecord, entryRecords } from '../domain/state.ts'
import type { StateSummary } from '../domain/state-root.ts'
import type { RowKey } from '../domain/table.ts'
import { type Milliseconds, wholeSeconds } from '../domain/time.ts'
import { createdId } from '../domain/view.ts'
import { recordOf } from './accepted.ts'
import { type StateLeaves, stateLeaves, summaryOf } from './closing.ts'
import { parseEntry } from './entry.ts'
import type { EntryRows, ExecutedEntry, ReadEntry } from './execution.ts'
import { Heads } from './heads.ts'
import { type ColdRows, ReplayedRows } from './replayed-rows.ts'
import type { LogReader, StoredEntry } from './store.ts'

interface ReplayTools extends Tools {
  /** A place for rows that memory has no room for. */
  readonly openColdRows?: (() => ColdRows) | undefined
}

/** The state after the entries that were applied, for those that follow. */
export class MemoryState implements EntryRows {
  readonly stored: ReplayedRows
  readonly #options: ReplayTools
  readonly #log: Pick<LogReader, 'entries'>
  readonly #heads: Heads
  /** What entries did, where the log does not say it. */
  readonly #outcomes = new Map<number, Uint8Array>()

  constructor(options: ReplayTools, log: Pick<LogReader, 'entries'>) {
    this.#options = options
    this.stored = new ReplayedRows(options.openColdRows)
    this.#log = log
    this.#heads = new Heads(options.sha256)
  }

  get<Row>(key: RowKey<Row>): Row | undefined {
    return this.stored.get(key)
  }

  /** All rows are at hand whenever they are asked for. */
  holdsAt(): boolean {
    return true
  }

  prefetch(entries: readonly ReadEntry[]): Promise<readonly EntryRows[]> {
    return Promise.all(entries.map((entry) => this.#rowsFor(entry)))
  }

  #rowsFor({ transaction: { definition, body }, index }: ReadEntry): EntryRows | Promise<EntryRows> {
    const named = definition.namesEntry?.(body as never)
    return named === undefined ? this : this.#rowsWithEntry(named, index)
  }

  async #rowsWithEntry(named: number, index: number): Promise<EntryRows> {
    const record = await this.#readRecord(named, index)
    const isNamed = ({ table, key }: RowKey) => table === entryRecords && key === String(named)
    return {
      get: <Row>(key: RowKey<Row>) => (isNamed(key) ? (record as Row | undefined) : this.get(key)),
      holdsAt: () => true,
    }
  }

  async summary(_size: number, time: Milliseconds): Promise<StateSummary> {
    return summaryOf(this.#options.sha256, this.leaves(time))
  }

  leaves(time: Milliseconds): StateLeaves {
    const rows = [...this.stored.all()]
    return stateLeaves(this.#options.sha256, rows, this.#heads, wholeSeconds(time))
  }

  apply({ index, leaf, outcome, outcomeBytes, changes, stored }: ExecutedEntry): void {
    for (const { key, row } of changes) this.stored.set(key, row)
    if (stored === undefined) this.#outcomes.set(index, outcomeBytes)
    const numbers = outcome.touched.map(({ number }) => number)
    this.#heads.add(leaf, numbers)
  }

  /**
   * The entry that a transaction names, if it stands before the transaction: then it was replayed, and what it did is known to be
   * right. A later entry is nothing that the sequencer could have seen.
   */
  async #readRecord(index: number, before: number): Promise<EntryRecord | undefined> {
    if (index >= before) return undefined
    const { rules, sha256 } = this.#options
    const [entry] = await this.#log.entries(index, 1)
    const parsed = entry && parseEntry(entry.bytes)
    if (entry === undefined || parsed === undefined || parsed instanceof Malformed) return undefined
    const transaction = parseSignedTransaction(rules, sha256, parsed.note)
    const bytes = 'outcome' in entry ? (entry as StoredEntry).outcome : this.#outcomes.get(index)
    if (transaction instanceof Malformed || bytes === undefined) return undefined
    const accountOf = (number: number) => this.get(accountNumbers.at(number))!.account
    const outcome: Outcome = decodeOutcome(bytes, accountOf, createdId(transaction))
    return recordOf({ transaction, outcome })
  }
}
