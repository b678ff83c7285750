/** Bugs in what the platform takes and in what its record says. */

import { withNew } from '../../../core/domain/aged-sum.ts'
import { ACCOUNT_BOOKS } from '../../../core/domain/books.ts'
import type { Effects } from '../../../core/domain/define.ts'
import { micros, ZERO } from '../../../core/domain/money.ts'
import { inForce } from '../../../core/domain/policy.ts'
import type { Run } from '../../../core/domain/run.ts'
import * as state from '../../../core/domain/state.ts'
import type { RowKey } from '../../../core/domain/table.ts'
import type { Bug } from '../ledger.ts'
import { afterApply, inApply, onExecution, onRow, withoutCheck } from './plant.ts'

type Pay = Effects<never>['pay']
type Topup = Effects<{ readonly account: string; readonly amount: bigint }>

/** The machine's own record of what was paid says that the fee was another. */
function recordFee(run: Run, more: bigint): void {
  const payment = run.payment ?? { grossMicros: ZERO, feeMicros: ZERO, feeBps: 0, slices: [] }
  run.payment = { ...payment, feeMicros: micros(payment.feeMicros + more) }
}

/** A payment whose fee is `fee(…)`, and which leaves `carry(…)`, with the machine's own record kept right. */
function payingFee(fee: (exact: bigint) => bigint, carry: (exact: bigint) => number): Bug {
  return inApply((effects) => ({
    pay: ((payer, payee, gross, slices) => {
      const run = effects as unknown as Run
      const before = run.need(state.accounts.at(payee))
      const exact = gross * BigInt(inForce(run).feeBps) + BigInt(before.carry)
      const figures = run.pay(payer, payee, gross, slices)
      const wanted = fee(exact) > gross ? gross : fee(exact)
      const more = wanted - figures.feeMicros
      run.collect('fees', micros(more))
      run.postTo(payee, 'earnings', -more)
      const { earningsHoldDays } = inForce(run)
      run.put(state.earnings.at(payee), withNew(run.get(state.earnings.at(payee)), micros(-more), run.time, earningsHoldDays))
      recordFee(run, more)
      run.put(state.accounts.at(payee), { ...run.need(state.accounts.at(payee)), carry: carry(exact) })
      return { ...figures, feeMicros: micros(wanted) }
    }) satisfies Pay,
  }))
}

const floor = (exact: bigint) => exact / 10_000n
const left = (exact: bigint) => Number(exact % 10_000n)

export const feeBugs: Readonly<Record<string, Bug>> = {
  'fees are rounded up': payingFee((exact) => (exact + 9_999n) / 10_000n, left),
  'fees are rounded to the nearest': payingFee((exact) => (exact + 5_000n) / 10_000n, left),
  'the carry is lost': payingFee(floor, () => 0),
  'the carry is lost at a whole credit': payingFee(floor, (exact) => (exact / 10_000n > 1_000_000n ? 0 : left(exact))),
  'a top-up pays a fee': afterApply(
    'credit.topup',
    (effects) => {
      const run = effects as unknown as Run
      const { account, amount } = (effects as unknown as Topup).body
      const fee = micros(amount / 100n)
      run.postTo(account, 'wallet', -fee)
      run.collect('fees', fee)
      run.payment = { grossMicros: fee, feeMicros: fee, feeBps: 0, slices: [] }
    },
    [state.revenue.at('fees')],
  ),
  'a top-up of more than 100 000 credits loses a microcredit': afterApply('credit.topup', (effects) => {
    const { postTo, post, body } = bound(effects as unknown as Topup)
    if (body.amount < 10n ** 11n) return
    postTo(body.account, 'wallet', -1n)
    post('issued', 1n)
  }),
  'a reference credits twice': withoutCheck('credit.topup', 'reference_used'),
  'the bound on credits is off by one': onRow(['credit.topup'], 'treasury', (row) => ({
    ...row,
    issuedMicros: (row.issuedMicros as bigint) - 1n,
  })),
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

function bound(effects: Topup): Pick<Topup, 'postTo' | 'post' | 'body'> {
  return { postTo: effects.postTo.bind(effects), post: effects.post.bind(effects), body: effects.body }
}
