/** The thread of wal-checkpointer.ts: moves what nobody reads in the log any more, whenever it is told to. */

import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { BOOK, type Database, openDatabase } from './database.ts'
import { answerOf } from './thread-answer.ts'
import { LITTLE_PAGES, type WalOrder } from './wal-checkpointer.ts'

const port = parentPort
assert(port !== null, 'the worker runs as a worker thread')
let database: Database | undefined

/** Goes on while much has come meanwhile, but not where nothing could be moved because somebody is reading it. */
function takeOver(): void {
  database ??= openDatabase(workerData as string, BOOK, 'write')
  const take = database
    .prepare<[], readonly [isBusy: bigint, pages: bigint, takenOver: bigint]>('PRAGMA wal_checkpoint(PASSIVE)')
    .raw()
  for (let before = -1n; ; ) {
    const [, pages, takenOver] = take.get()!
    if (pages - takenOver <= LITTLE_PAGES || takenOver <= before) return
    before = takenOver
  }
}

port.on('message', (order: WalOrder) => {
  if (order === 'take over') {
    port.postMessage(answerOf(BOOK, takeOver))
    return
  }
  database?.close()
  port.close()
})
