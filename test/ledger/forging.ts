/** Forged logs: signed with the sequencer's own key, their tiles and ids right, and only the one thing told wrong. */

import { expect } from 'vitest'
import { Malformed } from '../../core/base/malformed.ts'
import { parseSignedTransaction } from '../../core/domain/envelope.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { type AuditOptions, audit } from '../../core/ledger/audit.ts'
import { type Entry, formatEntry, parseEntry } from '../../core/ledger/entry.ts'
import type { LogReader, StoredEntry, StoreReader } from '../../core/ledger/store.ts'
import { signCheckpoint } from '../../core/log/checkpoint.ts'
import { Frontier, leafHash } from '../../core/log/merkle.ts'
import { appendLeaves } from '../../core/log/tiles.ts'
import { type RestorableHome, restorableMemory } from './homes.ts'
import { ADA, accepted, auditOf, BOB, ORIGIN, SECOND, SEQUENCER, TestLedger, VERIFIER } from './support.ts'

export const OPTIONS = { rules, sha256, verifier: VERIFIER }

export function transactionOf(bytes: Uint8Array) {
  const entry = parseEntry(bytes) as Entry
  return parseSignedTransaction(rules, sha256, entry.note) as Exclude<ReturnType<typeof parseSignedTransaction>, Malformed>
}

export type Forging = { -readonly [Field in 'bytes' | 'outcome']: Uint8Array }

/** A signed log of these entries, with tiles, ids and a checkpoint that fit; the rows are those of `source`. */
export async function forge(
  source: MemoryLedger,
  change: (entries: Forging[]) => void,
  sequencer = SEQUENCER,
): Promise<MemoryLedger> {
  const entries = source.entries.map(({ bytes, outcome }): Forging => ({ bytes, outcome }))
  change(entries)
  const forged = new MemoryLedger()
  forged.rows = new Map(source.rows)
  forged.entries = entries.map((entry, index): StoredEntry => ({ index, ...entry }))
  for (const [index, { bytes }] of [...entries.entries()].reverse()) forged.ids.set(idOf(bytes, index), index)
  const leaves = entries.map(({ bytes }) => leafHash(sha256, bytes))
  const { frontier, tiles } = appendLeaves(() => new Uint8Array(), new Frontier(sha256), leaves)
  for (const tile of tiles) forged.tiles.set(`${tile.level}/${tile.number}`, tile)
  const head = { origin: ORIGIN, size: entries.length, root: frontier.root(), extensions: [] }
  forged.checkpoint = signCheckpoint(head, [sequencer])
  return forged
}

export function idOf(bytes: Uint8Array, index: number): string {
  const entry = parseEntry(bytes)
  const transaction = entry instanceof Malformed ? entry : parseSignedTransaction(rules, sha256, entry.note)
  return transaction instanceof Malformed ? index.toString(16).padStart(48, '0') : transaction.id
}

/** The entry with another acceptance time. */
export function at(entry: Forging, time: number): Forging {
  const { note } = parseEntry(entry.bytes) as Entry
  return { ...entry, bytes: formatEntry({ time, note }) }
}

/** The entry with another note. */
export function of(entry: Forging, note: Uint8Array): Forging {
  return { ...entry, bytes: formatEntry({ time: (parseEntry(entry.bytes) as Entry).time, note }) }
}

/** Genesis, Ada, 30 credits, her plan, two licences' worth of models, Bob: an entry a second. */
export async function small(): Promise<{ test: TestLedger<RestorableHome>; memory: MemoryLedger }> {
  const memory = new MemoryLedger()
  const test = await TestLedger.found(await restorableMemory(memory))
  const plan = () => test.sign(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
  for (const note of [
    () => test.opening(ADA),
    () => test.topup(ADA, '30'),
    plan,
    () => test.model(ADA),
    () => test.opening(BOB),
  ]) {
    test.time += SECOND
    accepted(await test.ledger.submit(note()))
  }
  return { test, memory }
}

/** The log as whoever reads it from outside has it. */
export function withoutOutcomes(reader: StoreReader): LogReader {
  return {
    size: () => reader.size(),
    entries: async (from, limit) => (await reader.entries(from, limit)).map(({ index, bytes }) => ({ index, bytes })),
    tile: (level, number) => reader.tile(level, number),
    checkpoint: () => reader.checkpoint(),
    close: () => reader.close(),
  }
}

export async function findIn(forged: MemoryLedger, options: Partial<AuditOptions> = {}) {
  const reader: StoreReader = await openMemoryReader(forged)
  const whole = await auditOf(reader, reader, options)
  const logAlone = await audit(withoutOutcomes(reader), undefined, { ...OPTIONS, ...options })
  expect(whole.ok).toBe(whole.defects.length === 0)
  return { whole: whole.defects[0], logAlone: logAlone.defects[0] }
}

export async function expectFound(change: (entries: Forging[], test: TestLedger) => void, defect: object): Promise<void> {
  const { test, memory } = await small()
  const forged = await forge(memory, (entries) => change(entries, test))
  const { whole, logAlone } = await findIn(forged)
  expect(whole).toMatchObject(defect)
  expect(logAlone).toMatchObject(defect)
}

export function rootOf(memory: MemoryLedger, size: number): Uint8Array {
  const frontier = new Frontier(sha256)
  for (const { bytes } of memory.entries.slice(0, size)) frontier.append(leafHash(sha256, bytes))
  return frontier.root()
}
