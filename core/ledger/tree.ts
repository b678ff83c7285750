/**
 * The tree as a store keeps it, and the guard against forks: before anything more is signed, the store must hold the very history
 * that the last checkpoint was signed over. A book rolled back to yesterday has fewer entries, an altered one another root; both
 * are refused.
 */

import { equalBytes, type Sha256 } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { entryCount } from '../base/plural.ts'
import type { Milliseconds } from '../domain/time.ts'
import { readCheckpoint } from '../log/checkpoint.ts'
import { type Frontier, HASH_BYTES, leafHash, nodesOf, rootRanges } from '../log/merkle.ts'
import {
  appendLeaves,
  edgeTiles,
  type ReadTile,
  readFrontier,
  TILE_WIDTH,
  type Tile,
  type TileRow,
  tilesOf,
  tileWidth,
} from '../log/tiles.ts'
import { parseEntry } from './entry.ts'
import { keyInForce, openCheckpointOf } from './log-keys.ts'
import { type LogReader, StoreError, type StoreReader, type StoreWriter } from './store.ts'
import type { Verifier } from './verifier.ts'

/** Entries read at a time. */
const ENTRIES_AT_A_TIME = 1_000

/** The right edge of a tree: what it takes to append to it. */
export interface TreeEdge {
  readonly frontier: Frontier
  /** The partial tiles at the right edge, by "level/number". */
  readonly edge: ReadonlyMap<string, TileRow>
}

/** The edge of a stored tree, with the time of its last entry. */
export interface StoredEdge extends TreeEdge {
  readonly lastTime: Milliseconds
}

interface OpenedTree extends StoredEdge {
  readonly checkpoint: Uint8Array | undefined
}

export async function openTree(sha256: Sha256, store: StoreWriter, verifier: Verifier): Promise<OpenedTree> {
  const edge = await readEdge(sha256, store)
  const checkpoint = await store.checkpoint()
  const signedSize = await guardAgainstForks(sha256, store, edge.frontier.size, checkpoint, verifier)
  await checkUnsigned(sha256, store, signedSize, edge.frontier)
  return { ...edge, checkpoint }
}

export async function readEdge(sha256: Sha256, store: StoreReader): Promise<StoredEdge> {
  const size = await store.size()
  const readTile = await tileReader(store, edgeTiles(size))
  const edge = new Map<string, TileRow>()
  for (const { level, number } of edgeTiles(size))
    edge.set(`${level}/${number}`, { level, number, hashes: readTile(level, number) })
  return { frontier: await frontierAt(sha256, store, size), edge, lastTime: await timeOfEntry(store, size - 1) }
}

/**
 * Checks that a copy of a book is whole: its database, every entry against the tree, and the tree against the checkpoint that
 * goes with it. Whether its entries follow the rules is for an audit to find out.
 */
export async function checkCopy(sha256: Sha256, store: StoreReader, verifier: Verifier): Promise<void> {
  const [defect] = await store.defects()
  if (defect !== undefined) throw new StoreError('damaged', defect.message)
  const signed = await store.checkpoint()
  if (signed !== undefined) await signedSize(sha256, store, signed, verifier)
  await checkUnsigned(sha256, store, 0, await frontierAt(sha256, store, await store.size()))
}

/** The edge after leaves were appended, and the tiles that are new or have grown, whole. The edge given stays as it is. */
export function grow({ frontier: before, edge }: TreeEdge, leaves: Iterable<Uint8Array>): { grown: TreeEdge; tiles: TileRow[] } {
  const { frontier, tiles } = appendLeaves((level, number) => edge.get(`${level}/${number}`)!.hashes, before, leaves)
  const rows = new Map([...edge, ...tiles.map((tile) => [`${tile.level}/${tile.number}`, tile] as const)])
  const isPartial = ({ level, number }: TileRow) => tileWidth(level, number, frontier.size) < TILE_WIDTH
  return { grown: { frontier, edge: new Map([...rows].filter(([, tile]) => isPartial(tile))) }, tiles }
}

/** The frontier of the tree as it was at `size`; its root is the root at that size. */
export async function frontierAt(sha256: Sha256, store: Pick<LogReader, 'tile'>, size: number): Promise<Frontier> {
  const readTile = await tileReader(store, tilesOf(nodesOf(rootRanges(size)), size))
  return readFrontier(sha256, readTile, size)
}

/** Loads tiles and returns a reader of them. */
export async function tileReader(store: Pick<LogReader, 'tile'>, tiles: readonly Tile[]): Promise<ReadTile> {
  const loaded = new Map<string, Uint8Array>()
  for (const { level, number, width } of tiles) {
    const hashes = await store.tile(level, number)
    if (hashes === undefined || hashes.length < width * HASH_BYTES) {
      throw new StoreError('damaged', `Tile ${number} of level ${level} is damaged; nimledger verify tells more.`)
    }
    loaded.set(`${level}/${number}`, hashes.subarray(0, width * HASH_BYTES))
  }
  return (level, number) => loaded.get(`${level}/${number}`)!
}

/** The acceptance time of an entry; 0 for index -1, before the first. */
export async function timeOfEntry(store: Pick<LogReader, 'entries'>, index: number): Promise<Milliseconds> {
  if (index < 0) return 0
  const [stored] = await store.entries(index, 1)
  const entry = stored === undefined ? undefined : parseEntry(stored.bytes)
  if (entry === undefined || entry instanceof Malformed) {
    throw new StoreError('damaged', `Entry ${index} is damaged; nimledger verify tells more.`)
  }
  return entry.time
}

/** Entries that no checkpoint covers yet are about to be signed: they must be those that the tree was built over. */
async function checkUnsigned(sha256: Sha256, store: StoreReader, signedSize: number, tree: Frontier): Promise<void> {
  const grown = (await frontierAt(sha256, store, signedSize)).copy()
  while (grown.size < tree.size) {
    const entries = await store.entries(grown.size, ENTRIES_AT_A_TIME)
    if (entries.length === 0) break
    for (const { bytes } of entries) grown.append(leafHash(sha256, bytes))
  }
  if (grown.size !== tree.size || !equalBytes(grown.root(), tree.root())) {
    throw new StoreError('damaged', `The entries from ${signedSize} on are not those that the tree was built over.`)
  }
}

/** Returns how many entries the last checkpoint covers. */
async function guardAgainstForks(
  sha256: Sha256,
  store: StoreWriter,
  size: number,
  signed: Uint8Array | undefined,
  verifier: Verifier,
): Promise<number> {
  if (signed === undefined) {
    // Founding commits the genesis first and signs afterwards. Otherwise only a guard made anew, in the place of a lost one, has
    // no checkpoint; it shows by its refusing earlier notes as stale.
    if (size <= 1 || (await store.staleBefore()) > 0) return 0
    throw new StoreError(
      'damaged',
      'The guard holds no checkpoint, although the ledger has entries: signing on could fork the log.',
    )
  }
  return signedSize(sha256, store, signed, verifier)
}

/**
 * How many entries a checkpoint covers that was signed over this very history. Throws StoreError where it was signed over more
 * entries, over other ones, or by another key.
 */
export async function signedSize(sha256: Sha256, store: StoreReader, signed: Uint8Array, verifier: Verifier): Promise<number> {
  const size = await store.size()
  const foreign = new StoreError('damaged', 'The last checkpoint in the guard is not one that this sequencer signed.')
  const claimed = readCheckpoint(signed)
  if (claimed instanceof Malformed) throw foreign
  // An older copy may not even name the key that signed.
  if (size < claimed.size) {
    throw new StoreError(
      'damaged',
      `The ledger has ${entryCount(size)}, but a checkpoint of ${claimed.size} was signed: it is an older copy, and signing on ` +
        'would fork the log.',
    )
  }
  const key = await keyInForce(sha256, store, claimed.size)
  const checkpoint = key && (await openCheckpointOf(key, signed, verifier))
  if (checkpoint === undefined) throw foreign
  const root = (await frontierAt(sha256, store, checkpoint.size)).root()
  if (!equalBytes(root, checkpoint.root)) {
    throw new StoreError(
      'damaged',
      `The tree of ${entryCount(checkpoint.size)} is not the one that the last checkpoint was signed over.`,
    )
  }
  return checkpoint.size
}
