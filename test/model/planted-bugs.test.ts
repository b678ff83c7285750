/**
 * The harness is worth what it catches: each of these bugs, planted from outside into rules that are otherwise right, has to be
 * found within a bounded number of seeds. A bug that the machine's own assertions stop counts as found, so most are ones that
 * they let pass.
 */

import { expect, test } from 'vitest'
import { ACCOUNT_BOOKS } from '../../core/domain/books.ts'
import type { Effects } from '../../core/domain/define.ts'
import { micros } from '../../core/domain/money.ts'
import * as state from '../../core/domain/state.ts'
import type { RowKey } from '../../core/domain/table.ts'
import type { Bug } from './ledger.ts'
import { afterApply, inApply, inContext, onExecution, onPut, onRow, withoutCheck, withSwappedChecks } from './plant.ts'
import { runSeed, shorten } from './run.ts'

const SEEDS = 60
const STEPS = 120
const DAY = 86_400

type Row = Record<string, unknown>
type Pay = Effects<never>['pay']
type TopupEffects = Effects<{ readonly account: string; readonly amount: bigint }> & { feeMicros: bigint }

/** A payment whose fee is `fee(gross, bps, carry)`, and which leaves `carry(…)`, with the machine's own record kept right. */
function payingFee(fee: (exact: bigint) => bigint, carry: (exact: bigint) => number): Bug {
  return inApply((effects) => ({
    pay: ((payer, payee, gross) => {
      const run = effects as unknown as Effects<never> & { feeMicros: bigint }
      const before = run.need(state.accounts.at(payee))
      const exact = gross * BigInt(run.need(state.platform).feeBps) + BigInt(before.carry)
      const taken = run.pay(payer, payee, gross)
      const wanted = fee(exact) > gross ? gross : fee(exact)
      run.post('revenue:fees', wanted - taken)
      run.postTo(payee, 'earnings', taken - wanted)
      run.feeMicros += wanted - taken
      run.put(state.accounts.at(payee), { ...run.need(state.accounts.at(payee)), carry: carry(exact) })
      return micros(wanted)
    }) satisfies Pay,
  }))
}

const floor = (exact: bigint) => exact / 10_000n
const left = (exact: bigint) => Number(exact % 10_000n)

const BUGS: Readonly<Record<string, Bug>> = {
  'fees are rounded up': payingFee((exact) => (exact + 9_999n) / 10_000n, left),
  'fees are rounded to the nearest': payingFee((exact) => (exact + 5_000n) / 10_000n, left),
  'the carry is lost': payingFee(floor, () => 0),
  'the carry is lost at a whole credit': payingFee(floor, (exact) => (exact / 10_000n > 1_000_000n ? 0 : left(exact))),
  'a top-up pays a fee': afterApply('credit.topup', (effects) => {
    const run = effects as unknown as TopupEffects
    run.postTo(run.body.account, 'wallet', -(run.body.amount / 100n))
    run.post('revenue:fees', run.body.amount / 100n)
    run.feeMicros += run.body.amount / 100n
  }),
  'a top-up of more than 100 000 credits loses a microcredit': afterApply('credit.topup', (effects) => {
    const run = effects as unknown as TopupEffects
    if (run.body.amount < 10n ** 11n) return
    run.postTo(run.body.account, 'wallet', -1n)
    run.post('issued', 1n)
  }),
  'a reference credits twice': withoutCheck('credit.topup', 'reference_used'),
  'the bound on credits is off by one': onRow(['credit.topup'], 'treasury', (row) => ({
    ...row,
    issuedMicros: (row.issuedMicros as bigint) - 1n,
  })),
  'a plan has room for one more model': onPut('plan.subscribe', 'plan', (row) => ({
    ...row,
    modelLimit: (row.modelLimit as number) + 1,
  })),
  'the plan limit is not checked': withoutCheck('model.deploy', 'plan_limit'),
  'a plan is not needed to publish': withoutCheck('listing.publish', 'plan_required'),
  'a grace day too many': onRow(['plan.subscribe', 'subscription.start'], 'platform', (row) => ({
    ...row,
    graceDays: (row.graceDays as number) + 1,
  })),
  'a plan is active in its last second plus one': onRow(['model.deploy'], 'plan', (row) => ({
    ...row,
    end: (row.end as number) + 1,
  })),
  'a month is 30 days': onPut('subscription.start', 'subscription', (row) =>
    row.period === 'month' ? { ...row, end: (row.start as number) + 30 * DAY } : row,
  ),
  'a month from the 31st runs over': onPut('plan.subscribe', 'plan', (row) => {
    const date = new Date((row.start as number) * 1000)
    date.setUTCMonth(date.getUTCMonth() + 1)
    return row.period === 'month' ? { ...row, end: date.getTime() / 1000 } : row
  }),
  'own listings are sold': withoutCheck('dataset.purchase', 'own_listing'),
  'the price is not checked': withoutCheck('feature.purchase', 'price_changed'),
  'the terms are not checked': withoutCheck('usage.mandate', 'terms_changed'),
  'a dataset is bought twice': withoutCheck('dataset.purchase', 'already_owned'),
  'a suspended model is sold': withoutCheck('subscription.start', 'not_for_sale'),
  'a meter charges for what is undeployed': withoutCheck('usage.batch', 'not_for_sale'),
  'own_listing is tested before not_for_sale': withSwappedChecks('subscription.start', 'not_for_sale', 'own_listing'),
  'price_changed is tested after exceeds_credits': withSwappedChecks('dataset.license', 'price_changed', 'exceeds_credits'),
  'a licence bought again begins anew': onPut('dataset.license', 'licence', (row, { time, before }) =>
    before === undefined ? row : { ...row, end: time + (row.end as number) - Math.max(time, before.end as number) },
  ),
  'redeploying keeps the old rank': onPut('model.deploy', 'deployments', (row) => ({
    models: (row.models as string[]).toReversed(),
  })),
  'a line is charged twice': inContext('usage.batch', (key, row) =>
    key.table.name === 'streams'
      ? { streams: (row.streams as Row[]).map((one) => ({ ...one, last: Math.max(0, (one.last as number) - 1) })) }
      : row,
  ),
  'refused lines do not advance the stream': onPut('usage.batch', 'streams', (row, { lines }) => {
    const streams = row.streams as { stream: string; last: number }[]
    const back = lines.at(-1)?.status === 'refused' ? 1 : 0
    return { streams: streams.map((one, i) => (i === streams.length - 1 ? { ...one, last: one.last - back } : one)) }
  }),
  'a gap in a stream is taken': withoutCheck('usage.batch', 'stream_gap'),
  'streams are without number': withoutCheck('usage.batch', 'too_many'),
  'anybody meters': withoutCheck('usage.batch', 'not_owner'),
  'the window of a mandate is ignored': onRow(['usage.batch'], 'mandate', (row, { time }) => ({
    ...row,
    day: Math.floor(time / DAY),
    month: (new Date(time * 1000).getUTCFullYear() - 1970) * 12 + new Date(time * 1000).getUTCMonth(),
  })),
  'a mandate lives in its last second plus one': onRow(['usage.batch'], 'mandate', (row) => ({
    ...row,
    expires: (row.expires as number) + 1,
  })),
  'a mandate is used up one microcredit early': onRow(['usage.batch'], 'mandate', (row) => ({
    ...row,
    limitMicros: (row.limitMicros as bigint) - 1n,
  })),
  'a new mandate is a second limit': onPut('usage.mandate', 'mandate', (row) => ({ ...row, dayMicros: 0n, monthMicros: 0n })),
  'included units are never used up': onPut('usage.batch', 'subscription', (row, { before }) => ({ ...row, used: before!.used })),
  'seconds cost nothing': onRow(['usage.batch'], 'terms', (row) =>
    row.query === undefined ? row : { ...row, query: { ...(row.query as Row), perSecondMicros: 0n } },
  ),
  'a call is paid a microcredit short': inApply(
    (effects) => ({
      pay: ((payer, payee, gross) => effects.pay(payer, payee, micros(gross > 1n ? gross - 1n : gross))) satisfies Pay,
    }),
    'usage.batch',
  ),
  'a refusal leaves a trace': {
    tamper: (result, ledger) => {
      const row = ledger.get(state.treasury)
      if (result.status === 'refused' && row !== undefined)
        ledger.rows.set(state.treasury.path, { key: state.treasury as RowKey, row: { ...row } })
      return result
    },
  },
  'a payee is not touched': onExecution((execution) => {
    const { outcome } = execution
    return { ...execution, outcome: { ...outcome, touched: outcome.touched.slice(0, outcome.payment ? 1 : undefined) } }
  }),
  'the chain of entries skips one': onExecution((execution) => {
    const touched = execution.outcome.touched.map((one) =>
      one.previous === undefined || one.previous < 9 ? one : { ...one, previous: one.previous - 1 },
    )
    return { ...execution, outcome: { ...execution.outcome, touched } }
  }),
  'a balance is posted as it was before': onExecution((execution) => {
    const postings = execution.outcome.postings.map((one) =>
      one.book in ACCOUNT_BOOKS ? { ...one, balanceMicros: micros(one.balanceMicros - one.amountMicros) } : one,
    )
    return { ...execution, outcome: { ...execution.outcome, postings } }
  }),
}

test.each(Object.keys(BUGS))('finds that %s', { timeout: 120_000 }, (name) => {
  const bug = BUGS[name]!
  for (let seed = 1; seed <= SEEDS; seed++) {
    const failure = runSeed(seed, STEPS, undefined, bug)
    if (failure === undefined) continue
    const shortest = shorten(failure, bug)
    expect(shortest.sequence.length, 'a shortened sequence can be read').toBeLessThan(30)
    return
  }
  expect.fail(`${SEEDS} seeds of ${STEPS} steps did not find it`)
})
