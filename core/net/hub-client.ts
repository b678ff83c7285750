/**
 * A hub as others reach it over HTTP(S). Its log is read as c2sp.org/tlog-tiles has it, so any web server that carries the files
 * will do:
 *
 *     GET <hub>/checkpoint                          text/plain
 *     GET <hub>/tile/<level>/<N>[.p/<W>]            application/octet-stream
 *     GET <hub>/tile/entries/<N>[.p/<W>]            application/octet-stream, often with gzip
 *
 * Nothing of an answer is trusted but that it is an answer: no redirect is followed, a body is read up to what it may have and no
 * further, unpacked or not, and within a time; a page of some portal between here and the hub is no log. Whoever reads verifies.
 */

import { MAX_ENTRY_BYTES, MAX_NOTE_BYTES } from '../base/limits.ts'
import { HASH_BYTES } from '../log/merkle.ts'
import { formatTilePath, TILE_WIDTH, type TilePath } from '../log/tiles.ts'
import { RemoteError, type RemoteLog } from '../sync/remote.ts'

export interface HubClientOptions {
  /** What the hub's operator gave to those who may read a private log. */
  readonly token?: string | undefined
  /** How long a whole answer may take, and how long a pause in it may last. */
  readonly timeoutMs?: number
  readonly idleTimeoutMs?: number
  /** How often a resource is asked for where nobody answers, and the pause after the first time; it doubles. */
  readonly attempts?: number
  readonly pauseMs?: number
}

const DEFAULTS = { timeoutMs: 120_000, idleTimeoutMs: 15_000, attempts: 3, pauseMs: 250 }

/** What a static server may call a checkpoint or a tile. */
const TYPES: ReadonlySet<string> = new Set(['', 'text/plain', 'application/octet-stream', 'binary/octet-stream'])

const HEADERS = { accept: '*/*', 'accept-encoding': 'gzip, identity', 'user-agent': 'nimledger' }

/** Whether `text` may be a token: it goes into a header as it is. */
export function isToken(text: string): boolean {
  return /^[!-~]{1,512}$/.test(text)
}

/** Whom a reader asks, and how. */
interface Request {
  readonly path: string
  readonly maximumBytes: number
  readonly headers?: Readonly<Record<string, string>>
}

export class HubClient implements RemoteLog {
  readonly name: string
  readonly #base: URL
  readonly #options: Required<Omit<HubClientOptions, 'token'>>
  readonly #authorization: Readonly<Record<string, string>>

  /** `base` is what parseHubUrl returned. */
  constructor(base: URL, { token, ...options }: HubClientOptions = {}) {
    this.#base = base
    this.name = base.href
    this.#options = { ...DEFAULTS, ...options }
    this.#authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  }

  checkpoint(): Promise<Uint8Array> {
    return this.#get({ path: 'checkpoint', maximumBytes: MAX_NOTE_BYTES, headers: { 'cache-control': 'no-cache' } })
  }

  async tile(level: number, number: number, width: number): Promise<Uint8Array> {
    const bytes = await this.#getTile({ level, number, width }, HASH_BYTES)
    return bytes.subarray(0, width * HASH_BYTES)
  }

  bundle(number: number, width: number): Promise<Uint8Array> {
    return this.#getTile({ level: 'entries', number, width }, MAX_ENTRY_BYTES + 2)
  }

  /** The partial tiles of a size may be gone once there is the full one, which begins like them. */
  async #getTile(tile: TilePath, itemBytes: number): Promise<Uint8Array> {
    const request = (width: number): Request => ({ path: formatTilePath({ ...tile, width }), maximumBytes: width * itemBytes })
    try {
      return await this.#get(request(tile.width))
    } catch (error) {
      const isGone = error instanceof RemoteError && error.reason === 'not_found' && tile.width < TILE_WIDTH
      if (!isGone) throw error
      return this.#get(request(TILE_WIDTH)).catch(() => Promise.reject(error))
    }
  }

  async #get(request: Request): Promise<Uint8Array> {
    const { attempts, pauseMs } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#getOnce(request)
      } catch (error) {
        const isPassing = error instanceof RemoteError && error.reason === 'offline'
        if (!isPassing || attempt >= attempts) throw error
        const pause = pauseMs * 2 ** (attempt - 1)
        await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())))
      }
    }
  }

  async #getOnce({ path, maximumBytes, headers }: Request): Promise<Uint8Array> {
    const url = new URL(path, this.#base)
    const { timeoutMs, idleTimeoutMs } = this.#options
    const idle = new AbortController()
    const signal = AbortSignal.any([idle.signal, AbortSignal.timeout(timeoutMs)])
    const rest = () => setTimeout(() => idle.abort(new Error('it stopped answering')), idleTimeoutMs)
    let timer = rest()
    try {
      const response = await fetch(url, {
        redirect: 'manual',
        credentials: 'omit',
        headers: { ...HEADERS, ...this.#authorization, ...headers },
        signal,
      })
      checkHead(url, response)
      const parts: Uint8Array[] = []
      let bytes = 0
      for await (const part of response.body ?? []) {
        clearTimeout(timer)
        timer = rest()
        bytes += part.length
        if (bytes > maximumBytes) throw new RemoteError('too_large', `${url.href} has more than ${maximumBytes} bytes.`)
        parts.push(part)
      }
      return Buffer.concat(parts)
    } catch (error) {
      if (error instanceof RemoteError) throw error
      throw new RemoteError('offline', `${url.href} cannot be read: ${reasonOf(error)}.`, { cause: error })
    } finally {
      clearTimeout(timer)
      idle.abort()
    }
  }
}

function checkHead(url: URL, { status, headers }: Response): void {
  if (status === 404 || status === 410) throw new RemoteError('not_found', `${url.href} is not served (${status}).`)
  if (status === 401 || status === 403)
    throw new RemoteError('offline', `${url.href} is only for those with a read token of its operator (${status}).`)
  if (status >= 300 && status < 400)
    throw new RemoteError('offline', `${url.href} leads elsewhere, and no redirect is followed; give the address itself.`)
  if (status !== 200) throw new RemoteError('offline', `${url.href} was answered with ${status}.`)
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  if (!TYPES.has(type))
    throw new RemoteError('offline', `${url.href} is of the type ${JSON.stringify(type)}, which no log serves.`)
}

/** What fetch says is general; what it rests on is not. */
function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error
  if (name === 'TimeoutError') return 'it took too long'
  const said = cause instanceof Error && cause.message !== '' ? cause.message : message
  return said.replace(/[^ -~]/g, '?').replace(/\.$/, '')
}
