/**
 * Two honest replicas that read one log differently would be the end of it. The same signed notes, in batches split at random
 * and with restarts between them, are sent to ledgers in memory and on a disk; answers, rows and state roots are those of a
 * world that has neither log nor store, and an audit replays each log to the same books.
 */

import { expect, test } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import type { Json } from '../../core/domain/canonical.ts'
import { encodeRow } from '../../core/domain/table.ts'
import { formatSeconds, wholeSeconds } from '../../core/domain/time.ts'
import { MemoryLedger } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { type KeyPair, keyPair } from '../../core/drivers/sodium/signer.ts'
import { signNote } from '../../core/log/note.ts'
import { sqliteHome } from '../ledger/homes.ts'
import { allRows, openMarketplace } from '../ledger/marketplace.ts'
import { ADA, accepted, BOB, codes, type Home, memoryHome, ORIGIN, signerAs, TestLedger } from '../ledger/support.ts'
import { Random } from '../model/random.ts'
import { type Sent, Storm } from './storm.ts'

/** A closing names the leaves of one log, and a sequencer takes no other's key: these two are told by tests of their own. */
const WITHOUT = ['period.close', 'sequencer.rotate']
const STEPS = 180

const pairs = new Map<string, KeyPair>()

function pairOf(name: string): KeyPair {
  const pair = pairs.get(name) ?? keyPair(sha256(utf8(name)))
  pairs.set(name, pair)
  return pair
}

function noteOf({ text, signers }: Sent): Uint8Array {
  return signNote(
    text,
    signers.map(({ account, key }) => signerAs(pairOf(key), account)),
  )
}

/** The answers of a ledger to all notes of the storm, sent in batches of a random size and never two times in one. */
async function sendAll(test: TestLedger, sent: readonly Sent[], random: Random): Promise<string[]> {
  const answers: string[] = []
  let next = 0
  while (next < sent.length) {
    const { time } = sent[next]!
    const most = random.spread(60)
    const batch: Sent[] = []
    while (sent[next]?.time === time && batch.length <= most) batch.push(sent[next++]!)
    test.time = time
    answers.push(...codes(await Promise.all(batch.map((one) => test.ledger.submit(noteOf(one))))))
    if (random.chance(0.05)) await test.reopen(test.settings)
  }
  return answers
}

async function replica(home: Home, storm: Storm, seed: number) {
  const sequencer = signerAs(pairOf('sequencer'), ORIGIN)
  const test = new TestLedger(home, { sequencerKeys: [sequencer] })
  const [genesis, ...rest] = storm.sent
  test.time = genesis!.time
  expect((await test.found(noteOf(genesis!))).status).toBe('accepted')
  const answers = await sendAll(test, rest, new Random(seed))
  expect(answers).toEqual(rest.map(({ answer }) => answer))
  const now = wholeSeconds(test.time)
  const closing = { end: formatSeconds(now), size: test.ledger.size, ...(await test.ledger.summary(now)) } satisfies Json
  const { defects } = await test.audit()
  expect(defects).toEqual([])
  return { closing, rows: await allRows(test.store) }
}

test.each([1, 2, 3])('storm %i leaves the same books wherever it passes', { timeout: 120_000 }, async (seed) => {
  const storm = new Storm(seed, WITHOUT)
  storm.begin()
  for (let step = 0; step < STEPS; step++) storm.step()
  const first = await replica(memoryHome(new MemoryLedger()), storm, seed)
  const expected = [...storm.world.rows.values()].map(({ key, row }) => `${key.path} ${encodeRow(row)}`)
  expect(first.rows.map(({ table, key, value }) => `${table} ${key} ${value}`).sort()).toEqual(expected.sort())
  expect(await replica(memoryHome(new MemoryLedger()), storm, seed + 100)).toEqual(first)
  expect(await replica(await sqliteHome(), storm, seed + 200)).toEqual(first)
})

test('keys of rows that sort differently by UTF-16 than by UTF-8, or look like the parts of a key', async () => {
  // Rows are hashed in the order of the UTF-8 bytes of table and key, on every store and in a replay.
  const roots = await Promise.all(
    [memoryHome(new MemoryLedger()), await sqliteHome()].map(async (home) => {
      const test = await TestLedger.found(home)
      const { api } = await openMarketplace(test)
      const usage = { requests: 1, inputTokens: 0, outputTokens: 0, milliseconds: 0 }
      for (const reference of ['\u{10400}', '\uff21', '\uffe5', '\u{1f600}', 'a/b', 'a', 'a/', '"', '\\', '~', 'é']) {
        const text = test.compose(BOB, 'query.charge', { listing: api, terms: 1, usage, reference })
        accepted(await test.ledger.submit(signNote(text, [BOB.signer, ADA.signer])))
      }
      const { stateRoot } = await test.ledger.summary(wholeSeconds(test.time))
      expect((await test.audit()).defects).toEqual([])
      await test.reopen()
      expect((await test.ledger.summary(wholeSeconds(test.time))).stateRoot).toBe(stateRoot)
      return stateRoot
    }),
  )
  expect(new Set(roots).size).toBe(1)
})
