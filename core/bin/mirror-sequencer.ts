/**
 * A mirror, submitted to like a ledger: the sequencer is the hub's. A note goes into the outbox, then a round of following sends
 * it and brings its entry, so that what is answered was verified here like everything else. Where another program already
 * follows, that one sends it. Where the hub does not answer in time, the note stays in the outbox, and the caller is told so.
 */

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { assert } from '../base/assert.ts'
import type { Code, Refusal } from '../domain/refusal.ts'
import { rules } from '../domain/transactions/index.ts'
import { sha256 } from '../drivers/sha256.ts'
import { openSqliteOutbox } from '../drivers/sqlite/outbox-store.ts'
import { type Accepted, readAccepted, repeated } from '../ledger/accepted.ts'
import type { OutboxNote, OutboxStore } from '../ledger/outbox-store.ts'
import { StoreError } from '../ledger/store.ts'
import { putNote } from '../sync/outbox.ts'
import { RemoteError } from '../sync/remote.ts'
import { Following, type Hub, type Round } from './following.ts'
import { SeenLedger, type Sequencer } from './sequencer.ts'

/** How long a note's answer is waited for while another program follows the hub. */
const ANSWER_TIMEOUT_MS = 10_000
const RETRY_MS = 100

/** A note is safe in the outbox, and what became of it cannot be seen here yet. */
export class Pending extends StoreError {
  readonly kept: OutboxNote

  constructor(kept: OutboxNote, reason: string) {
    const { id, answer } = kept
    const what =
      answer?.status === 'accepted'
        ? `The hub accepted the transaction ${id} as entry ${answer.index}, which is not here yet.`
        : `The transaction ${id} is in the outbox and not answered yet.`
    super('offline', `${what} ${reason}nimledger sync goes on with it.`)
    this.kept = kept
  }
}

/** Where rounds of following come from. */
interface Rounds {
  /**
   * A round that begins after this call; returns why some notes are still on their way. Throws StoreError `locked` where another
   * program follows.
   */
  round(): Promise<Pick<Round, 'undelivered'>>
  close?(): Promise<void>
}

interface HubPlace {
  readonly dir: string
  readonly hub: Hub
  readonly token: string | undefined
}

/** Rounds made by this program itself, for a command: it begins to follow once there is something to send. */
export class OwnRounds implements Rounds {
  readonly #place: HubPlace
  #following: Following | undefined

  constructor(place: HubPlace) {
    this.#place = place
  }

  async round(): Promise<Round> {
    this.#following ??= await Following.open({ ...this.#place, lockTimeoutMs: 0 })
    return this.#following.round()
  }

  async close(): Promise<void> {
    await this.#following?.close()
  }
}

interface MirrorPlace {
  readonly dir: string
  readonly rounds: Rounds
}

export class MirrorSequencer extends SeenLedger implements Sequencer {
  readonly keepsNotes = true
  readonly #rounds: Rounds
  readonly #outbox: OutboxStore
  /** The round that was asked for last. */
  #round: Promise<string> = Promise.resolve('')
  #isRoundOpen = false

  private constructor(place: MirrorPlace, outbox: OutboxStore) {
    super(place.dir)
    this.#rounds = place.rounds
    this.#outbox = outbox
  }

  static async open(place: MirrorPlace): Promise<MirrorSequencer> {
    const outbox = openSqliteOutbox(place.dir, 'write')
    assert(outbox !== undefined, 'a mirror that knows its hub has an outbox')
    const sequencer = new MirrorSequencer(place, outbox)
    await sequencer.look()
    return sequencer
  }

  /** Throws Pending where the note is kept and its entry is not here yet. */
  async submit(note: Uint8Array): Promise<Accepted | Refusal> {
    const kept = await putNote({ rules, sha256, store: this.#outbox, now: Date.now }, note)
    if (kept.status === 'refused') return kept
    const isRepeated = (await this.#outbox.find(kept.id))?.state === 'accepted'
    const answer = await this.#answerOf(kept.id, await this.#nextRound())
    return isRepeated && answer.status === 'accepted' ? repeated(answer) : answer
  }

  override async close(): Promise<void> {
    await this.#round.catch(() => {})
    await this.#rounds.close?.()
    await this.#outbox.close()
    await super.close()
  }

  /**
   * A round that begins after this call, shared by all notes that are put in before it begins; returns why some of them are not
   * answered.
   */
  #nextRound(): Promise<string> {
    if (this.#isRoundOpen) return this.#round
    this.#isRoundOpen = true
    const before = this.#round
    this.#round = (async () => {
      await before.catch(() => {})
      await nextTurn()
      this.#isRoundOpen = false
      const reason = await this.#follow()
      await this.look()
      return reason
    })()
    return this.#round
  }

  async #follow(): Promise<string> {
    const deadline = performance.now() + ANSWER_TIMEOUT_MS
    for (let reason = ''; ; ) {
      let isOwn = true
      try {
        const { undelivered } = await this.#rounds.round()
        if (undelivered !== undefined) return `${undelivered.message} `
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        // The hub publishes what it accepts once its witnesses have seen it.
        if (error instanceof RemoteError && error.reason === 'unwitnessed') reason = `${error.message} `
        else if (error.code === 'offline' || error.code === 'denied') return `${error.message} `
        else if (error.code !== 'locked') throw error
        // Another program follows, and sends what it finds.
        else isOwn = false
      }
      const waiting = isOwn ? [] : await this.#outbox.list(['queued', 'sent'], undefined, 1)
      const coming = await this.#outbox.unmirrored(undefined, 1)
      if (waiting.length + coming.length === 0 || performance.now() >= deadline) return reason
      await sleep(RETRY_MS)
    }
  }

  async #answerOf(id: string, reason: string): Promise<Accepted | Refusal> {
    const kept = await this.#outbox.find(id)
    assert(kept !== undefined, 'what was put into the outbox is there')
    const { answer } = kept
    if (answer?.status === 'refused') {
      const { code, message, data } = answer.refusal
      return { status: 'refused', code: code as Code, message, data }
    }
    if (answer === undefined || answer.index >= this.size) throw new Pending(kept, reason)
    const accepted = await readAccepted({ rules, sha256 }, this.reader, answer.index)
    if (accepted.transaction.id !== id) throw new StoreError('damaged', `Entry ${answer.index} is not the transaction ${id}.`)
    return accepted
  }
}
