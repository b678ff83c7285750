/**
 * A replay of the log in memory: every entry read, authenticated and executed again by the same machine, at its own time. Audits
 * use it; a mirror does the same on its store (follower.ts). There is no second implementation of the rules.
 */

import { equalBytes } from '../base/bytes.ts'
import { type Platform, platform } from '../domain/state.ts'
import type { Milliseconds } from '../domain/time.ts'
import { Frontier, leafHash } from '../log/merkle.ts'
import type { VerifierKey } from '../log/note.ts'
import type { TileRow } from '../log/tiles.ts'
import type { StateLeaves } from './closing.ts'
import {
  type Defect,
  type EntryCheck,
  type ExecutedEntry,
  type ExecutionTools,
  executeGroup,
  findBadSignature,
  groupsOf,
  signatureChecks,
} from './execution.ts'
import { logKey } from './log-keys.ts'
import { MemoryState } from './memory-state.ts'
import type { ColdRows, ReplayedRows } from './replayed-rows.ts'
import { type LoggedEntry, type LogReader, type StoredEntry, StoreError } from './store.ts'
import { grow, type TreeEdge } from './tree.ts'
import type { Verifier } from './verifier.ts'

export interface ReplayOptions extends ExecutionTools {
  readonly verifier: Verifier
  /** Where rows go that memory has no room for; without it all stay in memory. */
  readonly openColdRows?: (() => ColdRows) | undefined
}

/** A page of entries that were executed. */
interface Executing {
  /** The entries, up to the first that breaks a rule. */
  readonly ids: readonly string[]
  readonly leaves: readonly Uint8Array[]
  readonly signatures: number
  readonly platform: Platform | undefined
  /** The first defect, once the signatures were checked. */
  readonly defect: Promise<Defect | undefined>
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
 * The state after `size` entries of one's own log, without checking signatures again: for looking back, not for auditing. Compare
 * whatever is made of it with something that is signed. Throws StoreError `damaged` where an entry breaks a rule.
 */
export async function stateAt(
  options: Omit<ReplayOptions, 'verifier'>,
  log: Pick<LogReader, 'entries'>,
  size: number,
  progress?: (done: number, total: number) => void,
): Promise<Replay> {
  const trusting: Verifier = {
    verify: async (checks) => checks.map(() => true),
    hashLeaves: async (entries) => entries.map((entry) => leafHash(options.sha256, entry)),
    close: async () => {},
  }
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

/**
 * Pages are executed one after the other, each on the state that the one before left. What a page adds counts only once its
 * signatures were checked. Meanwhile the next page may be executed; if the signatures turn out bad, that was in vain.
 */
export class Replay {
  /** Signatures checked so far. */
  signatures = 0
  readonly #options: ReplayOptions
  readonly #state: MemoryState
  #tree: TreeEdge
  #platform: Platform | undefined
  #executed = 0
  #lastTime: Milliseconds = 0

  /** `log` is the log that is replayed, for transactions that look back at an entry. */
  constructor(options: ReplayOptions, log: Pick<LogReader, 'entries'>) {
    this.#options = options
    this.#state = new MemoryState(options, log)
    this.#tree = { frontier: new Frontier(options.sha256), edge: new Map() }
  }

  /** The number of entries that turned out to be good. */
  get size(): number {
    return this.#tree.frontier.size
  }

  get root(): Uint8Array {
    return this.#tree.frontier.root()
  }

  get rows(): ReplayedRows {
    return this.#state.stored
  }

  close(): void {
    this.#state.stored.close()
  }

  /** The key that the entries so far name for a checkpoint over them; undefined before the genesis. */
  get logKey(): VerifierKey | undefined {
    const ledger = this.#platform
    if (ledger === undefined) return undefined
    return logKey(this.#options.sha256, ledger.origin, ledger.sequencerKey)
  }

  /** Keys that the log replaced, as long as they go on signing beside the new one. */
  get retiredKeys(): Platform['retiredKeys'] {
    return this.#platform?.retiredKeys ?? []
  }

  /** The state's leaves as they are now, asked at a time. */
  leaves(time: Milliseconds): StateLeaves {
    return this.#state.leaves(time)
  }

  /** Replays the entries that follow, in order; the first defect among them ends it. */
  async add(entries: readonly (LoggedEntry | StoredEntry)[]): Promise<ReplayedPage | Defect> {
    return this.settle(await this.execute(entries))
  }

  /** Executes the entries that follow, in order, and has their signatures checked. */
  async execute(entries: readonly (LoggedEntry | StoredEntry)[]): Promise<Executing> {
    const checks: EntryCheck[] = []
    const ids: string[] = []
    const leaves: Uint8Array[] = []
    const take = (executed: ExecutedEntry) => {
      checks.push(...signatureChecks(executed))
      const { time, leaf, transaction, outcomeBytes, stored } = executed
      if (stored !== undefined && !equalBytes(stored, outcomeBytes)) return wrongOutcome(executed)
      this.#state.apply(executed)
      this.#executed += 1
      this.#lastTime = time
      leaves.push(leaf)
      ids.push(transaction.id)
      return undefined
    }
    let broken: Defect | undefined
    for (const group of groupsOf(entries)) {
      broken = await executeGroup(this.#options, this.#state, group, { index: this.#executed, lastTime: this.#lastTime }, take)
      if (broken !== undefined) break
    }
    // An entry with a bad signature is the first defect, even where that entry or a later one fails in another way.
    const defect = findBadSignature(this.#options.verifier, checks).then((bad) => bad ?? broken)
    // The caller that settles the page hears of a failure; until then nobody has to.
    defect.catch(() => {})
    return { ids, leaves, signatures: checks.length, platform: this.#state.get(platform), defect }
  }

  /**
   * Adds the page to what was replayed, or returns the defect that forbids it. Pages are settled in the order in which they were
   * executed.
   */
  async settle({ ids, leaves, signatures, platform, defect }: Executing): Promise<ReplayedPage | Defect> {
    const found = await defect
    this.signatures += signatures
    this.#platform = platform
    if (found !== undefined) return found
    const { grown, tiles } = grow(this.#tree, leaves)
    this.#tree = grown
    return { ids, tiles }
  }
}

function wrongOutcome({ index }: ExecutedEntry): Defect {
  return { index, what: 'outcome', message: 'The outcome stored beside the entry is not what the entry does.' }
}
