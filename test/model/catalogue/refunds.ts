/** What is taken back: refunds of payments, returns and chargebacks of top-ups, and debts forgiven. */

import type { Fields, Value } from './form.ts'
import { type Event, first, type History, least, micros, type Payment, type Slice, sum } from './history.ts'
import { giveBack, move, owed, paidCredits, takePaid, upTo } from './wallet.ts'

/** Types whose provider and reference stand for a payment outside, which counts once. */
const WITH_REFERENCE = [
  ...['credit.topup', 'credit.grant', 'credit.return', 'credit.chargeback'],
  ...['payout.settle', 'revenue.withdraw'],
]

export function isReferenceUsed(past: History, { provider, reference }: Fields): boolean {
  return past.history.some(
    ({ type, body }) => WITH_REFERENCE.includes(type) && body.provider === provider && body.reference === reference,
  )
}

/** What was refunded of an entry's payment, or of a line of it, before entry `size`. */
export function refunded(past: History, entry: number, line?: Value, size = past.history.length): bigint {
  const refunds = past.all('credit.refund').filter(({ body, index }) => {
    return body.entry === entry && body.line === line && index < size
  })
  return sum(refunds.map(({ body }) => micros(body.amount)))
}

function paymentOf(past: History, { entry, line }: Fields): Payment | undefined {
  return past.history[entry as number]?.payments.find((one) => one.line === line && one.gross > 0n)
}

export function refundCode(past: History, body: Fields): string | undefined {
  const payment = paymentOf(past, body)
  const before = refunded(past, body.entry as number, body.line)
  return first(
    ['unknown_entry', () => (body.entry as number) >= past.history.length],
    ['not_refundable', () => payment === undefined],
    ['over_refund', () => before + micros(body.amount) > payment!.gross],
  )
}

/** Takes up to `amount` from the parts of a book in this order; what they lack becomes the account's debt. */
function draw(
  past: History,
  event: Event,
  book: string,
  owner: string,
  parts: readonly string[],
  amount: bigint,
  debtor: string,
) {
  let left = amount
  for (const part of parts) {
    const taken = least(left, past.parts(book, owner).get(part) ?? 0n)
    move(event, book, owner, part, -taken)
    left -= taken
  }
  move(event, 'receivable', debtor, '', -left)
}

function newestDays(past: History, book: string): string[] {
  return [...past.parts(book).keys()].sort((a, b) => Number(b) - Number(a))
}

/**
 * Earnings that wait for their time, those of the newest day first (of one day those that wait longer), then those that are
 * available.
 */
function newestEarnings(past: History, account: string, time: number): string[] {
  const figures = (part: string) => part.split('/').map(Number) as [day: number, from: number]
  const rank = (part: string) => (figures(part)[1] <= time ? [0, 0] : figures(part)) as [day: number, from: number]
  const newer = (a: string, b: string) => rank(b)[0] - rank(a)[0] || rank(b)[1] - rank(a)[1]
  return [...past.parts('earnings', account).keys()].sort(newer)
}

/** The slices of a payment in reverse, without the first `skipped` credits of them. */
function unwound(payment: Payment, skipped: bigint, amount: bigint): Slice[] {
  const backwards = [...payment.slices].reverse()
  const gone = upTo(backwards, skipped)
  const left = backwards.map(({ origin, amount: whole }, i) => ({ origin, amount: whole - (gone[i]?.amount ?? 0n) }))
  return upTo(left, amount)
}

export function refund(past: History, event: Event): void {
  const { body, time, index } = event
  const payment = paymentOf(past, body)!
  const { gross, fee, payer, payee } = payment
  const amount = micros(body.amount)
  const before = refunded(past, body.entry as number, body.line, index)
  if (payee === 'platform') {
    draw(past, event, 'revenue:plans', '', newestDays(past, 'revenue:plans'), amount, past.operator!)
  } else {
    const feeBack = (fee * (before + amount)) / gross - (fee * before) / gross
    draw(past, event, 'revenue:fees', '', newestDays(past, 'revenue:fees'), feeBack, past.operator!)
    draw(past, event, 'earnings', payee, newestEarnings(past, payee, time), amount - feeBack, payee)
  }
  giveBack(past, event, payer, unwound(payment, before, amount))
  if (before + amount === gross && body.line === undefined) event.ends = body.entry as number
}

/** A top-up less what went back of it. */
function leftOfTopup(past: History, entry: Value | undefined): bigint | undefined {
  const topup = past.history[entry as number]
  if (topup?.type !== 'credit.topup') return undefined
  const back = past.history.filter(
    ({ type, body }) => (type === 'credit.return' || type === 'credit.chargeback') && body.entry === entry,
  )
  return micros(topup.body.amount) - sum(back.map(({ body }) => micros(body.amount)))
}

export function takeBackCode(past: History, type: string, body: Fields, time: number): string | undefined {
  const left = leftOfTopup(past, body.entry)
  const buyer = () => past.history[body.entry as number]!.body.account as string
  const unspent = () => (owed(past, buyer(), time) > 0n ? 0n : paidCredits(past, buyer(), time))
  return first(
    ['unknown_entry', () => left === undefined],
    ['reference_used', () => isReferenceUsed(past, body)],
    ['over_refund', () => micros(body.amount) > left!],
    ['exceeds_credits', () => type === 'credit.return' && micros(body.amount) > unspent()],
  )
}

export function takeBack(past: History, event: Event): void {
  const { body, time } = event
  const buyer = past.history[body.entry as number]!.body.account as string
  const amount = micros(body.amount)
  const taken = least(amount, paidCredits(past, buyer, time))
  takePaid(past, event, buyer, taken)
  move(event, 'issued', '', '', amount)
  move(event, 'receivable', buyer, '', taken - amount)
}

export function forgiveCode(past: History, body: Fields, time: number): string | undefined {
  return first(
    ['unknown_account', () => !past.isAccount(body.account)],
    ['exceeds_debt', () => micros(body.amount) > owed(past, body.account as string, time)],
  )
}

export function forgive(event: Event): void {
  const amount = micros(event.body.amount)
  move(event, 'receivable', event.body.account as string, '', amount)
  move(event, 'promotions', '', '', -amount)
}
