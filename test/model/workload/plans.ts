/** Draws plans, and the models that need them. */

import { DAY, toSeconds, toText } from '../catalogue/calendar.ts'
import type { Fields } from '../catalogue/form.ts'
import { type Event, micros, thing } from '../catalogue/history.ts'
import { deployed, isOpen as isSelling } from '../catalogue/listings.ts'
import { limitInForce, planOf, standing } from '../catalogue/plans.ts'
import { largestPlan, plans } from '../catalogue/policy.ts'
import type { Actor } from '../people.ts'
import { OPERATOR } from '../people.ts'
import { type Desk, type Draft, HEX } from './desk.ts'
import { modelTerms } from './offers.ts'
import { PERIODS } from './scenario.ts'

export class PlanDraws {
  readonly #desk: Desk

  constructor(desk: Desk) {
    this.#desk = desk
  }

  #lives({ account }: Actor): boolean {
    const plan = planOf(this.#desk.model, account)
    return plan !== undefined && standing(this.#desk.model, plan, this.#desk.now) !== 'lapsed'
  }

  offer(): Draft {
    const desk = this.#desk
    const { random, model, now } = desk
    const largest = largestPlan(model, now)
    return {
      signer: desk.operator(),
      type: 'plan.offer',
      body: {
        account: desk.account(random.chance(0.7) ? desk.creator() : desk.anybody()),
        modelLimit: desk.orElse(largest + random.int(1, 20), [Math.max(1, largest)], 0.1),
        price: desk.amount(),
        period: random.pick(PERIODS),
        expires: toText(now + random.pick([0, 60, DAY, 20 * DAY, 200 * DAY])),
      },
    }
  }

  /** A plan in force, or an offer: mostly one's own. */
  #choice(taker: Actor): Fields {
    const desk = this.#desk
    const { random, model, now } = desk
    const offers = model.all('plan.offer')
    const isOpen = ({ body }: Event) => body.account === taker.account && now < toSeconds(body.expires as string)
    const own = offers.filter(isOpen)
    if (offers.length > 0 && random.chance(own.length > 0 ? 0.4 : 0.1)) {
      const offer = desk.orElse(random.pick(own.length > 0 ? own : offers), offers, 0.1)
      return { offer: desk.id('off', offer), price: offer.body.price! }
    }
    const plan = random.maybe(plans(model, now))
    if (plan === undefined) return { plan: 'starter', price: '19' }
    return { plan: desk.orElse(plan.plan!, ['corporate', 'tin'], 0.03), price: plan.price! }
  }

  #spoilPrice(choice: Fields): Fields {
    return { ...choice, price: this.#desk.orElse(choice.price!, [this.#desk.amount(), '0.000001', '999999999999'], 0.06) }
  }

  subscribe(taker?: Actor): Draft | undefined {
    const desk = this.#desk
    const price = plans(desk.model, desk.now)[0]?.price ?? '1'
    const isIdle = (one: Actor) => !this.#lives(one) && desk.affords(one, price)
    const signer = taker ?? (desk.random.chance(0.08) ? desk.debtor() : undefined) ?? desk.fitting(desk.people, isIdle, desk.hot)
    if (signer === undefined) return undefined
    return { signer, type: 'plan.subscribe', body: this.#spoilPrice(this.#choice(signer)) }
  }

  change(taker?: Actor): Draft | undefined {
    const signer = taker ?? this.#desk.fitting(this.#desk.people, (one) => this.#lives(one), this.#desk.hot)
    if (signer === undefined) return undefined
    return { signer, type: 'plan.change', body: this.#spoilPrice(this.#repriced(signer) ?? this.#choice(signer)) }
  }

  /** The plan that the account has, where its price is another than the one signed. */
  #repriced({ account }: Actor): Fields | undefined {
    const { model, now } = this.#desk
    const running = planOf(model, account)
    const plan = plans(model, now).find((one) => one.plan === running?.periods.at(-1)?.name)
    if (plan === undefined || micros(plan.price) === running!.signed) return undefined
    return { plan: plan.plan!, price: plan.price! }
  }

  cancel(taker?: Actor): Draft | undefined {
    const signer = taker ?? this.#desk.fitting(this.#desk.people, (one) => this.#lives(one))
    return signer && { signer, type: 'plan.cancel', body: {} }
  }

  renew(taker?: Actor): Draft | undefined {
    const desk = this.#desk
    const { model, now, random } = desk
    const isDue = (one: Actor) => this.#lives(one) && now >= planOf(model, one.account)!.end - DAY
    const holder = taker ?? desk.fitting(desk.people, isDue)
    if (holder === undefined) return undefined
    const signer = desk.orElse(random.chance(0.6) ? OPERATOR : holder, desk.people, 0.06)
    return { signer, type: 'plan.renew', body: { account: desk.orElse(holder, desk.people, 0.04).account } }
  }

  /** The next step of a creator who sells nothing yet: credits, a plan, a model, a slot for it, a listing. */
  towardsSelling(topup: () => Draft): Draft | undefined {
    const desk = this.#desk
    const { model, now } = desk
    const creator = desk.creator()
    const { account } = creator
    const [plan] = plans(model, now)
    if (plan === undefined || model.isFrozen(account) || model.debt(account) > 0n) return undefined
    if (limitInForce(model, account, now) === 0) {
      if (!desk.affords(creator, plan.price)) {
        const draft = topup()
        return { ...draft, body: { ...draft.body, account } }
      }
      const body = { plan: plan.plan!, price: plan.price! }
      return this.#lives(creator) ? this.renew(creator) : { signer: creator, type: 'plan.subscribe', body }
    }
    const models = model.all('model.create', account).map((event) => thing('mdl', event))
    const serving = deployed(model, account)
    const idle = models.find((one) => !serving.includes(one))
    if (serving.length > 0) return this.publish(account)
    if (idle === undefined) return { ...this.create(), signer: creator }
    return { signer: creator, type: 'model.deploy', body: { model: idle } }
  }

  create(): Draft {
    const body = { name: 'Law 7B', base: 'llama-3-8b', artifact: HEX, description: 'Ünïcödé ✓' }
    return { signer: this.#desk.creator(), type: 'model.create', body }
  }

  /** A model with its owner; sometimes somebody else signs for it, sometimes nobody ever made it. */
  deployment(type: string, owner?: string): Draft | undefined {
    const desk = this.#desk
    const { random, model, now } = desk
    const mayExceed = random.chance(0.2)
    const isWanted = (event: Event) => {
      const models = deployed(model, event.signer)
      if (type === 'model.undeploy') return models.includes(thing('mdl', event))
      const limit = limitInForce(model, event.signer, now)
      const hasRoom = owner !== undefined || limit > models.length || (mayExceed && limit > 0)
      return hasRoom && !models.includes(thing('mdl', event))
    }
    const event = desk.fitting(model.all('model.create', owner), isWanted)
    if (event === undefined) return undefined
    const signer = desk.orElse(desk.actorOf(event.signer), desk.people, 0.08)
    return { signer, type, body: { model: desk.id('mdl', event) } }
  }

  publish(owner?: string): Draft | undefined {
    const desk = this.#desk
    const { random, model, now } = desk
    const isServing = (event: Event) =>
      deployed(model, event.signer).includes(thing('mdl', event)) &&
      (owner !== undefined || limitInForce(model, event.signer, now) > 0)
    const event = desk.fitting(model.all('model.create', owner), isServing)
    if (event === undefined) return undefined
    return {
      signer: desk.orElse(desk.actorOf(event.signer), desk.people),
      type: 'listing.publish',
      body: {
        ...{ kind: 'model', title: 'A model', description: 'As described.', model: desk.id('mdl', event) },
        ...modelTerms(random, desk.scenario.money),
      },
    }
  }

  /** The listings of an account's models, those that sell now at the front. */
  listingsOf(account: string): Event[] {
    const { model, now } = this.#desk
    const own = model.all('listing.publish', account).filter(({ body }) => body.kind === 'model')
    return own.sort((a, b) => Number(isSelling(model, b, now)) - Number(isSelling(model, a, now)))
  }
}
