/**
 * A replay of the log in memory: every entry read, authenticated and executed again by the same machine, at its own time. Audits
 * use it, and mirrors and rebuilt projections will: there is no second implementation of the rules.
 */

import { InvariantError } from '../base/assert.ts'
import { equalBytes, type Sha256, tryFromHex } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type Rules, type SignedTransaction } from '../domain/envelope.ts'
import { authenticate, execute, type Rows, type Signatory } from '../domain/machine.ts'
import { encodeOutcome } from '../domain/outcome.ts'
import { platform, type RowKey } from '../domain/state.ts'
import { formatMilliseconds, type Milliseconds } from '../domain/time.ts'
import { Frontier, leafHash } from '../log/merkle.ts'
import { ED25519, type VerifierKey, verifierKey } from '../log/note.ts'
import { appendLeaves, type TileRow } from '../log/tiles.ts'
import { parseEntry } from './entry.ts'
import type { LoggedEntry, StoredEntry } from './store.ts'
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

export class Replay {
  readonly rows = new Map<string, { readonly key: RowKey; readonly row: unknown }>()
  /** Signatures checked so far. */
  signatures = 0
  readonly #options: ReplayOptions
  #frontier: Frontier
  #edge = new Map<string, TileRow>()
  #lastTime: Milliseconds = 0

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#frontier = new Frontier(options.sha256)
  }

  get size(): number {
    return this.#frontier.size
  }

  get root(): Uint8Array {
    return this.#frontier.root()
  }

  /** The key that the log itself names for its checkpoints; undefined before its genesis. */
  get logKey(): VerifierKey | undefined {
    const ledger = this.#get(platform)
    if (ledger === undefined) return undefined
    return verifierKey(this.#options.sha256, ledger.origin, ED25519, tryFromHex(ledger.sequencerKey)!)
  }

  /** Replays the entries that follow, in order; the first defect among them ends it. */
  async add(entries: readonly (LoggedEntry | StoredEntry)[]): Promise<ReplayedPage | Defect> {
    const checks: (SignatureCheck & { index: number; signatory: Signatory })[] = []
    const ids: string[] = []
    let defect: Defect | undefined
    for (const [i, entry] of entries.entries()) {
      const replayed = this.#execute(entry, this.size + i)
      if ('what' in replayed) {
        defect = replayed
        break
      }
      const { transaction, signatories } = replayed
      ids.push(transaction.id)
      signatories.forEach((signatory, j) => {
        const { signature } = transaction.signatures[j]!
        checks.push({ publicKey: signatory.publicKey, message: transaction.textBytes, signature, index: entry.index, signatory })
      })
    }
    // An earlier entry with a bad signature is the first defect, also where a later one already failed a rule.
    return (await this.#verify(checks)) ?? defect ?? { ids, tiles: this.#grow(entries) }
  }

  #execute(entry: LoggedEntry | StoredEntry, index: number) {
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
    const executed = this.#apply(transaction, { index, time })
    if (executed instanceof InvariantError) return at('invariant', `${executed.message}: this does not hold.`)
    if ('status' in executed) return at(executed.code, executed.message)
    const isOutcome = !('outcome' in entry) || equalBytes(entry.outcome, executed.outcome)
    if (!isOutcome) return at('outcome', 'The outcome stored beside the entry is not what the entry does.')
    this.#lastTime = time
    return { transaction, signatories: executed.signatories }
  }

  #apply(transaction: SignedTransaction, moment: { index: number; time: Milliseconds }) {
    const { sha256 } = this.#options
    const rows: Rows = { get: (key) => this.#get(key) }
    const signatories = authenticate(sha256, transaction, rows)
    if ('status' in signatories) return signatories
    const keyIds = signatories.filter(({ account }) => account === transaction.signer).map(({ keyId }) => keyId)
    const result = this.#tryExecute(() => execute(sha256, transaction, keyIds, rows, moment))
    if (result instanceof InvariantError) return result
    if (result.status === 'refused') return result
    for (const [path, change] of result.changes) this.rows.set(path, change)
    return { signatories, outcome: encodeOutcome(result.outcome) }
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

  async #verify(checks: readonly (SignatureCheck & { index: number; signatory: Signatory })[]): Promise<Defect | undefined> {
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

  #grow(entries: readonly LoggedEntry[]): readonly TileRow[] {
    const { sha256 } = this.#options
    const leaves = entries.map(({ bytes }) => leafHash(sha256, bytes))
    const readEdge = (level: number, number: number) => this.#edge.get(`${level}/${number}`)!.hashes
    const { frontier, tiles } = appendLeaves(readEdge, this.#frontier, leaves)
    this.#frontier = frontier
    this.#edge = storedTiles(this.#edge, tiles, frontier.size)
    return tiles
  }

  #get<Row>(key: RowKey<Row>): Row | undefined {
    return this.rows.get(key.path)?.row as Row | undefined
  }
}
