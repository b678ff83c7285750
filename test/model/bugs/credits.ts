/** Bugs in grants, refunds, debts, payouts, keys and the rules in force. */

import type { Effects } from '../../../core/domain/define.ts'
import type { Slice } from '../../../core/domain/state.ts'
import type { Bug } from '../ledger.ts'
import { inApply, onExecution, onPut, onRow, onSight, type Row, withoutCheck } from './plant.ts'

const DAY = 86_400

type Give = Effects<never>['give']

/** Wallets whose grants expire at another time. */
function expiring(row: Row, change: (at: number) => number): Row {
  return { ...row, lots: (row.lots as Row[]).map((lot) => ({ ...lot, expiresAt: change(lot.expiresAt as number) })) }
}

export const creditBugs: Readonly<Record<string, Bug>> = {
  'a grant lives in its last second plus one': onSight('wallet', (row) => expiring(row, (at) => at + 1)),
  'a refund goes to the wrong lot': inApply(
    (effects) => ({
      give: ((account, slices) =>
        effects.give(
          account,
          slices.map(({ amountMicros }): Slice => ({ amountMicros })),
        )) satisfies Give,
    }),
    'credit.refund',
  ),
  'an entry is refunded twice': onPut('credit.refund', 'refund', (row) => ({ ...row, refundedMicros: 0n })),
  'a refund gives back more than was paid': withoutCheck('credit.refund', 'over_refund'),
  'a top-up is charged back twice': withoutCheck('credit.chargeback', 'over_refund'),
  'a chargeback that cannot be covered is no debt': onSight('account', (row) => ({ ...row, receivableMicros: 0n })),
  'spent credits are returned': withoutCheck('credit.return', 'exceeds_credits'),
  'a return has the reference of a payment': withoutCheck('credit.return', 'reference_used'),
  'grants are without number': withoutCheck('credit.grant', 'too_many'),
  'more is forgiven than is owed': withoutCheck('debt.forgive', 'exceeds_debt'),
  'earnings are available a day early': onRow(['payout.request', 'earnings.move'], 'earnings', (row) => ({
    ...row,
    days: (row.days as Row[]).map((day) => ({ ...day, availableFrom: (day.availableFrom as number) - DAY })),
  })),
  'revenue is withdrawn a day early': onRow(['revenue.withdraw'], 'revenue', (row) => ({
    ...row,
    days: (row.days as Row[]).map((day) => ({ ...day, availableFrom: (day.availableFrom as number) - DAY })),
  })),
  'a payout may be small': withoutCheck('payout.request', 'below_minimum'),
  'a payout is settled twice': withoutCheck('payout.settle', 'not_pending'),
  'anybody cancels a payout': withoutCheck('payout.cancel', 'unknown_payout'),
}

export const accountBugs: Readonly<Record<string, Bug>> = {
  'a freeze is ignored': onSight('account', (row) => ({ ...row, frozen: false })),
  'the scope of a key is ignored': onSight('key', (row) => ({ ...row, scopes: ['all'] })),
  'a key outlives its end': onSight('key', ({ expires: _expires, ...row }) => row),
  'a revoked key signs': onSight('key', ({ revoked: _revoked, ...row }) => row),
  'a key spends on any listing': onSight('key', ({ listings: _listings, ...row }) => row),
  'a key has no budget': onSight('key', ({ budget: _budget, ...row }) => row),
  'holds do not count against a budget': onExecution((execution) => {
    const { changes } = execution
    const isOpening = changes.some(({ key, row }) => key.table.name === 'hold' && (row as Row).isClosed === false)
    const kept = changes.filter(({ key }) => !isOpening || key.table.name !== 'key')
    return { ...execution, changes: kept }
  }),
  'the last key is revoked': withoutCheck('key.revoke', 'last_key'),
  'keys are without number': withoutCheck('key.add', 'too_many'),
  'an account has a key twice': withoutCheck('key.add', 'exists'),
  'the sequencer’s key is given out again': withoutCheck('sequencer.rotate', 'exists'),
  'prices rise without notice': withoutCheck('policy.update', 'too_soon'),
  'the fee rises above its ceiling': withoutCheck('policy.update', 'limit'),
  'a change of policy takes effect at once': onPut('policy.update', 'platform', (row, { time }) => ({
    ...row,
    pending: (row.pending as Row[]).map((one) => ({ ...one, from: time })),
  })),
  'the books are closed over another state': withoutCheck('period.close', 'wrong_state'),
  'the books are closed every minute': withoutCheck('period.close', 'too_soon'),
}
