/**
 * Logs served over real HTTP from files, by a server that can be told to misbehave; and mirrors of them in folders that are gone
 * after the test.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { openSqliteMirror } from '../../core/drivers/sqlite/mirror-store.ts'
import { openSqliteReader } from '../../core/drivers/sqlite/store.ts'
import { exportTiles } from '../../core/drivers/tile-folder.ts'
import type { LogReader, StoreReader } from '../../core/ledger/store.ts'
import type { VerifierKey } from '../../core/log/note.ts'
import { HubClient, type HubClientOptions } from '../../core/net/hub-client.ts'
import { parseHubUrl } from '../../core/net/hub-url.ts'
import { Mirror, type MirrorOptions } from '../../core/sync/mirror.ts'
import { temporaryFolder } from '../ledger/homes.ts'
import { allRows } from '../ledger/marketplace.ts'
import { LOG_KEY, VERIFIER } from '../ledger/support.ts'

/** What answers in the place of the file; nothing where the file is to be served. */
export type Answering = (request: IncomingMessage, response: ServerResponse, path: string) => boolean

/** A folder of exported tiles behind a web server. */
export class TileServer {
  readonly folder: string
  /** Paths asked for, in order. */
  readonly asked: string[] = []
  instead: Answering = () => false
  readonly #server: Server
  #isGzip = true

  private constructor(folder: string) {
    this.folder = folder
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  static async start(folder = temporaryFolder()): Promise<TileServer> {
    const server = new TileServer(folder)
    await new Promise<void>((ready) => server.#server.listen(0, '127.0.0.1', ready))
    onTestFinished(() => server.stop())
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  /** Serves what the log is now. */
  async publish(log: LogReader): Promise<this> {
    await exportTiles(log, this.folder)
    return this
  }

  read(path: string): Buffer {
    return readFileSync(join(this.folder, path))
  }

  write(path: string, bytes: Uint8Array | string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true })
    writeFileSync(join(this.folder, path), bytes)
  }

  /** Turns one bit round. */
  alter(path: string, at: number): void {
    const bytes = this.read(path)
    bytes[at < 0 ? bytes.length + at : at]! ^= 1
    this.write(path, bytes)
  }

  remove(path: string): void {
    rmSync(join(this.folder, path))
  }

  /** Answers one path in its own way, and all others as before. */
  answerOnly(wanted: string | RegExp, answer: (response: ServerResponse, request: IncomingMessage) => void): void {
    this.instead = (request, response, path) => {
      const isWanted = typeof wanted === 'string' ? path === wanted : wanted.test(path)
      if (isWanted) answer(response, request)
      return isWanted
    }
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url!.slice(1)
    this.asked.push(path)
    if (this.instead(request, response, path)) return
    let bytes: Buffer
    try {
      bytes = this.read(path)
    } catch {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There is nothing here.')
      return
    }
    const type = path === 'checkpoint' ? 'text/plain; charset=utf-8' : 'application/octet-stream'
    const isPacked = this.#isGzip && path.startsWith('tile/entries/')
    const body = isPacked ? gzipSync(bytes) : bytes
    response.writeHead(200, { 'content-type': type, ...(isPacked && { 'content-encoding': 'gzip' }) }).end(body)
  }
}

/** Without the pauses of a bad network. */
const QUICK = { attempts: 2, pauseMs: 5 } satisfies HubClientOptions

export function clientOf(server: { readonly url: string }, options: HubClientOptions = QUICK): HubClient {
  return new HubClient(parseHubUrl(server.url) as URL, options)
}

interface Mirrored {
  readonly folder?: string
  readonly trusted?: VerifierKey
  readonly client?: HubClientOptions
  readonly progress?: MirrorOptions['progress']
  readonly wrap?: (store: MirrorOptions['store']) => MirrorOptions['store']
}

/** A mirror's folder, opened for each round as a command does. */
export class TestMirror {
  readonly folder: string
  readonly #server: { readonly url: string }
  readonly #given: Mirrored

  constructor(server: { readonly url: string }, given: Mirrored = {}) {
    this.folder = given.folder ?? join(temporaryFolder(), 'mirror')
    this.#server = server
    this.#given = given
  }

  async sync(given: Mirrored = {}): ReturnType<Mirror['sync']> {
    return this.open((mirror) => mirror.sync(), given)
  }

  async open<T>(use: (mirror: Mirror) => Promise<T>, given: Mirrored = {}): Promise<T> {
    const { trusted = LOG_KEY, client, progress, wrap = (one: MirrorOptions['store']) => one } = { ...this.#given, ...given }
    const store = await openSqliteMirror(this.folder)
    try {
      const remote = clientOf(this.#server, client)
      const options = { rules, sha256, verifier: VERIFIER, store: wrap(store), remote, trusted, progress }
      return await use(await Mirror.open(options))
    } finally {
      await store.close()
    }
  }

  async read<T>(use: (reader: StoreReader) => Promise<T>): Promise<T> {
    const reader = await openSqliteReader(this.folder)
    try {
      return await use(reader)
    } finally {
      await reader.close()
    }
  }
}

/** Everything that a book holds, for comparison byte for byte. */
export async function bookOf(store: StoreReader): Promise<unknown> {
  const rows = await allRows(store)
  const ids: { id: string; index: number }[] = []
  for (let page = await store.scanIds(undefined, 1_000); page.length > 0; page = await store.scanIds(ids.at(-1)!.id, 1_000))
    ids.push(...page)
  const tiles = await store.scanTiles(undefined, 1_000_000)
  const entries = await store.entries(0, 1_000_000)
  return { rows, ids, tiles: tiles.map(plain), entries: entries.map(plain) }
}

/** Buffers and plain arrays of the same bytes are the same. */
function plain(value: object): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, one instanceof Uint8Array ? Buffer.from(one).toString('base64') : one]),
  )
}
