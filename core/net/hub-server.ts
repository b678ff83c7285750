/**
 * The hub over HTTP: for accounts' programs the router under /trpc, with events as SSE; for mirrors and auditors the log as
 * static resources; for whoever runs it /healthz. TLS is the matter of what stands before it.
 */

import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import { known } from '../api/failures.ts'
import type { HubHost } from '../api/hub/host.ts'
import type { Caller } from '../api/hub/procedure.ts'
import { hubRouter } from '../api/hub/router.ts'
import { MAX_BATCH_CALLS, MAX_REQUEST_BYTES } from '../api/router.ts'
import type { FailureCode } from '../api/views.ts'
import type { Access } from './access.ts'
import { Connections } from './connections.ts'
import { isTileRoute, readResource, writeResource } from './tile-routes.ts'
import type { Fault } from './visits.ts'

const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 30_000,
  maxHeaderSize: 16 * 1024,
  connectionsCheckingInterval: 1_000,
}
const MAX_HEADERS = 50
const CALLS = '/trpc/'

interface HubServerOptions {
  readonly host: HubHost
  readonly access: Access
  readonly address: { readonly host: string; readonly port: number }
}

export interface HubServer {
  /** For instance "http://127.0.0.1:4747". */
  readonly origin: string
  /** Takes nothing new, and ends once what is under way is answered. */
  close(): Promise<void>
}

export async function serveHub({ host, access, address }: HubServerOptions): Promise<HubServer> {
  const server = createServer(LIMITS)
  server.maxHeadersCount = MAX_HEADERS
  const connections = new Connections(server)
  const port = await listen(server, address)
  const call = callHandler(host, access)
  server.on('request', (request, response) => {
    answer({ host, access, call }, request, response).catch((error: unknown) => fail(response, host, error))
  })
  const shown = address.host.includes(':') ? `[${address.host}]` : address.host
  return { origin: `http://${shown}:${port}`, close: () => connections.close() }
}

async function listen(server: Server, { host, port }: HubServerOptions['address']): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return (server.address() as AddressInfo).port
}

function callHandler(host: HubHost, access: Access): RequestListener {
  return createHTTPHandler({
    router: hubRouter,
    basePath: CALLS,
    createContext: ({ req }) => ({
      host,
      caller: async () => allowed(await access.authorize(req)),
      spend: (notes) => access.spend(req, notes),
    }),
    maxBatchSize: MAX_BATCH_CALLS,
    maxBodySize: MAX_REQUEST_BYTES,
    allowMethodOverride: true,
  })
}

function allowed(caller: Caller | Fault): Caller {
  if ('rights' in caller) return caller
  throw known('denied', caller.message)
}

interface Reception {
  readonly host: HubHost
  readonly access: Access
  readonly call: RequestListener
}

async function answer({ host, access, call }: Reception, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('x-content-type-options', 'nosniff')
  const path = pathOf(request)
  if (path === undefined) return refuse(response, { status: 400, message: 'What was asked for is no path.' })
  if (path === '/healthz') return isReading(request, response) ? tellHealth(host, response) : undefined
  const isCall = path.startsWith(CALLS)
  if (!isCall && !isTileRoute(path)) return refuse(response, { status: 404, message: 'There is nothing here.' })
  const caller = await access.authorize(request)
  if (!('rights' in caller)) return isCall ? refuseCall(response, caller) : refuse(response, caller)
  if (isCall) {
    response.setHeader('cache-control', 'no-store')
    call(request, response)
  } else if (!caller.rights.has(path === '/checkpoint' ? 'own' : 'read')) {
    refuse(response, { status: 403, message: 'This log is read with a token of its operator.' })
  } else if (isReading(request, response)) {
    const isPublic = request.headers.authorization === undefined
    writeResource(request, response, await readResource(host, path, request, isPublic))
  }
}

/** The path of a request; undefined where what was sent is no path. */
function pathOf({ url = '' }: IncomingMessage): string | undefined {
  return url.startsWith('/') && URL.canParse(url, 'http://host') ? new URL(url, 'http://host').pathname : undefined
}

function isReading({ method }: IncomingMessage, response: ServerResponse): boolean {
  if (method === 'GET' || method === 'HEAD') return true
  response.setHeader('allow', 'GET, HEAD')
  refuse(response, { status: 405, message: 'Only GET and HEAD are answered here.' })
  return false
}

/** For what watches the program: whether it takes notes. */
function tellHealth({ failure, size }: HubHost, response: ServerResponse): void {
  const body = failure === undefined ? { status: 'ok', size } : { status: 'failing', size, ...failure }
  response.setHeader('cache-control', 'no-store')
  end(response, failure === undefined ? 200 : 503, 'application/json', JSON.stringify(body))
}

function fail(response: ServerResponse, host: HubHost, error: unknown): void {
  const { code, message } = host.explain(error)
  // Half an answer cannot be taken back; cut off, nobody takes it for a whole one.
  if (response.headersSent) response.destroy()
  else refuse(response, { status: code === 'busy' || code === 'offline' ? 503 : 500, message })
}

function refuse(response: ServerResponse, { status, message, headers = {} }: Fault): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  end(response, status, 'text/plain; charset=utf-8', `${message}\n`)
}

/** In the form of the router's own errors, so that its clients can say it. */
function refuseCall(response: ServerResponse, { status, message, headers = {} }: Fault): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  const failure = { code: 'denied' satisfies FailureCode, message }
  const error = { code: TRPC_ERROR_CODES_BY_KEY.FORBIDDEN, message, data: { httpStatus: status, failure } }
  end(response, status, 'application/json', JSON.stringify({ error }))
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  // What the sender has still to say is not read.
  response.writeHead(status, { 'content-type': type, 'content-length': String(Buffer.byteLength(body)), connection: 'close' })
  response.end(body)
}
