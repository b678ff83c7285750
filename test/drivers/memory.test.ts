import { expect, test } from 'vitest'
import { type Fault, MemoryLedger, openMemoryReader, openMemoryWriter } from '../../core/drivers/memory/store.ts'
import { restorableMemory } from '../ledger/homes.ts'
import { ADA, withAda } from '../ledger/support.ts'
import { fillStore, sampleCommit } from './samples.ts'
import { describeStore } from './store-contract.ts'

describeStore(async () => {
  const ledger = new MemoryLedger()
  return { openReader: () => openMemoryReader(ledger), openWriter: () => openMemoryWriter(ledger) }
})

test.each(['before', 'after'] as const)(
  'a fault %s a commit stops the writer, and the next finds the book whole',
  async (when) => {
    const ledger = new MemoryLedger()
    const writer = await openMemoryWriter(ledger)
    await fillStore(writer)
    const fault: Fault = (change, moment) => {
      if (change === 'commit' && moment === when) throw new Error('the disk failed')
    }
    ledger.fault = fault
    await expect(writer.commit(sampleCommit(5, 2))).rejects.toThrow('the disk failed')
    ledger.fault = () => {}
    await expect(writer.commit(sampleCommit(5, 2))).rejects.toMatchObject({ code: 'offline' })
    await writer.close()
    const next = await openMemoryWriter(ledger)
    expect(await next.size()).toBe(when === 'before' ? 5 : 7)
  },
)

test('says before which time notes are stale', async () => {
  const writer = await openMemoryWriter(new MemoryLedger({ staleBefore: 7 }))
  expect(await writer.staleBefore()).toBe(7)
})

test('a failed change of the memory store leaves it broken until it is opened again', async () => {
  const ledger = new MemoryLedger()
  const failure = new Error('the change failed')
  const test = await withAda(await restorableMemory(ledger))
  ledger.fault = (change, moment) => {
    if (change === 'commit' && moment === 'before') throw failure
  }
  await expect(test.ledger.submit(test.model(ADA))).rejects.toBe(failure)
  ledger.fault = () => {}
  await expect(test.ledger.submit(test.model(ADA))).rejects.toBe(failure)
  await test.reopen()
  expect(await test.ledger.submit(test.model(ADA))).toMatchObject({ status: 'accepted' })
})
