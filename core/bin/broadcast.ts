/**
 * One speaker, any number of listeners; each hears what is said while it listens, and one that is slow loses the oldest messages
 * first.
 */

const MAX_WAITING = 100

export class Broadcast<Message> {
  readonly #listeners = new Set<(message: Message) => void>()

  say(message: Message): void {
    for (const hear of this.#listeners) hear(message)
  }

  /** Everything said from now on, until the signal. */
  async *listen(signal: AbortSignal): AsyncGenerator<Message> {
    const waiting: Message[] = []
    let wake = () => {}
    const hear = (message: Message) => {
      waiting.push(message)
      if (waiting.length > MAX_WAITING) waiting.shift()
      wake()
    }
    const stop = () => wake()
    this.#listeners.add(hear)
    signal.addEventListener('abort', stop)
    try {
      while (!signal.aborted) {
        const message = waiting.shift()
        if (message !== undefined) yield message
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    } finally {
      this.#listeners.delete(hear)
      signal.removeEventListener('abort', stop)
    }
  }
}
