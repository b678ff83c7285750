/** Clients over HTTP that cost as little as possible, so that it is the server that is measured. */

import { Agent, type ClientRequest, request } from 'node:http'
import { rounded } from './figure.ts'

export interface Load {
  readonly seconds: number
  /** Milliseconds of each call. */
  readonly waits: readonly number[]
}

/** Connections that are kept, each with one call under way at a time. */
export class Lanes {
  readonly #agent: Agent
  readonly #count: number

  constructor(count: number) {
    this.#count = count
    this.#agent = new Agent({ keepAlive: true, maxSockets: count })
  }

  /** Posts each body once, the next one as soon as a lane is free. */
  async run(url: URL, bodies: readonly string[], check: (answer: string) => void = () => {}): Promise<Load> {
    const waits: number[] = []
    let next = 0
    const lane = async () => {
      while (next < bodies.length) {
        const body = bodies[next++]!
        const started = performance.now()
        const answer = await this.#post(url, body)
        waits.push(performance.now() - started)
        check(answer)
      }
    }
    const started = performance.now()
    await Promise.all(Array.from({ length: this.#count }, lane))
    return { seconds: (performance.now() - started) / 1000, waits }
  }

  close(): void {
    this.#agent.destroy()
  }

  #post(url: URL, body: string): Promise<string> {
    const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
    return new Promise((resolve, reject) => {
      const posted = request(url, { method: 'POST', agent: this.#agent, headers }, (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('error', reject)
        answer.on('end', () => resolve(Buffer.concat(parts).toString('utf8')))
      })
      posted.on('error', reject)
      posted.end(body)
    })
  }
}

/** How an event with an id ends; one that only keeps a stream alive has no id. */
const EVENT = '\nid: '

/** Streams of events; how many have come is known for each. */
export class Watchers {
  readonly #requests: ClientRequest[] = []
  readonly #seen: number[] = []
  #wake = () => {}
  #last = ''

  static async open(url: URL, count: number): Promise<Watchers> {
    const watchers = new Watchers()
    await Promise.all(Array.from({ length: count }, (_, number) => watchers.#open(url, number)))
    return watchers
  }

  /** The text of the last event on the first stream. */
  get last(): string {
    return this.#last
  }

  /** Seconds until every stream has had so many more events. */
  async until(events: number, work: () => Promise<unknown>): Promise<number> {
    const wanted = this.#seen.map((seen) => seen + events)
    const started = performance.now()
    const working = work()
    // A failure of the work ends the waiting; its success does not.
    const failed = working.then(() => new Promise<never>(() => {}))
    while (!wanted.every((count, number) => this.#seen[number]! >= count)) await Promise.race([this.#news(), failed])
    const seconds = (performance.now() - started) / 1000
    await working
    return seconds
  }

  /** Milliseconds from the beginning of each piece of work to its event, on each stream. */
  async each<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<number[]> {
    const waits: number[] = []
    for (const item of items) {
      const started = performance.now()
      const before = [...this.#seen]
      const came = new Set<number>()
      const working = work(item)
      while (came.size < before.length) {
        for (const [number, seen] of this.#seen.entries()) {
          if (came.has(number) || seen <= before[number]!) continue
          came.add(number)
          waits.push(performance.now() - started)
        }
        if (came.size < before.length) await this.#news()
      }
      await working
    }
    return waits
  }

  close(): void {
    for (const one of this.#requests) one.destroy()
  }

  /** Resolves when an event comes on any stream. */
  #news(): Promise<void> {
    return new Promise((wake) => {
      this.#wake = wake
    })
  }

  #open(url: URL, number: number): Promise<void> {
    this.#seen[number] = 0
    return new Promise((resolve, reject) => {
      const asked = request(url, { agent: false }, (stream) => {
        let tail = ''
        stream.setEncoding('utf8')
        stream.on('error', () => {})
        stream.on('data', (part: string) => {
          const text = tail + part
          const count = text.split(EVENT).length - 1
          tail = text.slice(-(EVENT.length - 1))
          if (count === 0) return
          this.#seen[number]! += count
          if (number === 0) this.#last = /data: (.*)/.exec(part)?.[1] ?? this.#last
          this.#wake()
        })
        resolve()
      })
      this.#requests.push(asked)
      asked.on('error', reject)
      asked.end()
    })
  }
}

export function percentiles(waits: readonly number[]): { readonly p50Ms: number; readonly p99Ms: number } {
  const sorted = Float64Array.from(waits).sort()
  const at = (part: number) => rounded(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0, 2)
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}
