/** The thread of committer.ts: makes commits over a connection of its own, one after the other. */

import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { BookWriter } from './book.ts'
import { unpackCommit } from './commit-message.ts'
import type { CommitAnswer, CommitOrder } from './committer.ts'
import { BOOK, openDatabase } from './database.ts'
import { onFile } from './errors.ts'
import { answerOf } from './thread-answer.ts'
import { leaveLog } from './wal-checkpointer.ts'

/**
 * The rows that commits change are scattered over the book, while SQLite's default cache has two megabytes. Measured: an eighth
 * less processor time for commits of a hundred purchases.
 */
const CACHE_KILOBYTES = 16_000

const port = parentPort
assert(port !== null, 'the worker runs as a worker thread')

const database = openDatabase(workerData as string, BOOK, 'write')
leaveLog(database)
database.pragma(`cache_size = -${CACHE_KILOBYTES}`)
const book = onFile(BOOK.file, () => new BookWriter(database))

port.on('message', (order: CommitOrder) => {
  if (order !== 'end') {
    port.postMessage(answerOf(BOOK, () => book.commit(unpackCommit(order))) satisfies CommitAnswer)
    return
  }
  database.close()
  port.close()
})
port.postMessage('ready' satisfies CommitAnswer)
