import { createHash } from 'node:crypto'
import type { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import { isPackable, packChecks, verifyPacked } from '../../core/drivers/sodium/checks.ts'
import { chooseVerifier, nodeVerifier, sodiumVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { keyPair } from '../../core/drivers/sodium/signer.ts'
import { createVerifier } from '../../core/drivers/sodium/verifier.ts'
import type { SignatureCheck } from '../../core/ledger/verifier.ts'
import { selfTest } from '../../core/log/signature.ts'

const pairs = [1, 2, 3].map((seed) => keyPair(createHash('sha256').update(`key ${seed}`).digest()))

/** Checks of which those whose index `bad` names carry a signature of another message. */
function checks(count: number, bad: readonly number[] = []): SignatureCheck[] {
  return Array.from({ length: count }, (_, i) => {
    const { publicKey, sign } = pairs[i % pairs.length]!
    const message = utf8(`message ${i} ${'x'.repeat(i % 700)}`)
    return { publicKey, message, signature: bad.includes(i) ? sign(utf8(`other ${i}`)) : sign(message) }
  })
}

function expected(count: number, bad: readonly number[]): boolean[] {
  return Array.from({ length: count }, (_, i) => !bad.includes(i))
}

describe('verifier', () => {
  it('has the binary of libsodium on this platform, and both libraries give the known answers', () => {
    expect(sodiumVerifier()).toBeDefined()
    expect(selfTest(sodiumVerifier()!)).toBe(true)
    expect(selfTest(nodeVerifier())).toBe(true)
    expect(selfTest(() => true)).toBe(false)
  })

  it.each([
    ['none', 0, [], 2],
    ['one', 1, [], 2],
    ['a bad one alone', 1, [0], 2],
    ['more than the calling thread takes', 2_500, [0, 1_249, 1_250, 2_499], 2],
    ['many jobs on one worker', 3_001, [3_000], 1],
    ['without workers', 2_100, [7], 0],
  ] as const)('answers in order: %s', async (_name, count, bad, threads) => {
    const verifier = createVerifier({ threads })
    try {
      expect(await verifier.verify(checks(count, bad))).toEqual(expected(count, bad))
    } finally {
      await verifier.close()
    }
  })

  it('answers calls that overlap, each with its own', async () => {
    const verifier = createVerifier({ threads: 2 })
    try {
      const calls = [2_200, 900, 10, 1_500].map((count, i) => verifier.verify(checks(count, [i])))
      const answers = await Promise.all(calls)
      expect(answers.map((answer) => answer.indexOf(false))).toEqual([0, 1, 2, 3])
      expect(answers.map((answer) => answer.filter((one) => !one).length)).toEqual([1, 1, 1, 1])
    } finally {
      await verifier.close()
    }
  })

  it('refuses keys and signatures of other lengths among good ones', async () => {
    const verifier = createVerifier({ threads: 2 })
    const mixed = checks(2_100)
    mixed[5] = { ...mixed[5]!, signature: mixed[5]!.signature.subarray(1) }
    mixed[6] = { ...mixed[6]!, publicKey: new Uint8Array(0) }
    expect(isPackable(mixed[5]!)).toBe(false)
    expect(await verifier.verify(mixed)).toEqual(expected(2_100, [5, 6]))
    await verifier.close()
  })

  it('replaces workers that die, and loses nothing', async () => {
    const started: Worker[] = []
    const remember = (worker: Worker) => started.push(worker)
    process.on('worker', remember)
    const verifier = createVerifier({ threads: 2 })
    await verifier.verify(checks(2_100))
    expect(started.length).toBe(2)
    const answers = verifier.verify(checks(4_000, [17]))
    // Ended from outside in the middle of their jobs, as a crash would end them.
    await Promise.all(started.map((worker) => worker.terminate()))
    expect(await answers).toEqual(expected(4_000, [17]))
    expect(started.length).toBe(4)
    process.off('worker', remember)
    expect(await verifier.verify(checks(2_100, [3]))).toEqual(expected(2_100, [3]))
    await verifier.close()
  })

  it('rejects what waits when it is closed', async () => {
    const verifier = createVerifier({ threads: 1 })
    const answers = verifier.verify(checks(5_000))
    const rejected = expect(answers).rejects.toThrow('closed')
    await verifier.close()
    await rejected
  })

  it('hears no answer after it was closed, whenever that is', async () => {
    const many = checks(2_500)
    for (const waitMs of [5, 20, 60, 90, 110, 130, 150]) {
      const verifier = createVerifier({ threads: 1 })
      const answers = verifier.verify(many).catch((error: Error) => error.message)
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      await verifier.close()
      expect([many.map(() => true), 'The verifier was closed.']).toContainEqual(await answers)
    }
  })

  it('packs checks flat and unpacks them in order', () => {
    const some = checks(40, [0, 39])
    const valid = verifyPacked(chooseVerifier(), packChecks(some), some.length)
    expect([...valid].map((one) => one === 1)).toEqual(expected(40, [0, 39]))
    expect(() => verifyPacked(chooseVerifier(), packChecks(some), 39)).toThrow('exactly its checks')
  })
})
