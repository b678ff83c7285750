/** A thread that signs purchases: it is given a range of their numbers, and returns packed notes. */

import { parentPort } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { packNotes, type SigningJob } from './notes.ts'
import { signPurchases } from './purchases.ts'

const port = parentPort
assert(port !== null, 'the worker runs as a worker thread')

port.on('message', ({ market, range }: SigningJob) => {
  const packed = packNotes([...signPurchases(market, range)])
  port.postMessage(packed, [packed.buffer])
})
