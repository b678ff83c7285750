/**
 * Notes that share one commit: their way from the verifier to the commit, in the order in which they came. Ids and rows are
 * looked up for many notes together; then one note is executed after the other, without waiting where all that it needs is at
 * hand, as it nearly always is.
 */

import { toHex } from '../base/bytes.ts'
import type { SignedTransaction } from '../domain/envelope.ts'
import { authenticate, execute, type Signer } from '../domain/machine.ts'
import { encodeOutcome } from '../domain/outcome.ts'
import { type Code, type Refusal, refuse } from '../domain/refusal.ts'
import { platform } from '../domain/state.ts'
import { type Milliseconds, type Seconds, wholeSeconds } from '../domain/time.ts'
import type { Moment } from '../domain/view.ts'
import { leafHash } from '../log/merkle.ts'
import { type Accepted, NewlyAccepted, readAccepted, repeated } from './accepted.ts'
import { checkSignatures, NotTaken, type PendingNote } from './admission.ts'
import type { Closing } from './closing.ts'
import { formatEntry } from './entry.ts'
import type { LedgerOptions } from './ledger.ts'
import type { SequencerKey } from './log-keys.ts'
import { type Declared, prefetch } from './prefetch.ts'
import type { LoadedRows } from './rows.ts'
import { StoreError } from './store.ts'

export interface BatchTools extends LedgerOptions {
  readonly rows: LoadedRows
  readonly closing: Closing
  /** Notes made before this are stale. */
  readonly staleBefore: Seconds
}

/**
 * Refusals that need not be remembered. The first two follow from the note and the time, so the note will never pass. The third
 * must not be: what a key may sign never changes, but anybody could sign below another's text with a key that may not, and so
 * spoil the text for the right key.
 */
const UNREMEMBERED: readonly Code[] = ['too_far', 'expired', 'key_scope']

export class Batch {
  readonly entries: { readonly id: string; readonly bytes: Uint8Array; readonly outcome: Uint8Array }[] = []
  readonly leafHashes: Uint8Array[] = []
  /** Those accepted, by id. */
  readonly accepted = new Map<string, Accepted>()
  /** Refusals to be remembered, by id. */
  readonly refusals = new Map<string, Refusal>()
  /** All notes with their results, which are told once they are durable. */
  readonly notes: PendingNote[] = []
  /** The time of the last entry. */
  lastTime: Milliseconds
  readonly #tools: BatchTools
  readonly #start: number
  /** The batch before this one, until it is durable: till then the store does not know its notes. */
  #before: Batch | undefined

  /** A batch that follows `start` entries, the last of them of `lastTime`. */
  constructor(tools: BatchTools, start: number, lastTime: Milliseconds, before?: Batch) {
    this.#tools = tools
    this.#start = start
    this.lastTime = lastTime
    this.#before = before
  }

  /** The number of entries with those of the batch. */
  get size(): number {
    return this.#start + this.entries.length
  }

  get isEmpty(): boolean {
    return this.notes.length === 0
  }

  /** Lets go of the batch before it, which is durable. */
  follow(): void {
    this.#before = undefined
  }

  /** Sequences notes, in order. */
  async add(notes: readonly PendingNote[]): Promise<void> {
    const { sha256, store, verifier, rows, now, isPrimeOrder } = this.#tools
    const transactions = notes.map(({ transaction }) => transaction)
    const ids = transactions.map(({ id }) => id)
    const known = await store.indexes(ids)
    const remembered = await store.refusals(ids)
    const prefetched = await prefetch(sha256, transactions, rows, now())
    this.notes.push(...notes)
    for (let i = 0; i < notes.length; i++) {
      const note = notes[i]!
      const { transaction } = note
      const time = Math.max(now(), this.lastTime)
      const declared = prefetched[i]!.holdsAt(time) ? prefetched[i]! : (await prefetch(sha256, [transaction], rows, time))[0]!
      const signers = authenticate(sha256, transaction, declared)
      // The keys may differ from those under which the signatures were checked.
      if (!('status' in signers) && !isChecked(note, signers)) await checkSignatures(verifier, [{ note, signers }])
      const index = known[i]
      const first = index === undefined ? this.#acceptedLately(transaction.id) : await this.#readKnown(transaction.id, index)
      note.result = refuseSigners(note, signers) ?? this.#answerBefore(transaction, time, first, remembered[i])
      if (note.result === undefined) {
        const place = { index: this.size, time, isPrimeOrder }
        note.result = this.#execute(transaction, declared, isSummarizing(note) ? await this.#summarize(place, note) : place)
      }
    }
  }

  /** The answer to a note that was answered before, or that may have been. */
  #answerBefore(
    { id, validUntil, made }: SignedTransaction,
    time: Milliseconds,
    accepted: Accepted | undefined,
    remembered: Refusal | undefined,
  ): Accepted | Refusal | undefined {
    if (accepted !== undefined) return repeated(accepted)
    const refused = remembered ?? this.#refusedLately(id)
    if (refused !== undefined && wholeSeconds(time) < validUntil) return refused
    return made < this.#tools.staleBefore ? refuse('stale') : undefined
  }

  #acceptedLately(id: string): Accepted | undefined {
    return this.accepted.get(id) ?? this.#before?.accepted.get(id)
  }

  #refusedLately(id: string): Refusal | undefined {
    return this.refusals.get(id) ?? this.#before?.refusals.get(id)
  }

  #execute(transaction: SignedTransaction, declared: Declared, moment: Moment): Accepted | Refusal | NotTaken {
    const { sha256, sequencerKeys, rows } = this.#tools
    const { id } = transaction
    const result = execute(sha256, transaction, declared.signatories, declared, moment)
    if (result.status === 'refused') {
      if (!UNREMEMBERED.includes(result.code)) this.refusals.set(id, result)
      return result
    }
    // From such an entry on, nobody here could sign checkpoints.
    const foreign = foreignKey(transaction, sequencerKeys)
    if (foreign !== undefined) {
      const advice = 'nimledger keys add sequencer makes one, which a hub that runs takes on SIGHUP'
      return new NotTaken('missing', `This sequencer does not hold the key ${foreign}; ${advice}.`)
    }
    // From here to the commit nothing may fail but the store.
    const { index, time } = moment
    const { outcome, changes } = result
    const bytes = formatEntry({ time, note: transaction.note })
    const outcomeBytes = encodeOutcome(outcome)
    const touched = outcome.touched.map(({ account }) => account)
    const accepted = new NewlyAccepted(index, time, transaction, outcomeBytes, touched)
    rows.apply(changes, declared)
    rows.remember(index, accepted)
    this.lastTime = time
    this.entries.push({ id, bytes, outcome: outcomeBytes })
    this.leafHashes.push(leafHash(sha256, bytes))
    this.accepted.set(id, accepted)
    return accepted
  }

  /**
   * The moment with the summary of all books. A summary takes every row there is, so it is not made for notes that are refused
   * before it is looked at: only the operator signs such a type.
   */
  async #summarize(moment: Moment, { transaction }: PendingNote): Promise<Moment> {
    const { rows, closing } = this.#tools
    if (rows.get(platform)?.operator !== transaction.signer) return moment
    return { ...moment, summary: await closing.summary(moment.index, wholeSeconds(moment.time)) }
  }

  /** The first outcome of an id that the store knows. */
  async #readKnown(id: string, index: number): Promise<Accepted> {
    const accepted = await readAccepted(this.#tools, this.#tools.store, index)
    if (accepted.transaction.id === id) return accepted
    throw new StoreError('damaged', `The id ${id} is stored for entry ${index}, which has another.`)
  }
}

/** Whether the note looks at the state of all books before it; such a note is the first of its batch. */
export function isSummarizing({ transaction }: PendingNote): boolean {
  return transaction.definition.needsSummary === true
}

/** Whether the note's signatures were checked under the keys of these signers. */
function isChecked({ claimed }: PendingNote, signers: readonly Signer[]): boolean {
  return signers.every(({ publicKey }, i) => claimed[i]?.publicKey === publicKey)
}

/** Refuses where it is not known who could have signed, or where a signature is not theirs. */
function refuseSigners({ forged }: PendingNote, signers: readonly Signer[] | Refusal): Refusal | undefined {
  if ('status' in signers) return signers
  return forged && refuse('bad_signature', { account: forged.account, key: forged.keyId })
}

/** The key that the transaction gives the log, if it is none of those at hand. */
export function foreignKey({ definition, body }: SignedTransaction, atHand: readonly SequencerKey[]): string | undefined {
  const named = definition.sequencerKey?.(body as never)
  return named === undefined || atHand.some(({ publicKey }) => toHex(publicKey) === named) ? undefined : named
}
