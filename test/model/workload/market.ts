/** Draws what is listed, sold and subscribed to. */

import { DAY } from '../catalogue/calendar.ts'
import { type Fields, toAmount, type Value } from '../catalogue/form.ts'
import { type Event, micros, thing } from '../catalogue/history.ts'
import { currentTerms, isWithdrawn, priceIn, termsNamed } from '../catalogue/listings.ts'
import { standing } from '../catalogue/plans.ts'
import { latestSubscription, subscriptionOf } from '../catalogue/subscriptions.ts'
import { type Actor, OPERATOR } from '../people.ts'
import { type Desk, type Draft, HEX } from './desk.ts'
import { datasetTerms, modelTerms } from './offers.ts'
import { PERIODS } from './scenario.ts'

export class MarketDraws {
  readonly #desk: Desk

  constructor(desk: Desk) {
    this.#desk = desk
  }

  publishFeature(): Draft {
    const desk = this.#desk
    const { random, model } = desk
    const all = model.all('model.create').map((event) => thing('mdl', event))
    const named = random.chance(0.4) ? random.maybe([...all, `mdl_${HEX.slice(0, 32)}`]) : undefined
    const body = {
      ...{ kind: 'feature', title: 'A feature', description: '', price: desk.amount() },
      ...(random.chance(0.7) && { days: random.int(1, 40) }),
      ...(named && { model: named }),
    }
    return { signer: desk.creator(), type: 'listing.publish', body }
  }

  publishDataset(): Draft {
    const desk = this.#desk
    const { random } = desk
    const content = { sha256: HEX, bytes: random.spread(1e9) }
    const body = { kind: 'dataset', title: 'A dataset', description: 'As described.', content }
    return { signer: desk.creator(), type: 'listing.publish', body: { ...body, ...datasetTerms(random, desk.scenario.money) } }
  }

  /** Some of the terms change: prices mostly, now and then to fields that the kind does not have. */
  update(): Draft | undefined {
    const desk = this.#desk
    const { random, model } = desk
    const isThere = (event: Event) => !isWithdrawn(model, event)
    const listing = desk.fitting(model.all('listing.publish'), isThere, desk.hot)
    if (listing === undefined) return undefined
    const kind = desk.orElse(listing.body.kind as string, ['model', 'dataset', 'feature'], 0.05)
    const drawn: Fields = {
      model: () => ({ ...modelTerms(random, desk.scenario.money), ...this.#reprice(listing) }),
      dataset: () => ({ ...datasetTerms(random, desk.scenario.money), content: { sha256: HEX, bytes: 7 } }),
      feature: () => ({ price: desk.amount(), ...(random.chance(0.5) && { days: random.int(1, 40) }) }),
    }[kind as 'model' | 'dataset' | 'feature']() as Fields
    const kept = Object.entries({ ...drawn, title: 'Another title' }).filter(() => random.chance(0.6))
    return {
      signer: desk.orElse(desk.actorOf(listing.signer), desk.people, 0.06),
      type: 'listing.update',
      body: { listing: desk.id('lst', listing), ...Object.fromEntries(kept) },
    }
  }

  /** Subscriptions become dearer or cheaper, or are sold no more. */
  #reprice(listing: Event): Fields {
    const { random, model } = this.#desk
    const prices = Object.entries((currentTerms(model, listing).subscription as Fields | undefined) ?? {})
    if (prices.length === 0 || random.chance(0.2)) return {}
    if (random.chance(0.1)) return { subscription: {} }
    const changed = prices.map(([period, price]) => {
      const before = micros(price)
      return [period, toAmount(random.chance(0.5) ? before + 1n : 1n + (before * BigInt(random.int(0, 9))) / 10n)]
    })
    return { subscription: Object.fromEntries(changed) }
  }

  withdraw(): Draft | undefined {
    const desk = this.#desk
    const { random, model } = desk
    const isThere = (event: Event) => !isWithdrawn(model, event)
    const listing = desk.fitting(model.all('listing.publish'), isThere)
    if (listing === undefined) return undefined
    const owner = desk.orElse(desk.actorOf(listing.signer), [...desk.people, OPERATOR], 0.15)
    const signer = random.chance(0.3) ? OPERATOR : owner
    const hasReason = random.chance(signer === OPERATOR ? 0.8 : 0.3)
    const body = { listing: desk.id('lst', listing), ...(hasReason && { reason: 'against the rules' }) }
    return { signer, type: 'listing.withdraw', body }
  }

  purchase(what: string, wanted?: Event, buyer?: Actor): Draft | undefined {
    const desk = this.#desk
    const { random, model, now } = desk
    const [kind, type, field] = {
      subscribe: ['model', 'subscription.start', 'subscription'],
      purchase: ['dataset', 'dataset.purchase', 'purchase'],
      license: ['dataset', 'dataset.license', 'licences'],
      feature: ['feature', 'feature.purchase', 'price'],
    }[what] as [string, string, string]
    const listing = wanted ?? desk.listing(field)
    if (listing === undefined || (listing.body.kind !== kind && random.chance(0.5))) return undefined
    const sale = desk.saleOf(listing)
    const terms = termsNamed(model, listing, sale.terms, now)
    const periods = Object.keys((terms.subscription as Fields | undefined) ?? {})
    const period = { period: desk.orElse(random.maybe(periods) ?? 'week', PERIODS) }
    const licence = random.int(0, Math.max(0, ((terms.licences as readonly Value[]) ?? []).length - 1))
    const choice: Fields = what === 'subscribe' ? period : what === 'license' ? { licence: desk.orElse(licence, [7]) } : {}
    const price = priceIn(terms, field, choice) ?? desk.amount()
    const named = desk.orElse(price, [desk.amount(), toAmount(micros(price) + 1n), '999999999999'], 0.07)
    const free = what === 'subscribe' && random.chance(0.8) ? this.#newcomer(listing, price) : undefined
    return { signer: buyer ?? free ?? desk.buyer(listing, price), type, body: { ...sale, ...choice, price: named } }
  }

  /** Somebody who can pay and has no subscription of the listing that lives. */
  #newcomer(listing: Event, price: Value): Actor | undefined {
    const desk = this.#desk
    const { model, now } = desk
    const isFree = ({ account }: Actor) => {
      const started = latestSubscription(model, account, thing('lst', listing))
      return started === undefined || standing(model, subscriptionOf(model, started), now) === 'lapsed'
    }
    const others = desk.people.filter((one) => one.account !== listing.signer && isFree(one))
    return desk.one(others.filter((one) => desk.affords(one, price)))
  }

  #living(fits: (end: number, isCancelled: boolean) => boolean): Event | undefined {
    const { model, now } = this.#desk
    const isWanted = (started: Event) => {
      const running = subscriptionOf(model, started)
      return standing(model, running, now) !== 'lapsed' && fits(running.end, running.isCancelled)
    }
    return this.#desk.fitting(model.all('subscription.start'), isWanted)
  }

  cancel(wanted?: Event): Draft | undefined {
    const desk = this.#desk
    const started = wanted ?? this.#living((_, isCancelled) => !isCancelled)
    if (started === undefined) return undefined
    const signer = desk.orElse(desk.actorOf(started.signer), desk.people, 0.06)
    return { signer, type: 'subscription.cancel', body: { subscription: desk.id('sub', started) } }
  }

  renew(wanted?: Event): Draft | undefined {
    const desk = this.#desk
    const { random, now } = desk
    const started = wanted ?? this.#living((end, isCancelled) => now >= end - DAY && (!isCancelled || random.chance(0.2)))
    if (started === undefined) return undefined
    const signer = desk.orElse(random.chance(0.6) ? OPERATOR : desk.actorOf(started.signer), desk.people, 0.05)
    return { signer, type: 'subscription.renew', body: { subscription: desk.id('sub', started) } }
  }
}
