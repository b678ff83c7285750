/** A worker thread: does one job after the other, each in the buffer that it comes in, and hands the buffer back. */

import { parentPort } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { sha256 } from '../sha256.ts'
import { chooseVerifier } from './ed25519.ts'
import { type Job, runJob } from './jobs.ts'

const port = parentPort
assert(port !== null, 'the worker runs as a worker thread')
const verify = chooseVerifier()

port.on('message', (job: Job) => {
  runJob({ verify, sha256 }, job)
  port.postMessage(job.buffer, [job.buffer])
})
