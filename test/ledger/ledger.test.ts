import { describe, expect, test } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { repeated } from '../../core/ledger/accepted.ts'
import { parseEntry } from '../../core/ledger/entry.ts'
import { preview } from '../../core/ledger/preview.ts'
import { tileReader } from '../../core/ledger/tree.ts'
import { consistencyRanges, foldRanges, nodesOf, verifyConsistency } from '../../core/log/merkle.ts'
import { signNote } from '../../core/log/note.ts'
import { readNode, tilesOf } from '../../core/log/tiles.ts'
import { homes, type RestorableHome } from './homes.ts'
import { allRows, openMarketplace, trade } from './marketplace.ts'
import {
  ADA,
  type Answer,
  accepted,
  BOB,
  codes,
  counting,
  DAY,
  FOUNDED,
  interpose,
  MODEL,
  OPERATOR,
  openedCheckpoint,
  person,
  SECOND,
  submitAll,
  TestLedger,
  withAda,
} from './support.ts'

/** What a caller keeps of an answer; the same however often it is asked. */
function essence(answer: Answer) {
  if (answer.status === 'refused') return answer
  const { index, time, outcome, note, transaction } = answer
  return { index, time, outcome, note: Buffer.from(note).toString(), id: transaction.id }
}

describe.each(homes)('a ledger on $kind', ({ make }) => {
  const home: () => Promise<RestorableHome> = make

  describe('answers', () => {
    test('an accepted note becomes the next entry, verbatim, with the outcome that it is answered with', async () => {
      const test = await withAda(await home())
      test.time += 1_234
      const note = test.topup(ADA, '25')
      const answer = accepted(await test.ledger.submit(note))
      expect(answer).toMatchObject({ status: 'accepted', index: 2, time: FOUNDED + 1_234 })
      expect(answer.repeated).toBeUndefined()
      expect(answer.outcome.postings).toEqual([
        { book: 'issued', amountMicros: -25_000_000n, balanceMicros: -25_000_000n },
        { book: 'wallet', account: ADA.account, amountMicros: 25_000_000n, balanceMicros: 25_000_000n },
      ])
      const [entry] = await test.store.entries(2, 1)
      expect(parseEntry(entry!.bytes)).toEqual({ time: FOUNDED + 1_234, note: new Uint8Array(note) })
      expect(test.ledger.size).toBe(3)
      expect(openedCheckpoint(test.ledger.checkpoint).size).toBe(3)
    })

    test('a refused note is answered with its code, and neither the log nor a row changes', async () => {
      const test = await withAda(await home())
      const before = { rows: await allRows(test.store), checkpoint: test.ledger.checkpoint }
      const answer = await test.submit(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
      expect(answer).toMatchObject({ status: 'refused', code: 'exceeds_credits', data: { needed: '19', missing: '19' } })
      expect(await test.store.size()).toBe(2)
      expect({ rows: await allRows(test.store), checkpoint: test.ledger.checkpoint }).toEqual(before)
    })

    test('what is refused before or at the signature check is told with its code', async () => {
      const test = await withAda(await home())
      const stranger = test.model(BOB)
      const forged = test.sign(ADA, 'account.open', { publicKey: ADA.publicKey, name: 'Ada' }, { signedBy: BOB })
      const elsewhere = test.sign(ADA, 'model.create', MODEL, { ledger: 'other.example/credits' })
      const notes = [new Uint8Array([1, 2, 3]), stranger, forged, elsewhere, test.sign(ADA, 'no.such', {})]
      const expected = ['malformed', 'unknown_account', 'bad_signature', 'wrong_ledger', 'malformed']
      expect(codes(await submitAll(test, notes))).toEqual(expected)
      expect(await test.store.size()).toBe(2)
    })

    test('notes too early, too long and expired are refused by the time of the ledger', async () => {
      const test = await withAda(await home())
      const now = FOUNDED / 1000
      const notes = [
        { made: now + 300 },
        { made: now + 301 },
        { made: now, validUntil: now + 30 * 86_400 },
        { made: now, validUntil: now + 30 * 86_400 + 1 },
        { made: now - 10, validUntil: now },
        { made: now - 10, validUntil: now + 1 },
      ].map((times) => test.sign(ADA, 'model.create', MODEL, times))
      const expected = ['accepted', 'too_early', 'accepted', 'too_far', 'expired', 'accepted']
      expect(codes(await submitAll(test, notes))).toEqual(expected)
    })
  })

  describe('a known id', () => {
    test('has its first outcome, also past validUntil and after reopening, for every type', async () => {
      const test = await TestLedger.found(await home())
      await trade(test, await openMarketplace(test))
      const answers = new Map<string, Answer>()
      const notes: Uint8Array[] = []
      for (const { bytes } of await test.store.entries(0, 1_000)) notes.push((parseEntry(bytes) as { note: Uint8Array }).note)
      const firsts = await submitAll(test, notes)
      expect(firsts.every((answer) => answer.status === 'accepted' && answer.repeated === true)).toBe(true)
      for (const answer of firsts) answers.set(accepted(answer).transaction.id, answer)
      expect(answers.size).toBe(notes.length)
      const size = test.ledger.size
      test.time += 40 * DAY
      await test.reopen()
      const again = await submitAll(test, notes)
      expect(again.map(essence)).toEqual(firsts.map(essence))
      expect(test.ledger.size).toBe(size)
    })

    test('answers with the very outcome that was answered first', async () => {
      const test = await withAda(await home())
      await test.accept(OPERATOR, 'credit.topup', { account: ADA.account, amount: '30', provider: 'bank', reference: 'r' })
      const note = test.sign(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
      const first = accepted(await test.ledger.submit(note))
      test.time += 2 * DAY
      expect(await test.ledger.submit(note)).toEqual(repeated(first))
      await test.reopen()
      const { transaction, ...rest } = accepted(await test.ledger.submit(note))
      const { transaction: original, ...expected } = repeated(first)
      expect(rest).toEqual(expected)
      expect(transaction.id).toBe(original.id)
    })

    test('with a forged signature is refused, and the true note still has its outcome', async () => {
      const test = await withAda(await home())
      const nonce = new Uint8Array(16).fill(9)
      const note = test.sign(ADA, 'model.create', MODEL, { nonce })
      const forged = test.sign(ADA, 'model.create', MODEL, { nonce, signedBy: BOB })
      expect(codes(await submitAll(test, [forged, note, forged, note]))).toEqual([
        'bad_signature',
        'accepted',
        'bad_signature',
        'accepted',
      ])
      expect(test.ledger.size).toBe(3)
    })
  })

  describe('a refusal', () => {
    async function refusedPlan(test: TestLedger) {
      const note = test.sign(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
      const refusal = await test.ledger.submit(note)
      expect(refusal).toMatchObject({ code: 'exceeds_credits' })
      accepted(await test.ledger.submit(test.topup(ADA, '100')))
      return { note, refusal }
    }

    test('is repeated when the note would pass by now, also after reopening', async () => {
      const test = await withAda(await home())
      const { note, refusal } = await refusedPlan(test)
      expect(await test.ledger.submit(note)).toEqual(refusal)
      await test.reopen()
      expect(await test.ledger.submit(note)).toEqual(refusal)
      test.time += DAY - SECOND
      expect(await test.ledger.submit(note)).toEqual(refusal)
      await test.accept(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
    })

    test('of a note whose validUntil has passed is no longer repeated: the note is expired', async () => {
      const test = await withAda(await home())
      const { note } = await refusedPlan(test)
      test.time += DAY
      expect(await test.ledger.submit(note)).toMatchObject({ code: 'expired' })
    })

    test('is forgotten after validUntil', async () => {
      const test = await withAda(await home())
      const { note } = await refusedPlan(test)
      test.time += DAY
      accepted(await test.ledger.submit(test.model(ADA)))
      expect(await test.submit(ADA, 'plan.subscribe', { plan: 'none', price: '1' })).toMatchObject({ code: 'unknown_plan' })
      expect(await test.ledger.submit(note)).toMatchObject({ code: 'expired' })
      await test.reopen()
      expect(await test.ledger.submit(note)).toMatchObject({ code: 'expired' })
    })

    test('for a bad signature or an unknown account is not remembered', async () => {
      const test = await withAda(await home())
      const early = test.model(BOB)
      expect(codes(await submitAll(test, [early]))).toEqual(['unknown_account'])
      accepted(await test.ledger.submit(test.opening(BOB)))
      expect(codes(await submitAll(test, [early]))).toEqual(['accepted'])
    })

    test('by the clock is remembered like any other', async () => {
      const test = await withAda(await home())
      const ahead = test.sign(ADA, 'model.create', MODEL, { made: FOUNDED / 1000 + 301 })
      expect(codes(await submitAll(test, [ahead]))).toEqual(['too_early'])
      test.time += 10 * SECOND
      expect(codes(await submitAll(test, [ahead]))).toEqual(['too_early'])
    })
  })

  describe('time', () => {
    test('never goes back, within a run and over reopening', async () => {
      const test = await withAda(await home())
      test.time = FOUNDED + 60_000
      const late = accepted(await test.ledger.submit(test.model(ADA)))
      test.time = FOUNDED
      const next = accepted(await test.ledger.submit(test.model(ADA)))
      await test.reopen()
      const reopened = accepted(await test.ledger.submit(test.model(ADA)))
      expect([late, next, reopened].map(({ time }) => time)).toEqual([1, 1, 1].map(() => FOUNDED + 60_000))
      expect(test.ledger.lastTime).toBe(FOUNDED + 60_000)
      expect((await test.audit()).defects).toEqual([])
    })

    test('judges a note by the time of the last entry where the clock is behind it', async () => {
      const test = await withAda(await home())
      const note = test.sign(ADA, 'model.create', MODEL, { validUntil: FOUNDED / 1000 + 60 })
      test.time = FOUNDED + 60_000
      accepted(await test.ledger.submit(test.model(ADA)))
      test.time = FOUNDED
      expect(await test.ledger.submit(note)).toMatchObject({ code: 'expired' })
    })
  })

  describe('a preview', () => {
    test('says what the transaction then does, and changes nothing', async () => {
      const test = await TestLedger.found(await home())
      const { dataset } = await openMarketplace(test)
      const text = test.compose(BOB, 'dataset.purchase', { listing: dataset, terms: 1, price: '25' })
      const before = { rows: await allRows(test.store), checkpoint: await test.store.checkpoint() }
      const shown = await preview({ rules, sha256 }, test.store, text, test.time)
      expect(shown).toEqual(await preview({ rules, sha256 }, test.store, text, test.time))
      expect({ rows: await allRows(test.store), checkpoint: await test.store.checkpoint() }).toEqual(before)
      const done = accepted(await test.ledger.submit(signNote(text, [BOB.signer])))
      expect(shown).toMatchObject({ status: 'preview', transaction: { id: done.transaction.id }, outcome: done.outcome })
      expect(done.outcome.payment).toMatchObject({ grossMicros: 25_000_000n, feeMicros: 3_750_000n, feeBps: 1500 })
    })

    test('counts notes on their way as far as the ledger would take them', async () => {
      const test = await TestLedger.found(await home())
      const { dataset, feature } = await openMarketplace(test)
      const bought = { listing: dataset, terms: 1, price: '25' }
      const underWay = [
        test.sign(BOB, 'dataset.purchase', bought),
        utf8('no note'),
        test.sign(BOB, 'dataset.purchase', bought),
        test.sign(person('Stranger'), 'dataset.purchase', bought),
        test.topup(BOB, '5'),
      ]
      const text = test.compose(BOB, 'feature.purchase', { listing: feature, terms: 1, price: '4' })
      const before = await allRows(test.store)
      const shown = await preview({ rules, sha256 }, test.store, text, test.time, { underWay })
      expect(await allRows(test.store)).toEqual(before)
      for (const note of underWay) await test.ledger.submit(note)
      const done = accepted(await test.ledger.submit(signNote(text, [BOB.signer])))
      expect(shown).toMatchObject({ status: 'preview', outcome: done.outcome })
      expect(done.index).toBe((await test.store.size()) - 1)
    })

    test('refuses as the ledger would', async () => {
      const test = await withAda(await home())
      const ask = (text: string) => preview({ rules, sha256 }, test.store, text, test.time)
      const plan = { plan: 'starter', price: '19' }
      expect(await ask(test.compose(ADA, 'plan.subscribe', plan))).toMatchObject({ code: 'exceeds_credits' })
      expect(await ask(test.compose(BOB, 'plan.subscribe', plan))).toMatchObject({ code: 'unknown_account' })
      expect(await ask(test.compose(ADA, 'plan.subscribe', plan, { ledger: 'x.example' }))).toMatchObject({
        code: 'wrong_ledger',
      })
      expect(
        await ask(test.compose(ADA, 'credit.topup', { account: ADA.account, amount: '1', provider: 'p', reference: 'r' })),
      ).toMatchObject({ code: 'key_scope' })
      expect(await ask('{}')).toMatchObject({ code: 'malformed' })
      // Nothing of it is remembered.
      accepted(await test.ledger.submit(test.topup(ADA, '19')))
      await test.accept(ADA, 'plan.subscribe', plan)
    })
  })

  describe('checkpoints', () => {
    test('are signed at every commit, verify, and are consistent with each other', async () => {
      const test = await withAda(await home())
      const signed: Uint8Array[] = []
      const wrap: TestLedger['settings']['wrap'] = (store) =>
        interpose(store, async (method, call) => {
          const result = await call()
          if (method === 'replaceCheckpoint') signed.push((await store.checkpoint())!)
          return result
        })
      await test.reopen({ wrap })
      for (const count of [1, 1, 5, 120, 127, 1, 1, 2, 200, 53, 1, 300]) {
        await submitAll(
          test,
          Array.from({ length: count }, () => test.model(ADA)),
        )
      }
      const heads = signed.map((bytes) => openedCheckpoint(bytes))
      expect(heads.map(({ size }) => size)).toEqual([3, 4, 9, 129, 256, 257, 258, 260, 460, 513, 514, 814])
      for (const [i, older] of heads.entries()) {
        for (const newer of heads.slice(i)) {
          const ranges = consistencyRanges(older.size, newer.size)
          const nodes = nodesOf(ranges)
          const read = await tileReader(test.store, tilesOf(nodes, newer.size))
          const proof = foldRanges(
            sha256,
            ranges,
            nodes.map((node) => readNode(sha256, read, node)),
          )
          expect(verifyConsistency(sha256, older, newer, proof)).toBe(true)
        }
      }
    })

    test('are not signed anew where nothing was appended', async () => {
      const test = await withAda(await home())
      const counts = counting(test)
      await test.reopen(test.settings)
      await test.submit(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
      await test.reopen(test.settings)
      expect(counts.get('replaceCheckpoint')).toBeUndefined()
      expect(counts.get('commit')).toBeUndefined()
    })
  })

  test('founding a ledger that is founded is refused', async () => {
    const test = await withAda(await home())
    await test.close()
    const again = new TestLedger(test.home)
    again.time += SECOND
    expect(await again.found()).toMatchObject({ status: 'refused', code: 'already_founded' })
    expect(again.ledger.size).toBe(2)
    expect(await again.submit(OPERATOR, 'ledger.genesis', {})).toMatchObject({ code: 'malformed' })
    expect(await again.ledger.submit(again.genesis())).toMatchObject({ code: 'already_founded' })
  })

  test('a refused genesis leaves an empty ledger, which another one founds', async () => {
    const test = new TestLedger(await home())
    const forged = test.sign(OPERATOR, 'ledger.genesis', {}, { signedBy: person('Eve') })
    expect(await test.found(forged)).toMatchObject({ code: 'malformed' })
    expect(await test.store.size()).toBe(0)
    await test.close()
    await expect(test.open()).rejects.toMatchObject({ code: 'missing' })
    accepted(await test.found())
  })
})
