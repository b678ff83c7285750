/**
 * The audit: everything derived again from the log, with nothing trusted but the log's key. Every entry's framing, canonical form
 * and signatures, the tree, the checkpoint, every rule by the same machine that sequenced it, and whatever the store keeps beside
 * the entries (ids, outcomes, tiles, rows) equal to what the replay makes. Any changed byte in a stored value is found and named:
 * the entry, or the table and key.
 */

import { equalBytes, toBase64, toHex } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { entryCount } from '../base/plural.ts'
import { formatSeconds } from '../domain/time.ts'
import { type Checkpoint, readCheckpoint } from '../log/checkpoint.ts'
import { Frontier, HASH_BYTES, leafHash } from '../log/merkle.ts'
import { formatVerifierKey, isSameKey, type VerifierKey } from '../log/note.ts'
import { TILE_WIDTH, type TileRow, tileWidth } from '../log/tiles.ts'
import { findForeign } from './book-audit.ts'
import { type Defect, repeatedEntry } from './execution.ts'
import { claimedKeys, openCheckpointOf } from './log-keys.ts'
import { readAhead } from './read-ahead.ts'
import { Replay, type ReplayOptions } from './replay.ts'
import type { LoggedEntry, LogReader, StoreReader } from './store.ts'

/** Pages of entries that were executed and whose signatures are still being checked. */
const MAX_UNDERWAY = 2

export interface AuditOptions extends ReplayOptions {
  /** The log's key that the auditor trusts; without it the one that the log itself names. */
  readonly trusted?: VerifierKey | undefined
  /** A checkpoint that the auditor holds from before: the log must contain what it covers. */
  readonly older?: Uint8Array | undefined
  /**
   * Accepts that there is no checkpoint, where the guard that held it was lost. Without one nothing says that no entry is missing
   * at the end.
   */
  readonly isUnsigned?: boolean
  readonly progress?: ((done: number, total: number) => void) | undefined
}

export interface AuditReport {
  readonly ok: boolean
  readonly origin: string
  readonly vkey: string
  readonly vkeySource: 'given' | 'folder'
  /** Where the key given is an old one of the log's: its key now, and until when the old one signs as well. */
  readonly rotation?: { readonly vkey: string; readonly until: string }
  readonly size: number
  readonly root: string
  /** Entries after the last checkpoint: committed, but the sequencer stopped before it signed them. */
  readonly unsigned: number
  readonly entries: number
  readonly signatures: number
  readonly defects: readonly Defect[]
}

/** Audits the log and, where `store` is given, everything the store derived from it. Ends at the first defect. */
export async function audit(log: LogReader, store: StoreReader | undefined, options: AuditOptions): Promise<AuditReport> {
  const run = new Audit(log, store, options)
  try {
    return await report(run, options)
  } finally {
    run.replay.close()
  }
}

async function report(run: Audit, options: AuditOptions): Promise<AuditReport> {
  const defect = await run.firstDefect()
  const key = options.trusted ?? run.replay.logKey
  const rotation = options.trusted && rotationOf(run.replay, options.trusted)
  return {
    ok: defect === undefined,
    origin: key?.name ?? '',
    vkey: key === undefined ? '' : formatVerifierKey(key),
    vkeySource: options.trusted === undefined ? 'folder' : 'given',
    ...(rotation && { rotation }),
    size: run.size,
    root: toBase64(run.replay.root),
    unsigned: run.checkpoint === undefined ? 0 : run.size - run.checkpoint.size,
    entries: run.replay.size,
    signatures: run.replay.signatures,
    defects: defect === undefined ? [] : [defect],
  }
}

function rotationOf({ logKey, retiredKeys }: Replay, trusted: VerifierKey): AuditReport['rotation'] {
  const old = retiredKeys.find(({ publicKey }) => publicKey === toHex(trusted.publicKey))
  return old && { vkey: formatVerifierKey(logKey!), until: formatSeconds(old.until) }
}

function leafDefect(index: number): Defect {
  return { index, what: 'leaf', message: 'The entry is not the one that the tree was built over.' }
}

/** A checkpoint by its part in an audit. */
interface HeadKind {
  readonly name: string
  /** What is wrong with it, as the end of a sentence. */
  defect(message: string): Defect
}

interface Head {
  readonly head: Checkpoint
  readonly signed: Uint8Array
  readonly what: HeadKind
}

/**
 * How many entries tell which key must have signed a checkpoint; a checkpoint over none is signed by the key that the first entry
 * names.
 */
function keyedSize({ head }: Head): number {
  return Math.max(1, head.size)
}

const LAST: HeadKind = {
  name: 'the last checkpoint',
  defect: (message) => ({ table: 'checkpoint', what: 'checkpoint', message: `It ${message}.` }),
}
const OLDER: HeadKind = {
  name: 'the older checkpoint',
  defect: (message) => ({ what: 'old_checkpoint', message: `The older checkpoint ${message}.` }),
}
const NOT_SIGNED = 'is not signed by the log'

/** A page of entries that were executed. */
interface Underway {
  readonly entries: readonly LoggedEntry[]
  readonly executing: Awaited<ReturnType<Replay['execute']>>
}

class Audit {
  readonly log: LogReader
  readonly store: StoreReader | undefined
  readonly options: AuditOptions
  readonly replay: Replay
  size = 0
  /** The checkpoints, as far as they can be read: the last one, and the one that the auditor brought. */
  readonly heads: Head[] = []
  /** The last checkpoint, once its signature was checked. */
  checkpoint: Checkpoint | undefined
  /** The ids met so far, where there is no store whose index of ids could tell. */
  readonly #seen = new Set<string>()
  #signedTiles: Promise<boolean> | undefined

  constructor(log: LogReader, store: StoreReader | undefined, options: AuditOptions) {
    this.log = log
    this.store = store
    this.options = options
    this.replay = new Replay(options, log)
  }

  async firstDefect(): Promise<Defect | undefined> {
    const [defect] = (await this.store?.defects()) ?? []
    if (defect !== undefined) return { what: 'store', ...defect }
    this.size = await this.log.size()
    const inLog = await this.#auditLog()
    if (inLog !== undefined || this.store === undefined) return inLog
    return findForeign(this.store, this.replay, this.options)
  }

  async #auditLog(): Promise<Defect | undefined> {
    const unreadable = await this.#readHeads()
    if (unreadable !== undefined) return unreadable
    // Which key signs a checkpoint, and over which root, is known when exactly its entries were replayed.
    const stops = [1, ...this.heads.map(keyedSize), this.size].filter((size) => size <= this.size)
    for (const end of stops.sort((a, b) => a - b)) {
      const defect = (await this.#auditEntries(end)) ?? (await this.#checkHeads())
      if (defect !== undefined) return defect
    }
    return undefined
  }

  /**
   * Audits the entries up to `end`. While the signatures of a page are checked by other threads, the next one is executed; what
   * it shows counts only where the page before has no defect.
   */
  async #auditEntries(end: number): Promise<Defect | undefined> {
    const pages = readAhead(this.log, this.options.verifier, this.replay.size, end)
    const underway: Underway[] = []
    try {
      for await (const entries of pages) {
        underway.push({ entries, executing: await this.replay.execute(entries) })
        if (underway.length <= MAX_UNDERWAY) continue
        const defect = await this.#settlePage(underway.shift()!)
        if (defect !== undefined) return defect
      }
    } catch (error) {
      // What cannot be read or executed may be so because of an entry before it.
      const defect = await this.#settlePages(underway)
      if (defect !== undefined) return defect
      throw error
    }
    const defect = await this.#settlePages(underway)
    if (defect !== undefined || this.replay.size === end) return defect
    return { index: this.replay.size, what: 'missing_entry', message: 'The entry is missing.' }
  }

  async #settlePages(underway: readonly Underway[]): Promise<Defect | undefined> {
    for (const page of underway) {
      const defect = await this.#settlePage(page)
      if (defect !== undefined) return defect
    }
    return undefined
  }

  async #settlePage({ entries, executing }: Underway): Promise<Defect | undefined> {
    const from = this.replay.size
    const page = await this.replay.settle(executing)
    if ('what' in page) return (await this.#changedEntry(entries, page)) ?? page
    const repeated = await this.#compareIds(page.ids, from)
    if (repeated !== undefined) return repeated
    for (const tile of page.tiles) {
      const defect = await this.#compareTile(tile)
      if (defect !== undefined) return defect
    }
    this.options.progress?.(this.replay.size, this.size)
    return undefined
  }

  /**
   * The entry before a defect that is to blame for it: one that the rules let pass, but that is not the one the tree was built
   * over. An acceptance time that was raised, for instance, is noticed only at the entry after it.
   */
  async #changedEntry(entries: readonly LoggedEntry[], { index: end = 0 }: Defect): Promise<Defect | undefined> {
    for (const { index, bytes } of entries) {
      if (index >= end) return undefined
      const hashes = await this.log.tile(0, Math.floor(index / TILE_WIDTH))
      const offset = (index % TILE_WIDTH) * HASH_BYTES
      const stored = hashes?.subarray(offset, offset + HASH_BYTES)
      const isSame = stored !== undefined && equalBytes(stored, leafHash(this.options.sha256, bytes))
      if (!isSame && (await this.#tilesAreSigned())) return leafDefect(index)
    }
    return undefined
  }

  /** No id occurs twice: each is stored for its own entry, and its table takes an id only once. */
  async #compareIds(ids: readonly string[], from: number): Promise<Defect | undefined> {
    if (this.store === undefined) {
      for (const [i, id] of ids.entries()) {
        if (this.#seen.has(id)) return repeatedEntry(from + i)
        this.#seen.add(id)
      }
      return undefined
    }
    const indexes = await this.store.indexes(ids)
    const wrong = indexes.findIndex((index, i) => index !== from + i)
    if (wrong < 0) return undefined
    const stored = indexes[wrong] === undefined ? 'no entry' : `entry ${indexes[wrong]}`
    return { table: 'ids', key: ids[wrong]!, what: 'id', message: `The id is stored for ${stored} instead of ${from + wrong}.` }
  }

  /** Reads the log's checkpoint, and the older one that the auditor brought. */
  async #readHeads(): Promise<Defect | undefined> {
    const { trusted, older } = this.options
    const signed = await this.log.checkpoint()
    if (signed === undefined && this.options.isUnsigned === true) return undefined
    if (signed === undefined) return { table: 'checkpoint', what: 'no_checkpoint', message: 'There is no checkpoint.' }
    if (trusted !== undefined && (await this.#openCheckpoint(signed, trusted)) === undefined) return this.#untrusted(trusted)
    const last = this.#readHead(signed, LAST)
    if (last !== undefined || older === undefined) return last
    return this.#readHead(older, OLDER)
  }

  #readHead(signed: Uint8Array, what: HeadKind): Defect | undefined {
    const head = readCheckpoint(signed)
    if (head instanceof Malformed) return what.defect(NOT_SIGNED)
    if (head.size > this.size) return what.defect(`covers ${entryCount(head.size)}; there are ${this.size}`)
    this.heads.push({ head, signed, what })
    return undefined
  }

  /** The trusted key did not sign the checkpoint: either the log has other keys, or another one has replaced it. */
  async #untrusted(trusted: VerifierKey): Promise<Defect> {
    const claimed = await claimedKeys(this.options.rules, this.options.sha256, this.log)
    const named = formatVerifierKey
    const place = claimed.findIndex(({ key }) => isSameKey(key, trusted) && equalBytes(key.publicKey, trusted.publicKey))
    const [last, next] = [claimed.at(-1), claimed[place + 1]]
    if (last === undefined || (place >= 0 && next === undefined)) return LAST.defect(NOT_SIGNED)
    if (place < 0) {
      return { index: last.entry, what: 'wrong_key', message: `The log names the key ${named(last.key)}, not the one given.` }
    }
    const message =
      `The log says that the key given was replaced in entry ${next!.entry}, and its checkpoint is no more signed with it. ` +
      `The log's key is ${named(last.key)}; ask whoever gave you the old one whether that is so.`
    return { index: next!.entry, what: 'rotated_key', message }
  }

  /** Checks the checkpoints over just the entries replayed, with the key that those name. */
  async #checkHeads(): Promise<Defect | undefined> {
    const key = this.replay.logKey
    const due = this.heads.filter((one) => keyedSize(one) === this.replay.size)
    for (const { head, signed, what } of due) {
      if (key === undefined || (await this.#openCheckpoint(signed, key)) === undefined) return what.defect(NOT_SIGNED)
      if (what === LAST) this.checkpoint = head
    }
    const [first, second] = due
    if (first && second && first.head.size === second.head.size && !equalBytes(first.head.root, second.head.root)) {
      return { what: 'fork', message: `The log signed two different trees of ${entryCount(first.head.size)}.` }
    }
    const wrong = due.find(({ head }) => !equalBytes(head.root, head.size === 0 ? this.#emptyRoot() : this.replay.root))
    if (wrong === undefined) return undefined
    const message = `The tree of ${entryCount(wrong.head.size)} is not the one that ${wrong.what.name} was signed over.`
    return { table: 'checkpoint', what: 'root', message }
  }

  #emptyRoot(): Uint8Array {
    return new Frontier(this.options.sha256).root()
  }

  #openCheckpoint(signed: Uint8Array, key: VerifierKey): Promise<Checkpoint | undefined> {
    return openCheckpointOf(key, signed, this.options.verifier)
  }

  async #compareTile({ level, number, hashes }: TileRow): Promise<Defect | undefined> {
    const stored = await this.log.tile(level, number)
    const differs = {
      table: 'tiles',
      key: `${level}/${number}`,
      what: 'tile',
      message: 'The tile is not what its entries hash to.',
    }
    if (stored === undefined || stored.length < hashes.length) return { ...differs, message: 'The tile is missing or cut off.' }
    if (equalBytes(stored.length === hashes.length ? stored : stored.subarray(0, hashes.length), hashes)) return undefined
    const first = hashes.findIndex((byte, i) => byte !== stored[i])
    const index = number * TILE_WIDTH + Math.floor(first / HASH_BYTES)
    if (level > 0 || !(await this.#tilesAreSigned())) return differs
    return leafDefect(index)
  }

  /**
   * Whether the stored hashes of leaves make the root that was signed: then it is not the tile but the entry that was changed.
   */
  #tilesAreSigned(): Promise<boolean> {
    this.#signedTiles ??= this.#compareSignedTiles()
    return this.#signedTiles
  }

  async #compareSignedTiles(): Promise<boolean> {
    // Who signed is checked elsewhere; here it matters which of two things that contradict each other was changed.
    const head = this.heads.find(({ what }) => what === LAST)?.head
    if (head === undefined) return false
    const frontier = new Frontier(this.options.sha256)
    for (let number = 0; frontier.size < head.size; number++) {
      const width = tileWidth(0, number, head.size)
      const hashes = await this.log.tile(0, number)
      if (hashes === undefined || hashes.length < width * HASH_BYTES) return false
      for (let i = 0; i < width; i++) frontier.append(hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
    }
    return equalBytes(frontier.root(), head.root)
  }
}
