/**
 * Who may use the console over HTTP: the one who opened the address that it was started with. Its token is good for one visit and
 * is exchanged for a cookie, which no script can read and no other site can send.
 */

import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Fault } from './fault.ts'

const SECRET_BYTES = 32

export class Visits {
  readonly token = randomBytes(SECRET_BYTES).toString('base64url')
  readonly #secret = randomBytes(SECRET_BYTES).toString('base64url')
  readonly #port: number
  #isUsed = false

  constructor(port: number) {
    this.#port = port
  }

  /** The cookie to set for a token, once; or why nobody is let in. */
  enter(token: string, request: IncomingMessage): string | Fault {
    // A browser that prefetches links is no visitor.
    const purpose = `${request.headers['sec-purpose'] ?? ''} ${request.headers.purpose ?? ''}`
    if (/prefetch|preview/i.test(purpose)) return { status: 403, message: 'This address is not for looking ahead.' }
    if (this.#isUsed || !isSame(token, this.token)) {
      const message = 'This address was used already, or is not the right one. Start the console again for a new one.'
      return { status: 403, message }
    }
    this.#isUsed = true
    return `${this.#cookieName}=${this.#secret}; Path=/; HttpOnly; SameSite=Strict`
  }

  /** Whether a request comes from the visitor who was let in. */
  isKnown({ headers }: IncomingMessage): boolean {
    const name = `${this.#cookieName}=`
    const pair = (headers.cookie ?? '').split(/;\s*/).find((one) => one.startsWith(name))
    return this.#isUsed && pair !== undefined && isSame(pair.slice(name.length), this.#secret)
  }

  /** Cookies are shared by all ports, so two consoles on one machine need two names. */
  get #cookieName(): string {
    return `nimledger-${this.#port}`
  }
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Why a call is turned away before anything is made of it; undefined where it is let through. */
export function callFault(request: IncomingMessage, visits: Visits): Fault | undefined {
  const { headers, method } = request
  const site = headers['sec-fetch-site']
  const isForeign = headers.origin !== undefined && headers.origin !== `http://${headers.host}`
  if (isForeign || (site !== undefined && site !== 'same-origin'))
    return { status: 403, message: 'Calls come from the console itself.' }
  if (!visits.isKnown(request)) return { status: 401, message: 'Open the console with the address that it was started with.' }
  // Events are the only thing that a browser asks for by GET.
  if (method === 'GET' && headers.accept?.includes('text/event-stream')) return undefined
  if (method !== 'POST') return { status: 405, message: 'Calls are posted.' }
  // Every browser sends it with a POST.
  if (headers.origin === undefined) return { status: 403, message: 'A call says where it comes from.' }
  const type = (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
  return type === 'application/json' ? undefined : { status: 415, message: 'Calls are JSON.' }
}
