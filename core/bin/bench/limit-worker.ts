/** A thread that does nothing but check signatures for a while, behind the gate, as the threads of the verifier do. */

import { parentPort } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { chooseVerifier } from '../../drivers/sodium/ed25519.ts'
import { verifyGated } from '../../log/signature.ts'
import type { LimitJob, LimitResult } from './limit.ts'

/** Checks made before the time begins, until the code is compiled. */
const WARM_UP_CHECKS = 500
/** Checks between two looks at the clock. */
const CHECKS_AT_A_TIME = 50

const port = parentPort
assert(port !== null, 'the worker runs as a worker thread')
const verify = chooseVerifier()

port.on('message', ({ checks, milliseconds }: LimitJob) => {
  let next = 0
  const run = (count: number) => {
    for (let i = 0; i < count; i++) {
      const { publicKey, message, signature } = checks[next++ % checks.length]!
      assert(verifyGated(verify, publicKey, message, signature), 'the signatures of the benchmark are valid')
    }
  }
  run(WARM_UP_CHECKS)
  const started = performance.now()
  let checked = 0
  let took = 0
  for (; took < milliseconds; took = performance.now() - started) {
    run(CHECKS_AT_A_TIME)
    checked += CHECKS_AT_A_TIME
  }
  port.postMessage({ checked, milliseconds: took } satisfies LimitResult)
})
