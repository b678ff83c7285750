/**
 * Submits notes as a busy front end does: as many at a time as are well below the ledger's own bound, the next ones as soon as
 * answers come. Every one of them has to be accepted.
 */

import type { Refusal } from '../../domain/refusal.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { Failure } from '../failure.ts'

/** Notes under way at most. */
const WINDOW = 20_000
/** How many answers make room before the next notes are read. */
const ROOM = 1_000

export class Feeder {
  readonly #ledger: Ledger
  readonly #answered: (answer: Accepted) => void
  #underway = 0
  /** Goes on where notes under way have become few enough. */
  #waiting: { readonly few: number; readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined
  #failure: unknown

  constructor(ledger: Ledger, answered: (answer: Accepted) => void = () => {}) {
    this.#ledger = ledger
    this.#answered = answered
  }

  /** Submits a note; waits first where too many are under way, and for nothing else. */
  submit(note: Uint8Array): void | Promise<void> {
    if (this.#underway >= WINDOW || this.#failure !== undefined) return this.#submitLater(note)
    this.#submitNow(note)
  }

  /** Waits until everything submitted was answered. Throws what went wrong with any of it. */
  drain(): Promise<void> {
    return this.#until(0)
  }

  async #submitLater(note: Uint8Array): Promise<void> {
    await this.#until(WINDOW - ROOM)
    this.#submitNow(note)
  }

  #submitNow(note: Uint8Array): void {
    this.#underway += 1
    this.#ledger.submit(note).then(
      (answer) => this.#settle(answer),
      (error) => this.#fail(error),
    )
  }

  #settle(answer: Accepted | Refusal): void {
    if (answer.status === 'refused') {
      this.#fail(new Failure('damaged', `A note was refused: ${answer.message}`))
      return
    }
    this.#answered(answer)
    this.#underway -= 1
    if (this.#waiting === undefined || this.#underway > this.#waiting.few) return
    this.#waiting.resolve()
    this.#waiting = undefined
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }

  #until(few: number): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#underway <= few) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiting = { few, resolve, reject }
    })
  }
}
