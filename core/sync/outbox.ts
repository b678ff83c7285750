/**
 * The outbox: signed notes on their way to a hub. A note is kept before it is sent, and sent until it is answered:
 *
 *   queued     kept, durably
 *   sent       told to be, durably, before the first byte leaves: from then on only the hub knows what became of it
 *   accepted   with a receipt, verified here: the entry is in the log, under a checkpoint that the log's key signed
 *   refused    with the hub's reason, and its signed word for it where it gives one
 *
 * The same bytes are sent again until then. The hub answers a note that it knows as it did the first time, so a note takes effect
 * once, whenever this process or the hub is killed, and whatever the network loses, repeats or delays.
 *
 * One call is under way at a time, and notes go in the order in which they were put in, many in a call. Where the hub could not
 * take one of them, those that depend on it wait with it: those that name an account or a thing that it names or makes.
 */

import { MAX_OUTBOX_NOTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type Tools } from '../domain/envelope.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { Milliseconds } from '../domain/time.ts'
import { createdId } from '../domain/view.ts'
import type { OutboxAnswer, OutboxNote, OutboxStore } from '../ledger/outbox-store.ts'
import { checkProof } from '../ledger/receipt.ts'
import { checkSignedRefusal } from '../ledger/signed-refusal.ts'
import { StoreError } from '../ledger/store.ts'
import type { LogTrust } from '../log/checkpoint.ts'
import { HubBusy, type RemoteAnswer, RemoteError, type RemoteHub } from './remote.ts'

/** Notes, and their bytes, in one call at most. */
const MAX_CALL_NOTES = 100
const MAX_CALL_BYTES = 1024 * 1024
/** The pause after a first failure. It doubles with each one that follows. */
const MIN_PAUSE_MS = 500
const MAX_PAUSE_MS = 60_000

export interface OutboxOptions extends Tools {
  readonly store: OutboxStore
  readonly hub: RemoteHub
  /** Whose receipts are believed. */
  readonly trust: () => Promise<LogTrust>
  readonly now: () => Milliseconds
  /** From 0 to 1, to spread pauses, so that they do not coincide with those of others. */
  readonly random: () => number
}

/** The result of a pass. */
interface Delivery {
  readonly answered: number
  /** Why some are still on their way; undefined where none are. */
  readonly failure: StoreError | undefined
}

/** A note on its way, with the accounts and things that it names or makes. */
interface Outgoing {
  readonly id: string
  readonly note: Uint8Array
  readonly names: readonly string[]
}

/** Accounts and things as they appear in a text. */
const NAMES = /nim1[02-9ac-hj-np-z]{38}|\b(?:mdl|lst|sub|hld|grt|pur|pay|off|man)_[0-9a-f]{32}/g

export class Outbox {
  readonly #options: OutboxOptions
  #failures = 0
  #notBefore: Milliseconds = 0
  /** Fewer after a call that failed: on a bad network a short call may get through. */
  #callNotes = MAX_CALL_NOTES

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** How long the pause after a failure still lasts. */
  get pauseMs(): Milliseconds {
    return Math.max(0, this.#notBefore - this.#options.now())
  }

  /** One pass, after the pause: everything that may go is sent once, and the answers are kept. */
  async deliver(): Promise<Delivery> {
    const { store } = this.#options
    const held = new Set<string>()
    let answered = 0
    let failure: StoreError | undefined
    for (let after: string | undefined; ; ) {
      const page = fitting(await store.list(['queued', 'sent'], after, this.#callNotes))
      if (page.length === 0) break
      after = page.at(-1)!.id
      const call = page.map((kept) => this.#outgoing(kept)).filter((outgoing) => isFree(outgoing, held))
      if (call.length === 0) continue
      try {
        const result = await this.#send(call)
        answered += result.answered
        failure ??= result.failure
        for (const outgoing of result.unanswered) hold(outgoing, held)
      } catch (error) {
        if (!(error instanceof RemoteError)) throw error
        this.#callNotes = Math.max(1, Math.floor(call.length / 2))
        failure = error
        break
      }
    }
    this.#pause(failure)
    return { answered, failure }
  }

  #outgoing({ id, note }: OutboxNote): Outgoing {
    const { rules, sha256 } = this.#options
    const transaction = parseSignedTransaction(rules, sha256, note)
    if (transaction instanceof Malformed || transaction.id !== id)
      throw new StoreError('damaged', `The transaction ${id} in the outbox is not the one that was put there.`)
    const signatories = transaction.signatures.map(({ name }) => name)
    const created = createdId(transaction)
    const names = [...signatories, ...(transaction.text.match(NAMES) ?? []), ...(created === undefined ? [] : [created])]
    return { id, note, names: [...new Set(names)] }
  }

  /** One call. Throws RemoteError where nothing was learned about any of its notes. */
  async #send(call: readonly Outgoing[]): Promise<Delivery & { readonly unanswered: readonly Outgoing[] }> {
    const { store, hub, trust, now } = this.#options
    await store.markSent(call.map(({ id }) => id))
    const answers = await hub.submit(call.map(({ note }) => note))
    if (answers.length !== call.length) throw new RemoteError('offline', `${hub.name} answered another number of notes.`)
    this.#callNotes = Math.min(MAX_CALL_NOTES, 2 * this.#callNotes)
    const trusted = await trust()
    const settled = new Map<string, OutboxAnswer>()
    let failure: StoreError | undefined
    for (const [i, { id }] of call.entries()) {
      const answer = this.#believe(id, answers[i]!, trusted)
      if (answer instanceof StoreError) failure ??= answer
      else settled.set(id, answer)
    }
    if (settled.size > 0) await store.settle(settled, now())
    return { answered: settled.size, failure, unanswered: call.filter(({ id }) => !settled.has(id)) }
  }

  /** An answer, as far as it is worth keeping: a receipt is verified, and so is a signed refusal. */
  #believe(id: string, answer: RemoteAnswer, trust: LogTrust): OutboxAnswer | StoreError {
    const { rules, sha256, hub } = this.#options
    if (answer.status === 'failed')
      return new RemoteError('offline', `${hub.name} could not take the transaction ${id}: ${answer.message}`)
    const unfounded = (what: string, reason: string) =>
      new StoreError('damaged', `What ${hub.name} gave as the ${what} of ${id} is none: ${reason}.`)
    if (answer.status === 'refused') {
      const { code, message, data, statement } = answer
      const signed = statement && checkSignedRefusal(statement, trust)
      if (signed instanceof Malformed) return unfounded('signed refusal', signed.reason)
      const isOther = signed !== undefined && (signed.id !== id || signed.refusal.code !== code)
      if (isOther) return unfounded('signed refusal', 'it is of another transaction, or says another thing')
      return { status: 'refused', refusal: { code, message, data }, statement }
    }
    const { index, receipt } = answer
    const proven = receipt === undefined ? new Malformed('there is no receipt') : checkProof({ rules, sha256 }, receipt, trust)
    if (proven instanceof Malformed) return unfounded('receipt', proven.reason)
    const isOther = proven.what !== 'entry' || proven.index !== index || proven.transaction.id !== id
    return isOther ? unfounded('receipt', 'it is of another entry') : { status: 'accepted', index, receipt: receipt! }
  }

  /** Sets until when nothing is sent: longer with each failure, and as long as the hub asked for, but a minute at most. */
  #pause(failure: StoreError | undefined): void {
    const { now, random } = this.#options
    this.#failures = failure === undefined ? 0 : this.#failures + 1
    if (failure === undefined) return
    const pauseMs = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** (this.#failures - 1))
    const asked = failure instanceof HubBusy ? Math.min(failure.afterMs ?? 0, MAX_PAUSE_MS) : 0
    this.#notBefore = now() + Math.max(asked, pauseMs * (0.5 + random() / 2))
  }
}

/** The first of the notes, as many as fit into one call. */
function fitting(page: readonly OutboxNote[]): readonly OutboxNote[] {
  let bytes = 0
  const excess = page.findIndex(({ note }, i) => {
    bytes += note.length
    return i > 0 && bytes > MAX_CALL_BYTES
  })
  return excess < 0 ? page : page.slice(0, excess)
}

/** Whether a note depends on none that waits; one that does waits too. */
function isFree(outgoing: Outgoing, held: Set<string>): boolean {
  const isHeld = outgoing.names.some((name) => held.has(name))
  if (isHeld) hold(outgoing, held)
  return !isHeld
}

function hold({ names }: Outgoing, held: Set<string>): void {
  for (const name of names) held.add(name)
}

/** Keeps a signed note to be sent. Returns what is wrong with it where no hub could accept it. */
export async function putNote(
  { rules, sha256, store, now }: Pick<OutboxOptions, 'rules' | 'sha256' | 'store' | 'now'>,
  note: Uint8Array,
): Promise<Refusal | { readonly status: 'queued'; readonly id: string }> {
  const transaction = parseSignedTransaction(rules, sha256, note)
  if (transaction instanceof Malformed) return refuse('malformed', { reason: transaction.reason })
  const { queued, sent } = await store.counts()
  if (queued + sent >= MAX_OUTBOX_NOTES)
    throw new StoreError('busy', `The outbox has ${queued + sent} transactions on their way, the most it takes.`)
  await store.put(transaction.id, note, now())
  return { status: 'queued', id: transaction.id }
}
