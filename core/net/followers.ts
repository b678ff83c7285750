/**
 * Who follows the log, as far as its requests tell: mirrors and auditors read bundles of entries, watchers are sent events. One
 * follower is one program at one address, or with one token; those behind one proxy that is not named are one. How far somebody
 * is can be told once something of the log was read; whoever asks for the checkpoint alone may have everything, or nothing.
 */

import type { ServerResponse } from 'node:http'
import { type HubFollower, MAX_SHOWN_FOLLOWERS } from '../api/hub-view.ts'
import { formatMilliseconds, type Milliseconds } from '../domain/time.ts'

/** Most that are kept of those who do not listen, and for how long after their last request. */
const MAX_KEPT = 500
const KEPT_MS = 3_600_000
const MAX_PROGRAM_CHARACTERS = 80

/** Whom a request is from. */
interface Reader {
  readonly address: string
  /** What the program calls itself; its sender wrote it. */
  readonly program: string
  /** The read token's name, or the account that signed in. */
  readonly name?: string | undefined
}

export class Follower {
  readonly reader: Reader
  readonly since: Milliseconds
  seen: Milliseconds
  streams = 0
  #told: number | undefined
  #read: number | undefined

  constructor(reader: Reader, now: Milliseconds) {
    this.reader = reader
    this.since = now
    this.seen = now
  }

  /** It was told that there are so many entries. */
  tell(entries: number): void {
    this.#told = Math.max(this.#told ?? 0, entries)
  }

  /** It has read so many entries, or began at one of them and has all up to it. */
  show(entries: number): void {
    this.tell(entries)
    this.#read = Math.max(this.#read ?? 0, entries)
  }

  /** Counts a stream of events until it ends. */
  watches(response: ServerResponse): void {
    this.streams += 1
    response.on('close', () => (this.streams -= 1))
  }

  /** Whoever listens is there now. */
  view(now: Milliseconds): HubFollower {
    const { address, program, name } = this.reader
    return {
      address,
      program,
      ...(name !== undefined && { name }),
      since: formatMilliseconds(this.since),
      seen: formatMilliseconds(this.streams > 0 ? now : this.seen),
      streams: this.streams,
      ...(this.#told !== undefined && { told: this.#told }),
      ...(this.#read !== undefined && { read: this.#read }),
    }
  }
}

export class Followers {
  readonly #now: () => Milliseconds
  /** The one that was seen last is the last. */
  readonly #kept = new Map<string, Follower>()

  constructor(now: () => Milliseconds) {
    this.#now = now
  }

  /** The follower that a request is from. */
  of({ address, program, name }: Reader): Follower {
    const now = this.#now()
    const shown = program.replace(/[^ -~]/g, '?').slice(0, MAX_PROGRAM_CHARACTERS)
    const key = JSON.stringify([address, shown, name])
    const follower = this.#kept.get(key) ?? new Follower({ address, program: shown, name }, now)
    follower.seen = now
    this.#kept.delete(key)
    this.#kept.set(key, follower)
    this.#forget()
    return follower
  }

  /** Those who listen first, then those who were here last. */
  get views(): HubFollower[] {
    this.#forget()
    const now = this.#now()
    const newest = [...this.#kept.values()].reverse()
    const listening = newest.filter(({ streams }) => streams > 0)
    const others = newest.filter(({ streams }) => streams === 0)
    return [...listening, ...others].slice(0, MAX_SHOWN_FOLLOWERS).map((one) => one.view(now))
  }

  /** Those who listen stay, and are as many as there are connections; of the others those go that were here first. */
  #forget(): void {
    const until = this.#now() - KEPT_MS
    for (const [key, { seen, streams }] of this.#kept) {
      if (streams > 0) continue
      if (seen >= until && this.#kept.size <= MAX_KEPT) return
      this.#kept.delete(key)
    }
  }
}
