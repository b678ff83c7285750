/**
 * One reader of the ledger and its index for all calls that come while the ledger stands still: a page asks for many things at
 * once. When the ledger has grown, a reader that nobody uses any more shows the new state, since opening one costs milliseconds.
 * None is kept for long, since what the writer writes meanwhile waits for it to be closed.
 */

const LINGER_MS = 100

/** What is read from, until it is closed. */
export interface Readable {
  /** From now on it shows the ledger as it is now. Where there is no way to do that, another one is opened. */
  renew?(): Promise<void>
  close(): Promise<void>
}

interface Shared<Opened> {
  /** What tells one state of the ledger from another. */
  readonly state: unknown
  readonly opened: Promise<Opened>
  users: number
}

export class SharedReader<Opened extends Readable> {
  readonly #open: () => Promise<Opened>
  #current: Shared<Opened> | undefined
  /** The current one, and those of earlier states; none that is to be closed with its last user. */
  readonly #kept = new Set<Shared<Opened>>()

  constructor(open: () => Promise<Opened>) {
    this.#open = open
  }

  /** Reads the ledger as it is in `state`. */
  async use<T>(state: unknown, read: (opened: Opened) => Promise<T>): Promise<T> {
    if (this.#current === undefined || this.#current.state !== state) this.#current = this.#show(state)
    const shared = this.#current
    shared.users += 1
    try {
      return await read(await shared.opened)
    } finally {
      shared.users -= 1
      if (shared.users === 0) this.#rest(shared)
    }
  }

  /** Lets go of all readers, of each as soon as nobody uses it. */
  retire(): void {
    for (const shared of this.#kept) if (shared.users === 0) close(shared)
    this.#kept.clear()
    this.#current = undefined
  }

  #show(state: unknown): Shared<Opened> {
    const idle = [...this.#kept].find(({ users }) => users === 0)
    if (idle !== undefined) this.#kept.delete(idle)
    const shared = { state, opened: idle === undefined ? this.#open() : this.#renewed(idle), users: 0 }
    this.#kept.add(shared)
    return shared
  }

  async #renewed({ opened }: Shared<Opened>): Promise<Opened> {
    // One that could not be opened was told to whoever asked for it.
    const one = await opened.catch(() => undefined)
    if (one?.renew === undefined) {
      await one?.close()
      return this.#open()
    }
    try {
      await one.renew()
      return one
    } catch (error) {
      await one.close()
      throw error
    }
  }

  /** Its last user is gone. */
  #rest(shared: Shared<Opened>): void {
    if (!this.#kept.has(shared)) close(shared)
    else setTimeout(() => this.#release(shared), LINGER_MS).unref()
  }

  #release(shared: Shared<Opened>): void {
    if (shared.users > 0 || !this.#kept.delete(shared)) return
    if (shared === this.#current) this.#current = undefined
    close(shared)
  }
}

function close({ opened }: Shared<Readable>): void {
  opened.then(
    (one) => one.close(),
    () => {},
  )
}
