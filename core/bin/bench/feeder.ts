/**
 * Submits notes as a busy front end does: as many at a time as stay well below the ledger's own bound, and the next ones as soon
 * as answers come. Every one of them has to be accepted.
 */

import type { Refusal } from '../../domain/refusal.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { Failure } from '../failure.ts'

/** Notes, and bytes of them, under way at most. */
const WINDOW_NOTES = 20_000
const WINDOW_BYTES = 32 * 1024 * 1024
/** The part of that which is left when submitting goes on. */
const REFILLED = 0.95

export class Feeder {
  readonly #ledger: Ledger
  readonly #answered: (answer: Accepted) => void
  #notes = 0
  #bytes = 0
  /** Goes on when few enough are under way: a part of the window. */
  #waiting: { readonly part: number; readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined
  #failure: unknown

  constructor(ledger: Ledger, answered: (answer: Accepted) => void = () => {}) {
    this.#ledger = ledger
    this.#answered = answered
  }

  /** Submits a note; waits before only if too many are under way. */
  submit(note: Uint8Array): void | Promise<void> {
    if (this.#underway >= 1 || this.#failure !== undefined) return this.#submitLater(note)
    this.#submitNow(note)
  }

  /** Waits until everything submitted was answered. Throws what went wrong with any of it. */
  drain(): Promise<void> {
    return this.#until(0)
  }

  get #underway(): number {
    return Math.max(this.#notes / WINDOW_NOTES, this.#bytes / WINDOW_BYTES)
  }

  async #submitLater(note: Uint8Array): Promise<void> {
    await this.#until(REFILLED)
    this.#submitNow(note)
  }

  #submitNow(note: Uint8Array): void {
    this.#notes += 1
    this.#bytes += note.length
    this.#ledger.submit(note).then(this.#settle, this.#fail)
  }

  // One function for all notes: a function for each would burden the garbage collector more than the note itself.
  readonly #settle = (answer: Accepted | Refusal): void => {
    if (answer.status === 'refused') {
      this.#fail(new Failure('damaged', `A note was refused: ${answer.message}`))
      return
    }
    this.#answered(answer)
    this.#notes -= 1
    this.#bytes -= answer.note.length
    if (this.#waiting === undefined || this.#underway > this.#waiting.part) return
    this.#waiting.resolve()
    this.#waiting = undefined
  }

  readonly #fail = (error: unknown): void => {
    this.#failure ??= error
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }

  #until(part: number): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#underway <= part) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#waiting = { part, resolve, reject }
    })
  }
}
