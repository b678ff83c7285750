/** What writers said about a ledger, and what must therefore be true of it for ever. */

import { expect } from 'vitest'
import type { StoreReader } from '../../core/ledger/store.ts'
import type { Writer } from './children.ts'
import { digestOf, found } from './crash-writer.ts'
import { temporaryFolder } from './homes.ts'
import { type Marketplace, mandateFor, openMarketplace, sumOfBooks } from './marketplace.ts'
import { accepted, BOB, CYD, folderHome, TestLedger } from './support.ts'

const ACCEPTANCE_LINE_BYTES = '2026-11-22T08:31:09.123Z\n'.length

export class Witness {
  readonly accepted = new Map<string, { index: number; digest: string }>()
  readonly refused = new Map<string, { digest: string; note: Uint8Array }>()
  readonly unanswered = new Map<string, Uint8Array>()

  hear(writer: Writer): void {
    const notes = writer.submitted
    for (const [id, note] of notes) this.unanswered.set(id, note)
    for (const { id, index, digest } of writer.acknowledged) {
      this.unanswered.delete(id)
      const before = index === undefined ? this.refused.get(id) : this.accepted.get(id)
      if (before !== undefined) expect(digest).toBe(before.digest)
      if (index === undefined) this.refused.set(id, { digest, note: notes.get(id)! })
      else this.accepted.set(id, { index, digest })
    }
  }

  /** Everything that was acknowledged as accepted is in the log at its index, and nothing that was refused is in it. */
  async checkStored(store: StoreReader): Promise<void> {
    const ids = [...this.accepted.keys()]
    expect(await store.indexes(ids)).toEqual(ids.map((id) => this.accepted.get(id)!.index))
    expect(new Set([...this.accepted.values()].map(({ index }) => index)).size).toBe(ids.length)
    expect((await store.indexes([...this.refused.keys()])).every((index) => index === undefined)).toBe(true)
    expect(await sumOfBooks(store)).toBe(0n)
  }

  /** Everything is answered again as it was answered first; what was not answered is answered now, once. */
  async checkAnswers(test: TestLedger, random: () => number): Promise<void> {
    const entries = await test.store.entries(0, 100_000)
    const sample = [...this.accepted].filter(() => random() < 0.1)
    for (const [id, { index, digest }] of sample) {
      const note = entries[index]!.bytes.subarray(ACCEPTANCE_LINE_BYTES)
      const answer = accepted(await test.ledger.submit(note))
      expect([answer.transaction.id, answer.index, answer.repeated, digestOf(answer)]).toEqual([id, index, true, digest])
    }
    const size = test.ledger.size
    const again = [...this.refused.values()].map(async ({ digest, note }) => [digest, digestOf(await test.ledger.submit(note))])
    for (const [digest, now] of await Promise.all(again)) expect(now).toBe(digest)
    expect(test.ledger.size).toBe(size)
    const late = [...this.unanswered].map(async ([id, note]) => ({ id, note, answer: await test.ledger.submit(note) }))
    for (const { id, note, answer } of await Promise.all(late)) {
      if (answer.status === 'accepted') this.accepted.set(id, { index: answer.index, digest: digestOf(answer) })
      else this.refused.set(id, { digest: digestOf(answer), note })
    }
    this.unanswered.clear()
  }
}

/** Opens a ledger of the present time. */
export async function openedFolder(folder: string): Promise<TestLedger> {
  const test = new TestLedger(folderHome(folder))
  test.time = Date.now()
  await test.open()
  return test
}

/** A folder with a marketplace in which buyers let themselves be charged. */
export async function newMarket(): Promise<{ folder: string; market: Marketplace }> {
  const folder = temporaryFolder()
  const test = await found(folder)
  test.time = Date.now()
  const market = await openMarketplace(test)
  for (const who of [BOB, CYD]) await test.accept(who, 'usage.mandate', mandateFor(test, market.api))
  await test.close()
  return { folder, market }
}
