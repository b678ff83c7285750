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
import { type Sha256, tryFromHex } from '../base/bytes.ts'
import { MAX_QUEUED_BYTES, MAX_QUEUED_NOTES } from '../base/limits.ts'
import type { SignedTransaction } from '../domain/envelope.ts'
import { authenticate, authenticationRows, type Signer } from '../domain/machine.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { RowKey } from '../domain/table.ts'
import type { Rows } from '../domain/view.ts'
import type { Accepted } from './accepted.ts'
import type { LoadedRows } from './rows.ts'
import { StoreError } from './store.ts'
import type { SignatureCheck, Verifier } from './verifier.ts'

/** Notes of one call, and calls under way: no thread waits while the writer is busy, and nobody long for an answer. */
const GROUP_NOTES = 500
const GROUPS_UNDER_WAY = 8

/** The sequencer did not take a note, so nothing became of it. */
export class NotTaken extends StoreError {}

/** A note on its way to its answer: what is found out about it is filled in as it goes. */
export interface Note {
  readonly transaction: SignedTransaction
  readonly answer: (answer: Accepted | Refusal) => void
  readonly fail: (error: unknown) => void
  /** Whose signatures were looked at, and which of them are valid; nobody's where it was not known who has to have signed. */
  claimed: readonly Signer[]
  valid: readonly boolean[]
  /** What became of it, to be told once that is durable. */
  result: Accepted | Refusal | NotTaken | undefined
}

interface Group {
  readonly notes: readonly Note[]
  readonly lookedAt: Promise<void>
  isReady: boolean
}

interface AdmissionOptions {
  readonly sha256: Sha256
  readonly verifier: Verifier
  readonly rows: LoadedRows
}

export class Admission {
  readonly #options: AdmissionOptions
  #waiting: Note[] = []
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

  add(transaction: SignedTransaction, answer: Note['answer'], fail: Note['fail']): void {
    this.#waiting.push({ transaction, answer, fail, claimed: [], valid: [], result: undefined })
    this.#count += 1
    this.#bytes += transaction.note.length
    if (this.#isStarting || this.#groups.length >= GROUPS_UNDER_WAY) return
    this.#isStarting = true
    // Everything that comes in the same turn of the event loop shares its calls.
    queueMicrotask(() => this.#start())
  }

  /** The next notes, once their signatures were looked at. Rejects where the verifier or the store failed. */
  async take(): Promise<readonly Note[]> {
    if (this.#groups.length === 0) this.#start()
    const [group] = this.#groups
    assert(group !== undefined, 'notes are taken while some wait')
    await group.lookedAt
    this.#groups.shift()
    this.#count -= group.notes.length
    for (const { transaction } of group.notes) this.#bytes -= transaction.note.length
    this.#start()
    return group.notes
  }

  /** Everything that waits, in order; nothing does any more. */
  takeAll(): readonly Note[] {
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

  async #lookAt(notes: readonly Note[]): Promise<void> {
    const { sha256, verifier, rows } = this.#options
    const atHand = new RowsAtHand(rows)
    let claims = claimsOf(sha256, notes, atHand)
    if (atHand.isIncomplete) {
      await rows.load(notes.flatMap(({ transaction }) => authenticationRows(transaction)))
      claims = claimsOf(sha256, notes, rows)
    }
    await lookAt(verifier, claims)
  }
}

/** The rows in memory: nothing is waited for where they are all that is asked for, as they nearly always are. */
class RowsAtHand implements Rows {
  /** Something else was asked for. */
  isIncomplete = false
  readonly #rows: LoadedRows

  constructor(rows: LoadedRows) {
    this.#rows = rows
  }

  get<Row>(key: RowKey<Row>): Row | undefined {
    const kept = this.#rows.place(key)
    if (!kept.isLoaded) this.isIncomplete = true
    return kept.row as Row | undefined
  }
}

/** Those who have to have signed a note. */
interface Claim {
  readonly note: Note
  readonly signers: readonly Signer[]
}

function claimsOf(sha256: Sha256, notes: readonly Note[], rows: Rows): Claim[] {
  const claims: Claim[] = []
  for (const note of notes) {
    const signers = authenticate(sha256, note.transaction, rows)
    if (!('status' in signers)) claims.push({ note, signers })
  }
  return claims
}

/** Public keys as bytes, by their hex: most signatures are of few keys. */
const keyBytes = new Map<string, Uint8Array>()
const MAX_KEPT_KEYS = 10_000

function publicKeyBytes(hex: string): Uint8Array {
  let bytes = keyBytes.get(hex)
  if (bytes === undefined) {
    if (keyBytes.size >= MAX_KEPT_KEYS) keyBytes.clear()
    bytes = tryFromHex(hex)!
    keyBytes.set(hex, bytes)
  }
  return bytes
}

/** Finds out which of the signatures are theirs. */
export async function lookAt(verifier: Verifier, claims: readonly Claim[]): Promise<void> {
  const checks: SignatureCheck[] = []
  for (const { note, signers } of claims) {
    const { textBytes, signatures } = note.transaction
    signers.forEach(({ publicKey }, i) => {
      checks.push({ publicKey: publicKeyBytes(publicKey), message: textBytes, signature: signatures[i]!.signature })
    })
  }
  const valid = await verifier.verify(checks)
  let next = 0
  for (const { note, signers } of claims) {
    note.claimed = signers
    note.valid = signers.map(() => valid[next++]!)
  }
}
