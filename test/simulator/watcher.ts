/**
 * Somebody who watches the log's live events, as any program does that speaks the hub's server-sent events: whenever the stream
 * ends or falls silent, it is opened anew with the id of the last event that came whole.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

/** How long a silence may last before the stream is taken for dead, and the pause before the next one. */
const SILENCE_MS = 400
const PAUSE_MS = 10

const entryForm = z.object({ index: z.int(), id: z.string() })

export class Watcher {
  /** The transactions of the entries after the genesis, as they came. */
  readonly seen: string[] = []
  /** How often a stream was opened. */
  streams = 0
  readonly #url: string
  readonly #life = new AbortController()
  readonly #watching: Promise<void>
  #failure: Error | undefined

  constructor(url: string) {
    this.#url = url
    this.#watching = this.#watch()
  }

  /** Ends it; throws where an event came that should not have. */
  async close(): Promise<void> {
    this.#life.abort()
    await this.#watching
    this.check()
  }

  /** Throws where an event was missing or came twice. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  async #watch(): Promise<void> {
    while (!this.#life.signal.aborted && this.#failure === undefined) {
      this.streams += 1
      await this.#stream().catch(() => {})
      await sleep(PAUSE_MS)
    }
  }

  /** One stream, to whatever end it comes. */
  async #stream(): Promise<void> {
    const silence = new AbortController()
    const input = JSON.stringify({ lastEventId: String(this.seen.length) })
    const url = `${this.#url}/trpc/log.watch?input=${encodeURIComponent(input)}`
    const signal = AbortSignal.any([this.#life.signal, silence.signal])
    const response = await fetch(url, { headers: { accept: 'text/event-stream' }, signal })
    if (response.status !== 200 || response.body === null) return
    let text = ''
    let timer = setTimeout(() => silence.abort(), SILENCE_MS)
    try {
      for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
        clearTimeout(timer)
        timer = setTimeout(() => silence.abort(), SILENCE_MS)
        const events = (text + part).split('\n\n')
        text = events.pop()!
        for (const event of events) this.#take(event)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** An event that came whole; what has no id is no entry. */
  #take(event: string): void {
    const id = /^id: (\d+)$/m.exec(event)?.[1]
    const data = /^data: (.*)$/m.exec(event)?.[1]
    if (id === undefined || data === undefined || this.#failure !== undefined) return
    const entry = entryForm.parse(JSON.parse(data))
    if (entry.index === Number(id) && entry.index === this.seen.length + 1) this.seen.push(entry.id)
    else this.#failure = new Error(`The event ${id} is of entry ${entry.index}, where ${this.seen.length + 1} is the next.`)
  }
}
