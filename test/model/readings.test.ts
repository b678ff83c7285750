/**
 * Readings of the catalogue on which rules and model once differed: the shortest sequence of each, told to both.
 */

import { expect, test } from 'vitest'
import { DAY, toSeconds, toText } from './catalogue/calendar.ts'
import { STATE_ROOT } from './catalogue/closing.ts'
import type { Fields } from './catalogue/form.ts'
import { idOf, Model, type Told } from './catalogue/model.ts'
import { type Actor, CITIZENS, OPERATOR, SEQUENCER, SPARE_KEYS } from './people.ts'
import { runSequence } from './run.ts'
import { ORIGIN } from './workload/scenario.ts'

const [ADA, BEA] = CITIZENS as [Actor, Actor]
const FOUNDED = toSeconds('2026-03-10T12:00:00Z')

const PLANS = [
  { plan: 'starter', modelLimit: 3, price: '19', period: 'month' },
  { plan: 'more', modelLimit: 5, price: '2', period: 'month' },
  { plan: 'most', modelLimit: 9, price: '60', period: 'month' },
]
const POLICY = { minimumPayout: '25', earningsHoldDays: 7, graceDays: 7, creditNote: '1 credit = 1 USD' }

/** A sequence with a founded ledger, two accounts with credits, and a model that Ada has deployed on a plan by the month. */
class Story {
  readonly told: Told[] = []
  #now = FOUNDED

  constructor() {
    const keys = { operatorKey: OPERATOR.publicKey, sequencerKey: SEQUENCER.publicKey }
    this.say(OPERATOR, 'ledger.genesis', {
      origin: ORIGIN,
      name: 'Test',
      ...keys,
      clock: 'manual',
      feeBps: 1500,
      plans: PLANS,
      policy: POLICY,
    })
    for (const one of [ADA, BEA]) {
      this.say(one, 'account.open', { publicKey: one.publicKey, name: one.name })
      this.say(OPERATOR, 'credit.topup', { account: one.account, amount: '100', provider: 'stripe', reference: one.name })
    }
  }

  wait(seconds: number): void {
    this.#now += seconds
  }

  /** `publicKey` signs where it is not the key with which the account was opened. */
  say({ account, publicKey: firstKey }: Actor, type: string, body: Fields, publicKey = firstKey): Told {
    const validUntil = this.#now + DAY
    const signatures = [{ account, publicKey }]
    const note = { ledger: ORIGIN, signer: account, signatures, made: this.#now, validUntil, nonce: this.told.length }
    const told = { at: this.#now * 1000, ...note, type, body }
    this.told.push(told)
    return told
  }

  model(owner: Actor): string {
    const told = this.say(owner, 'model.create', { name: 'M', base: 'b', artifact: 'ab'.repeat(32), description: 'd' })
    return `mdl_${idOf(told).slice(-32)}`
  }

  /** A listing of a model that Ada deploys on a plan of her own. */
  listing(terms: Fields): string {
    this.say(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
    const model = this.model(ADA)
    this.say(ADA, 'model.deploy', { model })
    const told = this.say(ADA, 'listing.publish', { kind: 'model', title: 't', description: 'd', model, ...terms })
    return `lst_${idOf(told).slice(-32)}`
  }

  mandate(listing: string, amount: string, per: string, reserve = '0'): void {
    const expires = toText(this.#now + 300 * DAY)
    this.say(BEA, 'usage.mandate', { listing, terms: 1, limit: { amount, per }, reserve, expires })
  }

  refund(paid: Told, amount: string): void {
    this.say(OPERATOR, 'credit.refund', { entry: this.told.indexOf(paid), amount, reason: 'as agreed' })
  }

  /** A feature of Ada's that Bea buys. */
  sale(price: string): Told {
    const listed = this.say(ADA, 'listing.publish', { kind: 'feature', title: 't', description: 'd', price, days: 9 })
    return this.say(BEA, 'feature.purchase', { listing: `lst_${idOf(listed).slice(-32)}`, terms: 1, price })
  }

  /** The policy changes in eight days. */
  policy(change: Fields): void {
    this.say(OPERATOR, 'policy.update', { ...change, effectiveFrom: toText(this.#now + 8 * DAY) })
  }

  /** Calls by Bea at a credit each. */
  calls(listing: string, first: number, count: number): void {
    const lines = Array.from({ length: count }, () => [0, 0, 1, 0, 0, 0])
    this.say(ADA, 'usage.batch', { listing, stream: 's', first, start: toText(this.#now), payers: [BEA.account], lines })
  }
}

const ONE_A_CALL = { perRequest: '1', perMInput: '0', perMOutput: '0', perSecond: '0' }

/** Both say the same, and refuse nothing but what the story is about. */
function agree({ told }: Story, ...refused: string[]): void {
  expect(runSequence(told)?.message).toBeUndefined()
  const model = new Model()
  expect(told.flatMap((one) => model.act(one).code ?? [])).toEqual(refused)
}

test('of the checks of a listing, not_owner is for models: a feature may name the model of another account', () => {
  const story = new Story()
  const model = story.model(BEA)
  story.say(ADA, 'listing.publish', { kind: 'feature', title: 't', description: 'd', price: '4', model })
  agree(story)
})

test('a batch for a listing without query prices is not_for_sale', () => {
  const story = new Story()
  story.calls(story.listing({ subscription: { month: '10' } }), 1, 1)
  agree(story, 'not_for_sale')
})

test('a suspended creator’s subscribers go on querying to the end of their paid periods', () => {
  const story = new Story()
  const listing = story.listing({ subscription: { year: '10' }, query: ONE_A_CALL })
  story.say(BEA, 'subscription.start', { listing, terms: 1, period: 'year', price: '10' })
  story.mandate(listing, '50', 'month')
  story.wait(32 * DAY)
  story.calls(listing, 1, 1)
  agree(story)
})

test('a mandate by the month that replaces one by the day counts on what the month has seen', () => {
  const story = new Story()
  const listing = story.listing({ query: ONE_A_CALL })
  story.mandate(listing, '5', 'day')
  story.calls(listing, 1, 5)
  story.wait(DAY)
  story.mandate(listing, '6', 'month')
  story.calls(listing, 6, 2)
  agree(story)
})

test('a mandate by the day that replaces one by the month counts on what the day has seen, no more', () => {
  const story = new Story()
  const listing = story.listing({ query: ONE_A_CALL })
  story.mandate(listing, '50', 'month')
  story.calls(listing, 1, 5)
  story.wait(DAY)
  story.mandate(listing, '5', 'day')
  story.calls(listing, 6, 1)
  agree(story)
})

test('a plan’s name with a control character is malformed', () => {
  const story = new Story()
  story.say(ADA, 'plan.subscribe', { plan: 'starter\u0007', price: '19' })
  agree(story, 'malformed')
})

test('a mandate that replaces one with a reserve gives that reserve back in the same entry', () => {
  const story = new Story()
  const listing = story.listing({ query: ONE_A_CALL })
  story.mandate(listing, '5', 'day', '40')
  story.mandate(listing, '5', 'day')
  story.mandate(listing, '5', 'day', '90')
  story.calls(listing, 1, 2)
  agree(story)
})

test('a line takes what is free in the wallet and then from the reserve, in one line if need be', () => {
  const story = new Story()
  const listing = story.listing({ query: ONE_A_CALL })
  story.mandate(listing, '100', 'day', '99.5')
  story.calls(listing, 1, 1)
  agree(story)
})

test('a takedown touches the creator, who did not sign it', () => {
  const story = new Story()
  const listing = story.listing({ query: ONE_A_CALL })
  story.say(OPERATOR, 'listing.withdraw', { listing, reason: 'against the rules' })
  agree(story)
})

test('a renewal is no spending that counts against the budget of the key that signs it', () => {
  const story = new Story()
  story.say(OPERATOR, 'credit.topup', { account: OPERATOR.account, amount: '50', provider: 'stripe', reference: 'own' })
  story.say(OPERATOR, 'plan.subscribe', { plan: 'starter', price: '19' })
  const budget = { amount: '1', per: 'month' }
  const key = SPARE_KEYS[0]!
  story.say(OPERATOR, 'key.add', { publicKey: key, scopes: ['spend', 'schedule'], label: 'a key', budget })
  story.wait(31 * DAY - 60)
  story.say(OPERATOR, 'plan.renew', { account: OPERATOR.account }, key)
  agree(story)
})

test('what was refunded before an upgrade is not taken off the period that the upgrade bought', () => {
  const story = new Story()
  const paid = story.say(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
  story.refund(paid, '10')
  story.say(ADA, 'plan.change', { plan: 'more', price: '2' })
  story.wait(3 * DAY)
  story.say(ADA, 'plan.change', { plan: 'most', price: '60' })
  agree(story)
})

test('what is refunded after an upgrade is taken off what the next one credits', () => {
  const story = new Story()
  const paid = story.say(ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
  story.say(ADA, 'plan.change', { plan: 'more', price: '2' })
  story.refund(paid, '1.5')
  story.wait(3 * DAY)
  story.say(ADA, 'plan.change', { plan: 'most', price: '60' })
  agree(story)
})

test('a refund draws on the earnings of the newest day, also where those of an older one wait longer', () => {
  const story = new Story()
  story.policy({ policy: { ...POLICY, earningsHoldDays: 0 } })
  story.wait(8 * DAY - 60)
  story.sale('20')
  story.wait(DAY)
  const paid = story.sale('30')
  story.refund(paid, '12')
  story.wait(DAY)
  story.say(ADA, 'earnings.move', { amount: '15.3' })
  agree(story)
})

test.each([0, 30])(
  'of the earnings of one day a refund takes first those that wait longer (%i days from now on)',
  (earningsHoldDays) => {
    const story = new Story()
    story.policy({ policy: { earningsHoldDays } })
    story.wait(8 * DAY - 60)
    story.sale('20')
    story.wait(120)
    const paid = story.sale('30')
    story.refund(paid, '12')
    story.refund(paid, '15')
    agree(story)
  },
)

test('what a reserve that has ended will cover is not owed, and so not forgiven', () => {
  const story = new Story()
  const listing = story.listing({ query: ONE_A_CALL })
  story.mandate(listing, '5', 'day', '90')
  const topup = story.told.findLastIndex(({ type, body }) => type === 'credit.topup' && body.account === BEA.account)
  const outside = { provider: 'stripe', reference: 'dispute' }
  story.say(OPERATOR, 'credit.chargeback', { entry: topup, amount: '100', ...outside })
  story.say(OPERATOR, 'debt.forgive', { account: BEA.account, amount: '1', reason: 'goodwill' })
  story.wait(301 * DAY)
  story.say(OPERATOR, 'debt.forgive', { account: BEA.account, amount: '1', reason: 'goodwill' })
  agree(story, 'exceeds_debt')
})

test('the books of a period are closed once', () => {
  const story = new Story()
  const zero = { promotions: '0', held: '0', earnings: '0', payable: '0', 'revenue:fees': '0', 'revenue:plans': '0' }
  const totals = { issued: '-200', wallet: '200', redeemed: '0', receivable: '0', ...zero }
  const close = (size: number) => ({ end: toText(FOUNDED), size, accounts: 3, stateRoot: STATE_ROOT, totals })
  story.say(OPERATOR, 'period.close', close(5))
  story.wait(DAY)
  story.say(OPERATOR, 'period.close', close(6))
  agree(story, 'too_soon')
})

test('the stories go well up to what they are about', () => {
  const story = new Story()
  const listing = story.listing({ subscription: { year: '10' }, query: ONE_A_CALL, access: 'open' })
  story.mandate(listing, '5', 'day')
  story.calls(listing, 1, 6)
  story.wait(DAY)
  story.calls(listing, 7, 1)
  agree(story)
})
