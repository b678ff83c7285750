/** How many entries were sequenced in each second of the last hour: a ring of counts, which never takes more memory. */

import { PACE_STEPS } from '../../api/hub-view.ts'
import type { Milliseconds } from '../../domain/time.ts'

const SECONDS = PACE_STEPS * 60

export class Pace {
  readonly #counts = new Uint32Array(SECONDS + 1)
  /** The newest second that was counted. */
  #newest = 0

  count(entries: number, now: Milliseconds): void {
    this.#advance(now)
    this.#counts[this.#newest % this.#counts.length]! += entries
  }

  /** The last seconds, the newest last, without the one that is under way; and the same seconds and those before by minutes. */
  read(now: Milliseconds): { readonly seconds: number[]; readonly minutes: number[] } {
    this.#advance(now)
    const end = this.#newest
    const of = (from: number, until: number) => {
      let sum = 0
      for (let second = Math.max(0, from); second < until; second++) sum += this.#counts[second % this.#counts.length]!
      return sum
    }
    const steps = Array.from({ length: PACE_STEPS }, (_, i) => PACE_STEPS - i)
    return {
      seconds: steps.map((back) => of(end - back, end - back + 1)),
      minutes: steps.map((back) => of(end - 60 * back, end - 60 * (back - 1))),
    }
  }

  /** Empties the seconds that have passed. A clock that is set back counts for the newest. */
  #advance(now: Milliseconds): void {
    const second = Math.floor(now / 1000)
    const { length } = this.#counts
    for (let next = Math.max(this.#newest + 1, second - length + 1); next <= second; next++) this.#counts[next % length] = 0
    this.#newest = Math.max(this.#newest, second)
  }
}
