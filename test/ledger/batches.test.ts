/** How notes share commits: what one batch may hold, and what the queue does with notes that come while it is busy. */

import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { MAX_COMMIT_NOTES, MAX_QUEUED_NOTES } from '../../core/base/limits.ts'
import { repeated } from '../../core/ledger/accepted.ts'
import type { Verifier } from '../../core/ledger/verifier.ts'
import { homes, type RestorableHome } from './homes.ts'
import { openMarketplace, sumOfBooks } from './marketplace.ts'
import {
  ADA,
  type Answer,
  accepted,
  BOB,
  CYD,
  codes,
  counting,
  FOUNDED,
  interpose,
  MODEL,
  OPERATOR,
  type Person,
  SECOND,
  submitAll,
  TestLedger,
  VERIFIER,
  withAda,
} from './support.ts'

describe.each(homes)('a ledger on $kind', ({ make }) => {
  const home: () => Promise<RestorableHome> = make

  describe('a batch', () => {
    test('of a thousand notes with one bad signature refuses that one', async () => {
      const test = await withAda(await home())
      const counts = counting(test)
      await test.reopen(test.settings)
      const notes = Array.from({ length: 1_000 }, () => test.model(ADA))
      notes[567] = test.sign(ADA, 'model.create', MODEL, { signedBy: BOB })
      const answers = await submitAll(test, notes)
      expect(codes(answers).flatMap((code, i) => (code === 'accepted' ? [] : [[i, code]]))).toEqual([[567, 'bad_signature']])
      const indexes = answers.filter((answer) => answer.status === 'accepted').map(({ index }) => index)
      expect(indexes).toEqual(Array.from({ length: 999 }, (_, i) => i + 2))
      expect(counts.get('commit')).toBe(1)
      expect(counts.get('replaceCheckpoint')).toBe(1)
      expect((await test.audit()).defects).toEqual([])
    })

    test('of a thousand notes with one that a rule refuses refuses that one', async () => {
      const test = await withAda(await home())
      const notes = Array.from({ length: 1_000 }, () => test.model(ADA))
      notes[0] = test.sign(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
      const answers = await submitAll(test, notes)
      expect(codes(answers).filter((code) => code !== 'accepted')).toEqual(['exceeds_credits'])
      expect(test.ledger.size).toBe(1_001)
      expect((await test.audit()).defects).toEqual([])
    })

    test('of a thousand notes of which most are malformed refuses those, wherever they stand', async () => {
      const test = await withAda(await home())
      const isSound = (i: number) => i % 400 === 399
      const notes = Array.from({ length: 1_000 }, (_, i) => (isSound(i) ? test.model(ADA) : Uint8Array.of(i % 256)))
      const answers = await submitAll(test, notes)
      expect(codes(answers)).toEqual(notes.map((_, i) => (isSound(i) ? 'accepted' : 'malformed')))
      expect(await test.ledger.submit(Uint8Array.of(0))).toMatchObject({ code: 'malformed' })
      expect(test.ledger.size).toBe(4)
    })

    test('with the same note twice accepts it once', async () => {
      const test = await withAda(await home())
      const note = test.topup(ADA, '5')
      const [first, second] = (await submitAll(test, [note, note])).map(accepted)
      expect(second).toEqual(repeated(first!))
      expect(test.ledger.size).toBe(3)
      const refused = test.sign(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
      const [one, two] = await submitAll(test, [refused, refused])
      expect(one).toMatchObject({ code: 'exceeds_credits' })
      expect(two).toEqual(one)
      expect((await test.audit()).defects).toEqual([])
    })

    test('repeats a refusal within it even where the state has changed in between', async () => {
      const test = await withAda(await home())
      const refused = test.sign(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
      const answers = await submitAll(test, [refused, test.topup(ADA, '100'), refused])
      expect(codes(answers)).toEqual(['exceeds_credits', 'accepted', 'exceeds_credits'])
    })

    test('may open an account and hold its first transactions', async () => {
      const test = await TestLedger.found(await home())
      const notes = [
        test.model(BOB),
        test.opening(BOB),
        test.model(BOB),
        test.topup(BOB, '20'),
        test.opening(CYD),
        test.model(CYD),
      ]
      const plan = test.sign(BOB, 'plan.subscribe', { plan: 'starter', price: '19' })
      const answers = await submitAll(test, [...notes, plan, test.opening(BOB), test.model(BOB)])
      const expected = ['unknown_account', ...Array.from({ length: 6 }, () => 'accepted'), 'exists', 'accepted']
      expect(codes(answers)).toEqual(expected)
      expect((await test.audit()).defects).toEqual([])
    })

    test('may not use an account whose opening in it is refused', async () => {
      const test = await TestLedger.found(await home())
      const forged = test.sign(BOB, 'account.open', { publicKey: BOB.publicKey, name: 'Bob' }, { signedBy: CYD })
      expect(codes(await submitAll(test, [forged, test.model(BOB)]))).toEqual(['bad_signature', 'unknown_account'])
    })

    test('sees what came before in it: top-up, spend, overspend', async () => {
      const test = await withAda(await home())
      const plan = (price: string, name = 'starter') => test.sign(ADA, 'plan.subscribe', { plan: name, price })
      const answers = await submitAll(test, [plan('19'), test.topup(ADA, '19'), plan('19'), plan('49', 'experienced')])
      expect(codes(answers)).toEqual(['exceeds_credits', 'accepted', 'accepted', 'already_subscribed'])
      const balances = accepted(answers[2]!).outcome.postings.map(({ book, balanceMicros }) => [book, balanceMicros])
      expect(balances).toEqual([
        ['wallet', 0n],
        ['revenue:plans', 19_000_000n],
      ])
      expect(await sumOfBooks(test.store)).toBe(0n)
      expect((await test.audit()).defects).toEqual([])
    })

    test('reads by what came before in it: terms that are new in it', async () => {
      const test = await TestLedger.found(await home())
      const { dataset } = await openMarketplace(test)
      const buy = (who: Person, terms: number, price: string) =>
        test.sign(who, 'dataset.purchase', { listing: dataset, terms, price })
      const answers = await submitAll(test, [
        buy(CYD, 2, '30'),
        test.sign(ADA, 'listing.update', { listing: dataset, purchase: '30' }),
        buy(BOB, 2, '30'),
        test.sign(ADA, 'listing.update', { listing: dataset, purchase: '35' }),
        buy(CYD, 3, '35'),
        test.sign(ADA, 'listing.withdraw', { listing: dataset, reason: 'sold enough' }),
        buy(CYD, 3, '35'),
      ])
      expect(codes(answers)).toEqual(['terms_changed', ...Array.from({ length: 5 }, () => 'accepted'), 'not_for_sale'])
      expect((await test.audit()).defects).toEqual([])
    })

    test('gives a payment of its own back once, and a top-up once', async () => {
      const test = await withAda(await home())
      const refund = (entry: number) => test.sign(OPERATOR, 'credit.refund', { entry, amount: '19', reason: 'never used' })
      const undo = (type: string, reference: string) =>
        test.sign(OPERATOR, type, { entry: 2, amount: '19', provider: 'bank', reference })
      const plan = test.sign(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
      const notes = [test.topup(ADA, '19'), plan, refund(3), refund(3), undo('credit.return', 'a'), refund(6)]
      const answers = await submitAll(test, [...notes, undo('credit.chargeback', 'b')])
      const expected = ['accepted', 'accepted', 'accepted', 'over_refund', 'accepted', 'unknown_entry', 'over_refund']
      expect(codes(answers)).toEqual(expected)
      // The same from the store, once nothing is left in memory.
      await test.reopen(test.settings)
      const later = await submitAll(test, [refund(3), refund(2), undo('credit.return', 'c'), refund(Number.MAX_SAFE_INTEGER)])
      expect(codes(later)).toEqual(['over_refund', 'not_refundable', 'over_refund', 'unknown_entry'])
      expect(await sumOfBooks(test.store)).toBe(0n)
      expect((await test.audit()).defects).toEqual([])
    })

    test('takes the same payment once, though it comes in two different notes', async () => {
      const test = await withAda(await home())
      const answers = await submitAll(test, [test.topup(ADA, '5', 'same'), test.topup(ADA, '5', 'same')])
      expect(codes(answers)).toEqual(['accepted', 'reference_used'])
    })
  })

  describe('the queue', () => {
    test('lets many submits of one turn share few commits, and answers them in order', async () => {
      const test = await withAda(await home())
      const counts = counting(test)
      await test.reopen(test.settings)
      const order: number[] = []
      const count = MAX_COMMIT_NOTES + 500
      const notes = Array.from({ length: count }, () => test.model(ADA))
      await Promise.all(notes.map((note, i) => test.ledger.submit(note).then(() => order.push(i))))
      expect(order).toEqual(notes.map((_, i) => i))
      expect(counts.get('commit')).toBe(2)
      expect(test.ledger.size).toBe(count + 2)
      expect((await test.audit()).defects).toEqual([])
    })

    test('takes notes at any moment of a commit under way', async () => {
      const test = await withAda(await home())
      const pending: Promise<Answer>[] = []
      let left = 40
      test.settings = {
        wrap: (store) =>
          interpose(store, async (_method, call) => {
            if (left-- > 0) pending.push(test.ledger.submit(test.model(ADA)))
            const result = await call()
            if (left-- > 0) pending.push(test.ledger.submit(test.model(ADA)))
            return result
          }),
      }
      const { settings } = test
      left = 0
      await test.reopen(settings)
      left = 40
      const first = accepted(await test.ledger.submit(test.model(ADA)))
      const indexes: number[] = []
      for (let i = 0; i < pending.length; i++) indexes.push(accepted(await pending[i]!).index)
      expect(indexes).toEqual(pending.map((_, i) => first.index + 1 + i))
      expect(test.ledger.size).toBe(first.index + 1 + pending.length)
      expect((await test.audit()).defects).toEqual([])
    })

    test('gives the verifier few notes at a time only while it has nothing else', async () => {
      const test = await withAda(await home())
      const asked: number[] = []
      const released = Promise.withResolvers<void>()
      let isHeld = false
      const verify: Verifier['verify'] = async (checks) => {
        asked.push(checks.length)
        await released.promise
        return VERIFIER.verify(checks)
      }
      await test.reopen({ verifier: { ...VERIFIER, verify: (checks) => (isHeld ? verify(checks) : VERIFIER.verify(checks)) } })
      isHeld = true
      const pending = [test.ledger.submit(test.model(ADA))]
      for (let i = 0; i < 63; i++) {
        await setImmediate()
        pending.push(test.ledger.submit(test.model(ADA)))
      }
      await setImmediate()
      expect(asked).toEqual([1])
      pending.push(test.ledger.submit(test.model(ADA)))
      await setImmediate()
      expect(asked).toEqual([1, 64])
      for (let i = 0; i < 3; i++) {
        pending.push(test.ledger.submit(test.model(ADA)))
        await setImmediate()
      }
      expect(asked).toEqual([1, 64])
      released.resolve()
      const indexes = (await Promise.all(pending)).map((answer) => accepted(answer).index)
      expect(indexes).toEqual(pending.map((_, i) => i + 2))
      expect(asked).toEqual([1, 64, 3])
    })

    test('has a bound, beyond which it is busy', async () => {
      const test = await withAda(await home())
      const real = VERIFIER
      const started = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      const verify: Verifier['verify'] = async (checks) => {
        if (checks.length === 0 || test.time === FOUNDED) return real.verify(checks)
        started.resolve()
        await released.promise
        throw new Error('the verifier failed')
      }
      await test.reopen({ verifier: { ...real, verify } })
      test.time += SECOND
      const note = test.sign(ADA, 'model.undeploy', { model: `mdl_${'0'.repeat(32)}` })
      const first = test.ledger.submit(note)
      await started.promise
      const waiting = Array.from({ length: MAX_QUEUED_NOTES }, () => test.ledger.submit(note))
      await expect(test.ledger.submit(note)).rejects.toMatchObject({ name: 'StoreError', code: 'busy' })
      released.resolve()
      const results = await Promise.allSettled([first, ...waiting])
      expect(results.every(({ status }) => status === 'rejected')).toBe(true)
      expect(await test.store.size()).toBe(2)
    })

    test('is finished before the ledger is closed', async () => {
      const test = await withAda(await home())
      const pending = Array.from({ length: 50 }, () => test.ledger.submit(test.model(ADA)))
      await test.ledger.close()
      const indexes = (await Promise.all(pending)).map((answer) => accepted(answer).index)
      expect(indexes).toEqual(Array.from({ length: 50 }, (_, i) => i + 2))
    })
  })
})
