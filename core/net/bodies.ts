/**
 * The bodies of calls, read whole before anything is made of them: JSON in UTF-8, bounded in length and depth, and in the memory
 * that all bodies under way take. When that memory is full, the body that has been arriving for longest is given up: one that is
 * sent without pauses arrives in no time.
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { MAX_REQUEST_BYTES } from '../api/router.ts'
import { tryUtf8Decode } from '../base/bytes.ts'
import type { Fault } from './fault.ts'

const MAX_DEPTH = 16
/** Bytes of all bodies that are arriving or are being answered. */
const MAX_BODIES_BYTES = 64 * 1024 * 1024

interface BodiesOptions {
  readonly maximumBytes?: number
  readonly maximumBytesOfAll?: number
}

interface Arriving {
  readonly parts: Buffer[]
  bytes: number
  readonly giveUp: () => void
}

export class Bodies {
  readonly #options: Required<BodiesOptions>
  /** Those that have not arrived whole; the one that began first is at the front. */
  readonly #arriving = new Map<IncomingMessage, Arriving>()
  #bytes = 0

  constructor(options: BodiesOptions = {}) {
    this.#options = { maximumBytes: MAX_REQUEST_BYTES, maximumBytesOfAll: MAX_BODIES_BYTES, ...options }
  }

  /** A request's body, or why it is not taken. Its memory is counted until the request is answered. */
  async receive(request: IncomingMessage, response: ServerResponse): Promise<string | Fault> {
    const { headers } = request
    const type = (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
    if (type !== 'application/json') return { status: 415, message: 'Calls are JSON.' }
    if ((headers['content-encoding'] ?? 'identity') !== 'identity') return { status: 415, message: 'Calls are not packed.' }
    if (Number(headers['content-length'] ?? 0) > this.#options.maximumBytes) return this.#tooLong()
    const bytes = await this.#read(request, response)
    if (!(bytes instanceof Uint8Array)) return bytes
    const text = tryUtf8Decode(bytes)
    if (text === undefined) return { status: 400, message: 'The body is not UTF-8.' }
    return isDeep(text) ? { status: 400, message: `The body is nested deeper than ${MAX_DEPTH} levels.` } : text
  }

  #read(request: IncomingMessage, response: ServerResponse): Promise<Buffer | Fault> {
    return new Promise((resolve) => {
      const body: Arriving = { parts: [], bytes: 0, giveUp: () => done({ status: 503, message: BUSY, headers: RETRY }) }
      const done = (result: Buffer | Fault): void => {
        this.#arriving.delete(request)
        request.off('data', take)
        // The rest is not read: the refusal closes the connection.
        if (!Buffer.isBuffer(result)) request.pause()
        resolve(result)
      }
      const take = (part: Buffer): void => {
        body.bytes += part.length
        this.#bytes += part.length
        body.parts.push(part)
        if (body.bytes > this.#options.maximumBytes) done(this.#tooLong())
        else this.#makeRoom(body)
      }
      this.#arriving.set(request, body)
      request.on('data', take)
      request.on('end', () => done(Buffer.concat(body.parts)))
      // Cut off: nobody reads the answer.
      request.on('close', () => done({ status: 400, message: 'The body is cut off.' }))
      response.on('close', () => {
        this.#bytes -= body.bytes
      })
    })
  }

  #makeRoom(newest: Arriving): void {
    if (this.#bytes <= this.#options.maximumBytesOfAll) return
    const oldest = this.#arriving.values().next().value
    ;(oldest ?? newest).giveUp()
  }

  #tooLong(): Fault {
    return { status: 413, message: `A call has at most ${this.#options.maximumBytes} bytes.` }
  }
}

const BUSY = 'Too much is being sent at once: try again.'
const RETRY = { 'retry-after': '1' }

/** Whether arrays and objects are nested too deep; brackets in texts do not count. */
function isDeep(json: string): boolean {
  let depth = 0
  let isText = false
  for (let i = 0; i < json.length; i++) {
    const character = json.charCodeAt(i)
    if (isText) {
      if (character === 0x5c) i++
      else if (character === 0x22) isText = false
    } else if (character === 0x22) isText = true
    else if (character === 0x5b || character === 0x7b) {
      depth += 1
      if (depth > MAX_DEPTH) return true
    } else if (character === 0x5d || character === 0x7d) depth -= 1
  }
  return false
}
