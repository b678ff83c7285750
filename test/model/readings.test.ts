/**
 * Readings of the catalogue on which rules and model once differed: the shortest sequence of each, told to both.
 */

import { expect, test } from 'vitest'
import { DAY, toSeconds, toText } from './catalogue/calendar.ts'
import type { Fields } from './catalogue/form.ts'
import { idOf, type Told } from './catalogue/model.ts'
import { type Actor, CITIZENS, OPERATOR, SEQUENCER } from './people.ts'
import { runSequence } from './run.ts'
import { ORIGIN } from './workload/scenario.ts'

const [ADA, BEA] = CITIZENS as [Actor, Actor]
const FOUNDED = toSeconds('2026-03-10T12:00:00Z')

/** A sequence with a founded ledger, two accounts with credits, and a model that Ada has deployed on a plan by the month. */
class Story {
  readonly told: Told[] = []
  #now = FOUNDED

  constructor() {
    const plans = [{ plan: 'starter', modelLimit: 3, price: '19', period: 'month' }]
    const policy = { minimumPayout: '25', earningsHoldDays: 7, graceDays: 7, creditNote: '1 credit = 1 USD' }
    const keys = { operatorKey: OPERATOR.publicKey, sequencerKey: SEQUENCER.publicKey }
    this.say(OPERATOR, 'ledger.genesis', { origin: ORIGIN, name: 'Test', ...keys, clock: 'manual', feeBps: 1500, plans, policy })
    for (const one of [ADA, BEA]) {
      this.say(one, 'account.open', { publicKey: one.publicKey, name: one.name })
      this.say(OPERATOR, 'credit.topup', { account: one.account, amount: '100', provider: 'stripe', reference: one.name })
    }
  }

  wait(seconds: number): void {
    this.#now += seconds
  }

  say({ account, publicKey }: Actor, type: string, body: Fields): Told {
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

  mandate(listing: string, amount: string, per: string): void {
    const expires = toText(this.#now + 300 * DAY)
    this.say(BEA, 'usage.mandate', { listing, terms: 1, limit: { amount, per }, reserve: '0', expires })
  }

  /** Calls by Bea at a credit each. */
  calls(listing: string, first: number, count: number): void {
    const lines = Array.from({ length: count }, () => [0, 0, 1, 0, 0, 0])
    this.say(ADA, 'usage.batch', { listing, stream: 's', first, start: toText(this.#now), payers: [BEA.account], lines })
  }
}

const ONE_A_CALL = { perRequest: '1', perMInput: '0', perMOutput: '0', perSecond: '0' }

function agree({ told }: Story): void {
  expect(runSequence(told)?.message).toBeUndefined()
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
  agree(story)
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
  agree(story)
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
