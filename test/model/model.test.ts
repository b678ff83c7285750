/**
 * The rules against the model, over random sequences: the same answer, postings, books and lines after every step, and what must
 * hold whatever the model says (auditor.ts). Bigger runs:
 *
 *   MODEL_SEEDS=5000 MODEL_STEPS=300 npm run -s test -- test/model/model.test.ts      MODEL_SEED is the first seed, 1 by default
 */

import { expect, test } from 'vitest'
import { TYPES } from './catalogue/bodies.ts'
import { Coverage, describeFailure, MISSING, runSeed } from './run.ts'

const SEED = Number(process.env.MODEL_SEED ?? 1)
const SEEDS = Number(process.env.MODEL_SEEDS ?? 100)
const STEPS = Number(process.env.MODEL_STEPS ?? 300)

/** Codes that any transaction can meet. stale is the sequencer's, which is restored without its memory. */
const COMMON = [
  'malformed',
  'wrong_ledger',
  'unknown_account',
  'bad_signature',
  'too_early',
  'too_far',
  'expired',
  'frozen',
  'in_debt',
]

const SALE = ['unknown_listing', 'not_for_sale', 'own_listing', 'terms_changed']
const PRICED_SALE = [...SALE, 'price_changed', 'exceeds_credits']
const SPENT = ['exceeds_budget', 'in_debt', 'key_scope']
const CALL = [...SALE, 'subscription_required', 'exceeds_credits', ...SPENT]

/** A type's own codes, and key_scope, frozen and in_debt where the type has a rule of its own about them. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  'ledger.genesis': ['already_founded'],
  'account.open': ['weak_key', 'exists'],
  'account.profile': [],
  'account.freeze': ['key_scope', 'unknown_account', 'already_frozen'],
  'account.unfreeze': ['key_scope', 'unknown_account', 'not_frozen'],
  'key.add': ['weak_key', 'exists', 'too_many'],
  'key.revoke': ['unknown_key', 'last_key'],
  'sequencer.rotate': ['key_scope', 'weak_key', 'exists'],
  'policy.update': ['key_scope', 'too_soon', 'limit'],
  'credit.topup': ['key_scope', 'unknown_account', 'reference_used', 'limit'],
  'credit.grant': ['key_scope', 'unknown_account', 'reference_used', 'bad_expiry', 'too_many', 'limit'],
  'credit.return': ['key_scope', 'unknown_entry', 'reference_used', 'over_refund', 'exceeds_credits'],
  'credit.refund': ['key_scope', 'unknown_entry', 'not_refundable', 'over_refund'],
  'credit.chargeback': ['key_scope', 'unknown_entry', 'reference_used', 'over_refund'],
  'debt.forgive': ['unknown_account', 'exceeds_debt'],
  'earnings.move': ['exceeds_earnings'],
  'payout.request': ['below_minimum', 'exceeds_earnings'],
  'payout.cancel': ['unknown_payout', 'not_pending'],
  'payout.settle': ['key_scope', 'unknown_payout', 'not_pending', 'reference_used'],
  'payout.fail': ['key_scope', 'unknown_payout', 'not_pending'],
  'revenue.withdraw': ['key_scope', 'exceeds_revenue', 'reference_used'],
  'plan.offer': ['key_scope', 'unknown_account', 'limit'],
  'plan.subscribe': ['unknown_plan', 'price_changed', 'already_subscribed', 'exceeds_credits', 'in_debt'],
  'plan.change': ['no_plan', 'unknown_plan', 'price_changed', 'same_plan', 'exceeds_credits', 'in_debt'],
  'plan.cancel': ['no_plan'],
  'plan.renew': ['no_plan', 'key_scope', 'not_due', 'cancelled', 'frozen', 'no_mandate', 'lapsed', 'exceeds_credits', 'in_debt'],
  'model.create': [],
  'model.deploy': ['unknown_model', 'not_owner', 'already_deployed', 'plan_required', 'plan_limit'],
  'model.undeploy': ['unknown_model', 'not_owner', 'not_deployed'],
  'listing.publish': ['unknown_model', 'not_owner', 'not_deployed', 'plan_required'],
  'listing.update': ['unknown_listing', 'not_owner', 'withdrawn', 'malformed'],
  'listing.withdraw': ['unknown_listing', 'not_owner', 'withdrawn'],
  'subscription.start': [...PRICED_SALE, 'already_subscribed', 'in_debt'],
  'subscription.cancel': ['unknown_subscription', 'not_owner', 'already_cancelled'],
  'subscription.renew': [
    ...['unknown_subscription', 'key_scope', 'not_due', 'cancelled', 'lapsed', 'not_for_sale', 'frozen', 'no_mandate'],
    ...['exceeds_credits', 'in_debt'],
  ],
  'dataset.purchase': [...PRICED_SALE, ...SPENT, 'already_owned'],
  'dataset.license': [...PRICED_SALE, ...SPENT],
  'feature.purchase': [...PRICED_SALE, ...SPENT, 'already_owned'],
  'hold.open': [...CALL, 'bad_expiry', 'too_many'],
  'hold.capture': ['unknown_hold', 'key_scope', 'not_open', 'expired_hold'],
  'hold.release': ['unknown_hold', 'key_scope', 'not_open'],
  'query.charge': [...CALL, 'reference_used'],
  'usage.mandate': [...SALE, 'bad_expiry', 'too_many', 'exceeds_credits', 'in_debt'],
  'usage.revoke': ['unknown_mandate', 'already_ended'],
  'usage.batch': ['unknown_listing', 'not_owner', 'not_for_sale', 'too_many', 'stream_gap', 'duplicate_lines'],
  'period.close': ['key_scope', 'too_soon', 'stale_size', 'wrong_state'],
}

const LINES = ['charged', 'duplicate', 'no_mandate', 'subscription_required', 'exceeds_mandate', 'exceeds_credits']

test('the rules do what the model does, step by step', { timeout: 60_000 + SEEDS * STEPS * 20 }, () => {
  const coverage = new Coverage()
  for (let seed = SEED; seed < SEED + SEEDS; seed++) {
    const failure = runSeed(seed, STEPS, coverage)
    if (failure !== undefined) expect.fail(describeFailure(failure, STEPS))
  }
  if (SEEDS * STEPS < 25_000) return
  assertCoverage(coverage)
})

/** A workload that is always refused, or never, would prove nothing. */
function assertCoverage({ accepted, refused, lines, steps }: Coverage): void {
  expect([...accepted.keys()].sort(), 'every type is accepted').toEqual(TYPES.filter((type) => !MISSING.includes(type)).sort())
  const met = [...refused.keys()].map((what) => what.split(' ').at(-1)!)
  expect(
    COMMON.filter((code) => !met.includes(code)),
    'every common code is met',
  ).toEqual([])
  const own = TYPES.filter((type) => !MISSING.includes(type)).flatMap((type) => OWN[type]!.map((code) => `${type} ${code}`))
  expect(
    own.filter((what) => !refused.has(what)),
    'every type is refused with each of its codes',
  ).toEqual([])
  expect(
    LINES.filter((outcome) => !lines.has(outcome)),
    'every outcome of a line occurs',
  ).toEqual([])
  const sum = (table: ReadonlyMap<string, number>) => [...table.values()].reduce((total, times) => total + times, 0)
  expect(sum(accepted), 'more is accepted than refused').toBeGreaterThan(steps / 2)
  expect(lines.get('charged'), 'lines are charged by the hundred').toBeGreaterThan(500)
}
