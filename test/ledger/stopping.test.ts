/**
 * What makes the sequencer stop, and that stopping is safe: nothing half done is acknowledged, whoever waits is told, and
 * opening the ledger again finds it whole.
 */

import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { InvariantError } from '../../core/base/assert.ts'
import { type Context, defineTransaction, type Effects } from '../../core/domain/define.ts'
import type { Rules } from '../../core/domain/envelope.ts'
import { ZERO } from '../../core/domain/money.ts'
import { accounts, deployments, earnings, models, planSubscriptions, treasury } from '../../core/domain/state.ts'
import type { RowKey } from '../../core/domain/table.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { preview } from '../../core/ledger/preview.ts'
import { StoreError, type StoreWriter } from '../../core/ledger/store.ts'
import { homes, type RestorableHome } from './homes.ts'
import { allRows, sumOfBooks } from './marketplace.ts'
import { ADA, accepted, BOB, interpose, openedCheckpoint, type Settings, TestLedger, VERIFIER } from './support.ts'

const FAILURE = new StoreError('offline', 'The disk failed.')

/** Ada with 100 credits, Bob with 10. */
async function withPeople(home: RestorableHome): Promise<TestLedger> {
  const test = await TestLedger.found(home)
  const notes = [test.opening(ADA), test.opening(BOB), test.topup(ADA, '100'), test.topup(BOB, '10')]
  for (const answer of await Promise.all(notes.map((note) => test.ledger.submit(note)))) accepted(answer)
  return test
}

/** Fails at one step, once it is armed. */
function failingAt(step: keyof StoreWriter, moment: 'before' | 'after') {
  const trap = { isArmed: false, hits: 0 }
  const wrap = (store: StoreWriter) =>
    interpose(store, async (method, call) => {
      const isHit = trap.isArmed && method === step
      if (isHit) trap.hits += 1
      if (isHit && moment === 'before') throw FAILURE
      const result = await call()
      if (isHit) throw FAILURE
      return result
    })
  return { trap, wrap }
}

/** Notes of which some are accepted, some refused and one was accepted before: every step of the path is needed. */
function busyNotes(test: TestLedger, known: Uint8Array): Uint8Array[] {
  const overspend = test.sign(BOB, 'plan.subscribe', { plan: 'starter', price: '19' })
  return [test.model(ADA), known, test.topup(BOB, '1'), overspend, test.model(BOB)]
}

const STEPS: readonly (readonly [keyof StoreWriter, 'before' | 'after'])[] = [
  ['commit', 'before'],
  ['commit', 'after'],
  ['replaceCheckpoint', 'before'],
  ['replaceCheckpoint', 'after'],
  ['rememberRefusals', 'before'],
  ['rememberRefusals', 'after'],
  ['indexes', 'before'],
  ['refusals', 'before'],
  ['rows', 'before'],
  ['entries', 'before'],
]

async function rejectionsOf(pending: readonly Promise<unknown>[]): Promise<unknown[]> {
  const results = await Promise.allSettled(pending)
  return results.map((result) => (result.status === 'rejected' ? result.reason : `answered ${JSON.stringify(result.status)}`))
}

describe.each(homes)('a ledger on $kind', ({ make }) => {
  const home: () => Promise<RestorableHome> = make

  test.each(STEPS)('stops when %s fails %s it was done, and opens again whole', async (step, moment) => {
    const test = await withPeople(await home())
    const known = test.model(ADA)
    accepted(await test.ledger.submit(known))
    const { trap, wrap } = failingAt(step, moment)
    await test.reopen({ wrap })
    const before = { size: test.ledger.size, checkpoint: await test.store.checkpoint() }
    trap.isArmed = true
    const notes = busyNotes(test, known)
    const pending = notes.map((note) => test.ledger.submit(note))
    // One that comes while the batch is under way, and so waits for the next.
    const late = Promise.resolve().then(() => test.ledger.submit(test.model(BOB)))
    expect(await rejectionsOf([...pending, late])).toEqual([...notes, late].map(() => FAILURE))
    // Rows are read for those who wait, too, while others are executed.
    const hits = trap.hits
    expect(hits).toBe(step === 'rows' ? 2 : 1)
    trap.isArmed = false
    await expect(test.ledger.submit(test.model(ADA))).rejects.toBe(FAILURE)
    expect(trap.hits).toBe(hits)
    await expect(test.ledger.submit(notes[0]!)).rejects.toBe(FAILURE)

    const isCommitted = step === 'replaceCheckpoint' || step === 'rememberRefusals' || (step === 'commit' && moment === 'after')
    await test.close()
    expect(await test.audit()).toMatchObject({ ok: true, defects: [], size: before.size + (isCommitted ? 3 : 0) })
    await test.reopen()
    expect(test.ledger.size).toBe(before.size + (isCommitted ? 3 : 0))
    expect(openedCheckpoint(await test.store.checkpoint()).size).toBe(test.ledger.size)
    expect(await test.audit()).toMatchObject({ ok: true, unsigned: 0 })
    const answers = await Promise.all(notes.map((note) => test.ledger.submit(note)))
    const codes = answers.map((answer) => (answer.status === 'refused' ? answer.code : (answer.repeated ?? false)))
    expect(codes).toEqual([isCommitted, true, isCommitted, 'exceeds_credits', isCommitted])
    expect(answers.flatMap((answer) => (answer.status === 'accepted' ? [answer.index] : []))).toEqual([
      before.size,
      before.size - 1,
      before.size + 1,
      before.size + 2,
    ])
    expect(await sumOfBooks(test.store)).toBe(0n)
    expect(await test.audit()).toMatchObject({ ok: true, unsigned: 0 })
  })

  test.each([
    ['replaceCheckpoint', 'before'],
    ['replaceCheckpoint', 'after'],
    ['tile', 'before'],
    ['rows', 'before'],
    ['checkpoint', 'before'],
    ['staleBefore', 'before'],
    ['entries', 'before'],
    ['size', 'before'],
  ] as const)('does not open where %s fails %s it was done, and opens later', async (step, moment) => {
    const test = await withPeople(await home())
    const commitOnly = failingAt('replaceCheckpoint', 'before')
    await test.reopen({ wrap: commitOnly.wrap })
    commitOnly.trap.isArmed = true
    await expect(test.ledger.submit(test.model(ADA))).rejects.toBe(FAILURE)
    const size = await test.store.size()
    const { trap, wrap } = failingAt(step, moment)
    trap.isArmed = true
    await expect(test.reopen({ wrap })).rejects.toBe(FAILURE)
    await test.reopen()
    expect(openedCheckpoint(test.ledger.checkpoint).size).toBe(size)
    expect(await test.audit()).toMatchObject({ ok: true, unsigned: 0, size })
  })

  test.each(['commit', 'replaceCheckpoint'] as const)(
    'whose founding is cut off at %s can be founded or opened',
    async (step) => {
      for (const moment of ['before', 'after'] as const) {
        const place = await home()
        const { trap, wrap } = failingAt(step, moment)
        trap.isArmed = true
        const test = new TestLedger(place, { wrap })
        await expect(test.found()).rejects.toBe(FAILURE)
        await test.close()
        test.settings = {}
        const again = await test.found()
        expect(again.status).toBe(step === 'commit' && moment === 'before' ? 'accepted' : 'refused')
        await test.reopen()
        expect(openedCheckpoint(test.ledger.checkpoint).size).toBe(1)
        accepted(await test.ledger.submit(test.opening(ADA)))
        expect(await test.audit()).toMatchObject({ ok: true, size: 2, unsigned: 0 })
        await test.close()
      }
    },
  )

  test('stops when the verifier fails', async () => {
    const test = await withPeople(await home())
    const failure = new Error('a worker died')
    const real = VERIFIER
    let isBroken = false
    const verify: Settings['verifier'] = {
      ...real,
      verify: (checks) => (isBroken ? Promise.reject(failure) : real.verify(checks)),
    }
    await test.reopen({ verifier: verify })
    isBroken = true
    const notes = [test.model(ADA), test.model(BOB)]
    expect(await rejectionsOf(notes.map((note) => test.ledger.submit(note)))).toEqual([failure, failure])
    await test.reopen()
    for (const note of notes) expect(accepted(await test.ledger.submit(note)).repeated).toBeUndefined()
  })

  test('is stopped by a checkpoint that somebody else put into the guard', async () => {
    const test = await withPeople(await home())
    const signed = await test.store.checkpoint()
    await test.store.replaceCheckpoint(signed, new TextEncoder().encode('another'))
    await expect(test.ledger.submit(test.model(ADA))).rejects.toMatchObject({ name: 'StoreError', code: 'damaged' })
    await expect(test.reopen()).rejects.toMatchObject({ code: 'damaged' })
  })

  test('is stopped by an entry that somebody else appended', async () => {
    const test = await withPeople(await home())
    const [entry] = await test.store.entries(1, 1)
    const id = `${'f'.repeat(8)}${'0'.repeat(40)}`
    await test.store.commit({ size: 5, entries: [{ id, bytes: entry!.bytes, outcome: entry!.outcome }], rows: [], tiles: [] })
    await expect(test.ledger.submit(test.model(ADA))).rejects.toMatchObject({ name: 'StoreError', code: 'damaged' })
    expect(await test.store.size()).toBe(6)
  })

  describe('is stopped by a type', () => {
    test.each(FAULTS)('that %s, and writes nothing', async (_what, fault) => {
      const test = await withPeople(await home())
      await test.reopen({ rules: withFault(fault) })
      const before = { rows: await allRows(test.store), size: await test.store.size(), checkpoint: await test.store.checkpoint() }
      const good = test.ledger.submit(test.model(BOB))
      const bad = test.ledger.submit(test.sign(ADA, 'test.fault', {}))
      const behind = test.ledger.submit(test.model(BOB))
      const reasons = await rejectionsOf([good, bad, behind])
      expect(reasons[0]).toBeInstanceOf(InvariantError)
      expect(reasons).toEqual([reasons[0], reasons[0], reasons[0]])
      await expect(test.ledger.submit(test.model(BOB))).rejects.toBe(reasons[0])
      const after = { rows: await allRows(test.store), size: await test.store.size(), checkpoint: await test.store.checkpoint() }
      expect(after).toEqual(before)
      await test.reopen()
      accepted(await test.ledger.submit(test.model(BOB)))
      expect(await test.audit()).toMatchObject({ ok: true })
    })

    test('whose reader breaks never: that note fails, and nothing else', async () => {
      const test = await withPeople(await home())
      const failure = new Error('the reader broke')
      const malformed = () => {
        throw failure
      }
      await test.reopen({ rules: withFault({ apply: () => {}, malformed }) })
      const bad = test.ledger.submit(test.sign(ADA, 'test.fault', {}))
      const good = test.ledger.submit(test.model(BOB))
      expect(await rejectionsOf([bad])).toEqual([failure])
      accepted(await good)
      accepted(await test.ledger.submit(test.model(BOB)))
    })

    test('in a preview without stopping', async () => {
      const test = await withPeople(await home())
      const faulty = { rules: withFault({ apply: FAULTS[0]![1].apply } as Fault), sha256 }
      const text = test.compose(ADA, 'test.fault', {})
      await expect(preview(faulty, test.store, text, test.time)).rejects.toBeInstanceOf(InvariantError)
      accepted(await test.ledger.submit(test.model(ADA)))
    })
  })
})

type Body = Record<never, never>
interface Fault {
  readonly apply: (effects: Effects<Body>) => void
  readonly reads?: (context: Context<Body>) => readonly RowKey[]
  readonly test?: (context: Context<Body>) => undefined
  readonly malformed?: () => string | undefined
}

const own = ({ signer }: Context<Body>) => accounts.at(signer)
const allowed = (context: Context<Body>) => [
  own(context),
  earnings.at(context.signer),
  treasury,
  deployments.at(context.signer),
  planSubscriptions.at(context.signer),
]

/** What a careless type could do. All rows that it touches are declared, unless that is the fault. */
const FAULTS: readonly (readonly [string, Fault])[] = [
  ['makes credits of nothing', { apply: (effects) => effects.postTo(effects.signer, 'wallet', 1n) }],
  ['destroys credits', { apply: (effects) => effects.postTo(effects.signer, 'wallet', -1n) }],
  [
    'overdraws a wallet',
    {
      apply: (effects) => {
        effects.postTo(effects.signer, 'wallet', -100_000_001n)
        effects.post('revenue:plans', 100_000_001n)
      },
    },
  ],
  [
    'overdraws the platform',
    {
      apply: (effects) => {
        effects.postTo(effects.signer, 'wallet', 1n)
        effects.post('revenue:plans', -1n)
      },
    },
  ],
  [
    'makes a debt positive',
    {
      apply: (effects) => {
        effects.postTo(effects.signer, 'wallet', -1n)
        effects.postTo(effects.signer, 'receivable', 1n)
      },
    },
  ],
  [
    'takes a fee on the side',
    {
      apply: (effects) => {
        effects.postTo(effects.signer, 'wallet', -10n)
        effects.post('revenue:fees', 10n)
      },
    },
  ],
  [
    'takes more than the fee of its payment',
    {
      apply: (effects) => {
        effects.pay(effects.signer, effects.signer, 1_000_000n as never)
        effects.postTo(effects.signer, 'wallet', -1n)
        effects.post('revenue:fees', 1n)
      },
    },
  ],
  [
    'pays a creator past the fee',
    {
      apply: (effects) => {
        effects.postTo(effects.signer, 'wallet', -10n)
        effects.postTo(effects.signer, 'earnings', 10n)
      },
    },
  ],
  ['pays a negative amount', { apply: (effects) => void effects.pay(effects.signer, effects.signer, -1n as never) }],
  [
    'sells more credits than there may be',
    {
      apply: (effects) => {
        effects.post('issued', -(10n ** 18n))
        effects.postTo(effects.signer, 'wallet', 10n ** 18n)
      },
    },
  ],
  [
    'deploys without a plan',
    { apply: (effects) => effects.put(deployments.at(effects.signer), { models: [`mdl_${'0'.repeat(32)}`] }) },
  ],
  [
    'deploys beyond the plan that it takes',
    {
      apply: (effects) => {
        const plan = { plan: 'starter', priceMicros: ZERO, period: 'month' } as const
        const times = { start: effects.time, end: effects.time + 60 }
        const period = { ...times, plan: 'starter', modelLimit: 1, entries: [], priceMicros: ZERO, refundedMicros: ZERO }
        const paid = { anchor: effects.time, periods: [period], end: times.end, cancelled: false }
        effects.put(planSubscriptions.at(effects.signer), { ...plan, ...paid })
        effects.put(deployments.at(effects.signer), { models: ['mdl_1', 'mdl_2'] })
      },
    },
  ],
  ['writes a row that it did not declare', { apply: (effects) => effects.put(models.at('mdl_1'), {} as never) }],
  ['reads a row that it did not declare', { apply: (effects) => void effects.get(models.at('mdl_1')) }],
  [
    'reads a row that it did not declare when it checks',
    { apply: () => {}, test: (context) => void context.get(accounts.at(BOB.account)) as undefined },
  ],
  ['needs a row that does not exist', { apply: (effects) => void effects.need(deployments.at(effects.signer)) }],
  ['touches an account that it did not declare', { apply: (effects) => effects.postTo(BOB.account, 'wallet', 0n) }],
  [
    'writes credits into a wallet past the books',
    {
      apply: (effects) => {
        const row = effects.need(own(effects))
        effects.put(own(effects), { ...row, walletMicros: 1_000_000_000n as never })
      },
    },
  ],
  [
    'writes into the platform’s books past the postings',
    { apply: (effects) => effects.put(treasury, { ...effects.need(treasury), feesMicros: 1_000_000_000n as never }) },
  ],
  [
    'writes an amount that is not in microcredits',
    { apply: (effects) => effects.put(own(effects), { ...effects.need(own(effects)), walletMicros: 1 as never }) },
  ],
]

function withFault({ apply, reads = allowed, test = () => undefined, malformed = () => undefined }: Fault): Rules {
  const definition = defineTransaction<Body>({
    type: 'test.fault',
    signer: 'account',
    body: z.strictObject({}),
    malformed,
    reads: [reads],
    checks: [{ code: 'limit', test }],
    apply,
    describe: () => 'Breaks an invariant',
  })
  return new Map([[1, new Map([...rules.get(1)!, [definition.type, definition]])]])
}
