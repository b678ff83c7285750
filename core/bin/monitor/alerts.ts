/**
 * The alerts of docs/hub/alerts.yml, as far as the program can tell them of itself, under the same conditions: each looks at the
 * figures of some time, and fires once it has held for as long as is written there. A test compares the two lists.
 */

import type { HubAlert } from '../../api/hub-view.ts'
import { formatMilliseconds, type Milliseconds } from '../../domain/time.ts'
import type { Figures } from '../../net/figures.ts'

/** The figures at one moment. */
export interface Sample extends Figures {
  readonly time: Milliseconds
}

interface Condition {
  readonly severity: HubAlert['severity']
  readonly forMs: Milliseconds
  /** The figure that is wrong, where it is. */
  readonly wrong: (samples: Samples) => number | undefined
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Looked at as often as Prometheus looks, and kept for the longest time that a condition is about. */
export const SAMPLE_MS = 15 * SECOND
const KEPT_MS = 6 * HOUR

const LOW_BYTES = 2e9
const SLOW_SHARE = 0.01
const ERROR_SHARE = 0.01
const LONG_QUEUE = 1_000
const FILES_SHARE = 0.8

const failedNotes = ({ failed }: Sample) => Object.values(failed).reduce((sum, count) => sum + count, 0)
const overLimits = ({ turnedAway }: Sample) => (turnedAway.rate ?? 0) + (turnedAway.connection ?? 0)

export const CONDITIONS: Readonly<Record<string, Condition>> = {
  NimledgerTakesNothing: { severity: 'page', forMs: MINUTE, wrong: ({ last }) => (last.isUp ? undefined : 0) },
  NimledgerDiskLow: {
    severity: 'page',
    forMs: 5 * MINUTE,
    wrong: ({ last }) => (last.freeBytes < LOW_BYTES ? last.freeBytes : undefined),
  },
  NimledgerDiskFillsUp: {
    severity: 'ticket',
    forMs: HOUR,
    wrong: (samples) => (samples.predicted(({ freeBytes }) => freeBytes, 7 * DAY) < 0 ? samples.last.freeBytes : undefined),
  },
  NimledgerNotesFail: {
    severity: 'page',
    forMs: 10 * MINUTE,
    wrong: (samples) => positive(samples.increase(failedNotes, 10 * MINUTE)),
  },
  NimledgerSlow: {
    severity: 'ticket',
    forMs: 10 * MINUTE,
    wrong: (samples) =>
      over(
        SLOW_SHARE,
        samples.increase(({ slow }) => slow, 5 * MINUTE),
        samples.increase(({ answered }) => answered, 5 * MINUTE),
      ),
  },
  NimledgerQueueGrows: {
    severity: 'ticket',
    forMs: 0,
    wrong: (samples) => above(LONG_QUEUE, Math.min(...samples.within(5 * MINUTE).map(({ waiting }) => waiting))),
  },
  NimledgerScheduleLate: {
    severity: 'ticket',
    forMs: 10 * MINUTE,
    wrong: ({ last: { scheduled, time } }) => (scheduled > 0 ? above(3 * 3_600, time / SECOND - scheduled) : undefined),
  },
  NimledgerErrors: {
    severity: 'ticket',
    forMs: 10 * MINUTE,
    wrong: (samples) =>
      over(
        ERROR_SHARE,
        samples.increase(({ failedRequests }) => failedRequests, 5 * MINUTE),
        samples.increase(({ requests }) => requests, 5 * MINUTE),
      ),
  },
  NimledgerTurnsAway: {
    severity: 'ticket',
    forMs: 10 * MINUTE,
    wrong: (samples) => above(1, samples.rate(overLimits, 5 * MINUTE)),
  },
  NimledgerReloadFailed: {
    severity: 'ticket',
    forMs: 0,
    wrong: (samples) => positive(samples.increase(({ failedReloads }) => failedReloads, HOUR)),
  },
  NimledgerFilesLow: {
    severity: 'ticket',
    forMs: 5 * MINUTE,
    wrong: ({ last: { openFiles, mostFiles } }) => over(FILES_SHARE, openFiles ?? 0, mostFiles ?? 0),
  },
  NimledgerUnwitnessed: {
    severity: 'ticket',
    forMs: 10 * MINUTE,
    wrong: (samples) => {
      const { entries, cosigned } = samples.last
      const isStill = samples.within(10 * MINUTE).every((one) => one.cosigned === cosigned)
      return cosigned !== undefined && isStill ? positive(entries - cosigned) : undefined
    },
  },
  NimledgerWitnessRefuses: {
    severity: 'page',
    forMs: 0,
    wrong: (samples) => positive(samples.increase(({ witnessRefusals }) => witnessRefusals, 10 * MINUTE)),
  },
}

/** The figures of the last hours, the newest last; there is at least one. */
class Samples {
  readonly #samples: readonly Sample[]

  constructor(samples: readonly Sample[]) {
    this.#samples = samples
  }

  get last(): Sample {
    return this.#samples.at(-1)!
  }

  within(rangeMs: Milliseconds): readonly Sample[] {
    const from = this.last.time - rangeMs
    return this.#samples.filter(({ time }) => time >= from)
  }

  increase(of: (sample: Sample) => number, rangeMs: Milliseconds): number {
    return of(this.last) - of(this.within(rangeMs)[0]!)
  }

  /** By the second. */
  rate(of: (sample: Sample) => number, rangeMs: Milliseconds): number {
    const spanMs = this.last.time - this.within(rangeMs)[0]!.time
    return spanMs === 0 ? 0 : this.increase(of, rangeMs) / (spanMs / SECOND)
  }

  /** What a figure comes to after some time if it goes on as it went, by the line of least squares. */
  predicted(of: (sample: Sample) => number, afterMs: Milliseconds): number {
    const { time: now } = this.last
    const points = this.#samples.map((sample) => ({ at: sample.time - now, value: of(sample) }))
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const [at, value] = [mean(points.map((one) => one.at)), mean(points.map((one) => one.value))]
    const spread = mean(points.map((one) => (one.at - at) ** 2))
    const slope = spread === 0 ? 0 : mean(points.map((one) => (one.at - at) * (one.value - value))) / spread
    return value + slope * (afterMs - at)
  }
}

function above(bound: number, value: number): number | undefined {
  return value > bound ? value : undefined
}

function positive(value: number): number | undefined {
  return above(0, value)
}

/** The share, where it is more than it may be. */
function over(bound: number, part: number, whole: number): number | undefined {
  return whole > 0 ? above(bound, part / whole) : undefined
}

/** Which conditions hold, and since when. */
export class Alerts {
  #samples: Sample[] = []
  readonly #since = new Map<string, Milliseconds>()

  take(sample: Sample): void {
    this.#samples = [...this.#samples.filter(({ time }) => time >= sample.time - KEPT_MS && time < sample.time), sample]
    const samples = new Samples(this.#samples)
    for (const [name, { wrong }] of Object.entries(CONDITIONS)) {
      if (wrong(samples) === undefined) this.#since.delete(name)
      else if (!this.#since.has(name)) this.#since.set(name, sample.time)
    }
  }

  /** Those that have held for long enough, the ones to be woken for first. */
  get firing(): HubAlert[] {
    const samples = new Samples(this.#samples)
    const firing = Object.entries(CONDITIONS).flatMap(([name, { severity, forMs, wrong }]) => {
      const since = this.#since.get(name)
      if (since === undefined || samples.last.time - since < forMs) return []
      const value = wrong(samples)
      return [{ name, severity, since: formatMilliseconds(since), ...(value !== undefined && { value }) }]
    })
    return firing.sort((a, b) => Number(b.severity === 'page') - Number(a.severity === 'page'))
  }
}
