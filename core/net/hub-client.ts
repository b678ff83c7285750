/**
 * A hub as others reach it over HTTP(S). Its log is read as c2sp.org/tlog-tiles has it, so any web server that carries the files
 * will do; notes are handed in by one call of tRPC, whose forms are in core/api/submission.ts:
 *
 *     GET <hub>/checkpoint                             text/plain
 *     GET <hub>/tile/<level>/<N>[.p/<W>]               application/octet-stream
 *     GET <hub>/tile/entries/<N>[.p/<W>]               application/octet-stream, often packed
 *     POST <hub>/trpc/transaction.submitMany           {"notes":[…],…}  →  {"result":{"data":[…]}}
 *     GET <hub>/trpc/log.sizes                         server-sent events, one whenever the log has grown
 *
 * Whoever reads verifies.
 */

import { type HubAnswer, readAnswers } from '../api/submission.ts'
import { toBase64, tryUtf8Decode, utf8 } from '../base/bytes.ts'
import { MAX_ENTRY_BYTES, MAX_NOTE_BYTES } from '../base/limits.ts'
import type { RefusalData } from '../domain/refusal.ts'
import { HASH_BYTES } from '../log/merkle.ts'
import { formatTilePath, hasEntries, TILE_WIDTH, type TilePath } from '../log/tiles.ts'
import { HubBusy, type RemoteAnswer, RemoteError, type RemoteHub, type RemoteLog } from '../sync/remote.ts'
import { type ExchangeLimits, exchange, streamParts } from './exchange.ts'
import { Turns } from './turns.ts'

export interface HubClientOptions extends Partial<ExchangeLimits> {
  /** A token from the hub's operator, for a private log. */
  readonly token?: string | undefined
  /** How often a resource is asked for when there is no answer, and the pause after the first attempt; it doubles. */
  readonly attempts?: number
  readonly pauseMs?: number
  /** Whether resources are asked for past every cache, over connections that are not used again. */
  readonly isFresh?: boolean
}

/** Longest that is waited because a hub says so: one of this program counts what an address asks over ten seconds. */
const MAX_WAIT_MS = 15_000

const DEFAULTS = { timeoutMs: 120_000, idleTimeoutMs: 15_000, attempts: 3, pauseMs: 250 }

/**
 * Resources asked for at a time, as many as browsers do: a small server that gets more connections at once than it can take
 * leaves some unanswered, and each of those costs a second.
 */
const MAX_RESOURCES_AT_ONCE = 6

/** The content types that a static server may give a checkpoint or a tile. */
const RESOURCE_TYPES: ReadonlySet<string> = new Set(['', 'text/plain', 'application/octet-stream', 'binary/octet-stream'])
const CALL_TYPES: ReadonlySet<string> = new Set(['application/json'])

const EVENT_TYPES: ReadonlySet<string> = new Set(['text/event-stream'])

const NEWLINE = 0x0a

const SUBMIT_PATH = 'trpc/transaction.submitMany'
const SIZES_PATH = 'trpc/log.sizes?input=%7B%7D'
/** A stream of events is begun anew now and then, and after a silence: a hub at rest says every few seconds that it is there. */
const STREAM_LIMITS = { timeoutMs: 3_600_000, idleTimeoutMs: 30_000 }
/**
 * An answer's bytes beside the note itself, in JSON: a proof's path, a checkpoint with its cosignatures, a refusal's sentence and
 * data.
 */
const MAX_ANSWER_BYTES = 64 * 1024

/** A hub of this program has bundles in zstd already; any other server packs with gzip, if at all. */
const HEADERS = { accept: '*/*', 'accept-encoding': 'zstd, gzip, identity', 'user-agent': 'nimledger' }

/** Past every cache; the connection is not used again, so that one which spoils answers is soon given up. */
const FRESH = { 'cache-control': 'no-cache', connection: 'close' }

/** Which resource a reader asks for. */
interface Request {
  readonly path: string
  readonly maximumBytes: number
  /** Whether nothing is missing at the end: an answer may be cut off without any sign of it in HTTP. */
  readonly isWhole: (bytes: Uint8Array) => boolean
  readonly headers?: Readonly<Record<string, string>>
}

export class HubClient implements RemoteLog, RemoteHub {
  readonly name: string
  readonly #base: URL
  readonly #given: HubClientOptions
  readonly #options: ExchangeLimits & { readonly attempts: number; readonly pauseMs: number }
  readonly #headers: Readonly<Record<string, string>>
  readonly #turns = new Turns(MAX_RESOURCES_AT_ONCE)

  /** `base` is what parseHubUrl returned. */
  constructor(base: URL, given: HubClientOptions = {}) {
    const { token, isFresh = false, ...options } = given
    this.#base = base
    this.name = base.href
    this.#given = given
    this.#options = { ...DEFAULTS, ...options }
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    this.#headers = { ...HEADERS, ...(isFresh && FRESH), ...authorization }
  }

  afresh(): HubClient {
    return new HubClient(this.#base, { ...this.#given, isFresh: true })
  }

  checkpoint(): Promise<Uint8Array> {
    const isWhole = (bytes: Uint8Array) => bytes.at(-1) === NEWLINE
    const headers = { 'cache-control': 'no-cache' }
    return this.#get({ path: 'checkpoint', maximumBytes: MAX_NOTE_BYTES, isWhole, headers })
  }

  async tile(level: number, number: number, width: number): Promise<Uint8Array> {
    const isWhole = (bytes: Uint8Array) => bytes.length >= width * HASH_BYTES
    const bytes = await this.#getTile({ level, number, width }, HASH_BYTES, isWhole)
    return bytes.subarray(0, width * HASH_BYTES)
  }

  bundle(number: number, width: number): Promise<Uint8Array> {
    return this.#getTile({ level: 'entries', number, width }, MAX_ENTRY_BYTES + 2, (bytes) => hasEntries(bytes, width))
  }

  /** One attempt: the caller tries again by itself. */
  async submit(notes: readonly Uint8Array[]): Promise<RemoteAnswer[]> {
    const url = new URL(SUBMIT_PATH, this.#base)
    const body = JSON.stringify({ notes: notes.map(toBase64), receipts: true, signRefusals: true })
    const headers = { ...this.#headers, 'content-type': 'application/json' }
    // A receipt has the entry in base64; no character of that takes more than two bytes in JSON.
    const maximumBytes = notes.reduce((sum, note) => sum + MAX_ANSWER_BYTES + 3 * note.length, 0)
    const answered = await exchange({ url, headers, body, types: CALL_TYPES, maximumBytes }, this.#options).catch(notTaken)
    const answers = readAnswers(tryUtf8Decode(answered) ?? '')
    if (answers === undefined) throw new RemoteError('offline', `What ${url.href} answered is no answer of a hub.`)
    return answers.map(remoteAnswer)
  }

  /**
   * Yields whenever the hub says something, until it no longer does: a reason to look. What it says is not read, because only the
   * log's checkpoint tells what the log has become.
   */
  async *news(signal: AbortSignal): AsyncGenerator<void> {
    const headers = { ...this.#headers, accept: 'text/event-stream' }
    const asked = { url: new URL(SIZES_PATH, this.#base), headers, types: EVENT_TYPES }
    for await (const _ of streamParts(asked, { ...STREAM_LIMITS, signal })) yield
  }

  /** The partial tiles of a size may be gone once the full one is there, which begins like them. */
  async #getTile(tile: TilePath, itemBytes: number, isWhole: Request['isWhole']): Promise<Uint8Array> {
    const request = (width: number): Request => {
      return { path: formatTilePath({ ...tile, width }), maximumBytes: width * itemBytes, isWhole }
    }
    try {
      return await this.#get(request(tile.width))
    } catch (error) {
      const isGone = error instanceof RemoteError && error.reason === 'not_found' && tile.width < TILE_WIDTH
      if (!isGone) throw error
      return this.#get(request(TILE_WIDTH)).catch(() => Promise.reject(error))
    }
  }

  async #get(request: Request): Promise<Uint8Array> {
    try {
      return await this.#turns.take(() => this.#getPatiently(request))
    } catch (error) {
      const isDenied = error instanceof RemoteError && error.reason === 'denied'
      throw isDenied ? new RemoteError('denied', `${error.message} ${this.#remedy()}`, { cause: error }) : error
    }
  }

  /** What to do when the hub does not show its log. */
  #remedy(): string {
    const takes = 'to mirror or verify it takes a read token'
    const ask = 'Ask its operator for one (nimledger access issue), and give it with --token-file or in NIMLEDGER_TOKEN.'
    if (this.#headers.authorization === undefined)
      return `The log is private: ${takes}. ${ask} An account sees its own entries without one: nimledger access sign-in.`
    const why = "It was revoked, or is over, or it is an account's own or for metrics alone"
    return `The token does not open the log. ${why}; ${takes}. ${ask}`
  }

  async #getPatiently({ path, maximumBytes, isWhole, headers }: Request): Promise<Uint8Array> {
    const { attempts, pauseMs } = this.#options
    const url = new URL(path, this.#base)
    const asked = { url, types: RESOURCE_TYPES, maximumBytes }
    for (let attempt = 1; ; attempt++) {
      try {
        const fresh = attempt > 1 && FRESH
        const bytes = await exchange({ ...asked, headers: { ...this.#headers, ...headers, ...fresh } }, this.#options)
        if (isWhole(bytes)) return bytes
        throw new RemoteError('offline', `${url.href} is cut off after ${bytes.length} bytes, by its server or on its way.`)
      } catch (error) {
        const isPassing = error instanceof RemoteError && error.reason === 'offline'
        if (!isPassing || attempt >= attempts) throw error
        const pause = pauseMs * 2 ** (attempt - 1)
        const saidMs = error instanceof HubBusy ? Math.min(error.afterMs ?? 0, MAX_WAIT_MS) : 0
        await new Promise((resolve) => setTimeout(resolve, Math.max(saidMs, pause * (0.5 + Math.random()))))
      }
    }
  }
}

/** A plain server of tiles is no hub. Whatever the reason, another attempt may succeed: the notes are kept. */
function notTaken(error: unknown): never {
  if (!(error instanceof RemoteError) || error.reason === 'offline') throw error
  const message = error.reason === 'not_found' ? `It takes no transactions: ${error.message}` : error.message
  throw new RemoteError('offline', message, { cause: error })
}

function remoteAnswer(answer: HubAnswer): RemoteAnswer {
  if (answer.status === 'failed') return answer
  if (answer.status === 'refused') {
    const { status, code, message, data, statement } = answer
    return { status, code, message, data: data as RefusalData, statement: statement === undefined ? undefined : utf8(statement) }
  }
  const { status, index, receipt } = answer
  return { status, index, receipt: receipt === undefined ? undefined : utf8(receipt) }
}
