/**
 * A network that misbehaves: an HTTP proxy in this process between one client and a hub, which draws from a seed what becomes of
 * each message. A proxy for each client, so that what happens to one does not depend on how fast another is.
 *
 *   on the way there
 *     lost         the connection is cut before the hub sees anything
 *     half         half of the body reaches the hub, then both sides are cut
 *     late         the client is cut; the hub gets the message after some that were sent later
 *     twice        the hub gets it two times at once, and the client one of the answers
 *     again        the hub gets it, and once more after some that were sent later
 *     held         it waits for the next message, or a moment, and so is overtaken by it
 *   on the way back
 *     unanswered   the hub has answered; the client is cut
 *     half-answer  the client gets the head and half of the body, and is cut
 *     shortened    the client gets half of the body, as if that were all
 *     stalled      the client gets half of the body, and then nothing more
 *     gateway      the client gets what a gateway says in place of the answer
 *     portal       the client gets a page of some portal, with status 200
 *     slow         the client gets the answer after a while
 *
 * A stream of events meets faults of its own: somewhere, mostly within an event, it is cut or falls silent. When that is, depends
 * on what else goes on; so it is drawn apart, and the faults of messages are the same each time.
 */

import type { ServerResponse } from 'node:http'
import { type ClientRequest, createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../model/random.ts'

const FAULTS = {
  ...{ lost: 3, half: 2, late: 3, twice: 3, again: 3, held: 4 },
  ...{ unanswered: 4, 'half-answer': 3, shortened: 2, stalled: 1, gateway: 2, portal: 1, slow: 4 },
} as const

const EVENTS = 'text/event-stream'

export type Fault = keyof typeof FAULTS

/** How often a message meets a fault at all. */
const FAULT_CHANCE = 0.35
/** How long what is slow or held waits at most. */
const MOMENT_MS = 15
/** Before which of the messages that follow a late one is delivered, at the latest. */
const MAX_OVERTAKING = 6
/** What gets through of a stream of events at most, and how often it then falls silent rather than being cut. */
const MAX_STREAM_BYTES = 20_000
const SILENCE_CHANCE = 0.2
const MAX_BODY_BYTES = 64 * 1024 * 1024

/** A request, read to its end. */
interface Message {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export class FaultProxy {
  /** How often each fault was met. */
  readonly met = new Map<Fault | 'pass', number>()
  /** Without faults for a while: what is sent arrives. */
  isCalm = false
  /** Nobody gets through. */
  isParted = false
  readonly #random: Random
  readonly #streams: Random
  readonly #target: () => string | undefined
  readonly #server: Server
  readonly #late: { after: number; message: Message }[] = []
  readonly #delivering = new Set<Promise<unknown>>()
  readonly #upstreams = new Set<ClientRequest>()
  #passing: (() => void)[] = []

  private constructor(seed: number, target: () => string | undefined) {
    this.#random = new Random(seed)
    this.#streams = new Random(seed)
    this.#target = target
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  /** `target` is where the hub is now, such as "http://127.0.0.1:4747"; undefined while it is down. */
  static async start(seed: number, target: () => string | undefined): Promise<FaultProxy> {
    const proxy = new FaultProxy(seed, target)
    await new Promise<void>((ready) => proxy.#server.listen(0, '127.0.0.1', ready))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Delivers what is late still, as a network may at any time, and waits until the hub has answered it to nobody. */
  async settle(): Promise<void> {
    for (const { message } of this.#late.splice(0)) this.#deliver(message)
    await Promise.all(this.#delivering)
  }

  /** The hub is gone in the middle of whatever it was doing: every connection to it ends. */
  cut(): void {
    for (const upstream of this.#upstreams) upstream.destroy()
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done))
    this.#server.closeAllConnections()
    await Promise.all([closed, ...this.#delivering])
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const cut = () => void response.destroy()
    response.on('error', cut)
    if (this.isParted) return cut()
    if (incoming.headers.accept === EVENTS) return this.#stream(incoming, response)
    const message = await readMessage(incoming).catch(() => undefined)
    if (message === undefined) return cut()
    const fault = this.#draw()
    this.met.set(fault, (this.met.get(fault) ?? 0) + 1)
    for (const overtaken of this.#passing.splice(0)) overtaken()
    this.#deliverDue()
    if (fault === 'lost') return cut()
    if (fault === 'gateway') return say(response, 502, 'text/html', '<h1>502 Bad Gateway</h1>')
    if (fault === 'portal') return say(response, 200, 'text/html; charset=utf-8', '<h1>Welcome to our free network</h1>')
    if (fault === 'half') {
      await this.#sendHalf(message)
      return cut()
    }
    if (fault === 'late' || fault === 'again') {
      this.#late.push({ after: this.#random.int(1, MAX_OVERTAKING), message })
      if (fault === 'late') return cut()
    }
    if (fault === 'held') await Promise.race([new Promise<void>((pass) => this.#passing.push(pass)), sleep(MOMENT_MS)])
    await this.#pass(message, fault, response)
  }

  async #stream({ method, url, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const upstream = this.#send({ method: method!, path: url!, headers, body: Buffer.alloc(0) })
    if (upstream === undefined) return void response.destroy()
    response.on('close', () => upstream.destroy())
    let left = this.isCalm ? Number.POSITIVE_INFINITY : this.#streams.int(0, MAX_STREAM_BYTES)
    const fallsSilent = this.#streams.chance(SILENCE_CHANCE)
    try {
      const head = await headOf(upstream)
      response.writeHead(head.statusCode!, { 'content-type': head.headers['content-type'] }).flushHeaders()
      for await (const part of head as AsyncIterable<Buffer>) {
        if (this.isParted) break
        response.write(part.subarray(0, left))
        left -= part.length
        if (left <= 0) break
      }
    } catch {
      // The hub is gone; what got through, got through.
    }
    if (!fallsSilent || left > 0) response.socket?.destroySoon()
  }

  #draw(): Fault | 'pass' {
    if (this.isCalm || !this.#random.chance(FAULT_CHANCE)) return 'pass'
    return this.#random.weighted(FAULTS)
  }

  /** Forwards what got through, and hands back the answer as far as the fault lets it. */
  async #pass(message: Message, fault: Fault | 'pass', response: ServerResponse): Promise<void> {
    const upstream = this.#send(message)
    if (upstream === undefined) return void response.destroy()
    response.on('close', () => upstream.destroy())
    try {
      const first = await headOf(upstream)
      const answers = [readAnswer(first), ...(fault === 'twice' ? [this.#deliver(message)] : [])]
      const given = await Promise.all(answers)
      await this.#answer(given.at(-1) ?? given[0]!, fault, response)
    } catch {
      response.destroy()
    }
  }

  async #answer({ status, headers, body }: Answer, fault: Fault | 'pass', response: ServerResponse): Promise<void> {
    if (fault === 'unanswered') return void response.destroy()
    if (fault === 'slow') await sleep(this.#random.int(1, MOMENT_MS))
    const { connection: _, 'keep-alive': _kept, 'transfer-encoding': _coded, ...kept } = headers
    const half = body.subarray(0, body.length >> 1)
    const told = fault === 'shortened' ? half : body
    response.writeHead(status, { ...kept, 'content-length': String(told.length) })
    if (fault !== 'half-answer' && fault !== 'stalled') return void response.end(told)
    response.write(half)
    if (fault === 'half-answer') response.socket?.destroySoon()
  }

  #deliverDue(): void {
    const due = this.#late.filter((one) => --one.after <= 0)
    for (const one of due) {
      this.#late.splice(this.#late.indexOf(one), 1)
      this.#deliver(one.message)
    }
  }

  /** Gives the hub a message whose answer nobody may be waiting for any more. */
  #deliver(message: Message): Promise<Answer | undefined> {
    const upstream = this.#send(message)
    const answered = Promise.resolve(upstream && headOf(upstream))
      .then((head) => {
        return head === undefined ? undefined : readAnswer(head)
      })
      .catch(() => undefined)
    this.#delivering.add(answered)
    void answered.then(() => this.#delivering.delete(answered))
    return answered
  }

  async #sendHalf(message: Message): Promise<void> {
    const upstream = this.#open(message)
    if (upstream === undefined) return
    const ended = new Promise<void>((done) => upstream.once('close', () => done()))
    upstream.flushHeaders()
    upstream.write(message.body.subarray(0, message.body.length >> 1), () => setImmediate(() => upstream.destroy()))
    await ended
  }

  #send(message: Message): ClientRequest | undefined {
    return this.#open(message)?.end(message.body)
  }

  #open({ method, path, headers, body }: Message): ClientRequest | undefined {
    const target = this.#target()
    if (target === undefined) return undefined
    const { connection: _, 'transfer-encoding': _coded, host: _host, ...kept } = headers
    const given = body.length > 0 ? { 'content-length': String(body.length) } : {}
    const upstream = httpRequest(new URL(path, target), { method, headers: { ...kept, ...given }, agent: false })
    this.#upstreams.add(upstream)
    upstream.on('error', () => {})
    upstream.on('close', () => this.#upstreams.delete(upstream))
    return upstream
  }
}

async function readMessage(request: IncomingMessage): Promise<Message> {
  const { method, url, headers } = request
  return { method: method!, path: url!, headers, body: await readBody(request) }
}

async function readAnswer(head: IncomingMessage): Promise<Answer> {
  return { status: head.statusCode!, headers: head.headers, body: await readBody(head) }
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of message) {
    bytes += (part as Buffer).length
    if (bytes > MAX_BODY_BYTES) throw new Error('The body is larger than any that is sent here.')
    parts.push(part as Buffer)
  }
  return Buffer.concat(parts)
}

function headOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.once('error', reject)
    request.once('close', () => reject(new Error('The hub ended before it answered.')))
  })
}

function say(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body)
}
