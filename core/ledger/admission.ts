/**
 * The notes that wait for the sequencer, and what is done ahead of it: they are read, and several calls of the verifier are under
 * way, while the writer executes and commits notes that were checked before. Order is kept: the writer takes notes as they came.
 *
 *   add → waiting, as bytes → read, and under way at the verifier, in groups → ready → take
 *
 * A note waits as the bytes in which it came, and is read when its turn comes near: the objects that it is read into take several
 * times as much memory, and objects that live long burden the garbage collector.
 *
 * A note before it may change which key has to have signed. So a verdict from here holds for one public key, and the writer uses
 * it only where that is still the signer's. Notes whose signer is not known yet are checked by the writer.
 */

import { type Sha256, tryFromHex } from '../base/bytes.ts'
import { MAX_QUEUED_BYTES, MAX_QUEUED_NOTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type SignedTransaction, type Tools } from '../domain/envelope.ts'
import { authenticate, authenticationRows, type Signer } from '../domain/machine.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { RowKey } from '../domain/table.ts'
import type { Rows } from '../domain/view.ts'
import type { Accepted } from './accepted.ts'
import { groupLength } from './groups.ts'
import type { LoadedRows } from './rows.ts'
import { StoreError } from './store.ts'
import type { SignatureCheck, Verifier } from './verifier.ts'

/**
 * Notes in one call, and calls under way: enough that no thread waits while the writer is busy, and few enough that nobody waits
 * long for an answer.
 */
const GROUP_NOTES = 500
const GROUPS_UNDER_WAY = 4
/**
 * While the verifier has other calls, fewer notes than this wait: under some load each call then has many notes, where one call
 * for each turn of the event loop would cost more than the notes in it. Since they are few, they do not wait long.
 */
const FEW_NOTES = 64

/** The sequencer did not take a note, so nothing became of it. */
export class NotTaken extends StoreError {}

/** A note that waits for its turn. */
interface Waiting {
  readonly note: Uint8Array
  readonly answer: (answer: Accepted | Refusal) => void
  readonly fail: (error: unknown) => void
}

/** A note on its way to its answer; what is found out about it is filled in on the way. */
export interface PendingNote extends Omit<Waiting, 'note'> {
  readonly transaction: SignedTransaction
  /** Whose signatures were checked; nobody's where it was not known who has to have signed. */
  claimed: readonly Signer[]
  /** The first of them whose signature is not valid. */
  forged: Signer | undefined
  /** What became of it, to be told once that is durable. */
  result: Accepted | Refusal | NotTaken | undefined
}

interface Group {
  readonly notes: readonly PendingNote[]
  readonly checked: Promise<void>
  isReady: boolean
}

const NOBODY: readonly Signer[] = []

interface AdmissionOptions extends Tools {
  readonly verifier: Verifier
  readonly rows: LoadedRows
}

export class Admission {
  readonly #options: AdmissionOptions
  #waiting: Waiting[] = []
  #groups: Group[] = []
  #isStarting = false
  /** Tells whoever waits for notes that are ready. */
  #tellReady = () => {}
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

  /** Waits until the next notes can be taken without waiting for the verifier, however long that is. */
  async ready(): Promise<void> {
    if (this.isReady) return
    await new Promise<void>((tell) => {
      this.#tellReady = tell
    })
  }

  /** Whether there is room for another note of this size. */
  hasRoom(noteBytes: number): boolean {
    return this.#count < MAX_QUEUED_NOTES && this.#bytes + noteBytes <= MAX_QUEUED_BYTES
  }

  add(note: Uint8Array, answer: PendingNote['answer'], fail: PendingNote['fail']): void {
    this.#waiting.push({ note, answer, fail })
    this.#count += 1
    this.#bytes += note.length
    if (this.#isStarting || !this.#isWorthACall) return
    this.#isStarting = true
    // Everything that comes in the same turn of the event loop shares calls.
    queueMicrotask(() => this.#start())
  }

  /**
   * The next notes, once their signatures were checked; none where all that waited were malformed. Rejects where the verifier or
   * the store failed.
   */
  async take(): Promise<readonly PendingNote[]> {
    if (this.#groups.length === 0) this.#start()
    const [group] = this.#groups
    if (group === undefined) return []
    await group.checked
    this.#groups.shift()
    for (const { transaction } of group.notes) this.#leave(transaction.note)
    this.#start()
    return group.notes
  }

  #leave(note: Uint8Array): void {
    this.#count -= 1
    this.#bytes -= note.length
  }

  /** Takes everything that waits, in order; afterwards nothing waits. */
  takeAll(): readonly Pick<PendingNote, 'fail'>[] {
    const all = [...this.#groups.flatMap(({ notes }) => notes), ...this.#waiting]
    this.#groups = []
    this.#waiting = []
    this.#count = 0
    this.#bytes = 0
    return all
  }

  /** Whether what waits is to be given to the verifier now. */
  get #isWorthACall(): boolean {
    const count = this.#waiting.length
    if (count === 0 || this.#groups.length >= GROUPS_UNDER_WAY) return false
    return count >= FEW_NOTES || this.#groups.every(({ isReady }) => isReady)
  }

  #start(): void {
    this.#isStarting = false
    while (this.#isWorthACall) {
      const notes = this.#read(
        this.#waiting.splice(
          0,
          groupLength(this.#waiting, 0, GROUP_NOTES, ({ note }) => note.length),
        ),
      )
      if (notes.length === 0) continue
      const group: Group = { notes, checked: this.#check(notes), isReady: false }
      this.#groups.push(group)
      const settled = () => {
        group.isReady = true
        this.#tellReady()
        this.#start()
      }
      // Whoever takes the group hears of a failure; until somebody does, it is nobody's.
      group.checked.then(settled, settled)
    }
  }

  /** Those of the notes that are well-formed; the others are answered here. */
  #read(waiting: readonly Waiting[]): PendingNote[] {
    const notes: PendingNote[] = []
    for (const one of waiting) {
      const { note, answer, fail } = one
      const transaction = this.#tryRead(one)
      if (transaction === undefined) this.#leave(note)
      else notes.push({ transaction, answer, fail, claimed: NOBODY, forged: undefined, result: undefined })
    }
    return notes
  }

  #tryRead({ note, answer, fail }: Waiting): SignedTransaction | undefined {
    const { rules, sha256 } = this.#options
    try {
      const transaction = parseSignedTransaction(rules, sha256, note)
      if (!(transaction instanceof Malformed)) return transaction
      answer(refuse('malformed', { reason: transaction.reason }))
    } catch (error) {
      // A note that the reader breaks on is its sender's failure: nothing was sequenced, and the others go on.
      fail(error)
    }
    return undefined
  }

  async #check(notes: readonly PendingNote[]): Promise<void> {
    const { sha256, verifier, rows } = this.#options
    const atHand = new RowsAtHand(rows)
    let claims = claimsOf(sha256, notes, atHand)
    if (atHand.isIncomplete) {
      await rows.load(notes.flatMap(({ transaction }) => authenticationRows(transaction)))
      claims = claimsOf(sha256, notes, rows)
    }
    await checkSignatures(verifier, claims)
  }
}

/** The rows in memory: where they are all that is asked for, which is nearly always, nothing has to be waited for. */
class RowsAtHand implements Rows {
  /** Whether something else was asked for. */
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
  readonly note: PendingNote
  readonly signers: readonly Signer[]
}

function claimsOf(sha256: Sha256, notes: readonly PendingNote[], rows: Rows): Claim[] {
  const claims: Claim[] = []
  for (const note of notes) {
    const signers = authenticate(sha256, note.transaction, rows)
    if (!('status' in signers)) claims.push({ note, signers })
  }
  return claims
}

/** Public keys as bytes, by their hex: most signatures are by few keys. */
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
export async function checkSignatures(verifier: Verifier, claims: readonly Claim[]): Promise<void> {
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
    note.forged = signers.find((_, i) => !valid[next + i])
    next += signers.length
  }
}
