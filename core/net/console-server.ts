/**
 * The console for a browser on the same machine: the page, and the router over HTTP with events as SSE. It is for one person:
 *
 *   – it listens on a loopback address only;
 *   – the address it is started with lets in one visitor (visits.ts);
 *   – a request under another host's name is turned away, since a page elsewhere can have its name lead to this machine, and so
 *     is a call from another origin;
 *   – calls are JSON, bounded in size and number, and slow senders are cut off.
 */

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import type { ConsoleHost } from '../api/host.ts'
import { RIGHTS } from '../api/procedure.ts'
import { consoleRouter, MAX_BATCH_CALLS, MAX_REQUEST_BYTES } from '../api/router.ts'
import type { FailureCode } from '../api/views.ts'
import { type Address, hostInUrl, listen } from './address.ts'
import { Connections } from './connections.ts'
import type { Fault } from './fault.ts'
import { COMMON_HEADERS, type Pages } from './pages.ts'
import { callFault, Visits } from './visits.ts'

const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16 * 1024,
  connectionsCheckingInterval: 1_000,
}
const MAX_CONNECTIONS = 100
const MAX_HEADERS = 50
const CALLS = '/trpc/'
const ENTRY = '/open'

interface ConsoleServerOptions {
  readonly host: ConsoleHost
  readonly pages: Pages
  readonly address: Address
}

export interface ConsoleServer {
  /** For instance "http://127.0.0.1:43121". */
  readonly origin: string
  /** The address with its token, for one visit. */
  readonly url: string
  close(): Promise<void>
}

export async function serveConsole({ host, pages, address }: ConsoleServerOptions): Promise<ConsoleServer> {
  const server = createServer(LIMITS)
  server.maxConnections = MAX_CONNECTIONS
  server.maxHeadersCount = MAX_HEADERS
  const connections = new Connections(server)
  const { port, origin } = await listen(server, address)
  const visits = new Visits(port)
  const names = new Set([`${hostInUrl(address.host)}:${port}`, `localhost:${port}`])
  const reception: Reception = { names, visits, pages, call: callHandler(host) }
  // Nobody can connect before: the event loop has not turned since the port was taken.
  server.on('request', (request, response) => answer(reception, request, response))
  return { origin, url: `${origin}${ENTRY}?token=${visits.token}`, close: () => connections.close() }
}

function callHandler(host: ConsoleHost): RequestListener {
  return createHTTPHandler({
    router: consoleRouter,
    basePath: CALLS,
    createContext: () => ({ host, rights: () => RIGHTS[host.status] }),
    maxBatchSize: MAX_BATCH_CALLS,
    maxBodySize: MAX_REQUEST_BYTES,
    // Inputs are in bodies: no URL grows long, and no call except for events is a GET, which a link could make.
    allowMethodOverride: true,
  })
}

interface Reception {
  /** The hosts that this server answers as. */
  readonly names: ReadonlySet<string>
  readonly visits: Visits
  readonly pages: Pages
  readonly call: RequestListener
}

function answer(reception: Reception, request: IncomingMessage, response: ServerResponse): void {
  const { names, visits, pages, call } = reception
  const { host = '' } = request.headers
  const path = names.has(host) ? pathOf(request) : undefined
  if (path === undefined) refuse(response, { status: 421, message: 'This address is not served here.' })
  else if (path.startsWith(CALLS)) {
    const fault = callFault(request, visits)
    if (fault !== undefined) refuseCall(response, fault)
    else {
      for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value)
      response.setHeader('cache-control', 'no-store')
      call(request, response)
    }
  } else if (request.method !== 'GET') refuse(response, { status: 405, message: 'Only GET is answered here.' })
  else if (path === ENTRY) enter(visits, request, response)
  else {
    const { status, headers, body } = pages.get(path)
    response.writeHead(status, { ...headers, 'content-length': String(body.length) }).end(body)
  }
}

/** The path of a request; undefined where what was sent is not a path. */
function pathOf({ url = '' }: IncomingMessage): string | undefined {
  return url.startsWith('/') && URL.canParse(url, 'http://host') ? new URL(url, 'http://host').pathname : undefined
}

function enter(visits: Visits, request: IncomingMessage, response: ServerResponse): void {
  const isHere = { ...COMMON_HEADERS, location: '/', 'cache-control': 'no-store' }
  if (visits.isKnown(request)) {
    response.writeHead(303, isHere).end()
    return
  }
  const token = new URL(request.url!, 'http://host').searchParams.get('token') ?? ''
  const cookie = visits.enter(token, request)
  if (typeof cookie === 'string') response.writeHead(303, { ...isHere, 'set-cookie': cookie }).end()
  else refuse(response, cookie)
}

function refuse(response: ServerResponse, { status, message }: Fault): void {
  end(response, status, 'text/plain; charset=utf-8', `${message}\n`)
}

/** In the form of the router's own errors, so that the page can show it. */
function refuseCall(response: ServerResponse, { status, message }: Fault): void {
  const failure = { code: 'denied' satisfies FailureCode, message }
  const error = { code: TRPC_ERROR_CODES_BY_KEY.FORBIDDEN, message, data: { httpStatus: status, failure } }
  end(response, status, 'application/json', JSON.stringify({ error }))
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  const headers = { ...COMMON_HEADERS, 'content-type': type, 'content-security-policy': "default-src 'none'" }
  // What the sender still has to say is not read.
  response.writeHead(status, { ...headers, connection: 'close' }).end(body)
}
