/**
 * The tree of a remote log at one checkpoint: tiles and bundles as that checkpoint implies them, and the proofs that they give.
 * Where something that a signed checkpoint implies is not served, or is malformed, that is reported as Misserved; whether the
 * hashes are right turns out when a proof is made of them.
 */

import { assert } from '../base/assert.ts'
import type { Sha256 } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { entryCount } from '../base/plural.ts'
import { type LogReader, StoreError } from '../ledger/store.ts'
import {
  consistencyRanges,
  foldRanges,
  HASH_BYTES,
  inclusionRanges,
  nodesOf,
  type Range,
  rootRanges,
  type TreeHead,
  verifyConsistency,
} from '../log/merkle.ts'
import { formatTilePath, parseBundle, readNode, TILE_WIDTH, tilesOf, tileWidth } from '../log/tiles.ts'
import { RemoteError, type RemoteLog } from './remote.ts'

/** Tiles kept, the last ones asked for. */
const MAX_KEPT_TILES = 256

/** A log does not serve what its checkpoint implies, or serves something else in its place. */
export class Misserved extends Error {
  override readonly name = 'Misserved'
  readonly kind: 'withheld' | 'altered'
  readonly resource: string

  constructor(kind: Misserved['kind'], resource: string, message: string) {
    super(message)
    this.kind = kind
    this.resource = resource
  }
}

/** The beginning of a tree of one size: the root over its first entries, and the proof. */
export interface Prefix {
  readonly root: Uint8Array
  readonly path: readonly Uint8Array[]
}

/** Reads at least the hashes that a tile has in a tree. */
type LoadTile = (level: number, number: number) => Promise<Uint8Array>

async function readRanges(sha256: Sha256, load: LoadTile, ranges: readonly Range[], size: number): Promise<Uint8Array[]> {
  const nodes = nodesOf(ranges)
  const loaded = new Map<string, Uint8Array>()
  await Promise.all(
    tilesOf(nodes, size).map(async ({ level, number }) => loaded.set(`${level}/${number}`, await load(level, number))),
  )
  const hashes = nodes.map((node) => readNode(sha256, (level, number) => loaded.get(`${level}/${number}`)!, node))
  return foldRanges(sha256, ranges, hashes)
}

/** The tiles that a store has itself. */
export function tilesIn(store: Pick<LogReader, 'tile'>): LoadTile {
  return async (level, number) => {
    const hashes = await store.tile(level, number)
    assert(hashes !== undefined, 'a store has the tiles of the entries that it has')
    return hashes
  }
}

/** The beginning of the tree of `size` entries, by its tiles. */
export async function readPrefix(sha256: Sha256, load: LoadTile, prefixSize: number, size: number): Promise<Prefix> {
  const [root] = await readRanges(sha256, load, rootRanges(prefixSize), size)
  return { root: root!, path: await readRanges(sha256, load, consistencyRanges(prefixSize, size), size) }
}

/** The same by a mirror's own tiles. Throws StoreError where they are damaged, which is no evidence against the log. */
export async function readOwnPrefix(sha256: Sha256, store: LogReader, prefixSize: number, head: TreeHead): Promise<Prefix> {
  const prefix = await readPrefix(sha256, tilesIn(store), prefixSize, head.size)
  if (verifyConsistency(sha256, { size: prefixSize, root: prefix.root }, head, prefix.path)) return prefix
  throw new StoreError('damaged', "The mirror's own tiles are damaged; mirror the log anew, in another folder.")
}

export class RemoteTree {
  readonly head: TreeHead
  readonly #sha256: Sha256
  readonly #remote: RemoteLog
  readonly #tiles = new Map<string, Promise<Uint8Array>>()

  constructor(sha256: Sha256, remote: RemoteLog, head: TreeHead) {
    this.head = head
    this.#sha256 = sha256
    this.#remote = remote
  }

  /** The beginning of the tree, according to the tiles that are served. */
  prefix(size: number): Promise<Prefix> {
    return readPrefix(this.#sha256, (level, number) => this.tile(level, number), size, this.head.size)
  }

  /** The proof that an entry is in the tree. */
  inclusion(index: number): Promise<Uint8Array[]> {
    const ranges = inclusionRanges(index, this.head.size)
    return readRanges(this.#sha256, (level, number) => this.tile(level, number), ranges, this.head.size)
  }

  /** A tile, with exactly the hashes that the tree has there. */
  tile(level: number, number: number): Promise<Uint8Array> {
    const name = `${level}/${number}`
    const kept = this.#tiles.get(name)
    if (kept !== undefined) return kept
    const oldest = this.#tiles.size >= MAX_KEPT_TILES ? this.#tiles.keys().next().value : undefined
    if (oldest !== undefined) this.#tiles.delete(oldest)
    const asked = this.#fetchTile(level, number)
    this.#tiles.set(name, asked)
    asked.catch(() => this.#tiles.delete(name))
    return asked
  }

  async #fetchTile(level: number, number: number): Promise<Uint8Array> {
    const width = tileWidth(level, number, this.head.size)
    const resource = formatTilePath({ level, number, width })
    const hashes = await this.#fetch(resource, () => this.#remote.tile(level, number, width))
    assert(hashes.length === width * HASH_BYTES, 'a remote log gives whole tiles')
    return hashes
  }

  /** The entries that the tree has in a bundle. */
  async bundle(number: number): Promise<Uint8Array[]> {
    const width = tileWidth(0, number, this.head.size)
    const resource = formatTilePath({ level: 'entries', number, width })
    const bytes = await this.#fetch(resource, () => this.#remote.bundle(number, width))
    const entries = parseBundle(bytes, width)
    if (!(entries instanceof Malformed)) return entries
    // Once a bundle is full, the partial one may be gone; the full one begins with the same entries.
    const full = parseBundle(bytes, TILE_WIDTH)
    if (!(full instanceof Malformed)) return full.slice(0, width)
    throw new Misserved('altered', resource, `${resource} is not a bundle of ${entryCount(width)}: ${entries.reason}.`)
  }

  async #fetch(resource: string, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof RemoteError) || error.reason === 'offline' || error.reason === 'denied') throw error
      const kind = error.reason === 'not_found' ? 'withheld' : 'altered'
      throw new Misserved(kind, resource, error.message)
    }
  }
}
