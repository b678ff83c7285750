/**
 * The rules against the model, over random sequences: the same answer, postings, books and lines after every step, and what must
 * hold whatever the model says (auditor.ts). Bigger runs:
 *
 *   MODEL_SEEDS=5000 MODEL_STEPS=300 npm run -s test -- test/model/model.test.ts      MODEL_SEED is the first seed, 1 by default
 */

import { expect, test } from 'vitest'
import { TYPES } from './form.ts'
import { Coverage, describeFailure, runSeed } from './run.ts'

const SEED = Number(process.env.MODEL_SEED ?? 1)
const SEEDS = Number(process.env.MODEL_SEEDS ?? 150)
const STEPS = Number(process.env.MODEL_STEPS ?? 120)

/** Codes that any transaction can meet. frozen, in_debt and stale need types that do not exist yet, or the sequencer. */
const COMMON = ['malformed', 'wrong_ledger', 'unknown_account', 'bad_signature', 'too_early', 'too_far', 'expired']

const SALE = ['unknown_listing', 'not_for_sale', 'own_listing', 'terms_changed']
const PRICED_SALE = [...SALE, 'price_changed', 'exceeds_credits']

/** A type's own codes. A mandate's exceeds_credits needs a reserve. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  'ledger.genesis': ['already_founded'],
  'account.open': ['weak_key', 'exists'],
  'credit.topup': ['key_scope', 'unknown_account', 'reference_used', 'limit'],
  'plan.subscribe': ['unknown_plan', 'price_changed', 'already_subscribed', 'exceeds_credits'],
  'model.create': [],
  'model.deploy': ['unknown_model', 'not_owner', 'already_deployed', 'plan_required', 'plan_limit'],
  'model.undeploy': ['unknown_model', 'not_owner', 'not_deployed'],
  'listing.publish': ['unknown_model', 'not_owner', 'not_deployed', 'plan_required'],
  'subscription.start': [...PRICED_SALE, 'already_subscribed'],
  'dataset.purchase': [...PRICED_SALE, 'already_owned'],
  'dataset.license': PRICED_SALE,
  'feature.purchase': [...PRICED_SALE, 'already_owned'],
  'usage.mandate': [...SALE, 'bad_expiry'],
  'usage.batch': ['unknown_listing', 'not_owner', 'not_for_sale', 'too_many', 'stream_gap', 'duplicate_lines'],
}

const LINES = ['charged', 'duplicate', 'no_mandate', 'subscription_required', 'exceeds_mandate', 'exceeds_credits']

test('the rules do what the model does, step by step', { timeout: 30_000 + SEEDS * STEPS * 20 }, () => {
  const coverage = new Coverage()
  for (let seed = SEED; seed < SEED + SEEDS; seed++) {
    const failure = runSeed(seed, STEPS, coverage)
    if (failure !== undefined) expect.fail(describeFailure(failure, STEPS))
  }
  if (SEEDS * STEPS < 15_000) return
  assertCoverage(coverage)
})

/** A workload that is always refused, or never, would prove nothing. */
function assertCoverage({ accepted, refused, lines, steps }: Coverage): void {
  expect([...accepted.keys()].sort(), 'every type is accepted').toEqual([...TYPES].sort())
  const met = [...refused.keys()].map((what) => what.split(' ').at(-1)!)
  expect(
    COMMON.filter((code) => !met.includes(code)),
    'every common code is met',
  ).toEqual([])
  const own = TYPES.flatMap((type) => OWN[type]!.map((code) => `${type} ${code}`))
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
