/**
 * The console for a browser on the same machine: the page, and the router over HTTP with events as SSE. It is for one person:
 *
 *   – it listens on a loopback address only;
 *   – the URL it is started with has a token, good for one visit, which is exchanged for a cookie (HttpOnly, SameSite=Strict);
 *   – a request under another host's name is turned away (a page elsewhere that resolves its name to this machine), and so is
 *     a call from another origin;
 *   – calls are JSON, bounded in size and number, and slow senders are cut off.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import type { ConsoleHost } from '../api/host.ts'
import { RIGHTS } from '../api/procedure.ts'
import { consoleRouter, MAX_BATCH_CALLS, MAX_REQUEST_BYTES } from '../api/router.ts'
import { COMMON_HEADERS, type Pages } from './pages.ts'

const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
const KEEP_ALIVE_TIMEOUT_MS = 5_000
const MAX_CONNECTIONS = 100
const MAX_HEADERS = 50
const MAX_HEADER_BYTES = 16 * 1024
const TOKEN_BYTES = 32
const CALLS = '/trpc/'
const ENTRY = '/open'
/** How long a call that is under way may go on once the console is to end. */
const DRAIN_MS = 3_000

interface ConsoleServerOptions {
  readonly host: ConsoleHost
  readonly pages: Pages
  readonly address: { readonly host: string; readonly port: number }
}

export interface ConsoleServer {
  /** For instance "http://127.0.0.1:43121". */
  readonly origin: string
  /** The address with its token, for one visit. */
  readonly url: string
  close(): Promise<void>
}

export async function serveConsole({ host, pages, address }: ConsoleServerOptions): Promise<ConsoleServer> {
  const visits = new Visits()
  const call = createHTTPHandler({
    router: consoleRouter,
    basePath: CALLS,
    createContext: () => ({ host, rights: () => RIGHTS[host.status] }),
    maxBatchSize: MAX_BATCH_CALLS,
    maxBodySize: MAX_REQUEST_BYTES,
    // Inputs in bodies: no URL grows long, and no call but events is a GET that a link could make.
    allowMethodOverride: true,
  })
  const limits = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    connectionsCheckingInterval: 1_000,
  }
  const server = createServer(limits, (request, response) => answer(request, response))
  server.maxConnections = MAX_CONNECTIONS
  server.maxHeadersCount = MAX_HEADERS
  const connections = new Connections(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const origin = `http://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`
  const names = new Set([origin, `http://localhost:${port}`].map((one) => one.slice('http://'.length)))

  function answer(request: IncomingMessage, response: ServerResponse): void {
    connections.take(response)
    if (!names.has(request.headers.host ?? '')) return refuse(response, 421, 'This address is not served here.')
    const { pathname, searchParams } = new URL(request.url ?? '/', origin)
    if (pathname.startsWith(CALLS)) {
      const fault = callFault(request, visits, port)
      if (fault !== undefined) return refuse(response, fault.status, fault.message)
      for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value)
      response.setHeader('cache-control', 'no-store')
      return void call(request, response)
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'Only GET is answered here.')
    if (pathname === ENTRY) return enter(request, response, searchParams.get('token') ?? '')
    const { status, headers, body } = pages.get(pathname)
    response.writeHead(status, { ...headers, 'content-length': String(body.length) }).end(request.method === 'HEAD' ? undefined : body)
  }

  function enter(request: IncomingMessage, response: ServerResponse, token: string): void {
    const isHere = { ...COMMON_HEADERS, location: '/', 'cache-control': 'no-store' }
    // A browser that looks at links beforehand is no visit.
    if (/prefetch|preview/i.test(String(request.headers['sec-purpose'] ?? request.headers.purpose ?? '')))
      return refuse(response, 403, 'This address is not for looking ahead.')
    if (visits.isKnown(cookieOf(request, port))) return void response.writeHead(303, isHere).end()
    const secret = visits.enter(token)
    if (secret === undefined)
      return refuse(response, 403, 'This address was used already, or is not the right one. Start the console again for a new one.')
    const cookie = `${cookieName(port)}=${secret}; Path=/; HttpOnly; SameSite=Strict`
    response.writeHead(303, { ...isHere, 'set-cookie': cookie }).end()
  }

  return { origin, url: `${origin}${ENTRY}?token=${visits.token}`, close: () => connections.close() }
}

/** Cookies know no ports, so two consoles on one machine need two names. */
function cookieName(port: number): string {
  return `nimledger-${port}`
}

function cookieOf({ headers }: IncomingMessage, port: number): string {
  const pairs = (headers.cookie ?? '').split(/;\s*/)
  const name = `${cookieName(port)}=`
  return pairs.find((pair) => pair.startsWith(name))?.slice(name.length) ?? ''
}

interface Fault {
  readonly status: number
  readonly message: string
}

/** Why a call is turned away before anything is made of it; undefined where it is let through. */
function callFault(request: IncomingMessage, visits: Visits, port: number): Fault | undefined {
  const { headers, method } = request
  const site = headers['sec-fetch-site']
  const isForeign = headers.origin !== undefined && headers.origin !== `http://${headers.host}`
  if (isForeign || (site !== undefined && site !== 'same-origin')) return { status: 403, message: 'Calls come from the console itself.' }
  if (!visits.isKnown(cookieOf(request, port)))
    return { status: 401, message: 'Open the console with the address that it was started with.' }
  if (method === 'GET') return headers.accept?.includes('text/event-stream') ? undefined : { status: 405, message: 'Calls are posted.' }
  if (method !== 'POST') return { status: 405, message: 'Calls are posted.' }
  // Pages of other origins cannot leave it out of a post.
  if (headers.origin === undefined) return { status: 403, message: 'A call says where it comes from.' }
  const type = (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
  return type === 'application/json' ? undefined : { status: 415, message: 'Calls are JSON.' }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  const headers = { ...COMMON_HEADERS, 'content-type': 'text/plain; charset=utf-8', 'content-security-policy': "default-src 'none'" }
  // What the sender has still to say is not read.
  response.writeHead(status, { ...headers, connection: 'close' }).end(`${message}\n`)
}

/** Who was let in: the token of the URL, once, and the secret of the cookie from then on. */
class Visits {
  readonly token = randomBytes(TOKEN_BYTES).toString('base64url')
  readonly #secret = randomBytes(TOKEN_BYTES).toString('base64url')
  #isUsed = false

  /** The cookie's secret for the token, once. */
  enter(token: string): string | undefined {
    if (this.#isUsed || !isSame(token, this.token)) return undefined
    this.#isUsed = true
    return this.#secret
  }

  isKnown(secret: string): boolean {
    return this.#isUsed && isSame(secret, this.#secret)
  }
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The connections of a server, so that it can end without cutting off an answer. */
class Connections {
  readonly #server: Server
  readonly #open = new Set<Socket>()
  /** What is answered on a connection now. */
  readonly #answering = new Map<Socket, ServerResponse>()

  constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => {
      this.#open.add(socket)
      socket.on('close', () => this.#open.delete(socket))
    })
  }

  take(response: ServerResponse): void {
    const { socket } = response
    if (socket === null) return
    this.#answering.set(socket, response)
    response.on('close', () => {
      this.#answering.delete(socket)
      if (!this.#server.listening) socket.destroySoon()
    })
  }

  /** Takes nothing new, ends the events, lets what else is under way end, and then ends what does not. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#open) {
      const response = this.#answering.get(socket)
      const isWatching = String(response?.getHeader('content-type') ?? '').startsWith('text/event-stream')
      if (response === undefined || isWatching) socket.destroy()
    }
    const timer = setTimeout(() => {
      for (const socket of this.#open) socket.destroy()
    }, DRAIN_MS)
    await closed
    clearTimeout(timer)
  }
}
