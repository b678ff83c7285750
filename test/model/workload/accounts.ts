/** Draws what concerns accounts, keys, the rules in force and the books as a whole. */

import { DAY, toText } from '../catalogue/calendar.ts'
import { STATE_ROOT, totals } from '../catalogue/closing.ts'
import { type Fields, toAmount, type Value } from '../catalogue/form.ts'
import { micros, thing } from '../catalogue/history.ts'
import { type Key, keyId, keysOf } from '../catalogue/keys.ts'
import { feeBps, plans, policy } from '../catalogue/policy.ts'
import { type Actor, OPERATOR, SEQUENCER, SEQUENCERS, SPARE_KEYS, STRANGERS, WEAK } from '../people.ts'
import { type Desk, type Draft, HEX } from './desk.ts'
import { PERIODS } from './scenario.ts'

const SCOPES = ['spend', 'meter', 'issue', 'schedule']

export class AccountDraws {
  readonly #desk: Desk

  constructor(desk: Desk) {
    this.#desk = desk
  }

  profile(): Draft {
    return { signer: this.#desk.anybody(), type: 'account.profile', body: { name: 'Somebody Else' } }
  }

  freeze(): Draft {
    const desk = this.#desk
    const frozen = desk.people.filter(({ account }) => desk.model.isFrozen(account))
    const account = desk.random.chance(0.1) ? STRANGERS[0]!.account : desk.orElse(desk.anybody(), frozen, 0.2).account
    const body = { account, reason: 'a reason' }
    return { signer: desk.operator(), type: 'account.freeze', body }
  }

  unfreeze(): Draft | undefined {
    const desk = this.#desk
    const frozen = desk.fitting(desk.people, ({ account }) => desk.model.isFrozen(account))
    if (frozen === undefined) return undefined
    return { signer: desk.operator(), type: 'account.unfreeze', body: { account: desk.account(frozen), reason: 'well again' } }
  }

  addKey(owner?: Actor): Draft {
    const desk = this.#desk
    const { random } = desk
    const flooder = desk.scenario.flood === 'keys' ? desk.people.at(-1) : undefined
    const signer = owner ?? flooder ?? desk.orElse(desk.anybody(), [OPERATOR], 0.25)
    const had = keysOf(desk.model, signer.account).map(({ publicKey }) => publicKey)
    const fresh = SPARE_KEYS.find((key) => !had.includes(key))
    const odd = random.pick([...WEAK.map(({ publicKey }) => publicKey), ...had, SEQUENCER.publicKey, ...had])
    const isFull = random.chance(desk.scenario.flood === 'keys' ? 0.8 : 0.2)
    const scopes = isFull ? ['all'] : random.some(SCOPES, 4)
    const canSpend = scopes.includes('spend') && !scopes.includes('all')
    const listings = desk.model.all('listing.publish').map((event) => thing('lst', event))
    const isShort = random.chance(desk.scenario.flood === 'keys' ? 0.05 : 0.4)
    const expires = desk.now + random.pick([-1, 0, 60, 3600, DAY, 20 * DAY, 90 * DAY])
    return {
      signer,
      type: 'key.add',
      body: {
        publicKey: fresh === undefined ? odd : desk.orElse(fresh, [odd], 0.15),
        scopes,
        label: 'a key',
        ...(canSpend &&
          random.chance(0.7) && {
            budget: { amount: desk.amount(random.pick([0.01, 0.1, 1])), per: random.pick(['day', 'month']) },
          }),
        ...(canSpend && listings.length > 0 && random.chance(0.4) && { listings: random.some(listings, 3) }),
        ...(isShort && { expires: toText(expires) }),
      },
    }
  }

  revokeKey(): Draft | undefined {
    const desk = this.#desk
    const isCrowded = ({ account }: Actor) => keysOf(desk.model, account).length > 1
    const signer = desk.fitting(desk.people, isCrowded) ?? desk.anybody()
    const keys = keysOf(desk.model, signer.account)
    const key = desk.fitting(keys, (one: Key) => !one.isRevoked)
    if (key === undefined) return undefined
    return {
      signer,
      type: 'key.revoke',
      body: { key: desk.orElse(keyId(signer.account, key.publicKey), [HEX.slice(0, 8)], 0.03), reason: 'lost' },
    }
  }

  rotate(): Draft {
    const desk = this.#desk
    const odd = [SEQUENCER, OPERATOR, ...desk.people, ...WEAK]
    const next = desk.random.chance(0.5) ? desk.random.pick(SEQUENCERS) : desk.random.pick(odd)
    return { signer: desk.operator(), type: 'sequencer.rotate', body: { sequencerKey: next.publicKey } }
  }

  /** Rules change with notice, or at once where they only lower what others pay. */
  updatePolicy(): Draft {
    const desk = this.#desk
    const { random, now } = desk
    const changes: [string, Value][] = []
    if (random.chance(0.5)) changes.push(['feeBps', this.#fee()])
    if (random.chance(0.5)) changes.push(['plans', this.#plans()])
    if (changes.length === 0 || random.chance(0.3)) changes.push(['policy', this.#policy()])
    const notice = 7 * DAY
    const isFlood = desk.scenario.flood === 'policies'
    const soon = random.pick([-DAY, 0, 60, 3 * DAY, notice - 1])
    const effective =
      now + (isFlood || random.chance(0.6) ? random.pick([notice, notice, notice + 3600, 12 * DAY, 40 * DAY]) : soon)
    const body = { ...Object.fromEntries(changes), effectiveFrom: toText(effective) }
    return { signer: desk.operator(), type: 'policy.update', body }
  }

  #fee(): number {
    const { random, model, now } = this.#desk
    const current = feeBps(model, now)
    return random.weighted({ lower: 5, other: 3, over: 0.5 }) === 'lower'
      ? random.int(0, current)
      : random.pick([1500, 1499, 1, 900, 1501])
  }

  #plans(): Value {
    const desk = this.#desk
    const { random, model, now } = desk
    const changed = plans(model, now).map((plan): Fields => {
      const price = micros(plan.price)
      const turn = random.weighted({ same: 6, cheaper: 4, dearer: 2, bigger: 1, smaller: 0.6, period: 0.4 })
      if (turn === 'cheaper' && price > 1n) return { ...plan, price: toAmount(1n + (price * BigInt(random.int(0, 9))) / 10n) }
      if (turn === 'dearer') return { ...plan, price: toAmount(price + BigInt(1 + random.spread(5_000_000))) }
      if (turn === 'bigger') return { ...plan, modelLimit: (plan.modelLimit as number) + 1 }
      if (turn === 'smaller') return { ...plan, modelLimit: Math.max(1, (plan.modelLimit as number) - 1) }
      return turn === 'period' ? { ...plan, period: random.pick(PERIODS) } : plan
    })
    if (random.chance(0.08) && changed.length > 1) return changed.slice(1)
    const more = {
      plan: `extra-${random.int(1, 9)}`,
      modelLimit: random.int(1, 5),
      price: desk.amount(),
      period: random.pick(PERIODS),
    }
    const isKnown = changed.some(({ plan }) => plan === more.plan)
    return random.chance(0.15) && changed.length < 6 && !isKnown ? [...changed, more] : changed
  }

  #policy(): Fields {
    const { random, model, now } = this.#desk
    const days = () => random.pick([0, 1, 7, 14, 30, 90, 91])
    const changed = { ...policy(model, now), earningsHoldDays: days(), graceDays: days() }
    return Object.fromEntries(Object.entries(changed).filter(() => random.chance(0.7)))
  }

  close(): Draft {
    const desk = this.#desk
    const { random, model, now } = desk
    const figures = totals(model)
    const book = random.pick(Object.keys(figures))
    const wrong = { ...figures, [book]: toAmount(micros(figures[book]) + 1n) }
    const accounts = model.accounts().length
    return {
      signer: desk.operator(),
      type: 'period.close',
      body: {
        end: toText(desk.orElse(now - random.pick([0, 0, 60, DAY]), [now + 1], 0.05)),
        size: desk.orElse(model.history.length, [model.history.length - 1, model.history.length + 1], 0.06),
        accounts: desk.orElse(accounts, [accounts + 1], 0.04),
        stateRoot: desk.orElse(STATE_ROOT, [HEX], 0.04),
        totals: desk.orElse(figures, [wrong], 0.06),
      },
    }
  }
}
