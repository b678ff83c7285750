/**
 * One reader of the ledger and its index for all calls that come while the ledger stands still: opening one costs milliseconds,
 * and a page asks for many things at once. None is kept for long, since what the writer writes meanwhile waits for it to be
 * closed.
 */

const LINGER_MS = 100

/** What is read from, until it is closed. */
interface Closable {
  close(): Promise<void>
}

interface Shared<Opened> {
  /** What tells one state of the ledger from another. */
  readonly state: unknown
  readonly opened: Promise<Opened>
  users: number
  isRetired: boolean
}

export class SharedReader<Opened extends Closable> {
  readonly #open: () => Promise<Opened>
  #current: Shared<Opened> | undefined

  constructor(open: () => Promise<Opened>) {
    this.#open = open
  }

  /** Reads the ledger as it is in `state`. */
  async use<T>(state: unknown, read: (opened: Opened) => Promise<T>): Promise<T> {
    if (this.#current === undefined || this.#current.state !== state) this.retire()
    this.#current ??= { state, opened: this.#open(), users: 0, isRetired: false }
    const shared = this.#current
    shared.users += 1
    try {
      return await read(await shared.opened)
    } finally {
      shared.users -= 1
      if (shared.isRetired) close(shared)
      else setTimeout(() => this.#release(shared), LINGER_MS).unref()
    }
  }

  /** Lets go of the reader as soon as nobody uses it. */
  retire(): void {
    const shared = this.#current
    this.#current = undefined
    if (shared === undefined) return
    shared.isRetired = true
    close(shared)
  }

  #release(shared: Shared<Opened>): void {
    if (shared === this.#current && shared.users === 0) this.retire()
  }
}

/** Closes a retired reader with its last user. */
function close({ opened, users }: Shared<Closable>): void {
  // One that could not be opened was told to whoever asked for it.
  if (users === 0)
    opened.then(
      (one) => one.close(),
      () => {},
    )
}
