/**
 * The time of a ledger that a program holds open: the system's, or what a manual clock was last told. Never before the ledger's
 * last entry.
 */

import type { Platform } from '../domain/state.ts'
import { formatMilliseconds, type Milliseconds } from '../domain/time.ts'
import { Failure } from './failure.ts'

export class LedgerClock {
  readonly #clock: Platform['clock']
  #at: Milliseconds = 0

  constructor({ clock }: Pick<Platform, 'clock'>) {
    this.#clock = clock
  }

  now(last: Milliseconds): Milliseconds {
    return Math.max(this.#clock === 'system' ? Date.now() : this.#at, last)
  }

  /** Sets a manual clock to the time that another program was told. */
  set(at: Milliseconds, last: Milliseconds): void {
    if (this.#clock === 'system')
      throw new Failure('usage', 'This ledger goes by the system clock; --at is for ledgers with a manual clock.')
    if (at < last) throw new Failure('usage', `--at ${formatMilliseconds(at)} is before the last entry: time never goes back.`)
    this.#at = at
  }
}
