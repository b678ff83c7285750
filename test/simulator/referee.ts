/**
 * What has to hold at every step, whatever was lost, repeated or killed:
 *
 *   the log      grows, and nothing that is in it changes; no transaction is in it twice; what one key signs stands in the
 *                order in which it was signed, unless it was refused at first
 *   outboxes     lose nothing; a state never goes back; what is accepted has its receipt, and is in the log where that says;
 *                what is refused is not in the log. But for refusals that rest on no proven signature, which the hub does not
 *                remember: a copy that the network held back may still be accepted, and then, once the mirror shows it, the
 *                outbox says so
 *   mirrors      have a beginning of the log, and their checkpoint covers what they have
 *   watchers     of live events have seen a beginning of the log, each entry once, in its order
 *
 * What it knows is kept here, in memory, so that nothing that a store forgets is forgotten here.
 */

import { expect } from 'vitest'
import { toHex } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { OUTBOX_STATES, type OutboxState } from '../../core/ledger/outbox-store.ts'
import { checkProof } from '../../core/ledger/receipt.ts'
import type { StoreReader } from '../../core/ledger/store.ts'
import { transactionOf } from '../ledger/forging.ts'
import { openedCheckpoint } from '../ledger/support.ts'
import type { SimulatedHub } from './hub.ts'
import { type SimulatedConsole, type SimulatedMirror, TRUST } from './peers.ts'
import type { Pen } from './pens.ts'
import type { Watcher } from './watcher.ts'

const PAGE = 1_000

export class Referee {
  /** The log as it was first seen. */
  readonly entries: Uint8Array[] = []
  /** Where a transaction stands in it. */
  readonly index = new Map<string, number>()
  /** What an outbox was told, and keeps for ever. */
  readonly told = new Map<string, OutboxState>()
  readonly refusals = new Map<string, string>()
  /** Refusals that were none in the end. */
  corrected = 0
  /** How far into its own notes each pen has got. */
  readonly #turn = new Map<Pen, number>()
  readonly #mirrored = new Map<string, number>()

  /** Reads what is new in the log; `isAnew` reads all of it again, after the hub was restarted. */
  async checkHub(hub: SimulatedHub, consoles: readonly SimulatedConsole[], isAnew: boolean): Promise<void> {
    await hub.read(async (reader) => {
      const size = await reader.size()
      expect(size).toBeGreaterThanOrEqual(this.entries.length)
      for (let from = isAnew ? 0 : this.entries.length; from < size; from += PAGE) {
        for (const { index, bytes } of await reader.entries(from, PAGE)) this.#take(index, bytes, consoles, hub.refused)
      }
    })
  }

  #take(index: number, bytes: Uint8Array, consoles: readonly SimulatedConsole[], refused: ReadonlySet<string>): void {
    const known = this.entries[index]
    if (known !== undefined) {
      expect(Buffer.compare(known, bytes), `entry ${index} is what it was`).toBe(0)
      return
    }
    expect(index).toBe(this.entries.length)
    this.entries.push(bytes)
    const { id } = transactionOf(bytes)
    expect(this.index.has(id), `${id} is in the log once`).toBe(false)
    this.index.set(id, index)
    // Those after it did not depend on what had been refused in its place.
    if (refused.has(id) || consoles.some(({ heard }) => isProvisional(heard.get(id)))) return
    for (const pen of consoles.flatMap(({ pens }) => pens)) {
      const turn = pen.signed.findIndex((signed) => signed.id === id)
      if (turn < 0) continue
      const { type } = pen.signed[turn]!
      expect(turn, `${id} (${type} of ${pen.person.name}) stands after what was signed before it`).toBeGreaterThan(
        this.#turn.get(pen) ?? -1,
      )
      this.#turn.set(pen, turn)
    }
  }

  checkWatcher(watcher: Watcher): void {
    watcher.check()
    // What came since the log was looked at is looked at next time.
    for (const [index, id] of watcher.seen.slice(0, this.entries.length - 1).entries())
      expect(this.index.get(id), `a watcher was shown ${id} as entry ${index + 1}`).toBe(index + 1)
  }

  async checkOutbox(console: SimulatedConsole): Promise<void> {
    const notes = await console.outbox((store) => store.list(undefined, undefined, 1_000_000))
    expect(notes.map(({ id }) => id)).toEqual(console.kept.map(({ id }) => id))
    for (const [i, { id, note, state, answer }] of notes.entries()) {
      expect(Buffer.compare(note, console.kept[i]!.note)).toBe(0)
      const before = this.told.get(id)
      if (before === state) continue
      const isCorrected = before === 'refused' && state === 'accepted' && isProvisional(console.heard.get(id))
      expect(isCorrected || before === undefined || rank(before) < rank(state), `${id} went from ${before} to ${state}`).toBe(
        true,
      )
      this.told.set(id, state)
      if (answer?.status === 'accepted') {
        expect(this.index.get(id), `${id} is where its receipt says`).toBe(answer.index)
        const proven = checkProof({ rules, sha256 }, answer.receipt, TRUST)
        if (proven instanceof Malformed) throw new Error(`The receipt of ${id} is not good: ${proven.reason}`)
        expect(proven.what === 'entry' && proven.index).toBe(answer.index)
        if (this.refusals.delete(id)) this.corrected += 1
      }
      if (answer?.status === 'refused') this.refusals.set(id, answer.refusal.code)
    }
    for (const [id, code] of this.refusals) if (!isProvisional(code)) this.#expectAbsent(id)
  }

  #expectAbsent(id: string): void {
    expect(this.index.has(id), `${id}, which was refused (${this.refusals.get(id)}), is not in the log`).toBe(false)
  }

  async checkMirror(mirror: SimulatedMirror): Promise<void> {
    await mirror.read(async (reader) => {
      const size = await reader.size()
      const from = this.#mirrored.get(mirror.name) ?? 0
      expect(size).toBeGreaterThanOrEqual(from)
      expect(size).toBeLessThanOrEqual(this.entries.length)
      for (let at = from; at < size; at += PAGE) {
        for (const { index, bytes } of await reader.entries(at, Math.min(PAGE, size - at)))
          expect(Buffer.compare(bytes, this.entries[index]!), `entry ${index} of ${mirror.name} is the log's`).toBe(0)
      }
      this.#mirrored.set(mirror.name, size)
      const signed = await reader.checkpoint()
      if (signed !== undefined) expect(openedCheckpoint(signed).size).toBeLessThanOrEqual(size)
    })
  }

  /** In the end every note has its one answer, and all have the same book under the same root. */
  async checkEnd(
    hub: StoreReader,
    mirrors: readonly SimulatedMirror[],
    bookOf: (store: StoreReader) => Promise<unknown>,
  ): Promise<void> {
    const head = openedCheckpoint(await hub.checkpoint())
    expect(head.size).toBe(this.entries.length)
    const book = await bookOf(hub)
    for (const mirror of mirrors) {
      await mirror.read(async (reader) => {
        const { size, root } = openedCheckpoint(await reader.checkpoint())
        expect([mirror.name, size, toHex(root)]).toEqual([mirror.name, head.size, toHex(head.root)])
        expect(await bookOf(reader)).toEqual(book)
      })
    }
    for (const id of this.refusals.keys()) this.#expectAbsent(id)
    for (const [id, state] of this.told) expect([id, ['accepted', 'refused'].includes(state)]).toEqual([id, true])
  }
}

/** Anybody could provoke these in another's name, so the hub does not remember them. */
function isProvisional(code: string | undefined): boolean {
  return code === 'unknown_account' || code === 'bad_signature'
}

function rank(state: OutboxState): number {
  return Math.min(OUTBOX_STATES.indexOf(state), 2)
}
