/**
 * The state of all books at a size of the log: the leaves of the state tree (domain/state-root.ts), their root and the totals,
 * which a period.close states and a balance proof shows.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { assert } from '../base/assert.ts'
import { type Sha256, toHex } from '../base/bytes.ts'
import { touchedNumbers } from '../domain/outcome.ts'
import { type Account, accounts, platform, treasury } from '../domain/state.ts'
import { formatLeaf, platformPart, type StateSummary, stateLeafHash, totalsOf } from '../domain/state-root.ts'
import { decodeRow, tableNamed } from '../domain/table.ts'
import type { Seconds } from '../domain/time.ts'
import { Frontier, leafHash } from '../log/merkle.ts'
import { Heads } from './heads.ts'
import { atOnce, inTurns, type Parts } from './parts.ts'
import { compareRows, type NumberedRow, type StoredRow, type StoreReader } from './store.ts'

/** Entries and rows read at a time. */
const PAGE = 1_000
/** Rows and accounts worked at without giving way, some ten milliseconds. */
const PART = 200

/** The leaves of the state tree in order of account number. `rows` are all rows of the state, in any order. */
export function stateLeaves(...given: Parameters<typeof leavesInParts>): StateLeaves {
  return atOnce(leavesInParts(...given))
}

function* leavesInParts(sha256: Sha256, rows: readonly StoredRow[], heads: Heads, time: Seconds): Parts<StateLeaves> {
  const owned = new Map<string, StoredRow[]>()
  const decoded = new Map<string, unknown>()
  for (const [at, stored] of rows.entries()) {
    if (at % PART === 0) yield
    const table = tableNamed(stored.table)
    const row = decodeRow(stored.value)
    if (table.name === accounts.name || table === platform.table || table === treasury.table) decoded.set(pathOf(stored), row)
    const owner = table.owner(row, stored.key)
    if (owner === undefined) continue
    const others = owned.get(owner)
    if (others === undefined) owned.set(owner, [stored])
    else others.push(stored)
  }
  const need = <Row>(path: string) => {
    const row = decoded.get(path)
    assert(row !== undefined, `the row ${path} exists`)
    return row as Row
  }
  const books = need<Parameters<typeof platformPart>[0]>(treasury.path)
  const ofPlatform = platformPart(books, need(platform.path), time)
  const opened = [...owned].map(([account, its]) => ({ account, its, row: need<Account>(accounts.at(account).path) }))
  opened.sort((a, b) => a.row.number - b.row.number)
  for (const { its } of opened) its.sort(compareRows)
  const leaves: string[] = []
  for (const { account, its, row } of opened) {
    if (leaves.length % PART === 0) yield
    const leaf = { account, row, head: heads.of(row), rows: its }
    leaves.push(formatLeaf(sha256, leaf, row.number === 0 ? ofPlatform : undefined))
  }
  return {
    leaves,
    numbers: new Map(opened.map(({ account, row }) => [account, row.number])),
    totals: totalsOf(
      books,
      opened.map(({ row }) => row),
    ),
  }
}

export interface StateLeaves {
  readonly leaves: readonly string[]
  /** The place of each account's leaf. */
  readonly numbers: ReadonlyMap<string, number>
  readonly totals: StateSummary['totals']
}

export function summaryOf(...given: Parameters<typeof summaryInParts>): StateSummary {
  return atOnce(summaryInParts(...given))
}

function* summaryInParts(sha256: Sha256, { leaves, totals }: StateLeaves): Parts<StateSummary> {
  const tree = new Frontier(sha256)
  for (const [at, leaf] of leaves.entries()) {
    if (at % PART === 0) yield
    tree.append(stateLeafHash(sha256, leaf))
  }
  return { accounts: leaves.length, stateRoot: toHex(tree.root()), totals }
}

function pathOf({ table, key }: StoredRow): string {
  return tableNamed(table).at(key).path
}

/**
 * Summaries of a store's books. What was read of the log is kept for the next summary. With many accounts one takes seconds, in
 * which others get their turn; whoever asks sees to it that the books do not change meanwhile.
 */
export class Closing {
  readonly #sha256: Sha256
  readonly #store: StoreReader
  readonly #heads: Heads
  #counted = 0

  constructor({ sha256, store }: { readonly sha256: Sha256; readonly store: StoreReader }) {
    this.#sha256 = sha256
    this.#store = store
    this.#heads = new Heads(sha256)
  }

  /** The state of the books after all `size` entries of the store, at `time`. */
  async summary(size: number, time: Seconds): Promise<StateSummary> {
    await this.#count(size)
    const rows: StoredRow[] = []
    for (let after: NumberedRow | undefined; ; ) {
      const page: NumberedRow[] = await this.#store.scanRows(after, PAGE)
      rows.push(...page)
      if (page.length < PAGE) break
      after = page.at(-1)
      await nextTurn()
    }
    const state = await inTurns(leavesInParts(this.#sha256, rows, this.#heads, time))
    return inTurns(summaryInParts(this.#sha256, state))
  }

  async #count(size: number): Promise<void> {
    while (this.#counted < size) {
      const page = await this.#store.entries(this.#counted, Math.min(PAGE, size - this.#counted))
      assert(page.length > 0, 'the entries up to the size are stored')
      for (const { bytes, outcome } of page) this.#heads.add(leafHash(this.#sha256, bytes), touchedNumbers(outcome))
      this.#counted += page.length
      await nextTurn()
    }
  }
}
