/** Draws what people do once the ledger is founded: one method a type, mostly as they would, sometimes as they should not. */

import { DAY, toSeconds, toText } from './calendar.ts'
import type { Fields, Value } from './form.ts'
import { type Event, micros } from './history.ts'
import type { Model } from './model.ts'
import { datasetTerms, modelTerms } from './offers.ts'
import { type Actor, CITIZENS, OPERATOR, STRANGERS } from './people.ts'
import type { Random } from './random.ts'
import { PERIODS, type Scenario, someMicros, toAmount } from './scenario.ts'
import type { Draft, Edge } from './workload.ts'

const HEX = 'c0ffee00'.repeat(8)

function idOfThing(prefix: string, event: Event): string {
  return `${prefix}_${event.id.slice(-32)}`
}

export class Trade {
  readonly #random: Random
  readonly #model: Model
  readonly #scenario: Scenario
  #people: readonly Actor[] = []
  #now = 0

  constructor(random: Random, model: Model, scenario: Scenario) {
    this.#random = random
    this.#model = model
    this.#scenario = scenario
  }

  /** Draws until a draw has what it needs: who publishes needs a model, who buys a listing. */
  draw(people: readonly Actor[], now: number, edge?: Edge): Draft {
    this.#people = people
    this.#now = now
    const random = this.#random
    const watched = edge !== undefined && random.chance(0.8) ? this.#atEdge(edge) : undefined
    if (watched !== undefined) return watched
    const few = this.#model.all('listing.publish').length < 5
    const weights = {
      topup: 9,
      plan: 8,
      create: this.#model.all('model.create').length < 6 ? 6 : 1,
      deploy: 8,
      undeploy: 1.5,
      publish: few ? 14 : 4,
      subscribe: 14,
      purchase: 3,
      license: 3,
      feature: 3,
      mandate: this.#scenario.flood ? 8 : 14,
      batch: this.#scenario.flood ? 90 : 30,
    }
    for (;;) {
      const drawn = this.#one(random.weighted(weights))
      if (drawn !== undefined) return drawn
    }
  }

  /** What shows on which side of an edge the ledger believes itself to be. */
  #atEdge({ what, account, listing }: Edge): Draft | undefined {
    const random = this.#random
    const named = listing === undefined ? undefined : this.#model.listing(listing)
    const actor = account === undefined ? undefined : this.#actorOf(account)
    switch (what) {
      case 'window':
        return this.#batch()
      case 'mandate':
        return this.#batch(named)
      case 'licence':
        return this.#purchase('license', named, actor)
      case 'subscription':
        return random.chance(0.5) ? this.#batch(named) : this.#purchase('subscribe', named, actor)
      case 'plan': {
        const own = this.#model.all('listing.publish', account).filter(({ body }) => body.kind === 'model')
        const turn = random.weighted({ deploy: 3, publish: 2, plan: 3, subscribe: 1.5, mandate: 1.5, batch: 3 })
        if (turn === 'deploy') return this.#deployment('model.deploy', account)
        if (turn === 'publish') return this.#publishModel(account)
        if (turn === 'plan') return this.#plan(actor)
        if (turn === 'batch') return this.#batch(random.maybe(own))
        return turn === 'mandate' ? this.#mandate(random.maybe(own)) : this.#purchase('subscribe', random.maybe(own))
      }
    }
  }

  #one(what: string): Draft | undefined {
    switch (what) {
      case 'topup':
        return this.#topup()
      case 'plan':
        return this.#plan()
      case 'create':
        return this.#create()
      case 'deploy':
      case 'undeploy':
        return this.#deployment(`model.${what}`)
      case 'publish':
        return this.#publish()
      case 'mandate':
        return this.#mandate()
      case 'batch':
        return this.#batch()
      default:
        return this.#purchase(what)
    }
  }

  #amount(scale = 1): string {
    return toAmount(someMicros(this.#random, this.#scenario.money, scale))
  }

  /** Now and then something else than `value`. */
  #orElse<T>(value: T, others: readonly T[], probability = 0.05): T {
    return this.#random.chance(probability) ? (this.#random.maybe(others) ?? value) : value
  }

  /** Creators are few and buyers are many: the first to open an account publish most. */
  #creator(): Actor {
    return this.#random.hot(this.#people.slice(1)) ?? OPERATOR
  }

  #anybody(): Actor {
    return this.#random.pick(this.#people)
  }

  /** Whether what the account has in its wallet would pay `price`. */
  #affords({ account }: Actor, price: Value | undefined): boolean {
    return this.#model.wallet(account) >= micros(price)
  }

  /** Mostly one of the items that fit, at times any of them; mostly none where none fits. */
  #fitting<T>(items: readonly T[], fits: (item: T) => boolean, pick: (items: readonly T[]) => T | undefined): T | undefined {
    const fitting = items.filter(fits)
    if (fitting.length > 0 && this.#random.chance(0.9)) return pick(fitting)
    return fitting.length > 0 || this.#random.chance(0.03) ? pick(items) : undefined
  }

  #topup(): Draft {
    const random = this.#random
    const dearest = this.#model.plans[1]!.price
    const to = this.#fitting(this.#people, (one) => !this.#affords(one, dearest), random.maybe.bind(random)) ?? this.#anybody()
    const used = this.#model.all('credit.topup').map(({ body }) => body.reference as string)
    return {
      signer: this.#orElse(OPERATOR, this.#people),
      type: 'credit.topup',
      body: {
        account: this.#orElse(to, STRANGERS).account,
        amount: this.#topupAmount(),
        provider: this.#orElse('stripe', ['bank', 'adyen-2'], 0.3),
        reference: this.#orElse(`pi_${random.int(0, 1e9)}`, used, 0.12),
      },
    }
  }

  /** Big money also reaches for the bound on credits outstanding: exactly, one microcredit more, or far beyond it. */
  #topupAmount(): string {
    const random = this.#random
    if (random.chance(0.15)) return this.#amount()
    if (this.#scenario.money !== 'big' || random.chance(0.75)) {
      const plans = this.#model.plans.reduce((sum, { price }) => sum + micros(price), 0n)
      return toAmount((plans * BigInt(random.int(2, 60))) / 10n + someMicros(random, this.#scenario.money))
    }
    const left = 10n ** 18n + (this.#model.books().get('issued') ?? 0n)
    const amount = left + random.pick([0n, 0n, 1n, -1n, -(10n ** 15n)])
    return amount > 0n && amount < 10n ** 18n ? toAmount(amount) : '999999999999.999999'
  }

  #plan(taker?: Actor): Draft | undefined {
    const random = this.#random
    const plan = random.pick(this.#model.plans)
    const isIdle = (one: Actor) => this.#model.limitInForce(one.account, this.#now) === 0 && this.#affords(one, plan.price)
    const signer = taker ?? this.#fitting(this.#people, isIdle, random.hot.bind(random))
    if (signer === undefined) return undefined
    const price = this.#orElse(plan.price!, [this.#amount(), '0.000001', '999999999999'], 0.07)
    if (random.chance(0.04)) return { signer, type: 'plan.subscribe', body: { offer: `off_${HEX.slice(0, 32)}`, price } }
    const name = this.#orElse(plan.plan!, ['corporate', 'tin'], 0.04)
    return { signer, type: 'plan.subscribe', body: { plan: name, price } }
  }

  #create(): Draft {
    const signer = this.#creator()
    return { signer, type: 'model.create', body: { name: 'Law 7B', base: 'llama-3-8b', artifact: HEX, description: 'Ünïcödé ✓' } }
  }

  #actorOf(account: string): Actor {
    return [OPERATOR, ...CITIZENS].find((one) => one.account === account)!
  }

  /** A model with its owner; sometimes somebody else signs for it, sometimes nobody ever made it. */
  #deployment(type: string, owner?: string): Draft | undefined {
    const random = this.#random
    const made = this.#model.all('model.create', owner)
    const mayExceed = random.chance(0.2)
    const isWanted = (event: Event) => {
      const deployed = this.#model.deployed(event.signer)
      if (type === 'model.undeploy') return deployed.includes(idOfThing('mdl', event))
      const limit = this.#model.limitInForce(event.signer, this.#now)
      const hasRoom = owner !== undefined || limit > deployed.length || (mayExceed && limit > 0)
      return hasRoom && !deployed.includes(idOfThing('mdl', event))
    }
    const event = this.#fitting(made, isWanted, random.maybe.bind(random))
    if (event === undefined) return undefined
    const signer = this.#orElse(this.#actorOf(event.signer), this.#people, 0.08)
    return { signer, type, body: { model: this.#orElse(idOfThing('mdl', event), [`mdl_${HEX.slice(0, 32)}`], 0.04) } }
  }

  #publish(): Draft | undefined {
    const random = this.#random
    const kind = random.weighted({ model: 8, dataset: 2, feature: 2 })
    const common = { kind, title: `A ${kind}`, description: 'As described.' }
    if (kind === 'model') return this.#publishModel()
    if (kind === 'feature') {
      const signer = this.#creator()
      const all = this.#model.all('model.create')
      const named = random.chance(0.4)
        ? random.maybe([...all.map((event) => idOfThing('mdl', event)), `mdl_${HEX.slice(0, 32)}`])
        : undefined
      const body = {
        ...common,
        price: this.#amount(),
        ...(random.chance(0.7) && { days: random.int(1, 40) }),
        ...(named && { model: named }),
      }
      return { signer, type: 'listing.publish', body }
    }
    const body = { ...common, content: { sha256: HEX, bytes: random.spread(1e9) }, ...datasetTerms(random, this.#scenario.money) }
    return { signer: this.#creator(), type: 'listing.publish', body }
  }

  #publishModel(owner?: string): Draft | undefined {
    const random = this.#random
    const made = this.#model.all('model.create', owner)
    const isServing = (event: Event) =>
      this.#model.deployed(event.signer).includes(idOfThing('mdl', event)) &&
      (owner !== undefined || this.#model.limitInForce(event.signer, this.#now) > 0)
    const event = this.#fitting(made, isServing, random.maybe.bind(random))
    if (event === undefined) return undefined
    return {
      signer: this.#orElse(this.#actorOf(event.signer), this.#people),
      type: 'listing.publish',
      body: {
        kind: 'model',
        title: 'A model',
        description: 'As described.',
        model: this.#orElse(idOfThing('mdl', event), [`mdl_${HEX.slice(0, 32)}`], 0.03),
        ...modelTerms(random, this.#scenario.money),
      },
    }
  }

  /** A listing that sells by the field named, mostly; any listing at times. */
  #listing(field: string): Event | undefined {
    const sells = (event: Event) => event.body[field] !== undefined && this.#model.isOpen(event, this.#now)
    return this.#fitting(this.#model.all('listing.publish'), sells, this.#random.hot.bind(this.#random))
  }

  #buyer(listing: Event, price: Value): Actor {
    const others = this.#people.filter(({ account }) => account !== listing.signer)
    const able = this.#fitting(others, (one) => this.#affords(one, price), this.#random.maybe.bind(this.#random))
    return this.#orElse(able ?? this.#anybody(), [this.#actorOf(listing.signer)], 0.05)
  }

  /** The fields that every sale names, and which may be wrong: listing and version of its terms. */
  #saleOf(listing: Event): { readonly listing: string; readonly terms: number } {
    return {
      listing: this.#orElse(idOfThing('lst', listing), [`lst_${HEX.slice(0, 32)}`], 0.03),
      terms: this.#orElse(1, [2, 9], 0.04),
    }
  }

  #purchase(what: string, wanted?: Event, buyer?: Actor): Draft | undefined {
    const random = this.#random
    const [kind, type, field] = {
      subscribe: ['model', 'subscription.start', 'subscription'],
      purchase: ['dataset', 'dataset.purchase', 'purchase'],
      license: ['dataset', 'dataset.license', 'licences'],
      feature: ['feature', 'feature.purchase', 'price'],
    }[what] as [string, string, string]
    const listing = wanted ?? this.#listing(field)
    if (listing === undefined || (listing.body.kind !== kind && random.chance(0.5))) return undefined
    const periods = Object.keys((listing.body.subscription as Fields | undefined) ?? {})
    const period = { period: this.#orElse(random.maybe(periods) ?? 'week', PERIODS) }
    const licence = { licence: random.int(0, Math.max(0, ((listing.body.licences as readonly Value[]) ?? []).length - 1)) }
    const choice: Fields =
      what === 'subscribe' ? period : what === 'license' ? { licence: this.#orElse(licence.licence, [7]) } : {}
    const price = this.#model.priceIn(listing, field, choice) ?? this.#amount()
    const named = this.#orElse(price, [this.#amount(), toAmount(micros(price) + 1n), '999999999999'], 0.07)
    return { signer: buyer ?? this.#buyer(listing, price), type, body: { ...this.#saleOf(listing), ...choice, price: named } }
  }

  /** Whether the listing's calls are open to the account: to everybody, or because its paid period runs. */
  #mayCall(listing: Event, account: string): boolean {
    const subscription = this.#model.subscription(account, idOfThing('lst', listing))
    return this.#model.access(listing) === 'open' || (subscription !== undefined && this.#now < subscription.end)
  }

  #mandate(wanted?: Event): Draft | undefined {
    const random = this.#random
    const listing = wanted ?? this.#listing('query')
    if (listing === undefined) return undefined
    const isUseful = ({ account }: Actor) => account !== listing.signer && (this.#mayCall(listing, account) || random.chance(0.2))
    const caller = this.#fitting(this.#people, isUseful, random.maybe.bind(random))
    const signer = caller ?? this.#buyer(listing, '0')
    const sale = this.#saleOf(listing)
    const limit = { amount: this.#amount(random.pick([0.01, 1, 50, 1000])), per: random.pick(['day', 'month']) }
    const life = random.weighted({ days: 6, seconds: 3, over: 0.6 })
    const expires =
      this.#now + { days: random.int(1, 200) * DAY, seconds: 1 + random.spread(DAY), over: random.pick([0, -1, -DAY]) }[life]
    return { signer, type: 'usage.mandate', body: { ...sale, limit, reserve: '0', expires: toText(expires) } }
  }

  #batch(wanted?: Event): Draft | undefined {
    const random = this.#random
    const hasHolders = (event: Event) => this.#model.isOpen(event, this.#now) && this.#holders(event).length > 0
    const listing = wanted ?? this.#fitting(this.#model.all('listing.publish'), hasHolders, random.hot.bind(random))
    if (listing === undefined) return undefined
    const id = this.#orElse(idOfThing('lst', listing), [`lst_${HEX.slice(0, 32)}`], 0.02)
    const meter = random.chance(0.7) ? this.#actorOf(listing.signer) : OPERATOR
    const signer = this.#scenario.flood ? this.#actorOf(listing.signer) : this.#orElse(meter, this.#people)
    const isNew = random.chance(this.#scenario.flood ? 0.9 : 0.05)
    const stream = isNew ? `gateway-${random.int(100, 999)}` : random.pick(['gateway-1', 'gateway-1', 'gateway-2', 'шлюз 3'])
    const payers = this.#payers(listing)
    const lines = this.#lines(payers.length)
    const last = this.#model.lastLine(signer.account, { listing: id, stream })
    const shift = this.#shifts(lines.length, last)[random.weighted({ next: 12, overlap: 4, again: 2, gap: 1.5 })]
    const start = toText(this.#now - random.int(0, 60))
    return { signer, type: 'usage.batch', body: { listing: id, stream, first: last + 1 + shift, start, payers, lines } }
  }

  /**
   * How far before or behind the expected line a batch begins: right there, over some lines again, over all of them, or too far
   * on.
   */
  #shifts(lines: number, last: number): Record<'next' | 'overlap' | 'again' | 'gap', number> {
    const overlap = Math.min(last, this.#random.int(1, Math.max(1, lines - 1)))
    return { next: 0, overlap: -overlap, again: -Math.min(last, lines), gap: this.#random.pick([1, 1, 5, 1e6]) }
  }

  /** Who has signed for the listing, and may call it now. */
  #holders(listing: Event): string[] {
    return this.#people.flatMap(({ account }) => {
      const mandate = this.#model.mandate(account, idOfThing('lst', listing))
      const runs = mandate !== undefined && this.#now < toSeconds(mandate.body.expires as string)
      return runs && this.#mayCall(listing, account) ? [account] : []
    })
  }

  /** Mostly those who may be charged; strangers and the creator may be named as well. */
  #payers(listing: Event): string[] {
    const random = this.#random
    const holders = this.#holders(listing)
    const everybody = [...this.#people, ...STRANGERS].map(({ account }) => account)
    const signed = everybody.filter((one) => this.#model.mandate(one, idOfThing('lst', listing)) !== undefined)
    const wanted = { holders, signed, everybody }[random.weighted({ holders: 6, signed: 3, everybody: 1.5 })]
    return random.some(wanted.length > 0 ? wanted : everybody, this.#scenario.lines)
  }

  #lines(payers: number): (number | string)[][] {
    const random = this.#random
    const count = random.chance(0.03) ? this.#scenario.lines : 1 + random.spread(this.#scenario.lines)
    const units = () => {
      const size = random.weighted({ none: 3, few: 4, many: 3, huge: 0.05 })
      return { none: 0, few: random.int(0, 9), many: random.spread(2e5), huge: Number.MAX_SAFE_INTEGER }[size]
    }
    return Array.from({ length: count }, (_, i) => {
      const requests = { one: 1, none: 0, more: random.int(2, 30) }[random.weighted({ one: 8, none: 1, more: 1 })]
      const figures = [random.int(0, payers - 1), i * 40, requests]
      const line = [...figures, units(), units(), units()]
      return random.chance(0.15) ? [...line, `req-${i}`] : line
    })
  }
}
