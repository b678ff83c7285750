/**
 * What a program that follows a hub waits for: the hub says something, somebody puts a note into the outbox, or a time is over. A
 * hub that says nothing, such as a server of tiles, is asked from time to time all the same.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Following } from './following.ts'

/** The pause between two looks into the outbox. */
const LOOK_MS = 500
/** How long a hub that is listened to may go unasked, and the least time between two rounds. */
const LISTENING_MS = 30_000
const LEAST_MS = 100
/** The pause before listening again to a hub that said nothing: doubled each time, up to the longest. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000

export class News implements Disposable {
  readonly #following: Pick<Following, 'news' | 'hasUnsent'>
  readonly #life = new AbortController()
  #isNew = false
  #isListening = false
  #ring: () => void = () => {}

  constructor(following: Pick<Following, 'news' | 'hasUnsent'>) {
    this.#following = following
    void this.#listen()
  }

  [Symbol.dispose](): void {
    this.#life.abort()
    this.wake()
  }

  get isOver(): boolean {
    return this.#life.signal.aborted
  }

  /** Says that there is a reason for a round. */
  wake(): void {
    this.#isNew = true
    this.#ring()
  }

  /** Resolves with news, or after a time: a short one while the hub is not listened to. */
  async wait(milliseconds: number): Promise<void> {
    await sleep(LEAST_MS)
    const deadline = performance.now() + (this.#isListening ? LISTENING_MS : milliseconds)
    while (!this.#isNew && performance.now() < deadline && !(await this.#following.hasUnsent())) {
      const rung = new Promise<void>((resolve) => {
        this.#ring = resolve
      })
      await Promise.race([rung, sleep(Math.min(LOOK_MS, Math.max(1, deadline - performance.now())))])
    }
    this.#isNew = false
  }

  async #listen(): Promise<void> {
    const { signal } = this.#life
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        for await (const _ of this.#following.news(signal)) {
          pauseMs = FIRST_PAUSE_MS
          this.#isListening = true
          this.wake()
          // However much it says, it is a reason for one round; one that talks without end is kept waiting.
          await sleep(LEAST_MS)
        }
      } catch {
        // Why it cannot be heard does not matter: the next round tells whether it can be asked.
      }
      // A hub that stopped sending news may be gone: that is a reason to look as well.
      if (this.#isListening) this.wake()
      this.#isListening = false
      await sleep(pauseMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }
}
