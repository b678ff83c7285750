/** What an entry takes on disk with everything that comes with it, compared with the bytes that were signed. */

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { openSqliteReader } from '../../drivers/sqlite/store.ts'
import { type Figure, rounded } from './figure.ts'
import { sharedFolder, sharedMarket } from './fill.ts'

const PURCHASES = 200_000
const READ_AT_A_TIME = 1_000
/** What each entry is granted beside its own bytes: its id and hash, its part of the state, the overhead of the pages. */
const GRANTED_BYTES = 128

export const bytes: Figure = {
  name: 'bytes',
  description: 'bytes an entry on the disk, against its own and 128 (200 000)',
  async *run(context) {
    const open = await sharedMarket(context, context.count ?? PURCHASES)
    await open.close()
    const folder = sharedFolder(context)
    const { entries, total } = await payload(folder)
    const payloadBytes = total / entries
    // Nobody has it open now, so everything is in the file itself.
    const diskBytes = statSync(join(folder, 'ledger.db')).size / entries
    const ratio = rounded(diskBytes / (payloadBytes + GRANTED_BYTES), 3)
    yield {
      figure: 'bytes',
      what: 'an entry',
      entries,
      diskBytes: rounded(diskBytes, 1),
      payloadBytes: rounded(payloadBytes, 1),
      ratio,
    }
  },
}

/** The bytes of all entries: acceptance line and note. */
async function payload(folder: string): Promise<{ entries: number; total: number }> {
  const store = await openSqliteReader(folder)
  try {
    const entries = await store.size()
    let total = 0
    for (let from = 0; from < entries; from += READ_AT_A_TIME) {
      for (const entry of await store.entries(from, READ_AT_A_TIME)) total += entry.bytes.length
    }
    return { entries, total }
  } finally {
    await store.close()
  }
}
