/** The process in which a task of apart.ts is done: it is given the task, and returns its figures. */

import { assert } from '../../base/assert.ts'
import { createVerifier } from '../../drivers/sodium/verifier.ts'
import { openSqliteReader, openSqliteWriter } from '../../drivers/sqlite/store.ts'
import { audit } from '../../ledger/audit.ts'
import { LEDGER_TOOLS } from '../desk.ts'
import { beginAmongNewObjects, keepHeapSmall } from '../heap.ts'
import type { Audited, Kept, Opened, Remembered, Task } from './apart.ts'
import { Feeder } from './feeder.ts'
import { reopen } from './market.ts'
import { readNotes } from './notes.ts'

beginAmongNewObjects()

process.once('message', async (task: Task) => {
  process.send!(await run(task), () => process.disconnect())
})

function run(task: Task): Promise<Audited | Opened | Remembered> {
  if (task.name === 'audit') return auditFolder(task.folder)
  return task.name === 'open' ? openFolder(task.folder, task.note) : remember(task.folder, task.notes)
}

/** The same audit as `nimledger verify` does. */
async function auditFolder(folder: string): Promise<Audited> {
  keepHeapSmall()
  const started = performance.now()
  const verifier = createVerifier()
  const store = await openSqliteReader(folder)
  try {
    const { defects, entries } = await audit(store, store, { ...LEDGER_TOOLS, verifier })
    return { defects, entries, seconds: (performance.now() - started) / 1000, peakBytes: peakBytes() }
  } finally {
    await store.close()
    await verifier.close()
  }
}

async function openFolder(folder: string, note: Uint8Array): Promise<Opened> {
  const started = performance.now()
  const verifier = createVerifier()
  const ledger = await reopen(await openSqliteWriter(folder), verifier)
  try {
    const openMs = performance.now() - started
    const entries = ledger.size
    await ledger.submit(note)
    return { entries, openMs, answerMs: performance.now() - started }
  } finally {
    await ledger.close()
    await verifier.close()
  }
}

/** The memory that a ledger takes after it was opened, and after every note of a file went through it. */
async function remember(folder: string, notes: string): Promise<Remembered> {
  const verifier = createVerifier()
  const ledger = await reopen(await openSqliteWriter(folder), verifier)
  try {
    const open = kept()
    const started = performance.now()
    const feeder = new Feeder(ledger)
    for (const note of readNotes(notes)) {
      const room = feeder.submit(note)
      if (room !== undefined) await room
    }
    await feeder.drain()
    const seconds = (performance.now() - started) / 1000
    return { open, traded: kept(), peakBytes: peakBytes(), seconds }
  } finally {
    await ledger.close()
    await verifier.close()
  }
}

function kept(): Kept {
  assert(globalThis.gc !== undefined, 'the program runs with --expose-gc')
  globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { processBytes: rss, liveBytes: heapUsed + external }
}

/** The most memory that this process has had, its threads included. */
function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024
}
