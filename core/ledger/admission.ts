/**
 * The notes that wait for the sequencer, and the check of their signatures ahead of it: several calls of the verifier are under
 * way while the writer executes and commits what was looked at before. Order is kept: the writer takes notes as they came.
 *
 *   add → waiting → group under way at the verifier → ready → take
 *
 * Whose key has to have signed may change by a note before it, so what is found here holds for one public key, and the writer
 * uses it only where that is still the signer's. Notes whose signer nobody knows yet are looked at by the writer.
 */

import { assert } from '../base/assert.ts'
import type { Sha256 } from '../base/bytes.ts'
import { MAX_QUEUED_BYTES, MAX_QUEUED_NOTES } from '../base/limits.ts'
import type { SignedTransaction } from '../domain/envelope.ts'
import { authenticate, authenticationRows, type Signer } from '../domain/machine.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Accepted } from './accepted.ts'
import type { LoadedRows } from './rows.ts'
import type { SignatureCheck, Verifier } from './verifier.ts'

/** Notes of one call, and calls under way: no thread waits while the writer is busy, and nobody long for an answer. */
const GROUP_NOTES = 500
const GROUPS_UNDER_WAY = 8

interface Waiting {
  readonly transaction: SignedTransaction
  readonly answer: (answer: Accepted | Refusal) => void
  readonly fail: (error: unknown) => void
}

/** What the verifier said of a signature under a public key. */
interface Verdict {
  readonly publicKey: Uint8Array
  readonly isValid: boolean
}

/** A note whose signatures were looked at; no verdicts where it was not known who signed. */
export interface LookedAt extends Waiting {
  readonly verdicts: readonly Verdict[]
}

interface Group {
  readonly notes: readonly Waiting[]
  readonly lookedAt: Promise<readonly LookedAt[]>
  isReady: boolean
}

interface AdmissionOptions {
  readonly sha256: Sha256
  readonly verifier: Verifier
  readonly rows: LoadedRows
}

export class Admission {
  readonly #options: AdmissionOptions
  #waiting: Waiting[] = []
  #groups: Group[] = []
  #isStarting = false
  #count = 0
  #bytes = 0

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** How many notes were added and not taken yet. */
  get count(): number {
    return this.#count
  }

  /** Whether the next notes can be taken without waiting for the verifier. */
  get isReady(): boolean {
    return this.#groups[0]?.isReady ?? false
  }

  /** Whether there is room for another note of this size. */
  hasRoom(noteBytes: number): boolean {
    return this.#count < MAX_QUEUED_NOTES && this.#bytes + noteBytes <= MAX_QUEUED_BYTES
  }

  add(waiting: Waiting): void {
    this.#waiting.push(waiting)
    this.#count += 1
    this.#bytes += waiting.transaction.note.length
    if (this.#isStarting || this.#groups.length >= GROUPS_UNDER_WAY) return
    this.#isStarting = true
    // Everything that comes in the same turn of the event loop shares its calls.
    queueMicrotask(() => this.#start())
  }

  /** The next notes, once their signatures were looked at. Rejects where the verifier or the store failed. */
  async take(): Promise<readonly LookedAt[]> {
    if (this.#groups.length === 0) this.#start()
    const [group] = this.#groups
    assert(group !== undefined, 'notes are taken while some wait')
    const lookedAt = await group.lookedAt
    this.#groups.shift()
    this.#count -= lookedAt.length
    for (const { transaction } of lookedAt) this.#bytes -= transaction.note.length
    this.#start()
    return lookedAt
  }

  /** Everything that waits, in order; nothing does any more. */
  takeAll(): readonly Waiting[] {
    const all = [...this.#groups.flatMap(({ notes }) => notes), ...this.#waiting]
    this.#groups = []
    this.#waiting = []
    this.#count = 0
    this.#bytes = 0
    return all
  }

  #start(): void {
    this.#isStarting = false
    while (this.#waiting.length > 0 && this.#groups.length < GROUPS_UNDER_WAY) {
      const notes = this.#waiting.splice(0, GROUP_NOTES)
      const group: Group = { notes, lookedAt: this.#lookAt(notes), isReady: false }
      this.#groups.push(group)
      const settled = () => {
        group.isReady = true
      }
      // Whoever takes the group hears of a failure; until somebody does, it is nobody's.
      group.lookedAt.then(settled, settled)
    }
  }

  async #lookAt(notes: readonly Waiting[]): Promise<readonly LookedAt[]> {
    const { sha256, verifier, rows } = this.#options
    const keys = notes.flatMap(({ transaction }) => authenticationRows(transaction))
    const view = rows.hasAll(keys) ? rows : await rows.peek(keys)
    const claimed = notes.map(({ transaction }) => {
      const signers = authenticate(sha256, transaction, view)
      return 'status' in signers ? [] : signers
    })
    const valid = await verifier.verify(claimed.flatMap((signers, i) => checksOf(notes[i]!.transaction, signers)))
    let next = 0
    return notes.map((waiting, i) => {
      const verdicts = claimed[i]!.map(({ publicKey }) => ({ publicKey, isValid: valid[next++]! }))
      return { ...waiting, verdicts }
    })
  }
}

/** The signatures of a transaction, each under the key that its signer has. */
export function checksOf({ textBytes, signatures }: SignedTransaction, signers: readonly Signer[]): SignatureCheck[] {
  return signers.map(({ publicKey }, i) => ({ publicKey, message: textBytes, signature: signatures[i]!.signature }))
}
