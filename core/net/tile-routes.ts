/**
 * The log as static resources, c2sp.org/tlog-tiles:
 *
 *     GET /checkpoint                               text/plain; charset=utf-8       may be kept for seconds
 *     GET /tile/<level>/<N>[.p/<W>]                 application/octet-stream        never changes
 *     GET /tile/entries/<N>[.p/<W>]                 application/octet-stream        never changes; packed where that is taken
 *
 * What the checkpoint covers is served: a tile in each width that it ever had, since the full one begins like all of them. A
 * caller that takes zstd (RFC 8878 and 9659) gets a full bundle as it is stored, so that nobody packs it again; one that takes
 * gzip gets any bundle in gzip.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { HubHost } from '../api/hub/host.ts'
import { Malformed } from '../base/malformed.ts'
import { StoreError, type StoreReader } from '../ledger/store.ts'
import { readCheckpoint } from '../log/checkpoint.ts'
import { HASH_BYTES } from '../log/merkle.ts'
import { formatBundle, parseTilePath, TILE_WIDTH, type TilePath, tileWidth } from '../log/tiles.ts'
import { CHECKPOINT } from './hub-routes.ts'

const CHECKPOINT_SECONDS = 2
const YEAR_SECONDS = 31_536_000
/** Entries consist mostly of signatures, which no effort makes smaller. */
const GZIP_LEVEL = 1

const compress = promisify(gzip)

/** A resource of the log. */
interface Resource {
  readonly status: 200 | 404 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** `isPublic` tells whether caches on the way may give a copy to others than the caller. */
export async function readResource(
  host: HubHost,
  path: string,
  { headers }: IncomingMessage,
  isPublic: boolean,
): Promise<Resource> {
  const visibility = isPublic ? 'public' : 'private'
  if (path === CHECKPOINT) {
    const caching = `${visibility}, max-age=${CHECKPOINT_SECONDS}`
    if (host.published === undefined) return unpublished()
    return found(host.published, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': caching })
  }
  const tile = parseTilePath(path.slice(1))
  if (tile instanceof Malformed || !isCovered(host, tile)) return missing()
  const caching = `${visibility}, max-age=${YEAR_SECONDS}, immutable`
  const common = { 'content-type': 'application/octet-stream', 'cache-control': caching }
  const { level, number, width } = tile
  if (level !== 'entries') return found(await host.reading(({ store }) => readHashes(store, level, number, width)), common)
  const { body, encoding } = await readBundle(host, number, width, String(headers['accept-encoding'] ?? ''))
  const negotiated = { ...common, vary: 'accept-encoding' }
  return found(body, encoding === undefined ? negotiated : { ...negotiated, 'content-encoding': encoding })
}

/** How many entries there are up to the last one in the bundle that a path names; undefined for any other path. */
export function entriesIn(path: string): number | undefined {
  const tile = parseTilePath(path.slice(1))
  return tile instanceof Malformed || tile.level !== 'entries' ? undefined : tile.number * TILE_WIDTH + tile.width
}

/** Whether the checkpoint implies such a tile. */
function isCovered(host: HubHost, { level, number, width }: TilePath): boolean {
  const head = readCheckpoint(host.checkpoint)
  if (head instanceof Malformed) throw new StoreError('damaged', 'The last checkpoint is damaged; nimledger verify tells more.')
  return width <= tileWidth(level === 'entries' ? 0 : level, number, head.size)
}

/** A bundle in the first of its forms that is taken. */
async function readBundle(
  host: HubHost,
  number: number,
  width: number,
  accepted: string,
): Promise<{ readonly body: Uint8Array; readonly encoding?: 'zstd' | 'gzip' }> {
  const asStored = width === TILE_WIDTH && takes(['zstd'], accepted)
  const packed = asStored ? await host.reading(({ store }) => store.packedBundle(number)) : undefined
  if (packed !== undefined) return { body: packed, encoding: 'zstd' }
  const bytes = await host.reading(({ store }) => formatEntries(store, number, width))
  if (!takes(['gzip', 'x-gzip'], accepted)) return { body: bytes }
  return { body: await compress(bytes, { level: GZIP_LEVEL }), encoding: 'gzip' }
}

async function formatEntries(store: StoreReader, number: number, width: number): Promise<Uint8Array> {
  const entries = await store.entries(number * TILE_WIDTH, width)
  if (entries.length !== width) throw new StoreError('damaged', `Bundle ${number} is damaged; nimledger verify tells more.`)
  return formatBundle(entries.map(({ bytes }) => bytes))
}

async function readHashes(store: StoreReader, level: number, number: number, width: number): Promise<Uint8Array> {
  const hashes = await store.tile(level, number)
  if (hashes === undefined || hashes.length < width * HASH_BYTES)
    throw new StoreError('damaged', `Tile ${number} of level ${level} is damaged; nimledger verify tells more.`)
  return hashes.subarray(0, width * HASH_BYTES)
}

/** One element of an Accept-Encoding: a coding, perhaps with a weight, which must not be zero. */
const TAKEN = /^\s*([\w-]+)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i

function takes(names: readonly string[], accepted: string): boolean {
  return accepted.split(',').some((one) => names.includes(TAKEN.exec(one)?.[1]?.toLowerCase() ?? ''))
}

function found(body: Uint8Array, headers: Resource['headers']): Resource {
  return { status: 200, headers, body }
}

function missing(): Resource {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  return { status: 404, headers, body: Buffer.from('There is nothing here.\n') }
}

function unpublished(): Resource {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'retry-after': '1' }
  return { status: 503, headers, body: Buffer.from('No checkpoint is published yet: its witnesses are asked.\n') }
}

/** Writes a resource, or only its head. */
export function writeResource({ method }: IncomingMessage, response: ServerResponse, { status, headers, body }: Resource): void {
  response.writeHead(status, { ...headers, 'content-length': String(body.length) })
  response.end(method === 'HEAD' ? undefined : body)
}
