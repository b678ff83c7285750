/**
 * A replay of the log in memory: every entry read, authenticated and executed again by the same machine, at its own time. Audits
 * use it, and mirrors and rebuilt projections will: there is no second implementation of the rules.
 */

import { InvariantError } from '../base/assert.ts'
import { equalBytes, type Sha256 } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type Rules, type SignedTransaction } from '../domain/envelope.ts'
import { authenticate, execute, type Signer } from '../domain/machine.ts'
import { decodeOutcome, encodeOutcome, type Outcome } from '../domain/outcome.ts'
import { accountNumbers, type EntryRecord, entryRecords, type Platform, platform } from '../domain/state.ts'
import type { StateSummary } from '../domain/state-root.ts'
import { encodeRow, type RowKey } from '../domain/table.ts'
import { formatMilliseconds, type Milliseconds, wholeSeconds } from '../domain/time.ts'
import { createdId, type Moment, type Rows, signatoriesOf } from '../domain/view.ts'
import { Frontier, leafHash } from '../log/merkle.ts'
import type { VerifierKey } from '../log/note.ts'
import { appendLeaves, type TileRow } from '../log/tiles.ts'
import { recordOf } from './accepted.ts'
import { Heads, type StateLeaves, stateLeaves, summaryOf } from './closing.ts'
import { parseEntry } from './entry.ts'
import { logKey } from './log-keys.ts'
import { compareRows, type LoggedEntry, type LogReader, type StoredEntry, StoreError } from './store.ts'
import { storedTiles } from './tree.ts'
import type { SignatureCheck, Verifier } from './verifier.ts'

/** Something that is not as the log says, at an entry or at a stored value. */
export interface Defect {
  readonly index?: number
  readonly table?: string
  readonly key?: string
  readonly what: string
  readonly message: string
}

export interface ReplayOptions {
  readonly rules: Rules
  readonly sha256: Sha256
  readonly verifier: Verifier
}

/** What a page of entries added. */
interface ReplayedPage {
  readonly ids: readonly string[]
  /** The tiles that are new or have grown. */
  readonly tiles: readonly TileRow[]
}

/** Entries read at a time. */
const PAGE = 1_000

/**
 * The state after `size` entries of one's own log, without checking signatures again: for looking back, not for auditing.
 * Whatever is made of it must be compared with something that is signed. Throws StoreError `damaged` where an entry breaks a
 * rule.
 */
export async function stateAt(
  options: Omit<ReplayOptions, 'verifier'>,
  log: Pick<LogReader, 'entries'>,
  size: number,
  progress?: (done: number, total: number) => void,
): Promise<Replay> {
  const trusting: Verifier = { verify: async (checks) => checks.map(() => true), close: async () => {} }
  const replay = new Replay({ ...options, verifier: trusting }, log)
  while (replay.size < size) {
    const entries = await log.entries(replay.size, Math.min(PAGE, size - replay.size))
    const page = await replay.add(entries)
    const defect = 'what' in page ? page.message : entries.length === 0 ? 'It is missing.' : undefined
    if (defect !== undefined) throw new StoreError('damaged', `Entry ${replay.size} is damaged: ${defect}`)
    progress?.(replay.size, size)
  }
  return replay
}

export class Replay {
  readonly rows = new Map<string, { readonly key: RowKey; readonly row: unknown }>()
  /** Signatures checked so far. */
  signatures = 0
  readonly #options: ReplayOptions & { readonly log: Pick<LogReader, 'entries'> }
  readonly #heads: Heads
  /** What entries did, where the log does not say it. */
  readonly #outcomes = new Map<number, Uint8Array>()
  /** The entry that the transaction at hand names. */
  #record: { readonly path: string; readonly record: EntryRecord } | undefined
  #frontier: Frontier
  #edge = new Map<string, TileRow>()
  #lastTime: Milliseconds = 0

  /** `log` is the log that is replayed, for transactions that look back at an entry. */
  constructor(options: ReplayOptions, log: Pick<LogReader, 'entries'>) {
    this.#options = { ...options, log }
    this.#heads = new Heads(options.sha256)
    this.#frontier = new Frontier(options.sha256)
  }

  get size(): number {
    return this.#frontier.size
  }

  get root(): Uint8Array {
    return this.#frontier.root()
  }

  /** The key that the entries so far name for a checkpoint over them; undefined before the genesis. */
  get logKey(): VerifierKey | undefined {
    const ledger = this.#get(platform)
    if (ledger === undefined) return undefined
    return logKey(this.#options.sha256, ledger.origin, ledger.sequencerKey)
  }

  /** The keys that were the log's before, as long as they sign besides. */
  get retiredKeys(): Platform['retiredKeys'] {
    return this.#get(platform)?.retiredKeys ?? []
  }

  /** Replays the entries that follow, in order; the first defect among them ends it. */
  async add(entries: readonly (LoggedEntry | StoredEntry)[]): Promise<ReplayedPage | Defect> {
    const checks: (SignatureCheck & { index: number; signatory: Signer })[] = []
    const ids: string[] = []
    const leaves: Uint8Array[] = []
    let defect: Defect | undefined
    for (const [i, entry] of entries.entries()) {
      const replayed = await this.#execute(entry, this.size + i)
      if ('what' in replayed) {
        defect = replayed
        break
      }
      const { transaction, signatories, leaf } = replayed
      leaves.push(leaf)
      ids.push(transaction.id)
      signatories.forEach((signatory, j) => {
        const { signature } = transaction.signatures[j]!
        checks.push({ publicKey: signatory.publicKey, message: transaction.textBytes, signature, index: entry.index, signatory })
      })
    }
    // An earlier entry with a bad signature is the first defect, also where a later one already failed a rule.
    return (await this.#verify(checks)) ?? defect ?? { ids, tiles: this.#grow(leaves) }
  }

  async #execute(entry: LoggedEntry | StoredEntry, index: number) {
    const { rules, sha256 } = this.#options
    const at = (what: string, message: string): Defect => ({ index: entry.index, what, message })
    if (entry.index !== index) return { index, what: 'missing_entry', message: `Entry ${index} is missing.` }
    const parsed = parseEntry(entry.bytes)
    if (parsed instanceof Malformed) return at('malformed', `${parsed.reason}.`)
    const { time, note } = parsed
    if (time < this.#lastTime)
      return at('time_backwards', `Its time is before that of the entry before, ${formatMilliseconds(this.#lastTime)}.`)
    const transaction = parseSignedTransaction(rules, sha256, note)
    if (transaction instanceof Malformed) return at('malformed', `${transaction.reason}.`)
    const { namesEntry, needsSummary } = transaction.definition
    if (namesEntry !== undefined) await this.#loadRecord(namesEntry(transaction.body as never), index)
    const executed = this.#apply(transaction, { index, time, ...(needsSummary && { summary: this.#summary(time) }) })
    this.#record = undefined
    if (executed instanceof InvariantError) return at('invariant', `${executed.message}: this does not hold.`)
    if ('status' in executed) return at(executed.code, executed.message)
    const outcome = encodeOutcome(executed.outcome)
    if ('outcome' in entry && !equalBytes(entry.outcome, outcome))
      return at('outcome', 'The outcome stored beside the entry is not what the entry does.')
    if (!('outcome' in entry)) this.#outcomes.set(index, outcome)
    const leaf = leafHash(sha256, entry.bytes)
    this.#heads.add(
      leaf,
      executed.outcome.touched.map(({ number }) => number),
    )
    this.#lastTime = time
    return { transaction, signatories: executed.signatories, leaf }
  }

  #apply(transaction: SignedTransaction, moment: Moment) {
    const { sha256 } = this.#options
    const rows: Rows = { get: (key) => this.#get(key) }
    const signatories = authenticate(sha256, transaction, rows)
    if ('status' in signatories) return signatories
    const signed = signatoriesOf(transaction, signatories)
    const result = this.#tryExecute(() => execute(sha256, transaction, signed, rows, moment))
    if (result instanceof InvariantError) return result
    if (result.status === 'refused') return result
    for (const [path, change] of result.changes) {
      if (change.row === undefined) this.rows.delete(path)
      else this.rows.set(path, change)
    }
    return { signatories, outcome: result.outcome }
  }

  /** The state's leaves as they are now, asked at a time. */
  leaves(time: Milliseconds): StateLeaves {
    const rows = [...this.rows.values()].map(({ key, row }) => ({ table: key.table.name, key: key.key, value: encodeRow(row) }))
    return stateLeaves(this.#options.sha256, rows.sort(compareRows), this.#heads, wholeSeconds(time))
  }

  #summary(time: Milliseconds): StateSummary {
    return summaryOf(this.#options.sha256, this.leaves(time))
  }

  /**
   * Reads the entry that a transaction names, if it stands before it: then it was replayed, and what it did is known to be right.
   * What comes later is nothing that the sequencer could have seen.
   */
  async #loadRecord(index: number, before: number): Promise<void> {
    if (index >= before) return
    const { rules, sha256, log } = this.#options
    const [entry] = await log.entries(index, 1)
    const parsed = entry && parseEntry(entry.bytes)
    if (entry === undefined || parsed === undefined || parsed instanceof Malformed) return
    const transaction = parseSignedTransaction(rules, sha256, parsed.note)
    const bytes = 'outcome' in entry ? (entry as StoredEntry).outcome : this.#outcomes.get(index)
    if (transaction instanceof Malformed || bytes === undefined) return
    const accountOf = (number: number) => this.#get(accountNumbers.at(number))!.account
    const outcome: Outcome = decodeOutcome(bytes, accountOf, createdId(transaction))
    this.#record = { path: entryRecords.at(index).path, record: recordOf({ transaction, outcome }) }
  }

  /**
   * A log that was sequenced by a broken program may break an invariant: that is a finding about the log, not about this program.
   */
  #tryExecute<T>(run: () => T): T | InvariantError {
    try {
      return run()
    } catch (error) {
      if (error instanceof InvariantError) return error
      throw error
    }
  }

  async #verify(checks: readonly (SignatureCheck & { index: number; signatory: Signer })[]): Promise<Defect | undefined> {
    const valid = await this.#options.verifier.verify(checks)
    this.signatures += checks.length
    const bad = checks.find((_, i) => !valid[i])
    if (bad === undefined) return undefined
    const { account, keyId } = bad.signatory
    return {
      index: bad.index,
      what: 'bad_signature',
      message: `The signature in the name of ${account} does not verify with key ${keyId}.`,
    }
  }

  #grow(leaves: readonly Uint8Array[]): readonly TileRow[] {
    const readEdge = (level: number, number: number) => this.#edge.get(`${level}/${number}`)!.hashes
    const { frontier, tiles } = appendLeaves(readEdge, this.#frontier, leaves)
    this.#frontier = frontier
    this.#edge = storedTiles(this.#edge, tiles, frontier.size)
    return tiles
  }

  #get<Row>(key: RowKey<Row>): Row | undefined {
    if (key.table.name === entryRecords.name) {
      return this.#record?.path === key.path ? (this.#record.record as Row) : undefined
    }
    return this.rows.get(key.path)?.row as Row | undefined
  }
}
