/** The ledger that a console writes to by itself: it tells when it grew, and counts what comes in, for whoever runs it. */

import type { Failure } from '../../api/failures.ts'
import type { Refusal } from '../../domain/refusal.ts'
import type { StateSummary } from '../../domain/state-root.ts'
import type { Milliseconds, Seconds } from '../../domain/time.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import { NotTaken } from '../../ledger/admission.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { StoreReader } from '../../ledger/store.ts'
import { HubMetrics } from '../../net/hub-metrics.ts'
import { failureOf, toldToCallers } from '../failure.ts'
import { Monitor } from '../monitor/monitor.ts'
import { observed } from '../monitor/observer.ts'
import { freeBytes } from '../monitor/storage.ts'
import { note } from '../output.ts'
import type { Sequencer } from '../sequencer.ts'
import type { LedgerPlace } from './opened.ts'

export class WatchedLedger implements Sequencer {
  readonly monitor: Monitor
  readonly #ledger: Ledger
  readonly #metrics: HubMetrics
  readonly #grown: (size: number) => void
  /** Why the sequencer ended: only when the ledger is opened anew is it known what was written. */
  #failure: Failure | undefined

  constructor(ledger: Ledger, { dir, version }: Pick<LedgerPlace, 'dir' | 'version'>, grown: (size: number) => void) {
    this.#ledger = ledger
    this.#grown = grown
    this.#metrics = new HubMetrics({
      size: () => this.size,
      isUp: () => this.#failure === undefined,
      lastEntryTime: () => this.lastTime / 1000,
      freeBytes: () => freeBytes(dir),
    })
    this.monitor = new Monitor({
      program: 'console',
      version,
      dir,
      metrics: this.#metrics,
      ledger: this,
      schedulerOff: () => 'a console renews and closes nothing by itself',
      failed: (error) => note(`The figures cannot be read: ${failureOf(error).message}`),
    })
  }

  get size(): number {
    return this.#ledger.size
  }

  get lastTime(): Milliseconds {
    return this.#ledger.lastTime
  }

  get reader(): StoreReader {
    return this.#ledger.reader
  }

  get published(): Uint8Array | undefined {
    return this.#ledger.checkpoint
  }

  get failure(): Failure | undefined {
    return this.#failure
  }

  summary(time: Seconds): Promise<StateSummary> {
    return this.#ledger.summary(time)
  }

  async submit(note: Uint8Array): Promise<Accepted | Refusal> {
    try {
      const answer = await observed(this.#ledger.submit(note), this.#metrics, explain)
      if (answer.status === 'accepted' && answer.repeated === undefined) {
        this.monitor.grew(this.size)
        this.#grown(this.size)
      }
      return answer
    } catch (error) {
      if (!(error instanceof NotTaken)) this.#failure ??= explain(error)
      throw error
    }
  }

  close(): Promise<void> {
    return this.#ledger.close()
  }
}

function explain(error: unknown): Failure {
  return toldToCallers(failureOf(error))
}
