/** What everybody who draws transactions needs: chance, the model, the people, the time, and a habit of being wrong at times. */

import type { Fields, Value } from '../catalogue/form.ts'
import { toAmount } from '../catalogue/form.ts'
import { type Event, micros, type Signature, thing } from '../catalogue/history.ts'
import { currentTerms, isOpen, listingOf, versions } from '../catalogue/listings.ts'
import type { Model } from '../catalogue/model.ts'
import { spendable } from '../catalogue/wallet.ts'
import { type Actor, CITIZENS, OPERATOR, STRANGERS } from '../people.ts'
import type { Random } from '../random.ts'
import { type Scenario, someMicros } from './scenario.ts'

export const HEX = 'c0ffee00'.repeat(8)

export interface Draft {
  readonly signer: Actor
  readonly type: string
  readonly body: Fields
  /** The account that signs below the signer. */
  readonly cosigner?: string
}

export class Desk {
  readonly random: Random
  readonly model: Model
  readonly scenario: Scenario
  people: readonly Actor[] = []
  now = 0

  constructor(random: Random, model: Model, scenario: Scenario) {
    this.random = random
    this.model = model
    this.scenario = scenario
  }

  amount(scale = 1): string {
    return toAmount(someMicros(this.random, this.scenario.money, scale))
  }

  /** Now and then something else than `value`. */
  orElse<T>(value: T, others: readonly T[], probability = 0.05): T {
    return this.random.chance(probability) ? (this.random.maybe(others) ?? value) : value
  }

  /** A part of an amount that there is: often all of it, now and then a microcredit more. */
  partOf(whole: bigint, all = 4): string {
    const turn = this.random.weighted({ all, part: 6, more: 0.4 })
    if (turn === 'more' || whole <= 0n) return toAmount((whole > 0n ? whole : 0n) + 1n)
    return toAmount(turn === 'all' ? whole : 1n + (BigInt(this.random.spread(Number(whole - 1n) + 1)) % whole))
  }

  /** Creators are few and buyers are many: the first to open an account publish most. */
  creator(): Actor {
    return this.random.hot(this.people.slice(1)) ?? OPERATOR
  }

  anybody(): Actor {
    return this.random.pick(this.people)
  }

  actorOf(account: string): Actor {
    return [OPERATOR, ...CITIZENS].find((one) => one.account === account)!
  }

  operator(): Actor {
    return this.orElse(OPERATOR, this.people, 0.06)
  }

  /** Whether what the account can spend would pay `price`. */
  affords({ account }: Actor, price: Value | undefined): boolean {
    return spendable(this.model, account, this.now) >= micros(price)
  }

  /** Mostly one of the items that fit, at times any of them; mostly none where none fits. */
  fitting<T>(items: readonly T[], fits: (item: T) => boolean, pick = this.one): T | undefined {
    const fitting = items.filter(fits)
    if (fitting.length > 0 && this.random.chance(0.9)) return pick(fitting)
    return fitting.length > 0 || this.random.chance(0.03) ? pick(items) : undefined
  }

  readonly one = <T>(items: readonly T[]): T | undefined => this.random.maybe(items)
  readonly hot = <T>(items: readonly T[]): T | undefined => this.random.hot(items)

  /** The id of a thing, or of one that nobody made. */
  id(prefix: string, event: Event): string {
    return this.orElse(thing(prefix, event), [`${prefix}_${HEX.slice(0, 32)}`], prefix === 'pay' ? 0.12 : 0.05)
  }

  account(actor: Actor): string {
    return this.orElse(actor, [...STRANGERS, OPERATOR], 0.05).account
  }

  /** A provider's reference: of its own, or one that was used. */
  outside(provider: string): { provider: string; reference: string } {
    const used = this.model.history.flatMap(({ body }) =>
      body.reference && body.provider ? [{ provider: body.provider as string, reference: body.reference as string }] : [],
    )
    const fresh = {
      provider: this.orElse(provider, ['stripe', 'bank', 'campaign'], 0.2),
      reference: `ref_${this.random.int(0, 1e9)}`,
    }
    return this.orElse(fresh, used, 0.06)
  }

  /** A listing that sells by the field named, mostly; any listing at times. */
  listing(field: string): Event | undefined {
    const sells = (event: Event) => currentTerms(this.model, event)[field] !== undefined && isOpen(this.model, event, this.now)
    return this.fitting(this.model.all('listing.publish'), sells, this.hot)
  }

  listingOf(listing: Value | undefined): Event | undefined {
    return listingOf(this.model, listing)
  }

  /** Those who owe and try to spend all the same. */
  debtor(): Actor | undefined {
    return this.one(this.people.filter(({ account }) => this.model.debt(account) > 0n))
  }

  buyer(listing: Event, price: Value): Actor {
    const others = this.people.filter(({ account }) => account !== listing.signer)
    if (this.random.chance(0.12)) return this.debtor() ?? this.anybody()
    const able = this.fitting(others, (one) => this.affords(one, price))
    return this.orElse(able ?? this.anybody(), [this.actorOf(listing.signer)], 0.05)
  }

  /** The fields that every sale names, and which may be wrong: listing and version of its terms. */
  saleOf(listing: Event): { readonly listing: string; readonly terms: number } {
    const current = versions(this.model, listing).length
    const old = Math.max(1, current - 1)
    return { listing: this.id('lst', listing), terms: this.orElse(current, [old, old, old, current + 1, 1], 0.15) }
  }

  /** Whose key signs for the account: a signature that should do, or one by another key of his. */
  signature(account: string, usable: readonly string[], others: readonly string[]): Signature {
    // Where keys are many, those that were added later sign most.
    const later = this.scenario.trouble === 'keys' && this.random.chance(0.7) ? this.random.maybe(usable.slice(1)) : undefined
    const publicKey = later ?? this.random.maybe(usable) ?? others[0] ?? this.actorOf(account).publicKey
    return { account, publicKey: this.orElse(publicKey, others, 0.1) }
  }
}
