/**
 * What stands before every request to a hub, whoever sends it and whatever it asks:
 *
 *   connections   few enough, and none that waits for ever: a head within ten seconds, a whole request within thirty, an answer
 *                 that is read (connection-limits.ts)
 *   Host          a name that the hub goes by: on a loopback address only this machine's own names and those it was given, since
 *                 a page elsewhere can have its name lead here
 *   Origin        no calls from pages of other sites
 *   rate          so many requests and notes of one address in a while
 *   body          JSON, no longer and no deeper than a call is; all under way take no more than fits in memory (bodies.ts)
 */

import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { isLoopbackHost } from './address.ts'
import { Bodies } from './bodies.ts'
import { ClientAddresses } from './client-address.ts'
import { limitConnections } from './connection-limits.ts'
import type { Fault } from './fault.ts'

/** For createServer. */
export const GATE_SERVER_OPTIONS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // Longer than a proxy keeps its connections, so that none is closed at the moment at which it is used again.
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 16 * 1024,
} as const satisfies ServerOptions

const MAX_HEADERS = 64
/**
 * How long nothing may move on a connection: an answer that nobody reads is given up, after up to twice as long, since Node asks
 * a second time whether anything moved. Events are never silent for so long.
 */
const IDLE_MS = 60_000
/** Counts are of this long, so that whoever was turned away has not long to wait. */
const WINDOW_SECONDS = 10

/** For one address, a second, where it is not said otherwise; 0: no bound. */
export interface Limits {
  readonly requestsPerSecond: number
  readonly notesPerSecond: number
  readonly connectionsPerAddress: number
  /** Of all addresses. */
  readonly connections: number
}

export const DEFAULT_LIMITS: Limits = {
  requestsPerSecond: 1_000,
  notesPerSecond: 2_000,
  connectionsPerAddress: 256,
  connections: 2_000,
}

/** For a hub that is measured, or put to the test. */
export const NO_LIMITS: Limits = { requestsPerSecond: 0, notesPerSecond: 0, connectionsPerAddress: 0, connections: 0 }

/** Why something was turned away, for those who watch the hub. */
export const TURNED_AWAY = ['connection', 'host', 'origin', 'rate', 'body'] as const
export type TurnedAway = (typeof TURNED_AWAY)[number]

/** What the operator chooses. */
export interface GateSettings {
  readonly limits: Limits
  /** Names that the hub goes by, without a port; none: any, but for a loopback address its own. */
  readonly names: readonly string[]
  /** Addresses and networks of proxies, whose X-Forwarded-For is believed. */
  readonly proxies: readonly string[]
}

interface GateOptions extends GateSettings {
  readonly isLoopback: boolean
  readonly turnedAway: (why: TurnedAway) => void
}

export class Gate {
  readonly #options: GateOptions
  readonly #addresses: ClientAddresses
  readonly #requests: RateLimiterMemory
  readonly #notes: RateLimiterMemory
  readonly #names: ReadonlySet<string>
  readonly #bodies = new Bodies()

  constructor(server: Server, options: GateOptions) {
    const { limits, names, proxies, turnedAway } = options
    this.#options = options
    this.#addresses = new ClientAddresses(proxies)
    this.#requests = limiter(limits.requestsPerSecond)
    this.#notes = limiter(limits.notesPerSecond)
    this.#names = new Set(names.map((name) => name.toLowerCase()))
    server.maxHeadersCount = MAX_HEADERS
    server.timeout = IDLE_MS
    limitConnections(server, {
      ...limits,
      keyOf: (address) => this.#addresses.ofConnection(address),
      turnedAway: () => turnedAway('connection'),
    })
  }

  /** Where a request comes from, as the limits count it. */
  addressOf(request: IncomingMessage): string {
    return this.#addresses.of(request)
  }

  /** Why a request is turned away before anything is made of it; undefined where it is let in. */
  async enter(request: IncomingMessage, response: ServerResponse): Promise<Fault | undefined> {
    return (
      this.#hostFault(request) ??
      this.#originFault(request) ??
      (await this.#rateFault(request)) ??
      (await this.#bodyFault(request, response))
    )
  }

  /** Counts notes for whoever sent a request: why no more are taken, or undefined. */
  async spend(request: IncomingMessage, notes: number): Promise<Fault | undefined> {
    return this.#options.limits.notesPerSecond === 0 ? undefined : this.#take(this.#notes, request, notes)
  }

  #hostFault({ headers, headersDistinct, url }: IncomingMessage): Fault | undefined {
    // Whoever stands in between may have believed the other one (RFC 9112, section 3.2).
    if ((headersDistinct.host?.length ?? 0) > 1)
      return this.#fault('host', { status: 400, message: 'It names more than one Host.' })
    // It tells nothing but that somebody is there, and those who ask it know the address alone.
    if (url === '/healthz') return undefined
    const host = headers.host?.toLowerCase() ?? ''
    const hostname = URL.parse(`http://${host}`)?.hostname
    const isHost = hostname !== undefined && /^[a-z0-9.:[\]_-]{1,255}$/.test(host)
    return isHost && this.#isName(hostname)
      ? undefined
      : this.#fault('host', { status: 421, message: 'This address is not served here.' })
  }

  #isName(hostname: string): boolean {
    if (this.#options.isLoopback && isLoopbackHost(hostname)) return true
    return this.#names.has(hostname) || (!this.#options.isLoopback && this.#names.size === 0)
  }

  /** What a page of another site may fetch, it may not read, so the log itself need not care. */
  #originFault(request: IncomingMessage): Fault | undefined {
    const { headers, method } = request
    if ((method === 'GET' || method === 'HEAD') && !isCall(request)) return undefined
    const { origin, host = '' } = headers
    const site = headers['sec-fetch-site']
    const isOwn = origin === undefined || origin === `http://${host}` || origin === `https://${host}`
    const isForeign = site === 'cross-site' || site === 'same-site'
    if (isOwn && !isForeign) return undefined
    return this.#fault('origin', { status: 403, message: 'Calls from pages of other sites are not taken.' })
  }

  async #rateFault(request: IncomingMessage): Promise<Fault | undefined> {
    const calls = isCall(request) ? request.url!.split('?', 1)[0]!.split(',').length : 1
    return this.#options.limits.requestsPerSecond === 0 ? undefined : this.#take(this.#requests, request, calls)
  }

  async #take(limiter: RateLimiterMemory, request: IncomingMessage, points: number): Promise<Fault | undefined> {
    try {
      await limiter.consume(this.#addresses.of(request), points)
      return undefined
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error
      const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1_000))
      const message = `That is more than one address may ask in a while: go on in ${seconds} s.`
      return this.#fault('rate', { status: 429, message, headers: { 'retry-after': String(seconds) } })
    }
  }

  async #bodyFault(request: IncomingMessage, response: ServerResponse): Promise<Fault | undefined> {
    if (request.method !== 'POST' || !isCall(request)) return undefined
    const body = await this.#bodies.receive(request, response)
    if (typeof body !== 'string') return this.#fault('body', body)
    // Where tRPC looks for a body that was read already.
    Object.assign(request, { body })
    return undefined
  }

  #fault(why: TurnedAway, fault: Fault): Fault {
    this.#options.turnedAway(why)
    return fault
  }
}

function isCall({ url = '' }: IncomingMessage): boolean {
  return url.startsWith('/trpc')
}

function limiter(perSecond: number): RateLimiterMemory {
  return new RateLimiterMemory({ points: Math.max(1, perSecond * WINDOW_SECONDS), duration: WINDOW_SECONDS })
}
