/** A worker thread that verifies: flat buffers in, a byte for each check out. */

import { parentPort } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { verifyPacked } from './checks.ts'
import { chooseVerifier } from './ed25519.ts'

export interface Job {
  readonly packed: Uint8Array<ArrayBuffer>
  readonly count: number
}

const port = parentPort
assert(port !== null, 'the worker runs as a worker thread')
const verify = chooseVerifier()

port.on('message', ({ packed, count }: Job) => {
  const valid = verifyPacked(verify, packed, count)
  port.postMessage(valid, [valid.buffer])
})
