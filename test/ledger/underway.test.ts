/**
 * What happens while a commit is under way: notes are executed on what the store does not have yet, in batches that are cut
 * wherever the store was free, and neither the log nor an answer may show it.
 */

import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { repeated } from '../../core/ledger/accepted.ts'
import { StoreError, type StoreWriter } from '../../core/ledger/store.ts'
import { homes, type RestorableHome } from './homes.ts'
import { allRows } from './marketplace.ts'
import {
  ADA,
  type Answer,
  accepted,
  BOB,
  CYD,
  codes,
  holding,
  interpose,
  OPERATOR,
  type TestLedger,
  turns,
  withAda,
} from './support.ts'

describe.each(homes)('while a commit is under way on $kind', ({ make }) => {
  const home: () => Promise<RestorableHome> = make

  test.each(['before', 'after'] as const)(
    'notes are executed on it, and answered after it: held %s it is made',
    async (moment) => {
      const test = await withAda(await home())
      const { held, wrap } = holding(moment)
      await test.reopen({ wrap })
      const answers: [string, Answer][] = []
      const submit = (name: string, note: Uint8Array) =>
        test.ledger.submit(note).then((answer) => {
          answers.push([name, answer])
        })
      const topup = test.topup(ADA, '19')
      const poor = test.sign(ADA, 'plan.subscribe', { plan: 'experienced', price: '49' })
      const [plan, refund] = [
        test.sign(ADA, 'plan.subscribe', { plan: 'starter', price: '19' }),
        test.sign(OPERATOR, 'credit.return', { entry: 2, amount: '19', provider: 'bank', reference: 'back' }),
      ]
      held.isNext = true
      const first = [submit('topup', topup), submit('poor', poor)]
      await held.reached.promise
      const asked = held.asked
      const rest = [
        submit('topup again', topup),
        submit('poor again', poor),
        submit('plan', plan),
        submit('return', refund),
        submit('opening', test.opening(BOB)),
        submit('model', test.model(BOB)),
      ]
      while (held.asked === asked) await setImmediate()
      await turns(20)
      expect(answers).toEqual([])
      held.released.resolve()
      await Promise.all([...first, ...rest])
      expect(answers.map(([name, answer]) => [name, codes([answer])[0]])).toEqual([
        ['topup', 'accepted'],
        ['poor', 'exceeds_credits'],
        ['topup again', 'accepted'],
        ['poor again', 'exceeds_credits'],
        ['plan', 'accepted'],
        ['return', 'exceeds_credits'],
        ['opening', 'accepted'],
        ['model', 'accepted'],
      ])
      expect(answers[2]![1]).toEqual(repeated(accepted(answers[0]![1])))
      expect(test.ledger.size).toBe(6)
      expect((await test.audit()).defects).toEqual([])
    },
  )

  test('its failure is that of everything executed on it, and what it made durable is found again', async () => {
    for (const moment of ['before', 'after'] as const) {
      const test = await withAda(await home())
      const { held, wrap } = holding(moment)
      await test.reopen({ wrap })
      const notes = [test.topup(ADA, '19'), test.sign(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })]
      held.isNext = true
      const first = test.ledger.submit(notes[0]!)
      await held.reached.promise
      const second = test.ledger.submit(notes[1]!)
      await turns(20)
      const failure = new StoreError('offline', 'The disk failed.')
      held.released.reject(failure)
      expect(await Promise.allSettled([first, second])).toEqual(Array(2).fill({ status: 'rejected', reason: failure }))
      await expect(test.ledger.submit(test.model(ADA))).rejects.toBe(failure)
      await test.reopen()
      expect(test.ledger.size).toBe(moment === 'before' ? 2 : 3)
      expect(codes(await Promise.all(notes.map((note) => test.ledger.submit(note))))).toEqual(['accepted', 'accepted'])
      expect(test.ledger.size).toBe(4)
      expect((await test.audit()).defects).toEqual([])
    }
  })

  test('a failure of what is executed meanwhile takes nothing from it', async () => {
    const test = await withAda(await home())
    const failure = new StoreError('offline', 'The index failed.')
    const { held, wrap } = holding('before')
    const failing = (store: StoreWriter) =>
      interpose(store, async (method, call, [ids]) => {
        if (method === 'indexes' && (ids as string[]).length === 2) throw failure
        return call()
      })
    await test.reopen({ wrap: (store) => failing(wrap(store)) })
    held.isNext = true
    const first = test.ledger.submit(test.model(ADA))
    await held.reached.promise
    const others = [test.ledger.submit(test.model(ADA)), test.ledger.submit(test.model(ADA))]
    const failed = Promise.allSettled(others)
    await turns(20)
    held.released.resolve()
    expect(accepted(await first).index).toBe(2)
    expect(await failed).toEqual(Array(2).fill({ status: 'rejected', reason: failure }))
    await test.ledger.close()
    await test.reopen()
    expect(test.ledger.size).toBe(3)
  })
})

/** What people do, of which much depends on what was done just before. */
const DEEDS: readonly ((test: TestLedger, step: number) => Uint8Array)[] = [
  (test) => test.opening(BOB),
  (test) => test.opening(CYD),
  (test) => test.topup(ADA, '30'),
  (test) => test.topup(BOB, '49', 'the same'),
  (test) => test.model(ADA),
  (test) => test.model(BOB),
  (test) => test.sign(ADA, 'plan.subscribe', { plan: 'starter', price: '19' }),
  (test) => test.sign(BOB, 'plan.subscribe', { plan: 'experienced', price: '49' }),
  (test, step) => test.sign(OPERATOR, 'credit.refund', { entry: step, amount: '19', reason: 'never used' }),
  (test, step) => test.sign(OPERATOR, 'credit.return', { entry: step, amount: '5', provider: 'bank', reference: `r${step}` }),
  (test) => test.model(CYD, 'forged'),
  (test) =>
    test.sign(ADA, 'model.create', { name: 'm', base: 'b', artifact: 'a'.repeat(64), description: 'd' }, { signedBy: BOB }),
]

/** Which deed; or an earlier note again; and how many turns of the event loop pass before the next. */
const steps = fc.array(
  fc.record({
    deed: fc.nat({ max: DEEDS.length - 1 }),
    again: fc.option(fc.nat(), { freq: 6 }),
    pause: fc.constantFrom(0, 0, 0, 1, 3),
  }),
  { minLength: 1, maxLength: 60 },
)

/** Takes some turns of the event loop for each commit, before and after it is made. */
function slow(store: StoreWriter, before: readonly number[]): StoreWriter {
  let commits = 0
  return interpose(store, async (method, call) => {
    if (method !== 'commit') return call()
    const wait = before[commits++ % before.length]!
    await turns(wait)
    const result = await call()
    await turns(wait)
    return result
  })
}

describe.each([
  { ...homes[0]!, numRuns: 60 },
  { ...homes[1]!, numRuns: 5 },
])('commits of any duration on $kind', ({ make, numRuns }) => {
  test('leave the same log, rows and answers as one note after the other', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 5 }), async (taken, waits) => {
        const [one, many] = [await withAda(await make()), await withAda(await make())]
        await many.reopen({ wrap: (store) => slow(store, waits) })
        const notes: Uint8Array[] = []
        const pending: Promise<Answer>[] = []
        for (const { deed, again, pause } of taken) {
          const note = DEEDS[deed]!(one, 2 + Math.floor(notes.length / 2))
          notes.push(again === null || notes.length === 0 ? note : notes[again % notes.length]!)
          pending.push(many.ledger.submit(notes.at(-1)!))
          await turns(pause)
        }
        const answers = await Promise.all(pending)
        const expected: Answer[] = []
        for (const note of notes) expected.push(await one.ledger.submit(note))
        expect(answers).toEqual(expected)
        expect(many.ledger.checkpoint).toEqual(one.ledger.checkpoint)
        expect(await allRows(many.store)).toEqual(await allRows(one.store))
        await Promise.all([one.ledger.close(), many.ledger.close()])
      }),
      { numRuns },
    )
  })
})
