/**
 * Draws what people do once the ledger is founded: every type in its measure, mostly as they would, sometimes as they should not,
 * and at the edges of time what shows on which side of an edge the ledger believes itself to be.
 */

import type { Event } from '../catalogue/history.ts'
import { isOpen } from '../catalogue/listings.ts'
import type { Random } from '../random.ts'
import { AccountDraws } from './accounts.ts'
import { CallDraws } from './calls.ts'
import { CreditDraws } from './credits.ts'
import type { Desk, Draft } from './desk.ts'
import type { Edge } from './edges.ts'
import { MarketDraws } from './market.ts'
import { PlanDraws } from './plans.ts'
import type { Scenario } from './scenario.ts'

type Draw = () => Draft | undefined

/** What is drawn again and again in a flood. */
const FLOODS: Readonly<Record<NonNullable<Scenario['flood']>, readonly [draw: string, weight: number][]>> = {
  streams: [['batch', 90]],
  holds: [['open', 130]],
  keys: [['addKey', 90]],
  reserves: [
    ['mandate', 250],
    ['publish', 250],
    ['topup', 30],
  ],
  policies: [['updatePolicy', 60]],
  grants: [['grant', 60]],
}

/** How many times as often some things are drawn. */
const FOCUS: Readonly<Record<NonNullable<Scenario['focus']>, Readonly<Record<string, number>>>> = {
  calls: {
    mandate: 2,
    batch: 4,
    open: 3,
    capture: 5,
    release: 2,
    charge: 2,
    subscribe: 2,
    grant: 2,
    moveEarnings: 2,
    refund: 1.5,
  },
  plans: { changePlan: 5, renewPlan: 2, offer: 3, cancelPlan: 3, updatePolicy: 3, refund: 2, deploy: 2 },
  subscriptions: { subscribe: 4, cancelSubscription: 4, renewSubscription: 3, update: 2, charge: 3, refund: 2 },
}

export class Trade {
  readonly #desk: Desk
  readonly #random: Random
  readonly #accounts: AccountDraws
  readonly #credits: CreditDraws
  readonly #plans: PlanDraws
  readonly #market: MarketDraws
  readonly #calls: CallDraws
  readonly #draws: Readonly<Record<string, Draw>>

  constructor(desk: Desk) {
    this.#desk = desk
    this.#random = desk.random
    this.#accounts = new AccountDraws(desk)
    this.#credits = new CreditDraws(desk)
    this.#plans = new PlanDraws(desk)
    this.#market = new MarketDraws(desk)
    this.#calls = new CallDraws(desk)
    this.#draws = { ...this.#platformDraws(), ...this.#tradeDraws() }
  }

  /** What concerns accounts, the rules, and credits that come and go. */
  #platformDraws(): Record<string, Draw> {
    const [accounts, credits] = [this.#accounts, this.#credits]
    return {
      profile: () => accounts.profile(),
      freeze: () => accounts.freeze(),
      unfreeze: () => accounts.unfreeze(),
      addKey: () => accounts.addKey(),
      revokeKey: () => accounts.revokeKey(),
      rotate: () => accounts.rotate(),
      updatePolicy: () => accounts.updatePolicy(),
      close: () => accounts.close(),
      topup: () => credits.topup(),
      grant: () => credits.grant(),
      return: () => credits.takeBack('credit.return'),
      chargeback: () => credits.takeBack('credit.chargeback'),
      refund: () => credits.refund(),
      forgive: () => credits.forgive(),
      moveEarnings: () => credits.moveEarnings(),
      requestPayout: () => credits.requestPayout(),
      cancelPayout: () => credits.endPayout('payout.cancel'),
      settlePayout: () => credits.endPayout('payout.settle'),
      failPayout: () => credits.endPayout('payout.fail'),
      withdrawRevenue: () => credits.withdraw(),
    }
  }

  /** What concerns plans, listings and calls. */
  #tradeDraws(): Record<string, Draw> {
    const [plans, market, calls] = [this.#plans, this.#market, this.#calls]
    return {
      offer: () => plans.offer(),
      plan: () => plans.subscribe(),
      changePlan: () => plans.change(),
      cancelPlan: () => plans.cancel(),
      renewPlan: () => plans.renew(),
      create: () => plans.create(),
      deploy: () => plans.deployment('model.deploy'),
      undeploy: () => plans.deployment('model.undeploy'),
      publish: () => plans.publish(),
      publishDataset: () => market.publishDataset(),
      publishFeature: () => market.publishFeature(),
      update: () => market.update(),
      withdraw: () => market.withdraw(),
      subscribe: () => market.purchase('subscribe'),
      cancelSubscription: () => market.cancel(),
      renewSubscription: () => market.renew(),
      purchase: () => market.purchase('purchase'),
      license: () => market.purchase('license'),
      feature: () => market.purchase('feature'),
      mandate: () => calls.mandate(),
      revoke: () => calls.revoke(),
      batch: () => calls.batch(),
      open: () => calls.open(),
      capture: () => calls.close('hold.capture'),
      release: () => calls.close('hold.release'),
      charge: () => calls.charge(),
    }
  }

  /** How many models are on sale. */
  #selling(): number {
    const { model, now } = this.#desk
    return model.all('listing.publish').filter((one) => one.body.kind === 'model' && isOpen(model, one, now)).length
  }

  #weights(isBare: boolean): Record<string, number> {
    const { model, people, scenario } = this.#desk
    const few = model.all('listing.publish').length < 5
    const isFrozen = people.some(({ account }) => model.isFrozen(account))
    const hasDebts = scenario.trouble === 'debts'
    const weights: Record<string, number> = {
      ...{
        profile: 0.5,
        freeze: isFrozen ? 0.3 : 1,
        unfreeze: isFrozen ? 8 : 0.3,
        addKey: scenario.trouble === 'keys' ? 14 : 3,
        revokeKey: 1.2,
        rotate: 0.4,
      },
      ...{ updatePolicy: 1.5, close: 1.2 },
      ...{ topup: 9, grant: 5, return: 1.5, chargeback: hasDebts ? 9 : 1, refund: hasDebts ? 9 : 5, forgive: 2 },
      ...{ moveEarnings: 2, requestPayout: 3, cancelPayout: 2, settlePayout: 2.5, failPayout: 2, withdrawRevenue: 1.2 },
      ...{ offer: 1.5, plan: 4, changePlan: 4, cancelPlan: 0.5, renewPlan: 15 },
      ...{ create: model.all('model.create').length < 6 ? 6 : 1, deploy: 6, undeploy: isBare ? 0.1 : 0.8 },
      ...{ publish: 3, publishDataset: few ? 3 : 1, publishFeature: few ? 3 : 1, update: 3, withdraw: 1 },
      ...{ subscribe: 12, cancelSubscription: 1.2, renewSubscription: 50, purchase: 3, license: 4, feature: 4 },
      ...{ mandate: 11, revoke: 1.2, batch: 18, open: 9, capture: 7, release: 2, charge: 11 },
    }
    const focus = scenario.focus === undefined ? {} : FOCUS[scenario.focus]
    for (const [draw, times] of Object.entries(focus)) weights[draw]! *= times
    const flood = scenario.flood === undefined ? [] : FLOODS[scenario.flood]
    for (const [draw, weight] of flood) weights[draw] = weight
    return weights
  }

  /** Draws until a draw has what it needs: who publishes needs a model, who buys a listing. */
  draw(edge?: Edge): Draft {
    const watched = edge !== undefined && this.#random.chance(0.8) ? this.#atEdge(edge) : undefined
    if (watched !== undefined) return watched
    const isBare = this.#selling() < 2
    if (isBare && this.#random.chance(0.5)) {
      const step = this.#plans.towardsSelling(() => this.#credits.topup())
      if (step !== undefined) return step
    }
    const weights = this.#weights(isBare)
    for (;;) {
      const drawn = this.#draws[this.#random.weighted(weights)]!()
      if (drawn !== undefined) return drawn
    }
  }

  #oneOf(weights: Readonly<Record<string, number>>, special: Readonly<Record<string, Draw>> = {}): Draft | undefined {
    const turn = this.#random.weighted(weights)
    return (special[turn] ?? this.#draws[turn]!)()
  }

  #atEdge({ what, account, event }: Edge): Draft | undefined {
    const actor = account === undefined ? undefined : this.#desk.actorOf(account)
    const listing = event && this.#desk.listingOf(event.body.listing)
    switch (what) {
      case 'window':
        return this.#oneOf({ batch: 4, close: 1, moveEarnings: 2, requestPayout: 2, withdrawRevenue: 1, license: 1, feature: 1 })
      case 'plan':
        return this.#atPlan(account!)
      case 'subscription':
        return this.#atSubscription(event!)
      case 'mandate':
        return this.#oneOf({ batch: 4, mandate: 1, revoke: 1 }, { batch: () => this.#calls.batch(listing) })
      case 'hold':
        return this.#oneOf(
          { capture: 3, release: 1, open: 1, plan: 1, topup: 1 },
          { capture: () => this.#calls.close('hold.capture', event), release: () => this.#calls.close('hold.release', event) },
        )
      case 'grant':
        return this.#oneOf(
          { plan: 2, subscribe: 2, license: 1, feature: 1, charge: 2, open: 1, batch: 2, grant: 0.5, return: 0.5 },
          { plan: () => this.#plans.subscribe(actor) },
        )
      case 'key':
        return this.#oneOf({ charge: 1, open: 1, license: 1, topup: 1, batch: 1, feature: 1, addKey: 0.3 })
      case 'terms':
        return this.#oneOf({ charge: 2, open: 1, mandate: 1, subscribe: 1, license: 1 })
      case 'policy':
        return this.#oneOf({ plan: 1, changePlan: 2, renewPlan: 2, charge: 2, license: 1, updatePolicy: 0.5, deploy: 1 })
      case 'licence':
        return this.#oneOf({ license: 1, feature: 1, refund: 1 }, { refund: () => this.#credits.refund(event) })
      case 'close':
        return this.#accounts.close()
    }
  }

  #atPlan(account: string): Draft | undefined {
    const plans = this.#plans
    const actor = this.#desk.actorOf(account)
    const own: Event | undefined = this.#random.hot(plans.listingsOf(account))
    return this.#oneOf(
      { renew: 12, deploy: 3, publish: 2, start: 2, change: 2, cancel: 0.5, subscribe: 1.5, mandate: 1.5, batch: 3, charge: 1 },
      {
        renew: () => plans.renew(actor),
        deploy: () => plans.deployment('model.deploy', account),
        publish: () => plans.publish(account),
        start: () => plans.subscribe(actor),
        change: () => plans.change(actor),
        cancel: () => plans.cancel(actor),
        subscribe: () => this.#market.purchase('subscribe', own),
        mandate: () => this.#calls.mandate(own),
        batch: () => this.#calls.batch(own),
        charge: () => this.#calls.charge(own),
      },
    )
  }

  #atSubscription(event: Event): Draft | undefined {
    const listing = this.#desk.listingOf(event.body.listing)!
    const payer = this.#desk.actorOf(event.signer)
    return this.#oneOf(
      { renew: 12, batch: 3, charge: 2, subscribe: 2, cancel: 1, refund: 1 },
      {
        renew: () => this.#market.renew(event),
        batch: () => this.#calls.batch(listing),
        charge: () => this.#calls.charge(listing),
        subscribe: () => this.#market.purchase('subscribe', listing, payer),
        cancel: () => this.#market.cancel(event),
        refund: () => this.#credits.refund(event),
      },
    )
  }
}
