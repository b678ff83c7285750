/**
 * The log as static resources, c2sp.org/tlog-tiles:
 *
 *     GET /checkpoint                               text/plain; charset=utf-8       may be kept for seconds
 *     GET /tile/<level>/<N>[.p/<W>]                 application/octet-stream        never changes
 *     GET /tile/entries/<N>[.p/<W>]                 application/octet-stream        never changes; gzip where it is taken
 *
 * Served is what the checkpoint covers: a tile in each width that it ever had, since the full one begins like all of them.
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
/** Entries are signatures for the better part, which no effort makes smaller. */
const GZIP_LEVEL = 1

const compress = promisify(gzip)

/** A resource of the log. */
interface Resource {
  readonly status: 200 | 404
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** `isPublic` tells whether others than the caller may be given a copy by whatever stands in between. */
export async function readResource(
  host: HubHost,
  path: string,
  { headers }: IncomingMessage,
  isPublic: boolean,
): Promise<Resource> {
  const visibility = isPublic ? 'public' : 'private'
  if (path === CHECKPOINT) {
    const caching = `${visibility}, max-age=${CHECKPOINT_SECONDS}`
    return found(host.checkpoint, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': caching })
  }
  const tile = parseTilePath(path.slice(1))
  const bytes = tile instanceof Malformed ? undefined : await readTile(host, tile)
  if (bytes === undefined) return missing()
  const caching = `${visibility}, max-age=${YEAR_SECONDS}, immutable`
  const common = { 'content-type': 'application/octet-stream', 'cache-control': caching }
  if ((tile as TilePath).level !== 'entries') return found(bytes, common)
  const negotiated = { ...common, vary: 'accept-encoding' }
  if (!takesGzip(headers['accept-encoding'])) return found(bytes, negotiated)
  return found(await compress(bytes, { level: GZIP_LEVEL }), { ...negotiated, 'content-encoding': 'gzip' })
}

/** Undefined where the checkpoint implies no such tile. */
async function readTile(host: HubHost, { level, number, width }: TilePath): Promise<Uint8Array | undefined> {
  const head = readCheckpoint(host.checkpoint)
  if (head instanceof Malformed) throw new StoreError('damaged', 'The last checkpoint is damaged; nimledger verify tells more.')
  if (width > tileWidth(level === 'entries' ? 0 : level, number, head.size)) return undefined
  return host.reading(({ store }) =>
    level === 'entries' ? readBundle(store, number, width) : readHashes(store, level, number, width),
  )
}

async function readBundle(store: StoreReader, number: number, width: number): Promise<Uint8Array> {
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

/** Whether an Accept-Encoding names gzip, and not with a weight of nothing. */
function takesGzip(accepted: string | string[] | undefined): boolean {
  return String(accepted ?? '')
    .split(',')
    .some((one) => /^\s*(?:x-)?gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(one))
}

function found(body: Uint8Array, headers: Resource['headers']): Resource {
  return { status: 200, headers, body }
}

function missing(): Resource {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }
  return { status: 404, headers, body: Buffer.from('There is nothing here.\n') }
}

/** Writes a resource, or its head alone. */
export function writeResource({ method }: IncomingMessage, response: ServerResponse, { status, headers, body }: Resource): void {
  response.writeHead(status, { ...headers, 'content-length': String(body.length) })
  response.end(method === 'HEAD' ? undefined : body)
}
