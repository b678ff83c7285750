/**
 * One exchange with a hub over HTTP(S). An answer is trusted to be an answer and nothing more: no redirect is followed, a body is
 * read up to the length that it may have, packed and unpacked, and within a time limit; the page of some portal on the way to the
 * hub is not taken for its answer.
 */

import { HubBusy, RemoteError } from '../sync/remote.ts'
import { connectionFailure } from './connection-failure.ts'

export interface ExchangeLimits {
  /** How long a whole answer may take, and how long a pause in it may last. */
  readonly timeoutMs: number
  readonly idleTimeoutMs: number
  /** Ends it early. */
  readonly signal?: AbortSignal
}

/** What is asked for; with a body it is a POST. */
interface Exchange {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** The content types that the answer may have, without parameters. */
  readonly types: ReadonlySet<string>
  readonly maximumBytes: number
}

/** The body of the answer. Throws RemoteError. */
export async function exchange(asked: Exchange, limits: ExchangeLimits): Promise<Uint8Array> {
  const { url, maximumBytes } = asked
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of streamParts(asked, limits)) {
    bytes += part.length
    if (bytes > maximumBytes) throw new RemoteError('too_large', `${url.href} has more than ${maximumBytes} bytes.`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** The body of the answer as it comes. Leaving the loop ends the exchange. */
export async function* streamParts(
  { url, headers, body, types }: Omit<Exchange, 'maximumBytes'>,
  limits: ExchangeLimits,
): AsyncGenerator<Uint8Array> {
  const idle = new AbortController()
  const given = limits.signal === undefined ? [] : [limits.signal]
  const signal = AbortSignal.any([idle.signal, AbortSignal.timeout(limits.timeoutMs), ...given])
  const rest = () => setTimeout(() => idle.abort(new Error('it stopped answering')), limits.idleTimeoutMs)
  let timer = rest()
  try {
    const sent = body === undefined ? {} : { method: 'POST', body }
    const response = await fetch(url, { ...sent, redirect: 'manual', credentials: 'omit', headers, signal })
    checkHead(url, response, types)
    for await (const part of response.body ?? []) {
      clearTimeout(timer)
      yield part
      timer = rest()
    }
  } catch (error) {
    if (error instanceof RemoteError) throw error
    throw new RemoteError('offline', `${url.href} cannot be read: ${connectionFailure(error)}.`, { cause: error })
  } finally {
    clearTimeout(timer)
    idle.abort()
  }
}

function checkHead(url: URL, { status, headers }: Response, types: ReadonlySet<string>): void {
  if (status === 404 || status === 410) throw new RemoteError('not_found', `${url.href} is not served (${status}).`)
  if (status === 401 || status === 403) throw new RemoteError('denied', `${url.href} is not for whoever asked (${status}).`)
  if (status === 429 || status === 503)
    throw new HubBusy(`${url.href} has too much to do (${status}).`, readRetryAfter(headers.get('retry-after')))
  if (status >= 300 && status < 400)
    throw new RemoteError('offline', `${url.href} leads elsewhere, and no redirect is followed; give the address itself.`)
  if (status !== 200) throw new RemoteError('offline', `${url.href} was answered with ${status}.`)
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  if (!types.has(type))
    throw new RemoteError('offline', `${url.href} is of the type ${JSON.stringify(type)}, which no hub serves there.`)
}

/** In seconds, as hubs give it; a date is ignored. */
function readRetryAfter(text: string | null): number | undefined {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : undefined
}
