/**
 * The log as plain files, in the layout of C2SP tlog-tiles, for any web server to carry and any C2SP verifier to read:
 *
 *   checkpoint                     the signed tree head
 *   tile/<level>/<N>[.p/<W>]       hashes
 *   tile/entries/<N>[.p/<W>]       bundles of entries
 */

import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { MAX_ENTRY_BYTES, MAX_NOTE_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { type LoggedEntry, type LogReader, StoreError } from '../ledger/store.ts'
import { type Checkpoint, readCheckpoint } from '../log/checkpoint.ts'
import { HASH_BYTES } from '../log/merkle.ts'
import { parseNote } from '../log/note.ts'
import { formatBundle, formatTilePath, newTiles, parseBundle, TILE_WIDTH, tileWidth } from '../log/tiles.ts'

const CHECKPOINT_FILE = 'checkpoint'

/** A file of the layout, and how many entries it is the first to hold. */
interface TileFile {
  readonly path: string
  readonly bytes: Uint8Array
  readonly entries: number
}

/** What the log's checkpoint covers, as files. The checkpoint is the last, so that whoever finds it finds all that it implies. */
export async function tileFiles(
  log: LogReader,
  cosigned?: Uint8Array,
): Promise<{ readonly size: number; readonly files: AsyncIterable<TileFile> }> {
  const newest = await log.checkpoint()
  // Of two checkpoints of one tree, the one with more signatures; an older one would turn the folder back.
  const signed = newest && cosigned && isSameCheckpoint(newest, cosigned) ? cosigned : newest
  if (signed === undefined) throw new StoreError('damaged', 'There is no checkpoint to export.')
  const { size } = readHead(signed, 'The checkpoint')
  return { size, files: filesOf(log, signed, size) }
}

async function* filesOf(log: LogReader, signed: Uint8Array, size: number): AsyncGenerator<TileFile> {
  for (const tile of newTiles(0, size)) {
    const hashes = await log.tile(tile.level, tile.number)
    if (hashes === undefined) throw new StoreError('damaged', `Tile ${tile.number} of level ${tile.level} is missing.`)
    yield { path: formatTilePath(tile), bytes: hashes.subarray(0, tile.width * HASH_BYTES), entries: 0 }
    if (tile.level > 0) continue
    const entries = await log.entries(tile.number * TILE_WIDTH, tile.width)
    const path = formatTilePath({ ...tile, level: 'entries' })
    yield { path, bytes: formatBundle(entries.map(({ bytes }) => bytes)), entries: entries.length }
  }
  yield { path: CHECKPOINT_FILE, bytes: signed, entries: 0 }
}

/** Writes what the log's checkpoint covers. */
export async function exportTiles(
  log: LogReader,
  folder: string,
  cosigned?: Uint8Array,
): Promise<{ files: number; entries: number }> {
  const { size, files } = await tileFiles(log, cosigned)
  let count = 0
  for await (const { path, bytes } of files) {
    writeAtomically(join(folder, path), bytes)
    count += 1
  }
  return { files: count, entries: size }
}

function isSameCheckpoint(a: Uint8Array, b: Uint8Array): boolean {
  const [one, other] = [a, b].map((signed) => parseNote(signed, MAX_NOTE_BYTES))
  return one instanceof Malformed || other instanceof Malformed ? false : one!.text === other!.text
}

function writeAtomically(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, bytes)
  renameSync(`${path}.new`, path)
}

function readHead(signed: Uint8Array, what: string): Checkpoint {
  const head = readCheckpoint(signed)
  if (head instanceof Malformed) throw new StoreError('damaged', `${what} is damaged: ${head.reason}.`)
  return head
}

/** Whether a folder holds an exported log, or what is left of one. */
export function isTileFolder(folder: string): boolean {
  return [CHECKPOINT_FILE, 'tile'].some((name) => existsSync(join(folder, name)))
}

/** Reads an exported log. */
export function openTileFolder(folder: string): LogReader {
  const signed = readBounded(join(folder, CHECKPOINT_FILE), MAX_NOTE_BYTES)
  if (signed === undefined) throw new StoreError('damaged', `There is no readable checkpoint in ${folder}.`)
  const { size } = readHead(signed, `The checkpoint in ${folder}`)
  /** The partial tiles of a size may be gone once the full one is there, which begins like them; `held` is the width found. */
  const readTile = (level: number | 'entries', number: number, itemBytes: number) => {
    const width = tileWidth(level === 'entries' ? 0 : level, number, size)
    for (const held of width === 0 ? [] : new Set([width, TILE_WIDTH])) {
      const bytes = readBounded(join(folder, formatTilePath({ level, number, width: held })), held * itemBytes)
      if (bytes !== undefined) return { bytes, width, held }
    }
    return undefined
  }
  return {
    size: async () => size,
    entries: async (from, limit) => {
      const found: LoggedEntry[] = []
      for (let index = from; index < Math.min(size, from + limit); ) {
        const number = Math.floor(index / TILE_WIDTH)
        const bundle = readTile('entries', number, MAX_ENTRY_BYTES + 2)
        const parsed = bundle && parseBundle(bundle.bytes, bundle.held)
        if (parsed === undefined || parsed instanceof Malformed) {
          throw new StoreError('damaged', `The bundle of the entries from ${number * TILE_WIDTH} is missing or damaged.`)
        }
        const wanted = parsed.slice(index % TILE_WIDTH, Math.min((index % TILE_WIDTH) + from + limit - index, bundle!.width))
        for (const bytes of wanted) found.push({ index: index++, bytes })
      }
      return found
    },
    tile: async (level, number) => {
      const found = readTile(level, number, HASH_BYTES)
      return found !== undefined && found.held > found.width ? found.bytes.subarray(0, found.width * HASH_BYTES) : found?.bytes
    },
    checkpoint: async () => signed,
    close: async () => {},
  }
}

/** A file's bytes; undefined where it is missing, is no file, or is larger than it may be. */
function readBounded(path: string, maximumBytes: number): Uint8Array | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() && found.size <= maximumBytes ? readFileSync(path) : undefined
}
