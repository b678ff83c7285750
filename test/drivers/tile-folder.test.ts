/** Exported tiles in a folder, as they lie there when somebody copied it while the log grew. */

import { copyFileSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { exportTiles, openTileFolder } from '../../core/drivers/tile-folder.ts'
import { audit } from '../../core/ledger/audit.ts'
import { OPTIONS } from '../ledger/forging.ts'
import { temporaryFolder } from '../ledger/homes.ts'
import { ADA, accepted, LOG_KEY, memoryHome, submitAll, TestLedger } from '../ledger/support.ts'

const auditFolder = (folder: string) => audit(openTileFolder(folder), undefined, { ...OPTIONS, trusted: LOG_KEY })

test('an older checkpoint is served by the full tiles that came after it, and by nothing shorter', async () => {
  const memory = new MemoryLedger()
  const ledger = await TestLedger.found(memoryHome(memory))
  accepted(await ledger.ledger.submit(ledger.opening(ADA)))
  const fill = async (size: number) => {
    const notes = Array.from({ length: size - ledger.ledger.size }, (_, i) => ledger.model(ADA, `m${ledger.ledger.size + i}`))
    for (const answer of await submitAll(ledger, notes)) accepted(answer)
  }
  const [older, newer] = [temporaryFolder(), temporaryFolder()]
  await fill(100)
  await exportTiles(await openMemoryReader(memory), older)
  await fill(300)
  await exportTiles(await openMemoryReader(memory), newer)
  copyFileSync(join(older, 'checkpoint'), join(newer, 'checkpoint'))
  expect(await auditFolder(newer)).toMatchObject({ ok: true, size: 100, entries: 100 })
  // What is there in part is not there.
  truncateSync(join(newer, 'tile/0/000'), 99 * 32)
  expect(await auditFolder(newer)).toMatchObject({ ok: false, defects: [{ table: 'tiles', key: '0/0' }] })
  rmSync(join(newer, 'tile/entries/000'))
  await expect(auditFolder(newer)).rejects.toMatchObject({ code: 'damaged' })
})
