import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import type { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/base/bytes.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { nodeVerifier, sodiumVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { CHECKS, cut, LEAVES, packJob, runJob } from '../../core/drivers/sodium/jobs.ts'
import { keyPair } from '../../core/drivers/sodium/signer.ts'
import { createVerifier } from '../../core/drivers/sodium/verifier.ts'
import type { SignatureCheck } from '../../core/ledger/verifier.ts'
import { leafHash } from '../../core/log/merkle.ts'
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

  it('hashes leaves in order, here and in workers', async () => {
    const verifier = createVerifier({ threads: 2 })
    const entries = Array.from({ length: 2_500 }, (_, i) => utf8(`entry ${i} ${'x'.repeat(i % 900)}`))
    const expected = entries.map((entry) => toHex(leafHash(sha256, entry)))
    expect((await verifier.hashLeaves(entries.slice(0, 10))).map((one) => toHex(one))).toEqual(expected.slice(0, 10))
    await verifier.verify(checks(2_001))
    const [hashes, valid, none] = await Promise.all([
      verifier.hashLeaves(entries),
      verifier.verify(checks(100, [50])),
      verifier.hashLeaves([]),
    ])
    expect(hashes.map((one) => toHex(one))).toEqual(expected)
    expect(valid.indexOf(false)).toBe(50)
    expect(none).toEqual([])
    await verifier.close()
  })

  it('finds the one bad signature among a thousand', async () => {
    const verifier = createVerifier({ threads: 2 })
    await verifier.verify(checks(2_001))
    const answers = await Promise.all([0, 499, 500, 777, 999].map((bad) => verifier.verify(checks(1_000, [bad]))))
    expect(answers.map((valid) => valid.flatMap((one, i) => (one ? [] : [i])))).toEqual([[0], [499], [500], [777], [999]])
    await verifier.close()
  })

  it('cuts into jobs by number and by bytes, and does each where it lies', () => {
    const some = checks(40, [0, 39])
    const limits = { maxItems: 7, maxBytes: 2_500 }
    const parts = [...cut(CHECKS, some, limits)]
    expect(parts.flatMap(({ items }) => items)).toEqual(some)
    expect(parts.map(({ from }) => from)).toEqual(parts.map((_, i) => parts.slice(0, i).flatMap(({ items }) => items).length))
    for (const { items, bytes } of parts) {
      expect(items.length <= limits.maxItems && (bytes <= limits.maxBytes || items.length === 1)).toBe(true)
      const job = packJob(CHECKS, items, new ArrayBuffer(bytes))
      runJob({ verify: nodeVerifier(), sha256 }, job)
      const answers = new Uint8Array(job.buffer)
      expect(items.map((_, i) => CHECKS.read(answers, i))).toEqual(items.map((item) => item !== some[0] && item !== some[39]))
      expect(() => packJob(CHECKS, items, new ArrayBuffer(bytes - 1))).toThrow()
    }
    expect([...cut(LEAVES, [new Uint8Array(9_000)], limits)]).toHaveLength(1)
    expect([...cut(LEAVES, [], limits)]).toEqual([])
  })

  it('does the same with the library of Node where the platform has no binary of libsodium', () => {
    const run = (...given: string[]) =>
      spawnSync(process.execPath, [...given, `${import.meta.dirname}/verifier-child.ts`], { encoding: 'utf8' })
    const hidden = run('--import', `${import.meta.dirname}/without-sodium.ts`)
    expect(hidden.stderr).toBe('')
    expect(JSON.parse(hidden.stdout)).toEqual({ library: 'node', bad: [7], workers: 2 })
    expect(JSON.parse(run().stdout)).toEqual({ library: 'sodium', bad: [7], workers: 2 })
  })
})
