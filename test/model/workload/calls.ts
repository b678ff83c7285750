/** Draws calls and what lets them be charged: mandates, holds, calls that two sign, and batches of lines. */

import { DAY, toSeconds, toText } from '../catalogue/calendar.ts'
import type { Fields } from '../catalogue/form.ts'
import { type Event, thing } from '../catalogue/history.ts'
import { access, currentTerms, isOpen } from '../catalogue/listings.ts'
import { mandateEnd, mandateOf } from '../catalogue/mandates.ts'
import { lastLine, openHolds } from '../catalogue/metering.ts'
import { periodOf } from '../catalogue/subscriptions.ts'
import { spendable } from '../catalogue/wallet.ts'
import { type Actor, OPERATOR, STRANGERS } from '../people.ts'
import type { Desk, Draft } from './desk.ts'

export class CallDraws {
  readonly #desk: Desk

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** Whether the listing's calls are open to the account: to everybody, or because its paid period runs. */
  #mayCall(listing: Event, account: string): boolean {
    const { model, now } = this.#desk
    const isPaid = periodOf(model, account, thing('lst', listing), now) !== undefined
    return isPaid || access(currentTerms(model, listing)) === 'open'
  }

  #caller(listing: Event): Actor {
    const desk = this.#desk
    const isUseful = ({ account }: Actor) =>
      account !== listing.signer && (this.#mayCall(listing, account) || desk.random.chance(0.15))
    const caller = desk.fitting(desk.people, isUseful) ?? desk.buyer(listing, '0')
    return desk.orElse(caller, [desk.actorOf(listing.signer)], 0.02)
  }

  mandate(wanted?: Event): Draft | undefined {
    const desk = this.#desk
    const { random, now, model } = desk
    const isFlood = desk.scenario.flood === 'reserves'
    const flooder = desk.people.at(-1)!
    const free = (event: Event) => mandateOf(model, flooder.account, thing('lst', event)) === undefined
    const fresh = isFlood
      ? model.all('listing.publish').find((one) => 'query' in one.body && free(one) && isOpen(model, one, now))
      : undefined
    const listing = wanted ?? fresh ?? desk.listing('query')
    if (listing === undefined) return undefined
    const limit = { amount: desk.amount(random.pick([0.01, 1, 50, 1000])), per: random.pick(['day', 'month']) }
    const life = isFlood ? 'days' : random.weighted({ days: 6, seconds: 3, over: 0.4 })
    const expires =
      now + { days: random.int(1, 200) * DAY, seconds: 1 + random.spread(DAY), over: random.pick([0, -1, -DAY]) }[life]
    const signer = isFlood && random.chance(0.95) ? flooder : this.#caller(listing)
    const reserve = isFlood ? '0.000001' : random.chance(0.5) ? this.#setAside(signer) : '0'
    return { signer, type: 'usage.mandate', body: { ...desk.saleOf(listing), limit, reserve, expires: toText(expires) } }
  }

  /** Something usual, or much of what there is. */
  #setAside({ account }: Actor): string {
    const desk = this.#desk
    const { random } = desk
    if (random.chance(0.5)) return desk.amount(random.pick([0.01, 0.1, 0.5, 1]))
    return desk.partOf(spendable(desk.model, account, desk.now))
  }

  revoke(): Draft | undefined {
    const desk = this.#desk
    const isRunning = (one: Event) => mandateEnd(desk.model, one) > desk.now
    const mandate = desk.fitting(desk.model.all('usage.mandate'), isRunning)
    if (mandate === undefined) return undefined
    const signer = desk.orElse(desk.actorOf(mandate.signer), desk.people, 0.06)
    return { signer, type: 'usage.revoke', body: { mandate: desk.id('man', mandate) } }
  }

  #usage(): Fields {
    const [requests, inputTokens, outputTokens, milliseconds] = this.#units()
    return { requests: requests!, inputTokens: inputTokens!, outputTokens: outputTokens!, milliseconds: milliseconds! }
  }

  open(): Draft | undefined {
    const desk = this.#desk
    const { random, now } = desk
    const isFlood = desk.scenario.flood === 'holds'
    const listing = desk.listing('query')
    if (listing === undefined) return undefined
    const life = random.weighted({ hours: 6, seconds: isFlood ? 0 : 4, whole: 1, over: 0.4 })
    const seconds = {
      hours: random.int(1, 23) * 3600,
      seconds: 1 + random.spread(600),
      whole: DAY,
      over: random.pick([0, DAY + 1]),
    }
    const signer = isFlood && random.chance(0.95) ? desk.people.at(-1)! : this.#caller(listing)
    const amount = isFlood ? '0.000001' : this.#setAside(signer)
    return {
      signer,
      type: 'hold.open',
      body: { ...desk.saleOf(listing), amount, expiresAt: toText(now + (isFlood ? DAY : seconds[life])) },
    }
  }

  close(type: string, wanted?: Event): Draft | undefined {
    const desk = this.#desk
    const { model, now, random } = desk
    const isOpenHold = (hold: Event) => openHolds(model, hold.signer, now).includes(hold)
    const hold = wanted ?? desk.fitting(model.all('hold.open'), isOpenHold)
    if (hold === undefined) return undefined
    const creator = desk.actorOf(desk.listingOf(hold.body.listing)!.signer)
    const signer = desk.orElse(random.chance(0.75) ? creator : OPERATOR, [desk.actorOf(hold.signer), ...desk.people], 0.12)
    const usage = { usage: this.#usage(), reference: `req-${random.int(1, 99)}` }
    return { signer, type, body: { hold: desk.id('hld', hold), ...(type === 'hold.capture' && usage) } }
  }

  charge(wanted?: Event): Draft | undefined {
    const desk = this.#desk
    const { random } = desk
    const listing = wanted ?? desk.listing('query')
    if (listing === undefined) return undefined
    const meter = random.chance(0.8) ? listing.signer : OPERATOR.account
    const signer = this.#caller(listing)
    const cosigner = desk.orElse(
      meter,
      [...desk.people, ...STRANGERS].map(({ account }) => account),
      0.06,
    )
    const body = { ...desk.saleOf(listing), usage: this.#usage(), reference: `req-${random.int(1, 12)}` }
    // Nobody signs twice below one note.
    return cosigner === signer.account ? undefined : { signer, type: 'query.charge', body, cosigner }
  }

  batch(wanted?: Event): Draft | undefined {
    const desk = this.#desk
    const { random, model, now } = desk
    const hasHolders = (event: Event) => isOpen(model, event, now) && this.#holders(event).length > 0
    const listing = wanted ?? desk.fitting(model.all('listing.publish'), hasHolders, desk.hot)
    if (listing === undefined) return undefined
    const id = desk.id('lst', listing)
    const meter = random.chance(0.7) ? desk.actorOf(listing.signer) : OPERATOR
    const isFlood = desk.scenario.flood === 'streams'
    const signer = isFlood ? desk.actorOf(listing.signer) : desk.orElse(meter, desk.people)
    const isNew = random.chance(isFlood ? 0.9 : 0.05)
    const stream = isNew ? `gateway-${random.int(100, 999)}` : random.pick(['gateway-1', 'gateway-1', 'gateway-2', 'шлюз 3'])
    const payers = this.#payers(listing)
    const lines = this.#lines(payers.length)
    const last = lastLine(model, signer.account, { listing: id, stream })
    const shift = this.#shifts(lines.length, last)[random.weighted({ next: 12, overlap: 4, again: 2, gap: 1.5 })]
    const start = toText(now - random.int(0, 60))
    return { signer, type: 'usage.batch', body: { listing: id, stream, first: last + 1 + shift, start, payers, lines } }
  }

  /**
   * How far before or behind the expected line a batch begins: right there, over some lines again, over all of them, or too far
   * on.
   */
  #shifts(lines: number, last: number): Record<'next' | 'overlap' | 'again' | 'gap', number> {
    const overlap = Math.min(last, this.#desk.random.int(1, Math.max(1, lines - 1)))
    return { next: 0, overlap: -overlap, again: -Math.min(last, lines), gap: this.#desk.random.pick([1, 1, 5, 1e6]) }
  }

  /** Who has signed for the listing, and may call it now. */
  #holders(listing: Event): string[] {
    const { people, model, now } = this.#desk
    return people.flatMap(({ account }) => {
      const mandate = mandateOf(model, account, thing('lst', listing))
      const runs = mandate !== undefined && now < toSeconds(mandate.body.expires as string)
      return runs && this.#mayCall(listing, account) ? [account] : []
    })
  }

  /** Mostly those who may be charged; strangers and the creator may be named as well. */
  #payers(listing: Event): string[] {
    const { people, model, random, scenario } = this.#desk
    const holders = this.#holders(listing)
    const everybody = [...people, ...STRANGERS].map(({ account }) => account)
    const signed = everybody.filter((one) => mandateOf(model, one, thing('lst', listing)) !== undefined)
    const wanted = { holders, signed, everybody }[random.weighted({ holders: 6, signed: 3, everybody: 1.5 })]
    return random.some(wanted.length > 0 ? wanted : everybody, scenario.lines)
  }

  #units(): number[] {
    const { random } = this.#desk
    const units = () => {
      const size = random.weighted({ none: 3, few: 4, many: 3, huge: 0.05 })
      return { none: 0, few: random.int(0, 9), many: random.spread(2e5), huge: Number.MAX_SAFE_INTEGER }[size]
    }
    const requests = { one: 1, none: 0, more: random.int(2, 30) }[random.weighted({ one: 8, none: 1, more: 1 })]
    return [requests, units(), units(), units()]
  }

  #lines(payers: number): (number | string)[][] {
    const { random, scenario } = this.#desk
    const count = random.chance(0.03) ? scenario.lines : 1 + random.spread(scenario.lines)
    return Array.from({ length: count }, (_, i) => {
      const line = [random.int(0, payers - 1), i * 40, ...this.#units()]
      return random.chance(0.15) ? [...line, `req-${i}`] : line
    })
  }
}
