/**
 * Audits of a log of several pages, with worker threads: while the signatures of a page are checked the next one is executed
 * already, and none of that may show in what is found, nor may a thread that dies.
 */

import type { Worker } from 'node:worker_threads'
import { beforeAll, describe, expect, test } from 'vitest'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { createVerifier } from '../../core/drivers/sodium/verifier.ts'
import type { AuditReport } from '../../core/ledger/audit.ts'
import type { StoreReader, StoreWriter } from '../../core/ledger/store.ts'
import { type Forging, forge, of } from './forging.ts'
import { ADA, accepted, auditOf, BOB, interpose, MODEL, memoryHome, submitAll, TestLedger } from './support.ts'

/** Genesis, Ada, and models: pages of 256, where the genesis alone is one, and so are the 255 after it. */
const SIZE = 4_200
const SETTLED_BEFORE_2345 = 2_304
/** Those up to entry 2559. */
const READABLE_PAGES = 11

let ledger: TestLedger
const memory = new MemoryLedger()

beforeAll(async () => {
  ledger = await TestLedger.found(memoryHome(memory))
  accepted(await ledger.ledger.submit(ledger.opening(ADA)))
  const notes = Array.from({ length: SIZE - 2 }, () => ledger.model(ADA))
  for (const answer of await submitAll(ledger, notes)) accepted(answer)
})

/** An audit by workers; `killing` ends all of them every thousand entries or so, which no job meets three times. */
async function auditByWorkers(reader: StoreReader, { killing = false } = {}): Promise<AuditReport> {
  const running = new Set<Worker>()
  const remember = (worker: Worker) => running.add(worker)
  process.on('worker', remember)
  const verifier = createVerifier({ threads: 2 })
  let pages = 0
  const progress = () => {
    if (!killing || ++pages % 4 > 0) return
    for (const worker of running) void worker.terminate()
    running.clear()
  }
  try {
    return await auditOf(reader, reader, { verifier, progress })
  } finally {
    process.off('worker', remember)
    await verifier.close()
  }
}

async function forged(change: (entries: Forging[]) => void): Promise<StoreReader> {
  return openMemoryReader(await forge(memory, change))
}

function signedByBob(): Uint8Array {
  return ledger.sign(ADA, 'model.create', MODEL, { signedBy: BOB })
}

describe('an audit by several threads', () => {
  test('finds a sound log sound, and counts every signature', async () => {
    const report = await auditByWorkers(await openMemoryReader(memory))
    expect(report).toMatchObject({ ok: true, size: SIZE, entries: SIZE, signatures: SIZE })
  })

  test('finds the same when its threads are killed', async () => {
    const sound = await auditByWorkers(await openMemoryReader(memory), { killing: true })
    expect(sound).toMatchObject({ ok: true, entries: SIZE, signatures: SIZE })
    const reader = await forged((entries) => {
      entries[4_100] = of(entries[4_100]!, signedByBob())
    })
    const { defects } = await auditByWorkers(reader, { killing: true })
    expect(defects).toMatchObject([{ index: 4_100, what: 'bad_signature' }])
  })

  test('names the one bad signature in a page, though later pages break rules', async () => {
    const reader = await forged((entries) => {
      entries[2_345] = of(entries[2_345]!, signedByBob())
      entries[2_600] = of(entries[2_600]!, ledger.sign(BOB, 'model.create', MODEL))
    })
    const { defects, entries } = await auditByWorkers(reader)
    expect(defects).toMatchObject([{ index: 2_345, what: 'bad_signature' }])
    expect(entries).toBe(SETTLED_BEFORE_2345)
  })

  test('names a broken rule before the bad signature of a later page', async () => {
    const reader = await forged((entries) => {
      entries[2_345] = of(entries[2_345]!, ledger.sign(BOB, 'model.create', MODEL))
      entries[2_600] = of(entries[2_600]!, signedByBob())
    })
    const { defects, entries } = await auditByWorkers(reader)
    expect(defects).toMatchObject([{ index: 2_345, what: 'unknown_account' }])
    expect(entries).toBe(SETTLED_BEFORE_2345)
  })

  test('names a bad entry though what follows cannot be read', async () => {
    const unreadable = (reader: StoreReader) => {
      let pages = 0
      return interpose(reader as StoreWriter, (method, call) => {
        if (method === 'entries' && ++pages > READABLE_PAGES) throw new Error('The disk failed.')
        return call()
      })
    }
    const reader = await forged((entries) => {
      entries[2_345] = of(entries[2_345]!, signedByBob())
    })
    const { defects } = await auditByWorkers(unreadable(reader))
    expect(defects).toMatchObject([{ index: 2_345, what: 'bad_signature' }])
    await expect(auditByWorkers(unreadable(await openMemoryReader(memory)))).rejects.toThrow('The disk failed.')
  })
})
