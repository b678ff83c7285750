/**
 * Tiles, c2sp.org/tlog-tiles: the tree and its entries as static resources of 256 hashes or entries each.
 *
 *     tile/<level>/<number>[.p/<width>]        tile/entries/<number>[.p/<width>]
 *
 * Hash i of tile n at level l is the complete subtree of 256^l leaves with the index n · 256 + i; so a tile spans eight levels of
 * the tree, and those between are hashed from it. A full tile has 256 hashes, and only full tiles count at the level above. The
 * last tile of a level may be partial, 1 to 255 hashes, and says its width in the path. Numbers are written in groups of three
 * digits, all but the last after an `x`: tile 1234067 of level 0 is `tile/0/x001/x234/067`. There are no empty tiles.
 *
 *     size 70,000:  273 full tiles and tile/0/273.p/112,  tile/1/000 and tile/1/001.p/17,  tile/2/000.p/1
 *
 * A bundle holds the entries of the level 0 tile of its number: for each a u16 big-endian length, and its bytes.
 *
 *     tile/entries/000.p/2      0005 616c706861 0004 62657461
 *
 * A store keeps a row for each tile, (level, number) → its hashes, which grows until it is full; a row that has grown beyond the
 * size in question serves as well. Functions here take a reader of rows that have been loaded: `tilesOf` and `edgeTiles` say
 * which.
 */
import { assert } from '../base/assert.ts'
import type { Sha256 } from '../base/bytes.ts'
import { Malformed } from '../base/malformed.ts'
import { Frontier, HASH_BYTES, nodeHash, nodesOf, rootRanges, type TreeNode } from './merkle.ts'

/** Hashes in a full tile, entries in a full bundle. */
export const TILE_WIDTH = 256
/** Levels of the tree that one level of tiles spans. */
const TILE_HEIGHT = 8
const MAX_TILE_LEVEL = 63
/** What the length before an entry can say. */
const MAX_BUNDLE_ENTRY_BYTES = 65_535
const LENGTH_BYTES = 2

/** What a path names: a tile, or the bundle of entries below the level 0 tile of that number. */
export interface TilePath {
  readonly level: number | 'entries'
  readonly number: number
  /** From 1 to 256. */
  readonly width: number
}

export interface Tile extends TilePath {
  readonly level: number
}

/** A tile's hashes, joined. */
export interface TileRow {
  readonly level: number
  readonly number: number
  readonly hashes: Uint8Array
}

/** Returns the hashes of a tile, joined; at least those that the tree size in question has. */
export type ReadTile = (level: number, number: number) => Uint8Array

export function formatTilePath({ level, number, width }: TilePath): string {
  assert(level === 'entries' || isIntegerWithin(level, 0, MAX_TILE_LEVEL), 'a tile level is 0 to 63')
  assert(isIntegerWithin(number, 0, Number.MAX_SAFE_INTEGER), 'a tile number is an integer from 0 to 2^53 - 1')
  assert(isIntegerWithin(width, 1, TILE_WIDTH), 'a tile is 1 to 256 wide')
  let groups = threeDigits(number)
  for (let rest = Math.floor(number / 1000); rest > 0; rest = Math.floor(rest / 1000)) groups = `x${threeDigits(rest)}/${groups}`
  return `tile/${level}/${groups}${width < TILE_WIDTH ? `.p/${width}` : ''}`
}

export function parseTilePath(path: string): TilePath | Malformed {
  const match = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path)
  if (match === null) return new Malformed('the path is not of a tile')
  const [, level, groups, partial] = match
  const tile: TilePath = {
    level: level === 'entries' ? 'entries' : Number(level),
    number: Number(groups!.replaceAll(/[x/]/g, '')),
    width: partial === undefined ? TILE_WIDTH : Number(partial),
  }
  if (tile.level !== 'entries' && tile.level > MAX_TILE_LEVEL) return new Malformed('a tile level is 0 to 63')
  if (!Number.isSafeInteger(tile.number)) return new Malformed('the tile number is beyond 2^53 - 1')
  if (tile.width < 1 || tile.width > TILE_WIDTH) return new Malformed('a partial tile is 1 to 255 wide')
  // What is left to refuse are second spellings: leading zeros, and `.p/256`.
  return formatTilePath(tile) === path ? tile : new Malformed('the path is not canonical')
}

function threeDigits(number: number): string {
  return String(number % 1000).padStart(3, '0')
}

/**
 * How many hashes the tile has in a tree of `size` leaves: 256, fewer for the last of its level, 0 where there is no such tile.
 */
export function tileWidth(level: number, number: number, size: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, hashesAtLevel(level, size) - number * TILE_WIDTH))
}

/** The hashes at a level of tiles, in all its tiles. */
function hashesAtLevel(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level)
}

/**
 * The tiles of a tree of `newSize` leaves that one of `oldSize` did not have in this width, level by level; with 0 as `oldSize`,
 * all. Those of level 0 name the bundles as well.
 */
export function* newTiles(oldSize: number, newSize: number): Generator<Tile> {
  assert(isIntegerWithin(oldSize, 0, newSize) && Number.isSafeInteger(newSize), 'a tree only grows, up to 2^53 - 1 leaves')
  for (let level = 0; hashesAtLevel(level, newSize) > 0; level++) {
    const last = hashesAtLevel(level, newSize)
    if (hashesAtLevel(level, oldSize) === last) continue
    const first = Math.floor(hashesAtLevel(level, oldSize) / TILE_WIDTH)
    for (let number = first; number * TILE_WIDTH < last; number++) {
      yield { level, number, width: tileWidth(level, number, newSize) }
    }
  }
}

/** The partial tiles of a tree, at most one a level: what has to be read to append to it. */
export function edgeTiles(size: number): Tile[] {
  const tiles: Tile[] = []
  for (let level = 0; hashesAtLevel(level, size) > 0; level++) {
    const number = Math.floor(hashesAtLevel(level, size) / TILE_WIDTH)
    const width = tileWidth(level, number, size)
    if (width > 0) tiles.push({ level, number, width })
  }
  return tiles
}

/** The tiles to read for the hashes of these nodes, each once, in the width that they have in a tree of `size` leaves. */
export function tilesOf(nodes: readonly TreeNode[], size: number): Tile[] {
  const tiles = new Map<string, Tile>()
  for (const node of nodes) {
    const { level, number } = locate(node)
    tiles.set(`${level}/${number}`, { level, number, width: tileWidth(level, number, size) })
  }
  return [...tiles.values()]
}

/** The hash of a node, from the tile that holds it or the hashes below it. */
export function readNode(sha256: Sha256, readTile: ReadTile, node: TreeNode): Uint8Array {
  const { level, number, offset, count } = locate(node)
  const hashes = readTile(level, number).subarray(offset * HASH_BYTES, (offset + count) * HASH_BYTES)
  assert(hashes.length === count * HASH_BYTES, 'the tile holds all hashes below the node')
  return foldComplete(sha256, hashes)
}

/** In which tile the hashes below a node are, at which hash they begin, and how many they are. */
function locate({ level, index }: TreeNode): { level: number; number: number; offset: number; count: number } {
  const count = 2 ** (level % TILE_HEIGHT)
  const first = index * count
  return {
    level: Math.floor(level / TILE_HEIGHT),
    number: Math.floor(first / TILE_WIDTH),
    offset: first % TILE_WIDTH,
    count,
  }
}

/** The root over joined hashes whose number is a power of two. */
function foldComplete(sha256: Sha256, hashes: Uint8Array): Uint8Array {
  if (hashes.length === HASH_BYTES) return hashes
  const middle = hashes.length / 2
  return nodeHash(sha256, foldComplete(sha256, hashes.subarray(0, middle)), foldComplete(sha256, hashes.subarray(middle)))
}

/**
 * The frontier of the tree as it was at `size`. Its root is the root at that size; at the present size it needs the edge tiles
 * only.
 */
export function readFrontier(sha256: Sha256, readTile: ReadTile, size: number): Frontier {
  const hashes = nodesOf(rootRanges(size)).map((node) => readNode(sha256, readTile, node))
  return new Frontier(sha256, size, hashes)
}

/**
 * Appends leaves to the tree that `frontier` is the edge of. Returns the grown frontier, which gives the new root, and every row
 * that is new or has grown, whole. Reads edge tiles only, and changes nothing: a caller that fails to store the rows still has
 * the old tree.
 */
export function appendLeaves(
  readTile: ReadTile,
  frontier: Frontier,
  leafHashes: Iterable<Uint8Array>,
): { frontier: Frontier; tiles: TileRow[] } {
  const grown = frontier.copy()
  const growing: GrowingTile[] = []
  const changed: GrowingTile[] = []
  for (const leafHash of leafHashes) {
    const index = grown.size
    const completed = grown.append(leafHash)
    for (let level = 0; level * TILE_HEIGHT < completed.length; level++) {
      const position = hashesAtLevel(level, index)
      let tile = growing[level]
      if (tile === undefined || tile.width === TILE_WIDTH) {
        tile = openTile(readTile, level, position)
        growing[level] = tile
        changed.push(tile)
      }
      tile.hashes.set(completed[level * TILE_HEIGHT]!, tile.width * HASH_BYTES)
      tile.width += 1
    }
  }
  const tiles = changed.map(({ level, number, width, hashes }) => ({
    level,
    number,
    hashes: hashes.subarray(0, width * HASH_BYTES),
  }))
  return { frontier: grown, tiles }
}

/** A row with room for all hashes of its tile. */
interface GrowingTile {
  readonly level: number
  readonly number: number
  readonly hashes: Uint8Array
  width: number
}

/** The tile that the hash at `position` of its level goes into, with the hashes before it. */
function openTile(readTile: ReadTile, level: number, position: number): GrowingTile {
  const number = Math.floor(position / TILE_WIDTH)
  const width = position % TILE_WIDTH
  const hashes = new Uint8Array(TILE_WIDTH * HASH_BYTES)
  if (width > 0) {
    const row = readTile(level, number)
    assert(row.length === width * HASH_BYTES, 'the edge tile has the width that the size implies')
    hashes.set(row)
  }
  return { level, number, width, hashes }
}

/** The bundle of these entries. */
export function formatBundle(entries: readonly Uint8Array[]): Uint8Array {
  assert(isIntegerWithin(entries.length, 1, TILE_WIDTH), 'a bundle has 1 to 256 entries')
  let length = entries.length * LENGTH_BYTES
  for (const entry of entries) {
    assert(entry.length <= MAX_BUNDLE_ENTRY_BYTES, 'an entry in a bundle has at most 65,535 bytes')
    length += entry.length
  }
  const bundle = new Uint8Array(length)
  let offset = 0
  for (const entry of entries) {
    bundle[offset] = entry.length >>> 8
    bundle[offset + 1] = entry.length
    bundle.set(entry, offset + LENGTH_BYTES)
    offset += LENGTH_BYTES + entry.length
  }
  return bundle
}

/** The entries of a bundle that must have exactly `width` of them: views of its bytes. */
export function parseBundle(bytes: Uint8Array, width: number): Uint8Array[] | Malformed {
  const entries: Uint8Array[] = []
  let offset = 0
  while (entries.length < width) {
    const end = entryEnd(bytes, offset)
    if (end > bytes.length) return new Malformed(`the bundle ends before entry ${entries.length} does`)
    entries.push(bytes.subarray(offset + LENGTH_BYTES, end))
    offset = end
  }
  return offset === bytes.length ? entries : new Malformed(`the bundle goes on after its ${width} entries`)
}

/** Whether there are `width` entries in a bundle, and perhaps more: one that was cut off on its way has fewer. */
export function hasEntries(bytes: Uint8Array, width: number): boolean {
  let offset = 0
  for (let count = 0; count < width && offset <= bytes.length; count++) offset = entryEnd(bytes, offset)
  return offset <= bytes.length
}

/** Where an entry that begins at `offset` ends: beyond the bytes where they end before. */
function entryEnd(bytes: Uint8Array, offset: number): number {
  const start = offset + LENGTH_BYTES
  return start > bytes.length ? start : start + bytes[offset]! * 256 + bytes[offset + 1]!
}

function isIntegerWithin(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most
}
