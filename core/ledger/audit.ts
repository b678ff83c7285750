/**
 * The audit: everything derived again from the log, with nothing trusted but the log's key. Every entry's framing, canonical form
 * and signatures, the tree, the checkpoint, every rule by the same machine that sequenced it, and whatever the store keeps beside
 * the entries (ids, outcomes, tiles, rows) equal to what the replay makes. Any changed byte in a stored value is found and named:
 * the entry, or the table and key.
 */

import { equalBytes, toBase64 } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction } from '../domain/envelope.ts'
import { encodeRow } from '../domain/table.ts'
import type { Checkpoint } from '../log/checkpoint.ts'
import { Frontier, HASH_BYTES, leafHash } from '../log/merkle.ts'
import { formatVerifierKey, isSameKey, type VerifierKey } from '../log/note.ts'
import { TILE_WIDTH, type TileRow, tileWidth } from '../log/tiles.ts'
import { parseEntry } from './entry.ts'
import { type Defect, Replay, type ReplayOptions } from './replay.ts'
import type { LoggedEntry, LogReader, StoreReader } from './store.ts'
import { openCheckpointOf } from './tree.ts'

/** Entries, rows, ids or tiles read at a time. */
const PAGE = 1_000

export interface AuditOptions extends ReplayOptions {
  /** The log's key that the auditor trusts; without it the one that the log itself names. */
  readonly trusted?: VerifierKey | undefined
  /** A checkpoint that the auditor holds from before: the log must contain what it covers. */
  readonly older?: Uint8Array | undefined
  readonly progress?: ((done: number, total: number) => void) | undefined
}

export interface AuditReport {
  readonly ok: boolean
  readonly origin: string
  readonly vkey: string
  readonly vkeySource: 'given' | 'folder'
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
  const defect = await run.firstDefect()
  const key = options.trusted ?? run.replay.logKey
  return {
    ok: defect === undefined,
    origin: key?.name ?? '',
    vkey: key === undefined ? '' : formatVerifierKey(key),
    vkeySource: options.trusted === undefined ? 'folder' : 'given',
    size: run.size,
    root: toBase64(run.replay.root),
    unsigned: run.checkpoint === undefined ? 0 : run.size - run.checkpoint.size,
    entries: run.replay.size,
    signatures: run.replay.signatures,
    defects: defect === undefined ? [] : [defect],
  }
}

function leafDefect(index: number): Defect {
  return { index, what: 'leaf', message: 'The entry is not the one that the tree was built over.' }
}

class Audit {
  readonly log: LogReader
  readonly store: StoreReader | undefined
  readonly options: AuditOptions
  readonly replay: Replay
  size = 0
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
    return (await this.#auditLog()) ?? (await this.#auditIds()) ?? (await this.#auditTiles()) ?? (await this.#auditRows())
  }

  async #auditLog(): Promise<Defect | undefined> {
    // The genesis first: it names the key of the checkpoint, which then says at which sizes the root is known.
    const heads = new Map<number, { head: Checkpoint; name: string }>()
    let end = Math.min(1, this.size)
    while (this.replay.size < this.size || this.checkpoint === undefined) {
      const defect = await this.#auditPage(end)
      if (defect !== undefined) return defect
      if (this.checkpoint === undefined) {
        const signed = await this.#openCheckpoints(heads)
        if (signed !== undefined) return signed
      }
      const wrong = this.#compareRoot(heads)
      if (wrong !== undefined) return wrong
      this.options.progress?.(this.replay.size, this.size)
      const stops = [...heads.keys()].filter((size) => size > this.replay.size)
      end = Math.min(this.size, this.replay.size + PAGE, ...stops)
    }
    return undefined
  }

  async #auditPage(end: number): Promise<Defect | undefined> {
    const from = this.replay.size
    if (end === from) return undefined
    const entries = await this.log.entries(from, end - from)
    if (entries.length !== end - from)
      return { index: from + entries.length, what: 'missing_entry', message: `The entry is missing.` }
    const page = await this.replay.add(entries)
    if ('what' in page) return (await this.#changedEntry(entries, page)) ?? page
    const repeated = await this.#compareIds(page.ids, from)
    if (repeated !== undefined) return repeated
    for (const tile of page.tiles) {
      const defect = await this.#compareTile(tile)
      if (defect !== undefined) return defect
    }
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

  /** No id twice: each is stored, as its table allows only once, for its own entry. */
  async #compareIds(ids: readonly string[], from: number): Promise<Defect | undefined> {
    if (this.store === undefined) {
      for (const [i, id] of ids.entries()) {
        if (this.#seen.has(id)) return { index: from + i, what: 'repeated', message: 'The same transaction is in the log twice.' }
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

  /** Opens the log's checkpoint, and the older one that the auditor brought, with the log's key. */
  async #openCheckpoints(heads: Map<number, { head: Checkpoint; name: string }>): Promise<Defect | undefined> {
    const { trusted, older } = this.options
    const own = this.replay.logKey
    if (
      trusted !== undefined &&
      own !== undefined &&
      !(isSameKey(trusted, own) && equalBytes(trusted.publicKey, own.publicKey))
    ) {
      return { index: 0, what: 'wrong_key', message: `The log names the key ${formatVerifierKey(own)}, not the one given.` }
    }
    const key = trusted ?? own
    const signed = await this.log.checkpoint()
    if (key === undefined || signed === undefined) {
      return { table: 'checkpoint', what: 'no_checkpoint', message: 'There is no checkpoint.' }
    }
    const head = await this.#openCheckpoint(signed, key)
    if (head === undefined || head.size > this.size) {
      const message =
        head === undefined ? 'It is not signed by the log.' : `It covers ${head.size} entries; there are ${this.size}.`
      return { table: 'checkpoint', what: 'checkpoint', message }
    }
    this.checkpoint = head
    heads.set(head.size, { head, name: 'the last checkpoint' })
    if (older === undefined) return undefined
    const before = await this.#openCheckpoint(older, key)
    if (before === undefined) return { what: 'old_checkpoint', message: 'The older checkpoint is not signed by the log.' }
    if (before.size > this.size) {
      return {
        what: 'old_checkpoint',
        message: `The older checkpoint covers ${before.size} entries; there are ${this.size} now.`,
      }
    }
    const same = heads.get(before.size)
    if (same !== undefined && !equalBytes(same.head.root, before.root)) {
      return { what: 'fork', message: `The log signed two different trees of ${before.size} entries.` }
    }
    heads.set(before.size, { head: before, name: 'the older checkpoint' })
    return undefined
  }

  #openCheckpoint(signed: Uint8Array, key: VerifierKey): Promise<Checkpoint | undefined> {
    return openCheckpointOf(key, signed, this.options.verifier)
  }

  #compareRoot(heads: ReadonlyMap<number, { head: Checkpoint; name: string }>): Defect | undefined {
    const known = heads.get(this.replay.size)
    if (known === undefined || equalBytes(known.head.root, this.replay.root)) return undefined
    const message = `The first ${known.head.size} entries are not those that ${known.name} was signed over.`
    return { table: 'checkpoint', what: 'root', message }
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
    const first = hashes.findIndex((byte, i) => byte !== stored[i])
    if (first < 0) return undefined
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
    const key = this.options.trusted ?? this.replay.logKey
    const signed = await this.log.checkpoint()
    const head = key && signed && (await this.#openCheckpoint(signed, key))
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

  /** Every entry's id was found at its index; here is whether there are others. */
  async #auditIds(): Promise<Defect | undefined> {
    let after: string | undefined
    let count = 0
    for (;;) {
      const page = (await this.store?.scanIds(after, PAGE)) ?? []
      if (page.length === 0) break
      const known = await this.store!.indexes(page.map(({ id }) => id))
      const odd = page.find(({ index }, i) => known[i] !== index || index >= this.size)
      if (odd !== undefined) return { table: 'ids', key: odd.id, what: 'id', message: 'The id is of no entry.' }
      count += page.length
      after = page.at(-1)!.id
    }
    return this.store === undefined || count === this.size ? undefined : this.#foreignId(this.store)
  }

  /** There are more ids than entries: one is not that of the entry it is stored for. */
  async #foreignId(store: StoreReader): Promise<Defect> {
    const { rules, sha256 } = this.options
    let after: string | undefined
    for (;;) {
      const page = await store.scanIds(after, PAGE)
      for (const { id, index } of page) {
        const [entry] = await store.entries(index, 1)
        const parsed = entry && parseEntry(entry.bytes)
        const note = parsed instanceof Malformed || parsed === undefined ? undefined : parsed.note
        const transaction = note && parseSignedTransaction(rules, sha256, note)
        const isOwn = transaction !== undefined && !(transaction instanceof Malformed) && transaction.id === id
        if (!isOwn) return { table: 'ids', key: id, what: 'id', message: 'The id is of no entry.' }
      }
      if (page.length < PAGE) return { table: 'ids', what: 'id', message: 'There are more ids than entries.' }
      after = page.at(-1)!.id
    }
  }

  /** Every tile of the tree was found as it must be; here is whether there are others, or longer ones. */
  async #auditTiles(): Promise<Defect | undefined> {
    let after: { level: number; number: number } | undefined
    for (;;) {
      const page = (await this.store?.scanTiles(after, PAGE)) ?? []
      const odd = page.find(({ level, number, hashes }) => hashes.length !== tileWidth(level, number, this.size) * HASH_BYTES)
      if (odd !== undefined) {
        return { table: 'tiles', key: `${odd.level}/${odd.number}`, what: 'tile', message: 'The tile is not of this tree.' }
      }
      if (page.length < PAGE) return undefined
      after = page.at(-1)
    }
  }

  async #auditRows(): Promise<Defect | undefined> {
    if (this.store === undefined) return undefined
    let after: { table: string; key: string } | undefined
    let count = 0
    for (;;) {
      const page = await this.store.scanRows(after, PAGE)
      for (const { table, key, value } of page) {
        const expected = this.replay.rows.get(`${table} ${key}`)
        const message = expected === undefined ? 'No entry makes this row.' : 'The row is not what the entries make it.'
        if (expected === undefined || encodeRow(expected.row) !== value) return { table, key, what: 'row', message }
      }
      count += page.length
      if (page.length < PAGE) break
      after = page.at(-1)
    }
    return count === this.replay.rows.size ? undefined : await this.#missingRow()
  }

  async #missingRow(): Promise<Defect> {
    for (const { key } of this.replay.rows.values()) {
      const [stored] = await this.store!.rows([key])
      if (stored === undefined) return { table: key.table.name, key: key.key, what: 'row', message: 'The row is missing.' }
    }
    return { table: 'state', what: 'row', message: 'There are rows twice.' }
  }
}
