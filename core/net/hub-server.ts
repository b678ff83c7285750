/**
 * The hub over HTTP: for accounts' programs the router under /trpc, with events as SSE; for mirrors and auditors the log as
 * static resources; for whoever runs it /healthz. TLS is the matter of what stands before it.
 */

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc'
import { known, missing, tooMany } from '../api/failures.ts'
import type { HubHost } from '../api/hub/host.ts'
import type { Caller, HubContext } from '../api/hub/procedure.ts'
import { hubRouter } from '../api/hub/router.ts'
import type { HubView } from '../api/hub-view.ts'
import { MAX_BATCH_CALLS, MAX_REQUEST_BYTES } from '../api/router.ts'
import type { FailureCode } from '../api/views.ts'
import { readCheckpoint } from '../log/checkpoint.ts'
import { type Access, lacking, type Visitor } from './access.ts'
import { type Address, hostInUrl, isLoopbackHost, listen } from './address.ts'
import { Connections } from './connections.ts'
import type { Fault } from './fault.ts'
import type { Follower, Followers } from './followers.ts'
import { GATE_SERVER_OPTIONS, Gate, type GateSettings } from './gate.ts'
import type { HubMetrics, RequestFacts } from './hub-metrics.ts'
import { CALLS, CHECKPOINT, HEALTH, isLogRoute, isWatching, METRICS, routeName } from './hub-routes.ts'
import { entriesIn, readResource, writeResource } from './tile-routes.ts'

interface HubServerOptions {
  readonly host: HubHost
  readonly access: Access
  readonly gate: GateSettings
  readonly address: Address
  readonly metrics?: HubMetrics | undefined
  /** Takes note of who reads the log. */
  readonly followers?: Followers | undefined
  /** How the hub is doing, for whoever runs it. */
  readonly view?: (() => Promise<HubView>) | undefined
  /** Called for every request that was answered. */
  readonly log?: ((facts: RequestFacts & { readonly path: string }) => void) | undefined
}

export interface HubServer {
  /** For instance "http://127.0.0.1:4747". */
  readonly origin: string
  /** Takes nothing new, and ends once what is under way is answered. */
  close(): Promise<void>
}

export async function serveHub({
  host,
  access,
  address,
  metrics,
  followers,
  view,
  log,
  ...options
}: HubServerOptions): Promise<HubServer> {
  const server = createServer(GATE_SERVER_OPTIONS)
  const isLoopback = isLoopbackHost(hostInUrl(address.host))
  const gate = new Gate(server, { ...options.gate, isLoopback, turnedAway: (why) => metrics?.turnedAway(why) })
  const connections = new Connections(server)
  const { origin } = await listen(server, address)
  metrics?.countConnections(server)
  const following = new WeakMap<IncomingMessage, Follower>()
  const call = callHandler({ host, access, gate, following, view })
  const reception: Reception = { host, access, gate, metrics, followers, following, log, call }
  server.on('request', (request, response) => {
    observe(reception, request, response)
    answer(reception, request, response).catch((error: unknown) => fail(response, host, error))
  })
  return { origin, close: () => connections.close() }
}

interface CallOptions extends Pick<Reception, 'host' | 'access' | 'gate' | 'following'> {
  readonly view: HubServerOptions['view']
}

function callHandler({ host, access, gate, following, view = untold }: CallOptions): RequestListener {
  return createHTTPHandler({
    router: hubRouter,
    basePath: CALLS,
    createContext: ({ req, res }): HubContext => ({
      host,
      caller: async () => allowed(await access.authorize(req)),
      spend: async (notes) => {
        const fault = await gate.spend(req, notes)
        if (fault === undefined) return
        setHeaders(res, fault)
        throw tooMany(fault.message)
      },
      signIn: access.signIn,
      view,
      progress: {
        tell: (entries) => following.get(req)?.tell(entries),
        show: (entries) => following.get(req)?.show(entries),
      },
      hub: URL.parse(`http://${req.headers.host}`)?.hostname ?? '',
    }),
    maxBatchSize: MAX_BATCH_CALLS,
    maxBodySize: MAX_REQUEST_BYTES,
    allowMethodOverride: true,
  })
}

function untold(): never {
  throw missing('This hub does not tell how it is doing.')
}

function allowed(caller: Caller | Fault): Caller {
  if ('rights' in caller) return caller
  throw known('denied', caller.message)
}

/** Whose requests they are that read the log. */
type Following = WeakMap<IncomingMessage, Follower>

interface Reception extends Pick<HubServerOptions, 'host' | 'access' | 'metrics' | 'followers' | 'log'> {
  readonly gate: Gate
  readonly following: Following
  readonly call: RequestListener
}

/** Counts and logs a request once its answer is out, or was cut off. */
function observe({ metrics, log }: Reception, request: IncomingMessage, response: ServerResponse): void {
  const started = performance.now()
  const path = pathOf(request)
  const route = routeName(path)
  const isEvents = isWatching(route)
  if (isEvents) metrics?.watched(response)
  response.on('close', () => {
    const seconds = (performance.now() - started) / 1000
    const facts = { route, method: request.method ?? '', status: response.statusCode, seconds, isEvents }
    metrics?.answered(facts)
    log?.({ ...facts, path: path ?? '' })
  })
}

async function answer(reception: Reception, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { host, access, gate, metrics, call } = reception
  response.setHeader('x-content-type-options', 'nosniff')
  const path = pathOf(request)
  if (path === undefined) return refuse(response, { status: 404, message: 'There is nothing of this spelling here.' })
  const isCall = path.startsWith(CALLS)
  const fault = await gate.enter(request, response)
  if (fault !== undefined) return isCall ? refuseCall(response, fault) : refuse(response, fault)
  if (path === HEALTH) return isReading(request, response) ? tellHealth(host, response) : undefined
  const isMetrics = path === METRICS && metrics !== undefined
  if (!isCall && !isMetrics && !isLogRoute(path)) return refuse(response, { status: 404, message: 'There is nothing here.' })
  const visitor = await access.authorize(request)
  if (!('rights' in visitor)) return isCall ? refuseCall(response, visitor) : refuse(response, visitor)
  if (isCall) {
    // Each procedure checks by itself what it needs.
    if (isWatching(routeName(path)) && visitor.rights.has('own')) follow(reception, visitor, request)?.watches(response)
    response.setHeader('cache-control', 'no-store')
    return call(request, response)
  }
  const missing = lacking(visitor, isMetrics ? 'metrics' : path === CHECKPOINT ? 'own' : 'read')
  if (missing !== undefined) return refuse(response, missing)
  if (!isReading(request, response)) return
  if (isMetrics) return end(response, 200, metrics.registry.contentType, await metrics.registry.metrics())
  const isPublic = request.headers.authorization === undefined
  const resource = await readResource(host, path, request, isPublic)
  if (resource.status === 200) noteReading(host, path, follow(reception, visitor, request))
  writeResource(request, response, resource)
}

/** The follower that a request of the log is from. */
function follow({ gate, followers, following }: Reception, { name }: Visitor, request: IncomingMessage): Follower | undefined {
  const follower = followers?.of({ address: gate.addressOf(request), program: request.headers['user-agent'] ?? '', name })
  if (follower !== undefined) following.set(request, follower)
  return follower
}

function noteReading({ published }: HubHost, path: string, follower: Follower | undefined): void {
  const entries = entriesIn(path)
  const head = path === CHECKPOINT && published !== undefined ? readCheckpoint(published) : undefined
  if (entries !== undefined) follower?.show(entries)
  else if (head !== undefined && 'size' in head) follower?.tell(head.size)
}

/**
 * The path of a request; undefined where what was sent is not a path, or is another spelling of one: the proxies in front and the
 * code in here all have to see the same path. No path here needs a percent sign: tRPC decodes it, and the rate limit would not.
 */
function pathOf({ url = '' }: IncomingMessage): string | undefined {
  const path = url.startsWith('/') ? URL.parse(url, 'http://host')?.pathname : undefined
  return path === url.split(/[?#]/, 1)[0] && !path?.includes('%') ? path : undefined
}

function isReading({ method }: IncomingMessage, response: ServerResponse): boolean {
  if (method === 'GET' || method === 'HEAD') return true
  response.setHeader('allow', 'GET, HEAD')
  refuse(response, { status: 405, message: 'Only GET and HEAD are answered here.' })
  return false
}

/** For programs that watch this one: whether it takes notes. */
function tellHealth({ failure }: HubHost, response: ServerResponse): void {
  const body = failure === undefined ? { status: 'ok' } : { status: 'failing', ...failure }
  response.setHeader('cache-control', 'no-store')
  end(response, failure === undefined ? 200 : 503, 'application/json', JSON.stringify(body))
}

function fail(response: ServerResponse, host: HubHost, error: unknown): void {
  const { code, message } = host.explain(error)
  // Half an answer cannot be taken back, but if it is cut off nobody takes it for a whole one.
  if (response.headersSent) response.destroy()
  else refuse(response, { status: code === 'busy' || code === 'offline' ? 503 : 500, message })
}

function refuse(response: ServerResponse, fault: Fault): void {
  setHeaders(response, fault)
  end(response, fault.status, 'text/plain; charset=utf-8', `${fault.message}\n`)
}

function setHeaders(response: ServerResponse, { headers = {} }: Fault): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}

/** In the form of the router's own errors, so that clients can show it. */
function refuseCall(response: ServerResponse, fault: Fault): void {
  setHeaders(response, fault)
  const { status, message } = fault
  const { code, failure } = CALL_FAULTS[status] ?? { code: 'FORBIDDEN', failure: 'denied' }
  const data = { code, httpStatus: status, failure: { code: failure, message } }
  const error = { code: TRPC_ERROR_CODES_BY_KEY[code], message, data }
  end(response, status, 'application/json', JSON.stringify({ error }))
}

/** The reasons for which calls are turned away, as tRPC and this program name them. */
const CALL_FAULTS: Readonly<Record<number, { code: keyof typeof TRPC_ERROR_CODES_BY_KEY; failure: FailureCode }>> = {
  400: { code: 'BAD_REQUEST', failure: 'usage' },
  401: { code: 'UNAUTHORIZED', failure: 'denied' },
  413: { code: 'PAYLOAD_TOO_LARGE', failure: 'usage' },
  415: { code: 'UNSUPPORTED_MEDIA_TYPE', failure: 'usage' },
  429: { code: 'TOO_MANY_REQUESTS', failure: 'busy' },
  503: { code: 'SERVICE_UNAVAILABLE', failure: 'busy' },
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  // Another caller, or the same one a second later, may get another answer.
  response.setHeader('cache-control', 'no-store')
  // What the sender still has to say is not read.
  response.writeHead(status, { 'content-type': type, 'content-length': String(Buffer.byteLength(body)), connection: 'close' })
  response.end(body)
}
