/**
 * What was accepted, in order, and folds over it: every question about a balance, a plan, a mandate or a stream goes through the
 * whole list again. Nothing is counted along the way.
 */

import { DAY, endOfFirst, type Period, windowName } from './calendar.ts'
import type { Fields, Value } from './form.ts'

export interface Payment {
  readonly payer: string
  readonly payee: string
  readonly gross: bigint
  readonly fee: bigint
}

export type LineAnswer =
  | {
      readonly status: 'charged'
      readonly payer: string
      readonly usage: readonly number[]
      readonly gross: bigint
      readonly fee: bigint
    }
  | { readonly status: 'duplicate' }
  | { readonly status: 'refused'; readonly code: string }

/** An accepted transaction, as remembered. */
export interface Event {
  readonly index: number
  readonly time: number
  readonly id: string
  readonly signer: string
  readonly type: string
  readonly body: Fields
  readonly payments: Payment[]
  readonly lines: LineAnswer[]
}

export interface Running {
  readonly index: number
  readonly start: number
  readonly end: number
}

export type Standing = 'active' | 'suspended' | 'lapsed'

/** Microcredits of an amount on the wire. */
export function micros(amount: Value | undefined): bigint {
  const [whole, fraction = ''] = String(amount).split('.')
  return BigInt(whole + fraction.padEnd(6, '0'))
}

export function limitOf(mandate: Event): { readonly amount: bigint; readonly per: 'day' | 'month' } {
  const { amount, per } = mandate.body.limit as Fields
  return { amount: micros(amount), per: per as 'day' | 'month' }
}

export class History {
  readonly history: Event[] = []

  get genesis(): Fields | undefined {
    return this.history[0]?.body
  }

  get operator(): string | undefined {
    return this.history[0]?.signer
  }

  get plans(): readonly Fields[] {
    return this.genesis!.plans as readonly Fields[]
  }

  /** The events of a type, the newest first. */
  last(type: string, matches: (event: Event) => boolean): Event | undefined {
    return this.history.findLast((event) => event.type === type && matches(event))
  }

  all(type: string, signer?: string): Event[] {
    return this.history.filter((event) => event.type === type && (signer === undefined || event.signer === signer))
  }

  /** Accounts in order of opening. */
  accounts(): string[] {
    return this.history.filter(({ type }) => type === 'ledger.genesis' || type === 'account.open').map(({ signer }) => signer)
  }

  isAccount(account: string): boolean {
    return this.accounts().includes(account)
  }

  keyOf(account: string): Value | undefined {
    if (account === this.operator) return this.genesis!.operatorKey
    return this.last('account.open', ({ signer }) => signer === account)?.body.publicKey
  }

  isReferenceUsed({ provider, reference }: Fields): boolean {
    return this.last('credit.topup', ({ body }) => body.provider === provider && body.reference === reference) !== undefined
  }

  payments(): Payment[] {
    return this.history.flatMap((event) => event.payments)
  }

  grossOf(payee: string): bigint {
    let sum = 0n
    for (const event of this.history) for (const payment of event.payments) if (payment.payee === payee) sum += payment.gross
    return sum
  }

  feeOn(gross: bigint): bigint {
    return (gross * BigInt(this.genesis!.feeBps as number)) / 10_000n
  }

  wallet(account: string): bigint {
    let sum = 0n
    for (const { type, signer, body, payments } of this.history) {
      if (type === 'credit.topup' && body.account === account) sum += micros(body.amount)
      if (type === 'plan.subscribe' && signer === account) sum -= micros(body.price)
      for (const { payer, gross } of payments) if (payer === account) sum -= gross
    }
    return sum
  }

  /** Every book that ever moved, by name. */
  books(): Map<string, bigint> {
    const books = new Map<string, bigint>()
    const add = (book: string, amount: bigint) => books.set(book, (books.get(book) ?? 0n) + amount)
    const gross = new Map<string, bigint>()
    for (const { type, signer, body, payments } of this.history) {
      if (type === 'credit.topup') {
        add('issued', -micros(body.amount))
        add(`wallet:${body.account}`, micros(body.amount))
      }
      if (type === 'plan.subscribe') {
        add(`wallet:${signer}`, -micros(body.price))
        add('revenue:plans', micros(body.price))
      }
      for (const payment of payments) {
        add(`wallet:${payment.payer}`, -payment.gross)
        gross.set(payment.payee, (gross.get(payment.payee) ?? 0n) + payment.gross)
      }
    }
    for (const [payee, sum] of gross) {
      add('revenue:fees', this.feeOn(sum))
      add(`earnings:${payee}`, sum - this.feeOn(sum))
    }
    return books
  }

  /** What of a creator's earnings becomes available when: sums by the second at which they do. */
  earningsByDay(payee: string): Map<number, bigint> {
    const days = new Map<number, bigint>()
    const hold = (this.genesis!.policy as Fields).earningsHoldDays as number
    for (const { time, payments } of this.history) {
      const from = Math.floor(time / DAY) * DAY + (1 + hold) * DAY
      for (const { gross, fee } of payments.filter((one) => one.payee === payee))
        days.set(from, (days.get(from) ?? 0n) + gross - fee)
    }
    return days
  }

  plan(account: string): (Running & { readonly modelLimit: number; readonly name: string }) | undefined {
    const event = this.last('plan.subscribe', ({ signer }) => signer === account)
    const plan = event && this.plans.find((one) => one.plan === event.body.plan)!
    if (event === undefined || plan === undefined) return undefined
    const end = endOfFirst(plan.period as Period, event.time)
    return { index: event.index, start: event.time, end, modelLimit: plan.modelLimit as number, name: plan.plan as string }
  }

  get graceDays(): number {
    return (this.genesis!.policy as Fields).graceDays as number
  }

  standing({ end }: Running, time: number): Standing {
    if (time < end) return 'active'
    return time < end + this.graceDays * DAY ? 'suspended' : 'lapsed'
  }

  limitInForce(account: string, time: number): number {
    const plan = this.plan(account)
    return plan !== undefined && this.standing(plan, time) === 'active' ? plan.modelLimit : 0
  }

  ownerOfModel(model: Value): string | undefined {
    return this.last('model.create', ({ id }) => `mdl_${id.slice(-32)}` === model)?.signer
  }

  /** The models in service of an account, those deployed first at the front. */
  deployed(account: string): string[] {
    const models: string[] = []
    for (const { type, signer, body } of this.history) {
      if (signer !== account) continue
      if (type === 'model.deploy') models.push(body.model as string)
      if (type === 'model.undeploy') models.splice(models.indexOf(body.model as string), 1)
    }
    return models
  }

  listing(listing: Value | undefined): Event | undefined {
    return this.last('listing.publish', ({ id }) => `lst_${id.slice(-32)}` === listing)
  }

  /** Whether a model listing's model is deployed at all; listings of other kinds need none. */
  isInService({ body, signer }: Event): boolean {
    return body.kind !== 'model' || this.deployed(signer).includes(body.model as string)
  }

  /** Whether the listing sells: its model is deployed and its rank is within the limit in force. */
  isOpen({ body, signer }: Event, time: number): boolean {
    if (body.kind !== 'model') return true
    const rank = this.deployed(signer).indexOf(body.model as string)
    return rank >= 0 && rank < this.limitInForce(signer, time)
  }

  access({ body }: Event): string {
    return (
      (body.access as string | undefined) ??
      (Object.keys((body.subscription as Fields) ?? {}).length > 0 ? 'subscription' : 'open')
    )
  }

  /** The price of what the body asks for, as it stands in the listing; undefined where the listing has none. */
  priceIn({ body: terms }: Event, what: string, body: Fields): Value | undefined {
    if (what === 'subscription') return (terms.subscription as Fields | undefined)?.[body.period as string]
    if (what === 'licences') return (terms.licences as readonly Fields[] | undefined)?.[body.licence as number]?.price
    return terms[what]
  }

  subscription(account: string, listing: Value | undefined): Running | undefined {
    const event = this.last('subscription.start', ({ signer, body }) => signer === account && body.listing === listing)
    if (event === undefined) return undefined
    return { index: event.index, start: event.time, end: endOfFirst(event.body.period as Period, event.time) }
  }

  /** How much of a unit the payer's charged lines used since the subscription that was started in entry `since`. */
  unitsCharged(payer: string, listing: Value | undefined, since: number, unit: number): bigint {
    let sum = 0n
    for (const { index, body, lines } of this.history) {
      if (index <= since || body.listing !== listing) continue
      for (const line of lines) if (line.status === 'charged' && line.payer === payer) sum += BigInt(line.usage[unit]!)
    }
    return sum
  }

  mandate(account: string, listing: Value | undefined): Event | undefined {
    return this.last('usage.mandate', ({ signer, body }) => signer === account && body.listing === listing)
  }

  /** Charged to the payer by the listing's meters in the day or month, as the mandate in force says, that runs at `time`. */
  mandateUsed(payer: string, listing: Value | undefined, time: number): bigint {
    const { per } = limitOf(this.mandate(payer, listing)!)
    let sum = 0n
    for (const event of this.history) {
      if (event.body.listing !== listing || windowName(per, event.time) !== windowName(per, time)) continue
      for (const line of event.lines) if (line.status === 'charged' && line.payer === payer) sum += line.gross
    }
    return sum
  }

  streams(signer: string, listing: Value | undefined): Set<string> {
    return new Set(
      this.all('usage.batch', signer).flatMap(({ body }) => (body.listing === listing ? [body.stream as string] : [])),
    )
  }

  /** The highest line number taken of the stream that the batch names. */
  lastLine(signer: string, { listing, stream }: Fields): number {
    const batches = this.all('usage.batch', signer).filter(({ body }) => body.listing === listing && body.stream === stream)
    return Math.max(0, ...batches.map(({ body }) => (body.first as number) + (body.lines as readonly Value[]).length - 1))
  }

  /** Where a licence or feature that runs for days ends; undefined where it was never bought. */
  entitlementEnd(type: string, account: string, listing: Value, licence?: Value): number | undefined {
    const terms = this.listing(listing)!.body
    const bought = this.all(type, account).filter(({ body }) => body.listing === listing && body.licence === licence)
    const days = licence === undefined ? terms.days : (terms.licences as readonly Fields[])[licence as number]!.days
    return bought.reduce<number | undefined>((end, { time }) => Math.max(time, end ?? 0) + (days as number) * DAY, undefined)
  }
}
