/** A log of models, and what may become of it: it grows, is told otherwise, is shorter; and where it is served and mirrored. */

import { expect } from 'vitest'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { forge } from '../ledger/forging.ts'
import { ADA, accepted, memoryHome, SECOND, submitAll, TestLedger } from '../ledger/support.ts'
import { TestMirror, TileServer } from './served.ts'

/** Genesis, Ada, and models of hers. */
export async function models(count: number): Promise<{ ledger: TestLedger; memory: MemoryLedger }> {
  const memory = new MemoryLedger()
  const ledger = await TestLedger.found(memoryHome(memory))
  accepted(await ledger.ledger.submit(ledger.opening(ADA)))
  await more(ledger, count - 2)
  return { ledger, memory }
}

export async function more(ledger: TestLedger, count: number): Promise<void> {
  ledger.time += SECOND
  const notes = Array.from({ length: count }, (_, i) => ledger.model(ADA, `m${ledger.ledger.size + i}`))
  for (const answer of await submitAll(ledger, notes)) accepted(answer)
}

/** The first entries of a log, with a checkpoint of its own. */
export function cut(memory: MemoryLedger, size: number): Promise<MemoryLedger> {
  return forge(memory, (entries) => entries.splice(size))
}

/** The log with one entry told otherwise from somewhere on: another history, in itself sound. */
export function twisted(memory: MemoryLedger, index: number): Promise<MemoryLedger> {
  return forge(memory, (entries) => {
    const [one, other] = [entries[index]!, entries[index + 1]!]
    entries[index] = other
    entries[index + 1] = one
  })
}

export async function publish(server: TileServer, memory: MemoryLedger): Promise<void> {
  await server.publish(await openMemoryReader(memory))
}

interface Served {
  readonly memory: MemoryLedger
  readonly ledger: TestLedger
  readonly server: TileServer
  readonly mirror: TestMirror
}

/** A server of 600 entries, and a mirror that has none of them yet. */
export async function served(): Promise<Served> {
  const { ledger, memory } = await models(600)
  const server = await TileServer.start()
  await publish(server, memory)
  return { memory, ledger, server, mirror: new TestMirror(server) }
}

/** A server of 600 entries, and a mirror of them. */
export async function followed(): Promise<Served> {
  const made = await served()
  expect(await made.mirror.sync()).toMatchObject({ status: 'synced', size: 600 })
  return made
}
