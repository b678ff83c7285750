/**
 * The rules as tables of cases, one a transaction type (test/tables), and that nothing is missing in them: every type has a
 * table, every code of a type occurs in it, and wherever two codes can apply at once a case shows which one wins.
 */

import { describe, expect, test } from 'vitest'
import type { Definition } from '../../core/domain/define.ts'
import { COMMON_CODES } from '../../core/domain/refusal.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { playScene } from './play.ts'
import { lineCodesOf, outcomesOf, readTable, tableNames } from './table.ts'

/** The catalogue's own refusals of each type, in its order. */
const CATALOGUE: Record<string, readonly string[]> = {
  'ledger.genesis': ['already_founded'],
  'account.open': ['weak_key', 'exists'],
  'account.profile': [],
  'account.freeze': ['unknown_account', 'already_frozen'],
  'account.unfreeze': ['unknown_account', 'not_frozen'],
  'key.add': ['weak_key', 'exists', 'too_many'],
  'key.revoke': ['unknown_key', 'last_key'],
  'sequencer.rotate': ['weak_key', 'exists'],
  'policy.update': ['too_soon', 'limit'],
  'credit.topup': ['unknown_account', 'reference_used', 'limit'],
  'credit.grant': ['unknown_account', 'reference_used', 'bad_expiry', 'too_many', 'limit'],
  'credit.return': ['unknown_entry', 'reference_used', 'over_refund', 'exceeds_credits'],
  'credit.refund': ['unknown_entry', 'not_refundable', 'over_refund'],
  'credit.chargeback': ['unknown_entry', 'reference_used', 'over_refund'],
  'debt.forgive': ['exceeds_debt'],
  'earnings.move': ['exceeds_earnings'],
  'payout.request': ['below_minimum', 'exceeds_earnings'],
  'payout.cancel': ['unknown_payout', 'not_pending'],
  'payout.settle': ['unknown_payout', 'not_pending', 'reference_used'],
  'payout.fail': ['unknown_payout', 'not_pending'],
  'revenue.withdraw': ['exceeds_revenue', 'reference_used'],
  'plan.offer': ['unknown_account', 'limit'],
  'plan.subscribe': ['unknown_plan', 'price_changed', 'already_subscribed', 'exceeds_credits'],
  'plan.change': ['no_plan', 'unknown_plan', 'price_changed', 'same_plan', 'exceeds_credits'],
  'plan.cancel': ['no_plan'],
  'plan.renew': ['no_plan', 'not_due', 'cancelled', 'no_mandate', 'lapsed', 'exceeds_credits'],
  'model.create': [],
  'model.deploy': ['unknown_model', 'not_owner', 'already_deployed', 'plan_required', 'plan_limit'],
  'model.undeploy': ['unknown_model', 'not_owner', 'not_deployed'],
  'listing.publish': ['unknown_model', 'not_owner', 'not_deployed', 'plan_required'],
  'listing.update': ['unknown_listing', 'not_owner', 'withdrawn'],
  'listing.withdraw': ['unknown_listing', 'not_owner', 'withdrawn'],
  'subscription.start': [
    ...[
      'unknown_listing',
      'not_for_sale',
      'own_listing',
      'terms_changed',
      'price_changed',
      'already_subscribed',
      'exceeds_credits',
    ],
  ],
  'subscription.cancel': ['unknown_subscription', 'not_owner', 'already_cancelled'],
  'subscription.renew': [
    ...['unknown_subscription', 'not_due', 'cancelled', 'lapsed', 'not_for_sale', 'frozen', 'no_mandate', 'exceeds_credits'],
  ],
  'dataset.purchase': [
    ...['unknown_listing', 'not_for_sale', 'own_listing', 'terms_changed', 'price_changed', 'already_owned', 'exceeds_budget'],
    'exceeds_credits',
  ],
  'dataset.license': [
    ...['unknown_listing', 'not_for_sale', 'own_listing', 'terms_changed', 'price_changed', 'exceeds_budget', 'exceeds_credits'],
  ],
  'feature.purchase': [
    ...['unknown_listing', 'not_for_sale', 'own_listing', 'terms_changed', 'price_changed', 'exceeds_budget', 'exceeds_credits'],
  ],
  'hold.open': [
    ...['unknown_listing', 'not_for_sale', 'own_listing', 'subscription_required', 'terms_changed', 'bad_expiry', 'too_many'],
    ...['exceeds_budget', 'exceeds_credits'],
  ],
  'hold.capture': ['unknown_hold', 'not_open', 'expired_hold'],
  'hold.release': ['unknown_hold', 'not_open'],
  'query.charge': [
    ...['unknown_listing', 'not_for_sale', 'own_listing', 'subscription_required', 'terms_changed', 'reference_used'],
    ...['exceeds_budget', 'exceeds_credits'],
  ],
  'usage.mandate': ['unknown_listing', 'not_for_sale', 'own_listing', 'terms_changed', 'bad_expiry', 'exceeds_credits'],
  'usage.revoke': ['unknown_mandate', 'already_ended'],
  'usage.batch': ['unknown_listing', 'not_owner', 'not_for_sale', 'too_many', 'stream_gap', 'duplicate_lines'],
  'period.close': ['too_soon', 'stale_size', 'wrong_state'],
}

const LINE_CODES = ['no_mandate', 'subscription_required', 'exceeds_mandate', 'exceeds_credits']

/** Codes beyond the catalogue, each with the code that it precedes (none: it is the last): docs/transactions.md says why. */
const BEYOND: Record<string, Record<string, string>> = {
  'hold.capture': { key_scope: 'not_open' },
  'hold.release': { key_scope: 'not_open' },
  'query.charge': { key_scope: 'not_for_sale' },
  'usage.mandate': { too_many: 'exceeds_credits' },
  'debt.forgive': { unknown_account: 'exceeds_debt' },
  'dataset.license': { limit: 'exceeds_budget' },
  'feature.purchase': { already_owned: 'exceeds_budget', limit: 'exceeds_budget' },
  'plan.change': { too_many: 'exceeds_credits' },
  'plan.renew': { key_scope: 'not_due', frozen: 'no_mandate' },
  'subscription.renew': { key_scope: 'not_due' },
  'listing.update': { malformed: '' },
}

/** Neighbours that never apply at once, and why. */
const EXCLUSIVE: Record<string, string> = {
  'unknown_account already_frozen': 'an account that there is not is neither frozen nor not',
  'unknown_account not_frozen': 'an account that there is not is neither frozen nor not',
  'unknown_plan price_changed': 'a plan that there is not has no price',
  'same_plan too_many': 'nothing is carried over into the same plan',
  'unknown_model not_owner': 'a model that there is not has no owner',
  'not_owner already_deployed': "another's model is never among one's own deployments",
  'plan_required plan_limit': 'without an active plan there is no limit to reach',
  'unknown_listing not_for_sale': 'a listing that there is not is neither for sale nor not',
  'already_owned limit': 'what is owned for ever ends never, and what has an end is not owned for ever',
  'unknown_subscription not_owner': 'a subscription that there is not has no owner',
  'unknown_subscription key_scope': 'a subscription that there is not has no payer',
  'unknown_listing not_owner': 'a listing that there is not has no owner',
  'terms_changed price_changed': 'terms that are not in force have no price',
  'unknown_entry not_refundable': 'an entry that there is not is no payment and no other thing',
  'not_refundable over_refund': 'where nothing was paid there is nothing that a refund could exceed',
  'unknown_account exceeds_debt': 'an account that there is not owes nothing',
  'unknown_payout not_pending': 'a payout that there is not stands in no way',
  'stream_gap duplicate_lines': 'a batch begins beyond the expected line or ends before it',
  'unknown_listing key_scope': 'a listing that there is not has no meter',
  'unknown_hold key_scope': 'a hold that there is not has no meter',
  'unknown_mandate already_ended': 'a mandate that there is not neither runs nor has ended',
}

const version1 = rules.get(1)!

function catalogued(type: string): string[] {
  const codes = [...CATALOGUE[type]!]
  for (const [code, next] of Object.entries(BEYOND[type] ?? {})) {
    codes.splice(next === '' ? codes.length : codes.indexOf(next), 0, code)
  }
  return codes
}

/** The codes of the envelope that the rules can refuse a type with: the sequencer's own memory is not part of them. */
function envelopeCodes({ signer, spends, creates }: Definition): string[] {
  const founder = ['unknown_account', 'key_scope', 'frozen', 'in_debt']
  const codes = COMMON_CODES.filter((code) => {
    if (code === 'stale') return false
    if (signer === 'founder' && founder.includes(code)) return false
    // The operator cannot be frozen, and nobody else gets as far.
    if (code === 'frozen') return signer !== 'operator'
    return code !== 'in_debt' || spends !== undefined
  })
  return typeof creates === 'object' && creates.table !== undefined ? [...codes, 'exists'] : codes
}

function refusalsOf(table: string) {
  return outcomesOf(readTable(table)).filter((outcome) => outcome.status === 'refused')
}

describe.each(tableNames())('%s', (name) => {
  const { cases } = readTable(name)
  test.each(cases)('$title', ({ statements }) => playScene(name).play(statements))
})

describe('the tables are complete', () => {
  test('every transaction type has a table, and every table but the common one is of a type', () => {
    expect(tableNames().sort()).toEqual(['common', ...version1.keys()].sort())
    expect(Object.keys(CATALOGUE).sort()).toEqual([...version1.keys()].sort())
  })

  test.each([...version1.keys()])('%s tests its refusals in the order of the catalogue', (type) => {
    expect(version1.get(type)!.checks.map(({ code }) => code)).toEqual(catalogued(type))
  })

  test.each([...version1.values()].map((definition) => [definition.type, definition] as const))(
    '%s meets every code in its table',
    (type, definition) => {
      const met = new Set(refusalsOf(type).map(({ code }) => code))
      const expected = [...envelopeCodes(definition), ...catalogued(type)]
      expect(expected.filter((code) => !met.has(code))).toEqual([])
    },
  )

  test('every code of a line occurs in the table of usage batches', () => {
    expect(LINE_CODES.filter((code) => !lineCodesOf(readTable('usage.batch')).includes(code))).toEqual([])
  })

  test.each([...version1.values()].map((definition) => [definition.type, definition] as const))(
    '%s shows which of two neighbouring codes wins, wherever both can apply',
    (type, definition) => {
      const shown = new Set(refusalsOf(type).flatMap(({ code, over }) => (over === undefined ? [] : [`${code} ${over}`])))
      const codes = catalogued(type)
      const pairs = codes.slice(1).map((code, i) => `${codes[i]} ${code}`)
      expect(pairs.filter((pair) => EXCLUSIVE[pair] === undefined && !shown.has(pair))).toEqual([])
      // The last code of the envelope against one of the type's own.
      const last = envelopeCodes(definition).findLast((code) => code !== 'malformed')!
      const isShown = codes.length === 0 || codes.some((code) => shown.has(`${last} ${code}`))
      expect(isShown, `${last} is shown to come before a refusal of ${type}`).toBe(true)
    },
  )

  test('the pairs that are said never to meet are neighbours somewhere', () => {
    const neighbours = [...version1.keys()]
      .map(catalogued)
      .flatMap((codes) => codes.slice(1).map((code, i) => `${codes[i]} ${code}`))
    expect(Object.keys(EXCLUSIVE).filter((pair) => !neighbours.includes(pair))).toEqual([])
  })

  test('the order of the common codes is shown pair by pair', () => {
    const shown = refusalsOf('common').map(({ code, over }) => `${code} ${over}`)
    const order = [...COMMON_CODES.filter((code) => code !== 'stale'), 'exists']
    const pairs = order.slice(1).map((code, i) => `${order[i]} ${code}`)
    expect(pairs.filter((pair) => !shown.includes(pair))).toEqual([])
    expect(COMMON_CODES).toEqual([
      ...['malformed', 'wrong_ledger', 'unknown_account', 'bad_signature', 'stale', 'too_early', 'too_far', 'expired'],
      ...['key_scope', 'frozen', 'in_debt'],
    ])
  })
})
