/**
 * Watches a sequencer for whoever runs it: a hub, or a console that writes by itself. Everything is kept in memory, within
 * bounds, and begins anew with the program.
 */

import type { Failure } from '../../api/failures.ts'
import type { HubView, HubWitness } from '../../api/hub-view.ts'
import { MAX_QUEUED_NOTES } from '../../base/limits.ts'
import { formatMilliseconds, type Milliseconds } from '../../domain/time.ts'
import { readCheckpoint } from '../../log/checkpoint.ts'
import { type Figures, readFigures } from '../../net/figures.ts'
import type { Followers } from '../../net/followers.ts'
import type { HubMetrics } from '../../net/hub-metrics.ts'
import type { Cosigning } from '../../sync/cosigning.ts'
import { Alerts, SAMPLE_MS } from './alerts.ts'
import { Pace } from './pace.ts'
import { storageOf } from './storage.ts'

/** The ledger as it is at any time. */
interface Watched {
  readonly size: number
  readonly lastTime: Milliseconds
  readonly failure: Failure | undefined
  readonly published: Uint8Array | undefined
}

interface MonitorOptions {
  readonly program: HubView['program']
  readonly version: string
  readonly dir: string
  readonly metrics: Pick<HubMetrics, 'registry'>
  readonly ledger: Watched
  /** Why nothing is renewed and closed by itself; undefined where it is. */
  readonly schedulerOff: () => string | undefined
  readonly followers?: Pick<Followers, 'views'>
  readonly cosigning?: (() => Pick<Cosigning, 'witnesses'> | undefined) | undefined
  /** Where it listens, and to whom. */
  readonly server?: () => Required<Pick<HubView, 'listening' | 'access'>>
  /** Told when the figures cannot be read. */
  readonly failed: (error: unknown) => void
}

export class Monitor {
  readonly #options: MonitorOptions
  readonly #started = Date.now()
  readonly #pace = new Pace()
  readonly #alerts = new Alerts()
  readonly #timer: NodeJS.Timeout
  #size: number

  constructor(options: MonitorOptions) {
    this.#options = options
    this.#size = options.ledger.size
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS).unref()
    this.#sample()
  }

  /** The log has this many entries now. */
  grew(size: number): void {
    this.#pace.count(Math.max(0, size - this.#size), Date.now())
    this.#size = Math.max(size, this.#size)
  }

  async view(): Promise<HubView> {
    const { program, version, dir, metrics, ledger, schedulerOff, followers, server } = this.#options
    const now = Date.now()
    const figures = await readFigures(metrics.registry)
    const witnesses = this.#witnesses()
    const { cosigned } = figures
    const published = ledger.published && readCheckpoint(ledger.published)
    return {
      program,
      version,
      started: formatMilliseconds(this.#started),
      now: formatMilliseconds(now),
      ...server?.(),
      ...(ledger.failure && { failure: ledger.failure }),
      log: {
        entries: ledger.size,
        lastEntry: formatMilliseconds(ledger.lastTime),
        published: published !== undefined && 'size' in published ? published.size : 0,
        ...(cosigned !== undefined && { cosigned }),
      },
      pace: this.#pace.read(now),
      queue: { notes: figures.waiting, most: MAX_QUEUED_NOTES },
      ...countsOf(figures),
      followers: followers?.views ?? [],
      ...(witnesses && { witnesses }),
      storage: storageOf(dir),
      scheduler: schedulerOf(figures, schedulerOff()),
      alerts: this.#alerts.firing,
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #sample(): void {
    const { metrics, failed } = this.#options
    readFigures(metrics.registry)
      .then((figures) => this.#alerts.take({ ...figures, time: Date.now() }))
      .catch(failed)
  }

  #witnesses(): HubWitness[] | undefined {
    return this.#options.cosigning?.()?.witnesses.map(({ name, size, cosigned, failure }) => ({
      name,
      size,
      ...(cosigned !== undefined && { cosigned: formatMilliseconds(cosigned) }),
      ...(failure && { failure: { message: failure.message, time: formatMilliseconds(failure.time) } }),
    }))
  }
}

function countsOf(figures: Figures): Pick<HubView, 'notes' | 'requests' | 'connections' | 'streams'> {
  const { accepted, repeated, refused, failed, requests, failedRequests, turnedAway, connections, streams } = figures
  return {
    notes: { accepted, repeated, refused, failed },
    requests: { answered: requests, failed: failedRequests, turnedAway },
    connections,
    streams,
  }
}

function schedulerOf(figures: Figures, off: string | undefined): HubView['scheduler'] {
  const { scheduled, renewed, closed, scheduleRefusals: refused, scheduleFailures: failures } = figures
  const ran = scheduled > 0 ? { ran: formatMilliseconds(Math.round(scheduled * 1000)) } : {}
  return { ...(off !== undefined && { off }), ...ran, renewed, closed, refused, failures }
}
