/** Draws credits that come and go: top-ups, grants, returns, refunds, chargebacks, debts, payouts and withdrawn revenue. */

import { DAY, toText } from '../catalogue/calendar.ts'
import { toAmount } from '../catalogue/form.ts'
import { type Event, least, micros, type Payment, sum, thing } from '../catalogue/history.ts'
import { outstanding } from '../catalogue/model.ts'
import { available, isPending, withdrawable } from '../catalogue/payouts.ts'
import { plans, policy } from '../catalogue/policy.ts'
import { refunded } from '../catalogue/refunds.ts'
import { paidCredits } from '../catalogue/wallet.ts'
import { type Actor, STRANGERS } from '../people.ts'
import type { Desk, Draft } from './desk.ts'
import { someMicros } from './scenario.ts'

export class CreditDraws {
  readonly #desk: Desk

  constructor(desk: Desk) {
    this.#desk = desk
  }

  topup(): Draft {
    const desk = this.#desk
    const dearest = plans(desk.model, desk.now)[1]?.price ?? '1'
    const owing = desk.people.filter(({ account }) => desk.model.debt(account) > 0n)
    const poor = desk.fitting(desk.people, (one) => !desk.affords(one, dearest)) ?? desk.anybody()
    const isFlood = desk.scenario.flood === 'reserves' || desk.scenario.flood === 'holds'
    const to = isFlood && desk.random.chance(0.6) ? desk.people.at(-1)! : desk.orElse(poor, owing, 0.3)
    return {
      signer: desk.operator(),
      type: 'credit.topup',
      body: { account: desk.account(to), amount: this.#topupAmount(), ...desk.outside('stripe') },
    }
  }

  /** Big money also reaches for the bound on credits outstanding: exactly, one microcredit more, or far beyond it. */
  #topupAmount(): string {
    const { random, scenario, model, now } = this.#desk
    if (random.chance(0.15)) return this.#desk.amount()
    if (scenario.money !== 'big' || random.chance(0.75)) {
      const dear = plans(model, now).reduce((total, { price }) => total + micros(price), 0n)
      return toAmount((dear * BigInt(random.int(2, 60))) / 10n + someMicros(random, scenario.money))
    }
    const left = 10n ** 18n - outstanding(model)
    const amount = left + random.pick([0n, 0n, 1n, -1n, -(10n ** 15n)])
    return amount > 0n && amount < 10n ** 18n ? toAmount(amount) : '999999999999.999999'
  }

  grant(): Draft {
    const desk = this.#desk
    const { random, now } = desk
    const life = random.weighted({ days: 6, hours: 3, over: 0.3 })
    const seconds = { days: random.int(1, 60) * DAY, hours: 1 + random.spread(DAY), over: random.pick([0, -1]) }[life]
    const isFlood = desk.scenario.flood === 'grants'
    const isHuge = desk.scenario.money === 'big' && random.chance(0.1)
    return {
      signer: desk.operator(),
      type: 'credit.grant',
      body: {
        account: desk.account(isFlood ? desk.people.at(-1)! : desk.anybody()),
        amount: isHuge ? '999999999999' : desk.amount(),
        expiresAt: toText(now + (isFlood ? 300 * DAY : seconds)),
        reason: 'welcome',
        ...desk.outside('campaign'),
      },
    }
  }

  takeBack(type: string): Draft | undefined {
    const desk = this.#desk
    const { model, random } = desk
    const gone = (entry: number) =>
      sum(
        [...model.all('credit.return'), ...model.all('credit.chargeback')]
          .filter(({ body }) => body.entry === entry)
          .map(({ body }) => micros(body.amount)),
      )
    const left = (topup: Event) => micros(topup.body.amount) - gone(topup.index)
    const unspent = (topup: Event) => least(left(topup), paidCredits(model, topup.body.account as string, desk.now))
    const isReturn = type === 'credit.return'
    const topup = desk.fitting(model.all('credit.topup'), (one) => (isReturn ? unspent(one) : left(one)) > 0n)
    if (topup === undefined) return undefined
    const whole = isReturn && random.chance(0.8) ? unspent(topup) : left(topup)
    return {
      signer: desk.operator(),
      type,
      body: {
        entry: desk.orElse(topup.index, [0, model.history.length, model.history.length - 1], 0.06),
        amount: desk.partOf(whole),
        ...desk.outside('stripe'),
      },
    }
  }

  refund(entry?: Event): Draft | undefined {
    const desk = this.#desk
    const { model, random } = desk
    const left = ({ index }: Event, { gross, line }: Payment) => gross - refunded(model, index, line)
    const isOpen = (event: Event) => event.payments.some((payment) => left(event, payment) > 0n)
    const isPaid = (event: Event) => event.payments.some(({ gross }) => gross > 0n)
    const paid = model.history.filter(isPaid).reverse()
    const event = entry ?? desk.fitting(paid, isOpen, random.chance(0.7) ? desk.hot : desk.one)
    if (event === undefined) return undefined
    const payment = desk.fitting(event.payments, (one) => left(event, one) > 0n) ?? event.payments[0]
    if (payment === undefined) return undefined
    const line = desk.orElse<number | undefined>(payment.line, [undefined, 0, 999], 0.04)
    return {
      signer: desk.operator(),
      type: 'credit.refund',
      body: {
        entry: desk.orElse(event.index, [0, model.history.length, random.int(0, model.history.length)], 0.04),
        amount: desk.partOf(left(event, payment), event.type.startsWith('plan.') ? 1 : 3),
        reason: 'as agreed',
        ...(line !== undefined && { line }),
      },
    }
  }

  forgive(): Draft | undefined {
    const desk = this.#desk
    const debt = ({ account }: Actor) => desk.model.debt(account)
    const debtor = desk.fitting(desk.people, (one) => debt(one) > 0n)
    if (debtor === undefined) return undefined
    const account = desk.random.chance(0.06) ? STRANGERS[0]!.account : desk.account(debtor)
    const body = { account, amount: desk.partOf(debt(debtor)), reason: 'goodwill' }
    return { signer: desk.operator(), type: 'debt.forgive', body }
  }

  moveEarnings(): Draft | undefined {
    const earner = this.#earner()
    if (earner === undefined) return undefined
    const there = available(this.#desk.model, earner.account, this.#desk.now)
    return { signer: earner, type: 'earnings.move', body: { amount: this.#desk.partOf(there) } }
  }

  #earner(): Actor | undefined {
    const { people, model, now } = this.#desk
    return this.#desk.fitting(people, ({ account }) => available(model, account, now) > 0n)
  }

  requestPayout(): Draft | undefined {
    const desk = this.#desk
    const earner = this.#earner()
    if (earner === undefined) return undefined
    const there = available(desk.model, earner.account, desk.now)
    const least = micros(policy(desk.model, desk.now).minimumPayout)
    const amount = there >= least && least > 0n && desk.random.chance(0.3) ? toAmount(least) : desk.partOf(there)
    const short = toAmount(least > 1n ? least - 1n : 1n)
    const body = { amount: desk.orElse(amount, [short], 0.1), destination: 'bank account ending 1234' }
    return { signer: earner, type: 'payout.request', body }
  }

  endPayout(type: string): Draft | undefined {
    const desk = this.#desk
    const isOpen = (payout: Event) => isPending(desk.model, thing('pay', payout))
    const asked = desk.model.all('payout.request')
    const payout = desk.random.chance(0.1) ? desk.one(asked) : desk.fitting(asked, isOpen)
    if (payout === undefined) return undefined
    const own = desk.orElse(desk.actorOf(payout.signer), desk.people, 0.1)
    const more = { 'payout.settle': desk.outside('bank'), 'payout.fail': { reason: 'the account is closed' } }[type]
    return {
      signer: type === 'payout.cancel' ? own : desk.operator(),
      type,
      body: { payout: desk.id('pay', payout), ...more },
    }
  }

  withdraw(): Draft | undefined {
    const desk = this.#desk
    const book = desk.fitting(['fees', 'plans'], (one) => withdrawable(desk.model, one, desk.now) > 0n)
    if (book === undefined) return undefined
    const amount = desk.partOf(withdrawable(desk.model, book, desk.now))
    return { signer: desk.operator(), type: 'revenue.withdraw', body: { book, amount, ...desk.outside('bank') } }
  }
}
