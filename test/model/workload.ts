/**
 * Draws transactions from a seed, beside the model: it asks the model what is there, so that most of what it draws succeeds, and
 * then spoils some of it, so that every refusal occurs. What it draws is concrete, so a sequence is told again, or told in part,
 * without it.
 */

import { DAY, midnight, nextMonth, toSeconds } from './calendar.ts'
import { type Fields, TYPES, type Value } from './form.ts'
import type { Model, Told } from './model.ts'
import { type Actor, accountOf, CITIZENS, OPERATOR, SEQUENCER, STRANGERS, WEAK } from './people.ts'
import type { Random } from './random.ts'
import { drawScenario, ORIGIN, type Scenario } from './scenario.ts'
import { Trade } from './trade.ts'

/** 2026-01-31: months that end early and leap days are near. */
const FOUNDED = toSeconds('2026-01-31T09:30:00Z') * 1000
/** Sequences stay clear of the last times that a transaction id can hold. */
const LAST = toSeconds('2090-01-01T00:00:00Z')

const EVERYBODY = [OPERATOR, SEQUENCER, ...CITIZENS, ...STRANGERS, ...WEAK]

export interface Draft {
  readonly signer: Actor
  readonly type: string
  readonly body: Fields
}

/** A moment at which something that an account has begins or ends. */
export interface Edge {
  readonly time: number
  readonly what: 'window' | 'plan' | 'subscription' | 'mandate' | 'licence'
  readonly account?: string
  readonly listing?: string
}

export class Workload {
  readonly scenario: Scenario
  readonly #random: Random
  readonly #model: Model
  readonly #trade: Trade
  #at = FOUNDED
  #edge: Edge | undefined
  #nonce = 0

  constructor(random: Random, model: Model) {
    this.#random = random
    this.#model = model
    this.scenario = drawScenario(random)
    this.#trade = new Trade(random, model, this.scenario)
  }

  next(): Told {
    const random = this.#random
    if (this.#nonce > 0) this.#passTime()
    const draft = this.#model.genesis === undefined ? this.#genesis() : this.#draw()
    const isBodySpoiled = this.#model.genesis !== undefined && random.chance(0.05)
    const told = this.#envelope(isBodySpoiled ? { ...draft, body: this.#spoilBody(draft.body) } : draft)
    const sent = this.#nonce > 2 && random.chance(0.05) ? this.#spoilEnvelope(told) : told
    this.#nonce += 1
    return sent
  }

  #draw(): Draft {
    const people = this.#people()
    const left = this.scenario.people - people.length
    if (left > 0 && this.#random.chance(people.length < 3 ? 0.7 : 0.15)) return this.#open()
    if (this.#random.chance(0.008)) return this.#genesis()
    if (this.#random.chance(0.015)) return this.#open()
    return this.#trade.draw([OPERATOR, ...people], Math.floor(this.#at / 1000), this.#edge)
  }

  /** Citizens with an account, in order of opening. */
  #people(): Actor[] {
    return this.#model.accounts().flatMap((account) => CITIZENS.filter((one) => one.account === account))
  }

  #genesis(): Draft {
    const random = this.#random
    if (this.#nonce === 0 && random.chance(0.1)) {
      const body = { name: 'Early', base: 'b', artifact: '00'.repeat(32), description: 'd' }
      return random.chance(0.5) ? { signer: OPERATOR, type: 'model.create', body } : this.#open()
    }
    const isOther = this.#model.genesis !== undefined && random.chance(0.3)
    const body = isOther ? { ...this.scenario.genesis, operatorKey: CITIZENS[0]!.publicKey } : this.scenario.genesis
    return { signer: isOther ? CITIZENS[0]! : OPERATOR, type: 'ledger.genesis', body }
  }

  #open(): Draft {
    const random = this.#random
    const opened = this.#people()
    const fresh = CITIZENS.slice(0, this.scenario.people).filter((one) => !opened.includes(one))
    const odd = random.pick([...WEAK, OPERATOR, SEQUENCER, ...opened])
    const signer = random.chance(0.85) ? (fresh[0] ?? odd) : odd
    return { signer, type: 'account.open', body: { publicKey: signer.publicKey, name: signer.name } }
  }

  /**
   * Moves time on, by a pace or to a moment at which something begins or ends, a little before, exactly then, or a little after.
   */
  #passTime(): void {
    const random = this.#random
    const now = Math.floor(this.#at / 1000)
    this.#edge = undefined
    const edges = this.scenario.flood ? [] : this.#edges(now)
    if (edges.length > 0 && random.chance(this.scenario.pace === 'seconds' ? 0.05 : 0.2)) {
      this.#edge = random.hot(edges)!
      this.#at = Math.max(this.#at, this.#edge.time * 1000 + random.pick([-1000, -1, 0, 0, 0, 999, 1000]))
      return
    }
    const pace = this.scenario.pace === 'mixed' ? random.weighted({ seconds: 8, days: 2, months: 0.4 }) : this.scenario.pace
    const most = { seconds: 90, days: 3 * DAY, months: 40 * DAY }[pace]
    const step = random.chance(0.3) ? 0 : random.spread(most) * 1000 + random.int(0, 999)
    this.#at = Math.min(this.#at + step, LAST * 1000)
  }

  /** Moments ahead, the nearest first: ends of periods, of grace, of mandates and licences, of the day and of the month. */
  #edges(now: number): Edge[] {
    const model = this.#model
    if (model.genesis === undefined) return []
    const edges: Edge[] = [
      { time: midnight(now) + DAY, what: 'window' },
      { time: nextMonth(now), what: 'window' },
    ]
    for (const { account } of this.#people()) {
      const paid = (end: number, edge: Omit<Edge, 'time'>) =>
        edges.push({ time: end, ...edge }, { time: end + model.graceDays * DAY, ...edge })
      const plan = model.plan(account)
      if (plan !== undefined) paid(plan.end, { what: 'plan', account })
      for (const { body } of model.all('subscription.start', account)) {
        paid(model.subscription(account, body.listing)!.end, { what: 'subscription', account, listing: body.listing as string })
      }
      for (const { body } of model.all('usage.mandate', account)) {
        edges.push({ time: toSeconds(body.expires as string), what: 'mandate', account, listing: body.listing as string })
      }
      for (const { body } of model.all('dataset.license', account)) {
        const time = model.entitlementEnd('dataset.license', account, body.listing!, body.licence)!
        edges.push({ time, what: 'licence', account, listing: body.listing as string })
      }
    }
    return edges.filter(({ time }) => time > now && time < now + 400 * DAY).sort((a, b) => a.time - b.time)
  }

  #envelope({ signer, type, body }: Draft): Told {
    const random = this.#random
    const now = Math.floor(this.#at / 1000)
    const made = now - (random.chance(0.8) ? random.int(0, 5) : random.pick([-300, -299, 3600, DAY - 1]))
    const validUntil = random.chance(0.8) ? made + DAY : random.pick([now + 1, made + 30 * DAY])
    return {
      at: this.#at,
      ledger: ORIGIN,
      signer: signer.account,
      signedWith: signer.publicKey,
      made,
      validUntil: Math.max(validUntil, now + 1, made + 1),
      nonce: this.#nonce,
      type,
      body,
    }
  }

  /** Something about the envelope that must be refused, or the wrong person under it. */
  #spoilEnvelope(told: Told): Told {
    const random = this.#random
    const now = Math.floor(told.at / 1000)
    switch (random.int(0, 7)) {
      case 0:
        return { ...told, made: now + 301, validUntil: now + DAY }
      case 1:
        return { ...told, validUntil: told.made + 30 * DAY + 1 }
      case 2:
        return { ...told, made: now - 3600, validUntil: random.pick([now, now - 1]) }
      case 3:
        return { ...told, ledger: 'other.example/credits' }
      case 4:
        return { ...told, signedWith: random.pick(EVERYBODY).publicKey }
      case 5:
        return { ...told, validUntil: told.made }
      case 6:
        return { ...told, type: random.pick(['credit.gift', 'model.create ', ...TYPES]) }
      default: {
        const other = random.pick(EVERYBODY)
        return { ...told, signer: other.account, signedWith: other.publicKey }
      }
    }
  }

  /** A body that is no longer well-formed, or still is: the model tells. */
  #spoilBody(body: Fields): Fields {
    const random = this.#random
    const keys = Object.keys(body)
    const key = random.maybe(keys)
    if (key === undefined || random.chance(0.15)) return { ...body, extra: true }
    if (random.chance(0.2)) return Object.fromEntries(Object.entries(body).filter(([name]) => name !== key))
    return { ...body, [key]: this.#spoilValue(body[key]!) }
  }

  #spoilValue(value: Value): Value {
    const random = this.#random
    if (typeof value === 'number') return random.pick([-1, value + 1, String(value), true])
    if (typeof value === 'boolean') return random.pick(['true', 1])
    if (Array.isArray(value)) return random.pick([[], [...value, value.length], 'list'])
    if (typeof value === 'object') return this.#spoilBody(value as Fields)
    const isAmount = /^[0-9.]+$/.test(value)
    if (isAmount) return random.pick(['0', '-1', `${value}.0`, '1.50', '0.0000001', '1e3', ' 1', '01', '1000000000000', '', 5])
    if (value.startsWith('nim1')) return random.pick([accountOf('ab'.repeat(32)), 'nim1', value.toUpperCase()])
    if (/^20\d\d-/.test(value)) return random.pick(['2027-02-30T00:00:00Z', '2027-01-01T24:00:00Z', '2027-01-01', `${value} `])
    const odd = [
      '',
      `${value}\u0007`,
      `${value}\u200b`,
      `\u202e${value}`,
      'e\u0301',
      `${value}\u{e000}`,
      'x'.repeat(2001),
      `${value.slice(0, -1)}g`,
    ]
    return random.pick(odd)
  }
}
