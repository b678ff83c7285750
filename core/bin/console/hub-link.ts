/**
 * A console's link to the hub that its mirror follows, for as long as the keys are at hand:
 *
 *   connecting ──> following <──> offline       rounds go on by themselves
 *        ├───────> elsewhere                    another program follows into this folder: this one looks on, and takes over
 *        └───────> stopped                      the hub was caught, or the mirror is damaged: until somebody asks for a round
 *
 * A caller that submits asks for a round, and is told its result.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { LinkState } from '../../api/views.ts'
import { formatMilliseconds } from '../../domain/time.ts'
import { StoreError } from '../../ledger/store.ts'
import { RemoteError } from '../../sync/remote.ts'
import { type Failure, failureOf, toldToCallers } from '../failure.ts'
import { Following, type Hub, type Round, type Sending } from '../following.ts'
import { explainDenied, isDenied } from '../hub-token.ts'
import { keepUp } from '../keeping-up.ts'
import { News } from '../news.ts'

/** The pause between two looks at whether another program still follows. */
const LOOK_MS = 1_000
/** How long a caller that asked for a round waits for it. */
const ROUND_TIMEOUT_MS = 10_000

interface LinkOptions {
  readonly dir: string
  readonly hub: Hub
  /** Called whenever following begins: it may be another token then. */
  readonly token: () => string | undefined
  /** Called when something has changed: the state, or what the mirror has. */
  readonly changed: () => void
}

/** A caller that waits for a round. */
type Asking = PromiseWithResolvers<Round>

export class HubLink {
  readonly #options: LinkOptions
  readonly #life = new AbortController()
  readonly #running: Promise<void>
  #state: LinkState = { status: 'connecting' }
  #failure: Failure | undefined
  #news: News | undefined
  #wake = () => {}
  /** The callers that wait for the round under way, and for the next one. */
  #asked: readonly Asking[] = []
  #asking: Asking[] = []

  constructor(options: LinkOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  get state(): LinkState {
    return this.#state
  }

  /** Throws the reason if it stopped: nothing is signed for a hub that was caught. */
  requireGoing(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** A round that begins after this call. Throws what the round threw, and RemoteError where it takes too long. */
  async round(): Promise<Round> {
    const asking = Promise.withResolvers<Round>()
    // The caller may be gone before the round fails.
    asking.promise.catch(() => {})
    this.#asking.push(asking)
    this.#news?.wake()
    this.#wake()
    const over = new AbortController()
    const late = sleep(ROUND_TIMEOUT_MS, undefined, { signal: over.signal }).then(() => {
      throw new RemoteError('offline', `${this.#options.hub.base.href} does not answer yet.`)
    })
    try {
      return await Promise.race([asking.promise, late])
    } finally {
      over.abort()
      late.catch(() => {})
    }
  }

  /** Ends what is under way. Notes without an answer stay in the outbox. */
  async end(): Promise<void> {
    this.#life.abort()
    this.#news?.[Symbol.dispose]()
    this.#wake()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#life
    while (!signal.aborted) {
      try {
        await this.#follow()
      } catch (error) {
        if (!signal.aborted) this.#halt(error)
        this.#settle((asking) => asking.reject(error))
      }
      if (!signal.aborted && this.#asking.length === 0) await this.#rest()
    }
    this.#settle((asking) => asking.reject(new RemoteError('offline', 'The console was locked.')))
  }

  async #follow(): Promise<void> {
    const { dir, hub, token, changed } = this.#options
    const progress = (done: number, total: number) => {
      this.#state = { ...this.#state, progress: { done, total } }
      changed()
    }
    const { signal } = this.#life
    const following = await Following.open({ dir, hub, token: token(), signal, lockTimeoutMs: 0, progress })
    try {
      using news = new News(following)
      this.#news = news
      if (signal.aborted) return
      for await (const round of keepUp(following, news, () => this.#begin())) this.#end(round)
    } finally {
      this.#news = undefined
      await following.close()
    }
  }

  #begin(): Sending {
    this.#asked = this.#asking
    this.#asking = []
    return this.#asked.length > 0 ? 'now' : 'unpaused'
  }

  #end(round: Round | RemoteError): void {
    if (round instanceof RemoteError) {
      this.#become({ status: 'offline', failure: { code: 'offline', message: round.message } })
      for (const asked of this.#asked) asked.reject(round)
    } else {
      const heard = formatMilliseconds(Date.now())
      const { undelivered } = round
      this.#become({ status: 'following', heard, ...(undelivered && { undelivered: undelivered.message }) })
      for (const asked of this.#asked) asked.resolve(round)
    }
    this.#asked = []
  }

  #halt(error: unknown): void {
    if (error instanceof StoreError && error.code === 'locked') {
      this.#become({ status: 'elsewhere' })
      return
    }
    const failure = failureOf(explainDenied(error, this.#options.token()))
    this.#become({
      status: 'stopped',
      failure: toldToCallers(failure),
      ...(isDenied(error) && { needsToken: true }),
    })
    this.#failure = failure
  }

  #become(state: LinkState): void {
    const { heard } = this.#state
    this.#failure = undefined
    this.#state = { ...(heard !== undefined && { heard }), ...state }
    this.#options.changed()
  }

  #settle(tell: (asking: Asking) => void): void {
    for (const asking of [...this.#asked, ...this.#asking]) tell(asking)
    this.#asked = []
    this.#asking = []
  }

  /** Waits until a round is asked for; while another program follows, only for a short time. */
  async #rest(): Promise<void> {
    const over = new AbortController()
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    const isBeside = this.#state.status === 'elsewhere'
    await (isBeside ? Promise.race([woken, sleep(LOOK_MS, undefined, { signal: over.signal })]) : woken)
    over.abort()
    this.#wake = () => {}
  }
}
