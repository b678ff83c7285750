/**
 * A marketplace on which people trade at random, over years: plans, subscriptions, sales, calls, refunds and withdrawals, most of
 * them accepted. What the state says at the end of each day is noted beside it.
 */

import type { Json } from '../../core/domain/canonical.ts'
import { formatMicros } from '../../core/domain/money.ts'
import { platformAt } from '../../core/domain/policy.ts'
import { planSubscriptions, subscriptions } from '../../core/domain/state.ts'
import { dayOf, formatSeconds, wholeSeconds } from '../../core/domain/time.ts'
import type { MemoryLedger } from '../../core/drivers/memory/store.ts'
import type { Accepted } from '../../core/ledger/accepted.ts'
import { readPlatform, readTable } from '../../core/ledger/queries.ts'
import { Random } from '../model/random.ts'
import { mandateFor, openMarketplace, usageBatch } from './marketplace.ts'
import { ADA, BOB, CYD, DAY, memoryHome, OPERATOR, type Person, person, TestLedger } from './support.ts'

const DEE = person('Dee')
const PEOPLE = [ADA, BOB, CYD, DEE]

/** A plan or subscription as it stood at the end of a day. */
export interface Standing {
  readonly kind: 'plan' | 'subscription'
  readonly key: string
  readonly plan: string | undefined
  /** The entry that paid the period which ran, and the period's length. */
  readonly entry: number
  readonly priceMicros: bigint | undefined
  readonly days: number
}

export interface Traded {
  /** By number of the day: what was active at its end. */
  readonly days: ReadonlyMap<number, readonly Standing[]>
  /** The ledger's time at last. */
  readonly time: number
}

export async function tradeAtRandom(memory: MemoryLedger, seed: number, steps: number): Promise<Traded> {
  const ledger = await TestLedger.found(memoryHome(memory))
  const market = await openMarketplace(ledger)
  const trader = new Trader(ledger, market, new Random(seed))
  await trader.begin()
  for (let step = 0; step < steps; step++) await trader.step()
  await trader.passTime(3 * DAY)
  await ledger.close()
  return { days: trader.days, time: ledger.time }
}

interface Market {
  readonly api: string
  readonly dataset: string
  readonly feature: string
}

const PLANS = [
  { plan: 'starter', modelLimit: 3, price: '19', period: 'month' },
  { plan: 'starter', modelLimit: 3, price: '150', period: 'year' },
  { plan: 'small', modelLimit: 1, price: '4.5', period: 'week' },
  { plan: 'experienced', modelLimit: 10, price: '49', period: 'month' },
  { plan: 'wide', modelLimit: 12, price: '120', period: 'quarter' },
] as const

class Trader {
  readonly days = new Map<number, readonly Standing[]>()
  readonly #ledger: TestLedger
  readonly #market: Market
  readonly #random: Random
  readonly #offers: { readonly of: Person; readonly offer: string; readonly price: string }[] = []
  readonly #accepted: Accepted[] = []
  readonly #subscriptions: string[] = []
  #line = 1

  constructor(ledger: TestLedger, market: Market, random: Random) {
    this.#ledger = ledger
    this.#market = market
    this.#random = random
  }

  async begin(): Promise<void> {
    const ledger = this.#ledger
    await ledger.ledger.submit(ledger.opening(DEE))
    for (const who of PEOPLE) await ledger.ledger.submit(ledger.topup(who, '900'))
    for (const who of [BOB, CYD]) await this.#try(who, 'usage.mandate', mandateFor(ledger, this.#market.api))
    const title = { kind: 'dataset', title: 'Letters', description: 'Read', content: { sha256: 'c'.repeat(64), bytes: 1 } }
    await this.#try(DEE, 'listing.publish', { ...title, purchase: '0.333333' })
  }

  async step(): Promise<void> {
    const random = this.#random
    const spans = [0, 0, 0, 60_000, 3_600_000, 0.4 * DAY, DAY, 3 * DAY, 6.5 * DAY, 13 * DAY, 29.5 * DAY]
    await this.passTime(random.chance(0.25) ? await this.#untilRenewal() : random.pick(spans))
    await random.pick([
      () => this.#plans(),
      () => this.#plans(),
      () => this.#subscribe(),
      () => this.#subscribe(),
      () => this.#renew(),
      () => this.#renew(),
      () => this.#renew(),
      () => this.#buy(),
      () => this.#call(),
      () => this.#call(),
      () => this.#refund(),
      () => this.#ledger.ledger.submit(this.#ledger.topup(random.pick(PEOPLE), '120')),
      () => this.#govern(),
    ])()
  }

  /** Until some plan or subscription can be renewed, or its grace runs. */
  async #untilRenewal(): Promise<number> {
    const random = this.#random
    const now = wholeSeconds(this.#ledger.time)
    const ends: number[] = []
    for await (const { row } of readTable(this.#ledger.store, planSubscriptions)) if (row.end > now) ends.push(row.end)
    for await (const { row } of readTable(this.#ledger.store, subscriptions)) if (row.end > now) ends.push(row.end)
    const end = random.maybe(ends.filter((one) => one - now < 100 * (DAY / 1000)))
    return end === undefined ? 0 : Math.max(0, (end - now) * 1000 + random.pick([-0.7, -0.2, 0, 0.4, 3]) * DAY)
  }

  /** Nothing happens meanwhile, so what is active at the end of each day follows from the rows as they are. */
  async passTime(span: number): Promise<void> {
    const ledger = this.#ledger
    const from = dayOf(wholeSeconds(ledger.time))
    ledger.time += span
    const to = dayOf(wholeSeconds(ledger.time))
    for (let day = from; day <= to; day++) this.days.set(day, await this.#standing((day + 1) * (DAY / 1000)))
  }

  async #standing(end: number): Promise<Standing[]> {
    const found: Standing[] = []
    const read = async (kind: Standing['kind'], table: typeof planSubscriptions | typeof subscriptions) => {
      for await (const { key, row } of readTable<unknown>(this.#ledger.store, table as never)) {
        const paid = row as { readonly end: number; readonly periods: readonly Period[] }
        if (paid.end < end) continue
        const period = paid.periods.find((one) => one.end >= end)!
        const { plan, priceMicros } = period
        const days = Math.round((period.end - period.start) / (DAY / 1000))
        found.push({ kind, key, plan, entry: period.entry ?? period.entries!.at(-1)!, priceMicros, days })
      }
    }
    await read('plan', planSubscriptions)
    await read('subscription', subscriptions)
    return found
  }

  async #try(who: Person, type: string, body: Json, cosigner?: Person): Promise<Accepted | undefined> {
    const answer = await this.#ledger.submit(who, type, body, cosigner && { cosigner })
    if (answer.status === 'refused') return undefined
    this.#accepted.push(answer)
    return answer
  }

  /** What was taken is often changed soon, while it runs. */
  async #plans(): Promise<void> {
    const random = this.#random
    const who = random.pick(PEOPLE)
    for (let times = random.int(1, 3); times > 0; times--) {
      await this.#plan(who)
      await this.passTime(random.pick([0, 0.4 * DAY, 2 * DAY]))
    }
  }

  async #plan(who: Person): Promise<unknown> {
    const random = this.#random
    const take = async (choice: Json) => (await this.#try(who, 'plan.change', choice)) ?? this.#try(who, 'plan.subscribe', choice)
    const offer = this.#offers.findLast(({ of }) => of === who)
    if (offer !== undefined && random.chance(0.5)) return take({ offer: offer.offer, price: offer.price })
    if (random.chance(0.15)) return this.#try(who, 'plan.cancel', {})
    const sold = platformAt(await readPlatform(this.#ledger.store), wholeSeconds(this.#ledger.time)).plans
    const { plan, priceMicros } = random.pick(sold)
    return take({ plan, price: formatMicros(priceMicros) })
  }

  async #subscribe(): Promise<unknown> {
    const random = this.#random
    const who = random.pick(PEOPLE)
    if (random.chance(0.2) && this.#subscriptions.length > 0) {
      return this.#try(who, 'subscription.cancel', { subscription: random.pick(this.#subscriptions) })
    }
    const [period, price] = random.pick([['week', '3'] as const, ['month', '10'] as const])
    const started = await this.#try(who, 'subscription.start', { listing: this.#market.api, terms: 1, period, price })
    if (started !== undefined) this.#subscriptions.push(started.outcome.created!)
    return started
  }

  async #renew(): Promise<void> {
    for (const { account } of PEOPLE) await this.#try(OPERATOR, 'plan.renew', { account })
    for (const subscription of this.#subscriptions) await this.#try(OPERATOR, 'subscription.renew', { subscription })
  }

  async #buy(): Promise<unknown> {
    const random = this.#random
    const who = random.pick(PEOPLE)
    const { dataset, feature } = this.#market
    const types = ['dataset.purchase', 'dataset.license', 'feature.purchase'] as const
    const type = random.pick(types)
    if (type === 'dataset.license') return this.#try(who, type, { listing: dataset, terms: 1, licence: 0, price: '0.5' })
    const [listing, price] = type === 'dataset.purchase' ? [dataset, '25'] : [feature, '4']
    return this.#try(who, type, { listing, terms: 1, price })
  }

  async #call(): Promise<unknown> {
    const random = this.#random
    const listing = this.#market.api
    const usage = {
      requests: random.int(0, 4),
      inputTokens: random.int(0, 4_000),
      outputTokens: random.int(0, 900),
      milliseconds: 0,
    }
    if (random.chance(0.3)) {
      const reference = `call ${this.#line++}`
      return this.#try(random.pick([BOB, CYD]), 'query.charge', { listing, terms: 1, usage, reference }, ADA)
    }
    if (random.chance(0.4)) {
      const expiresAt = formatSeconds(wholeSeconds(this.#ledger.time) + 3_600)
      const held = await this.#try(random.pick([BOB, DEE]), 'hold.open', { listing, terms: 1, amount: '0.5', expiresAt })
      return held && this.#try(ADA, 'hold.capture', { hold: held.outcome.created!, usage, reference: 'captured' })
    }
    // Mandates run for three hundred days, and people trade for longer.
    await this.#try(random.pick([BOB, CYD]), 'usage.mandate', mandateFor(this.#ledger, listing))
    const payers = [BOB, CYD, DEE].map(({ account }) => account)
    const lines = [0, 1, 2, 0].map((payer, at) => [payer, at, random.int(0, 3), random.int(0, 9_999), random.int(0, 99), 0])
    const first = this.#line
    this.#line += lines.length
    const stream = `gateway-${first}`
    return this.#try(ADA, 'usage.batch', { ...usageBatch(listing, 1, payers, lines), stream })
  }

  /** In full or in part, of any payment. */
  async #refund(): Promise<unknown> {
    const random = this.#random
    const paid = this.#accepted.filter(({ outcome }) => (outcome.payment?.grossMicros ?? 0n) > 1n)
    if (paid.length === 0) return undefined
    // By type first, so that what is rarely paid is given back as often.
    const typeOf = ({ transaction }: Accepted) => transaction.definition.type
    const type = random.pick([...new Set(paid.map(typeOf))])
    const { index, outcome } = random.pick(paid.filter((one) => typeOf(one) === type))
    const at = outcome.lines?.findIndex((line) => line.status === 'charged' && line.grossMicros > 1n)
    const line = at === undefined ? undefined : outcome.lines![at]
    const gross = line?.status === 'charged' ? line.grossMicros : outcome.payment!.grossMicros
    const micros = random.chance(0.4) ? gross : gross / 3n
    const amount = `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, '0')}`.replace(/\.?0+$/, '')
    return this.#try(OPERATOR, 'credit.refund', { entry: index, ...(at !== undefined && { line: at }), amount, reason: 'late' })
  }

  async #govern(): Promise<unknown> {
    const random = this.#random
    const ledger = this.#ledger
    const after = (days: number) => formatSeconds(wholeSeconds(ledger.time) + days * (DAY / 1000))
    return random.pick([
      async () => {
        const book = random.pick(['fees', 'plans'])
        const amount = random.pick(['0.4', '3', '19', '60'])
        return this.#try(OPERATOR, 'revenue.withdraw', { book, amount, provider: 'bank', reference: `w ${this.#line++}` })
      },
      async () => {
        const [of, price] = [random.pick(PEOPLE), '60']
        const offer = { account: of.account, modelLimit: 40, price, period: random.pick(['month', 'year']), expires: after(9) }
        const made = await this.#try(OPERATOR, 'plan.offer', offer)
        if (made !== undefined) this.#offers.push({ of, offer: made.outcome.created!, price })
      },
      async () => {
        const plans = random.pick([PLANS.slice(0, 1), [PLANS[1], PLANS[2], PLANS[3]], PLANS.slice(2)])
        return this.#try(OPERATOR, 'policy.update', { plans, effectiveFrom: after(random.pick([8, 30])) } as never)
      },
    ])()
  }
}

/** A paid period of a plan or of a subscription. */
interface Period {
  readonly start: number
  readonly end: number
  readonly entry?: number
  readonly entries?: readonly number[]
  readonly plan?: string
  readonly priceMicros?: bigint
}
