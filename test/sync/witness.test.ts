/** The witness: what it answers, what it remembers, and that no order of requests brings it back. */

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { toHex, utf8 } from '../../core/base/bytes.ts'
import { openSqliteWitness } from '../../core/drivers/sqlite/witness-store.ts'
import { formatAddCheckpoint } from '../../core/log/add-checkpoint.ts'
import { cosignatureTime, noteVerifier, openCheckpoint, readCheckpoint, signCheckpoint } from '../../core/log/checkpoint.ts'
import { ED25519, type NoteSigner, parseSignatureLines, type VerifierKey } from '../../core/log/note.ts'
import { checkEvidence } from '../../core/sync/evidence.ts'
import type { WitnessAnswer } from '../../core/sync/witness.ts'
import { tamper } from '../drivers/folders.ts'
import { temporaryFolder } from '../ledger/homes.ts'
import { leafHashes, NaiveTree, namedKey, sha256, text, wellFormed } from '../log/support.ts'
import { logsOf, TestWitness, verify } from './witnesses.ts'

const ORIGIN = 'ledger.example/credits'
const log = namedKey(ORIGIN, ED25519, 1)
const tree = new NaiveTree(leafHashes(40))
const other = new NaiveTree(leafHashes(41).reverse())
const logSigner: NoteSigner = { ...log.key, sign: log.sign }

const signed = (size: number, of = tree, signers = [logSigner]) =>
  signCheckpoint({ origin: ORIGIN, size, root: of.hash(0, size), extensions: [] }, signers)

/** The request of an honest log; anything in it can be another. */
function request(
  oldSize: number,
  size: number,
  { of = tree, proof = proofOf(oldSize, size, of), by = [logSigner] } = {},
): Uint8Array {
  return formatAddCheckpoint({ oldSize, proof, checkpoint: signed(size, of, by) })
}

function proofOf(from: number, to: number, of: NaiveTree): Uint8Array[] {
  return from === 0 || from > to ? [] : of.subtreeProof(0, from, to)
}

const open = (given: Parameters<typeof TestWitness.open>[1] = {}) => TestWitness.open(logsOf(log.key), given)

function expectCosigned(answer: WitnessAnswer, size: number, key: VerifierKey, seconds: number): void {
  if (answer.status !== 200) throw new Error(`${answer.status} is no cosignature`)
  const [line, ...more] = wellFormed(parseSignatureLines(answer.lines))
  expect(more).toEqual([])
  expect(line).toMatchObject({ name: key.name, keyId: key.keyId })
  expect(cosignatureTime(line!.signature)).toBe(BigInt(seconds))
  const trust = { origin: ORIGIN, logKeys: [noteVerifier(verify, log.key)], witnesses: [noteVerifier(verify, key)], quorum: 1 }
  const opened = wellFormed(openCheckpoint(utf8(text(signed(size)) + answer.lines), trust))
  expect(opened.checkpoint.size).toBe(size)
}

describe('add-checkpoint', () => {
  test('cosigns a log from its first checkpoint on', async () => {
    const test = await open()
    for (const [from, to] of [
      [0, 0],
      [0, 1],
      [1, 1],
      [1, 7],
      [7, 40],
    ] as const) {
      test.seconds += 1
      expectCosigned(await test.witness.addCheckpoint(request(from, to)), to, test.key, test.seconds)
    }
  })

  test('begins anywhere', async () => {
    const test = await open()
    expectCosigned(await test.witness.addCheckpoint(request(0, 33)), 33, test.key, test.seconds)
  })

  test('answers by the published codes, in their order, and forgets nothing over it', async () => {
    const test = await open()
    await test.witness.addCheckpoint(request(0, 20))
    const stranger = namedKey(ORIGIN, ED25519, 9)
    const strangerSigner = { ...stranger.key, sign: stranger.sign }
    const forged = { ...log.key, sign: stranger.sign }
    const elsewhere = namedKey('other.example/log', ED25519, 1)
    const foreign = signCheckpoint({ origin: elsewhere.key.name, size: 1, root: tree.hash(0, 1), extensions: [] }, [
      { ...elsewhere.key, sign: elsewhere.sign },
    ])
    const emptied = signCheckpoint({ origin: ORIGIN, size: 0, root: tree.hash(0, 1), extensions: [] }, [logSigner])
    const cases: [number, string, Uint8Array][] = [
      [400, 'no request', utf8('hello')],
      [404, 'an unknown log', formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: foreign })],
      [404, 'an unknown log that did not sign', utf8('old 20\n\nhello\n')],
      [403, 'no signature', utf8(`old 20\n\n${ORIGIN}\n30\n`)],
      [400, 'no checkpoint', formatAddCheckpoint({ oldSize: 20, proof: [], checkpoint: utf8(`${ORIGIN}\n\n— a AAAAAAAA\n`) })],
      [403, 'a stranger', request(20, 30, { by: [strangerSigner] })],
      [403, 'a forged signature', request(20, 30, { by: [forged] })],
      [403, 'a forged signature beside a good one', request(20, 30, { by: [logSigner, forged] })],
      [400, 'an old size above the new', request(31, 30)],
      [409, 'another old size', request(19, 30)],
      [409, 'no old size', request(0, 30)],
      [409, 'a smaller tree from before', request(10, 15)],
      [422, 'a wrong proof', request(20, 30, { proof: proofOf(20, 31, tree) })],
      [422, 'no proof', request(20, 30, { proof: [] })],
      [422, 'another history', request(20, 30, { of: other })],
      [422, 'another tree of the size', request(20, 20, { of: other })],
      [422, 'a proof of the same', request(20, 20, { proof: [tree.hash(0, 1)] })],
    ]
    for (const [status, what, body] of cases) {
      const answer = await test.witness.addCheckpoint(body)
      expect(answer.status, what).toBe(status)
      if (answer.status === 409) expect(answer.size).toBe(20)
    }
    const fresh = await open({ seed: 3 })
    const empty = (await fresh.witness.addCheckpoint(formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: emptied }))).status
    expect(empty, 'a root of no entries that is another').toBe(422)
    const proven = await fresh.witness.addCheckpoint(request(0, 20, { proof: [tree.hash(0, 1)] }))
    expect(proven.status, 'a proof from no entries').toBe(422)
    expectCosigned(await test.witness.addCheckpoint(request(20, 30)), 30, test.key, test.seconds)
  })

  test('takes signatures of unknown keys for none, and either key of a log that changes its key', async () => {
    const next = namedKey(ORIGIN, ED25519, 5)
    const nextSigner = { ...next.key, sign: next.sign }
    const stranger = { ...namedKey('somebody.example', ED25519, 6).key, sign: () => new Uint8Array(64) }
    const test = await TestWitness.open(logsOf(log.key, next.key))
    for (const [from, to, by] of [
      [0, 5, [stranger, logSigner]],
      [5, 6, [nextSigner, logSigner]],
      [6, 7, [nextSigner]],
    ] as const)
      expect((await test.witness.addCheckpoint(request(from, to, { by: [...by] }))).status).toBe(200)
  })

  test('within a second the same is answered again without being written', async () => {
    let writes = 0
    const test = await open({
      wrap: (store) => ({
        cosigned: (origin) => store.cosigned(origin),
        close: () => store.close(),
        replaceCosigned: (...given) => {
          writes += 1
          return store.replaceCosigned(...given)
        },
      }),
    })
    const first = await test.witness.addCheckpoint(request(0, 5))
    expect(await test.witness.addCheckpoint(request(5, 5))).toEqual(first)
    expect(writes).toBe(1)
    test.seconds += 1
    expectCosigned(await test.witness.addCheckpoint(request(5, 5)), 5, test.key, test.seconds)
    expect(writes).toBe(2)
  })
})

describe('what was cosigned', () => {
  test('outlives the program, and is served under the hash of the origin', async () => {
    const folder = join(temporaryFolder(), 'witness')
    const first = await open({ folder })
    const hash = toHex(sha256(utf8(ORIGIN)))
    expect(await first.witness.latest(hash)).toBeUndefined()
    await first.witness.addCheckpoint(request(0, 12))
    await first.store.close()
    const second = await open({ folder })
    expect(await second.witness.addCheckpoint(request(0, 12))).toEqual({ status: 409, size: 12 })
    expect((await second.witness.addCheckpoint(request(12, 13))).status).toBe(200)
    const latest = (await second.witness.latest(hash))!
    const keys = [log.key, second.key].map((key) => noteVerifier(verify, key))
    const opened = wellFormed(openCheckpoint(latest, { origin: ORIGIN, logKeys: [keys[0]!], witnesses: [keys[1]!], quorum: 1 }))
    expect(opened.checkpoint.size).toBe(13)
    expect(await second.witness.latest('0'.repeat(64))).toBeUndefined()
  })

  test('is held by one program at a time, in a folder of its own', async () => {
    const folder = join(temporaryFolder(), 'witness')
    await open({ folder })
    await expect(openSqliteWitness(folder)).rejects.toMatchObject({ code: 'locked' })
  })

  test('cannot be brought back, whatever program asks', async () => {
    const folder = join(temporaryFolder(), 'witness')
    const test = await open({ folder })
    await test.witness.addCheckpoint(request(0, 12))
    const held = (await test.store.cosigned(ORIGIN))!
    await expect(test.store.replaceCosigned(ORIGIN, held, signed(11))).rejects.toThrow('never goes back')
    expect(await test.store.replaceCosigned(ORIGIN, signed(12), signed(13))).toBe(false)
    expect(await test.store.replaceCosigned(ORIGIN, undefined, signed(13))).toBe(false)
    expect(await test.store.cosigned(ORIGIN)).toEqual(held)
  })

  test.each([
    ['another checkpoint of the log', () => signed(3)],
    ['a flipped bit', (held: Uint8Array) => held.with(held.length - 10, held.at(-10)! ^ 1)],
    ['nonsense', () => utf8('nonsense')],
  ])('is known as damaged where it is %s, and nothing is cosigned', async (_, change) => {
    const folder = join(temporaryFolder(), 'witness')
    const test = await open({ folder })
    await test.witness.addCheckpoint(request(0, 12))
    const bytes = change((await test.store.cosigned(ORIGIN))!)
    await test.store.close()
    tamper(folder, 'witness.db', `UPDATE cosigned SET checkpoint = x'${toHex(bytes)}'`)
    const again = await open({ folder })
    await expect(again.witness.addCheckpoint(request(12, 13))).rejects.toMatchObject({ code: 'damaged' })
  })

  test('of a log that signs two trees of one size is evidence that anybody can check', async () => {
    const test = await open()
    await test.witness.addCheckpoint(request(0, 20))
    await test.witness.addCheckpoint(request(20, 20, { of: other }))
    await test.witness.addCheckpoint(request(20, 20, { proof: [tree.hash(0, 1)] }))
    expect(test.caught).toHaveLength(1)
    const trust = { origin: ORIGIN, logKeys: [noteVerifier(verify, log.key)], witnesses: [], quorum: 0 }
    expect(checkEvidence(sha256, test.caught[0]!, trust)).toMatchObject({ kind: 'fork', isProof: true })
  })
})

describe('two requests at a time', () => {
  test('a shorter one that was checked first does not bring the log back', async () => {
    // The race of the specification: A is checked, B is checked and kept, A is to be kept.
    let stall: (() => Promise<void>) | undefined
    const test = await open({
      wrap: (store) => ({
        cosigned: (origin) => store.cosigned(origin),
        close: () => store.close(),
        replaceCosigned: async (...given) => {
          const waiting = stall
          stall = undefined
          await waiting?.()
          return store.replaceCosigned(...given)
        },
      }),
    })
    await test.witness.addCheckpoint(request(0, 10))
    const second = Promise.withResolvers<WitnessAnswer>()
    stall = async () => {
      second.resolve(await test.witness.addCheckpoint(request(10, 30)))
    }
    expect(await test.witness.addCheckpoint(request(10, 20))).toEqual({ status: 409, size: 30 })
    expect((await second.promise).status).toBe(200)
    expect(wellFormed(readCheckpoint((await test.store.cosigned(ORIGIN))!)).size).toBe(30)
  })

  test('of many at once, of two histories, one history is cosigned and sizes only grow', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const test = await open({ seed })
      const bodies = Array.from({ length: 30 }, (_, i) => {
        const of = (i + seed) % 3 === 0 ? other : tree
        const oldSize = i % 5 === 0 ? 0 : i
        return { of, size: i + 1, body: request(oldSize, i + 1, { of }) }
      })
      const answers = await Promise.all(
        bodies.map(async (one) => ({ ...one, answer: await test.witness.addCheckpoint(one.body) })),
      )
      const cosigned = answers.filter(({ answer }) => answer.status === 200)
      expect(cosigned.length).toBeGreaterThan(0)
      const sizes = cosigned.map(({ size }) => size)
      const last = cosigned.find(({ size }) => size === Math.max(...sizes))!
      for (const { of, size } of cosigned) expect(of.hash(0, size), 'each is part of the last').toEqual(last.of.hash(0, size))
      expect(wellFormed(readCheckpoint((await test.store.cosigned(ORIGIN))!)).size).toBe(last.size)
    }
  })
})
