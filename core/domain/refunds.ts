/**
 * Giving payments back. A refund reverses what the payment's entry recorded, never a recomputation: of gross g and fee f, after
 * refunds that total R, the fee given back in total is floor(f × R ÷ g) and the rest comes from the creator. So parts never
 * drift, and R = g gives back exactly f. The payer's slices are unwound last burned first.
 *
 * A full refund ends what was bought; BOUGHT below says what that is for each type that sells something which lasts.
 */

import { plural } from '../base/plural.ts'
import { withoutNewest } from './aged-sum.ts'
import { payeeRows, payerRows, planRevenueRows } from './credits.ts'
import { type Check, type Context, check, type Effects } from './define.ts'
import { withoutPiece } from './entitlements.ts'
import { add, formatMicros, type Micros, micros, negate, ZERO } from './money.ts'
import { withoutPeriod } from './paid-periods.ts'
import { cut, slicesOf } from './purse.ts'
import type { EntryRecord, PlanSubscription, Slice, Subscription } from './state.ts'
import * as state from './state.ts'
import type { RowKey } from './table.ts'
import type { Seconds } from './time.ts'

/** How a body names what it gives back: a payment, a line of a batch, or a top-up. */
interface Undoing {
  readonly entry: number
  readonly line?: number | undefined
  readonly amount: Micros
}

/** A payment as it was recorded. */
interface Paid {
  readonly payer: string
  /** The creator; none where the platform was paid. */
  readonly payee?: string | undefined
  readonly grossMicros: Micros
  readonly feeMicros: Micros
  readonly slices: readonly Slice[]
}

/** The body of a batch, as far as it tells who paid whom. */
interface BatchBody {
  readonly listing: string
  readonly payers: readonly string[]
  readonly lines: readonly (readonly [payer: number, ...rest: unknown[]])[]
}

/** The row of what was given back before, and how much that is. */
function refundRow({ body: { entry, line } }: Context<Undoing>) {
  return line === undefined ? state.refunds.at(entry) : state.refunds.at(entry, line)
}

function refundedBefore(context: Context<Undoing>): Micros {
  return context.get(refundRow(context))?.refundedMicros ?? ZERO
}

/** Refuses where more would be given back than there was. */
export function overRefund<Body extends Undoing>(whole: (context: Context<Body>) => Micros): Check<Body> {
  return check('over_refund', (context) => {
    const { entry, amount } = context.body
    const wholeMicros = whole(context)
    const left = micros(wholeMicros - refundedBefore(context))
    if (amount <= left) return undefined
    return { entry, amount: formatMicros(wholeMicros), left: formatMicros(left), named: formatMicros(amount) }
  })
}

/** Remembers that `account` got the body's amount back, or lost it. */
export function countRefund(effects: Effects<Undoing>, account: string): void {
  const refundedMicros = add(refundedBefore(effects), effects.body.amount)
  effects.put(refundRow(effects), { account, refundedMicros })
}

export function recordNamed(context: Context<Undoing>): EntryRecord | undefined {
  return context.get(state.entryRecords.at(context.body.entry))
}

/** The listing that the batch named sold, whose creator its lines paid. */
function batchListing(context: Context<Undoing>): RowKey<state.Listing> | undefined {
  const record = recordNamed(context)
  return record?.outcome.lines && state.listings.at((record.body as BatchBody).listing)
}

/** Why nothing was paid that could be given back; undefined where something was. */
export function whyNotRefundable(context: Context<Undoing>): string | undefined {
  const { entry, line } = context.body
  const { payment, lines } = recordNamed(context)!.outcome
  if (lines !== undefined) {
    if (line === undefined) return `entry ${entry} is a batch, so name one of its lines`
    const outcome = lines[line]
    if (outcome === undefined) return `entry ${entry} has ${plural(lines.length, 'line')}, numbered from 0`
    if (outcome.status !== 'charged') return `line ${line} of entry ${entry} was not charged`
    return outcome.grossMicros > 0n ? undefined : `line ${line} of entry ${entry} cost nothing`
  }
  if (payment === undefined) return `entry ${entry} is no payment`
  if (line !== undefined) return `entry ${entry} has no lines`
  return payment.grossMicros > 0n ? undefined : `entry ${entry} cost nothing`
}

/** The payment named, once whyNotRefundable has nothing against it. It needs the row of batchListing. */
export function paidBy(context: Context<Undoing>): Paid {
  const { line } = context.body
  const { body, outcome } = recordNamed(context)!
  if (line === undefined) return outcome.payment as Paid
  const { payers, lines } = body as BatchBody
  const figures = outcome.lines![line] as Omit<Paid, 'payer'>
  return { ...figures, payer: payers[lines[line]![0]]!, payee: context.need(batchListing(context)!).account }
}

/** The part of a refund that comes out of the fee, after what was given back before. */
export function feeGivenBack(
  { grossMicros, feeMicros }: Pick<Paid, 'grossMicros' | 'feeMicros'>,
  beforeMicros: bigint,
  amountMicros: bigint,
): Micros {
  const feeOf = (refundedMicros: bigint) => (feeMicros * refundedMicros) / grossMicros
  return micros(feeOf(beforeMicros + amountMicros) - feeOf(beforeMicros))
}

/** Gives the body's amount of a payment back to its payer, and draws it from those who were paid. */
export function refund(effects: Effects<Undoing>, operator: string): void {
  const { amount } = effects.body
  const { payer, payee, grossMicros, feeMicros, slices } = paidBy(effects)
  const before = refundedBefore(effects)
  const feePart = feeGivenBack({ grossMicros, feeMicros }, before, amount)
  // First those who were paid: a payer who is one of them and comes to owe is the first to be covered by what comes back.
  if (payee === undefined) drawRevenue(effects, { kind: 'plans', operator }, amount)
  else {
    drawRevenue(effects, { kind: 'fees', operator }, feePart)
    drawEarnings(effects, payee, micros(amount - feePart))
  }
  effects.give(payer, unwound(slicesOf(grossMicros, slices), before, amount))
  countRefund(effects, payer)
  const isFull = before + amount === grossMicros
  boughtIn(effects)?.giveBack(effects, { entry: effects.body.entry, amountMicros: amount, isFull })
}

/** The part of a payment's slices that a refund gives back: last burned first, after what went back before. */
function unwound(slices: readonly Slice[], beforeMicros: Micros, amountMicros: Micros): Slice[] {
  return cut(cut(slices.toReversed(), beforeMicros).rest, amountMicros).front
}

/** Takes back what a creator earned, the newest first; what is missing the creator owes. */
function drawEarnings(effects: Effects<unknown>, account: string, amountMicros: Micros): void {
  if (amountMicros === 0n) return
  const { row, missingMicros } = withoutNewest(effects.get(state.earnings.at(account)), amountMicros, effects.time)
  effects.put(state.earnings.at(account), row)
  effects.postTo(account, 'earnings', missingMicros - amountMicros)
  effects.postTo(account, 'receivable', negate(missingMicros))
}

/** Takes back revenue, the newest first; what is missing the operator owes. */
function drawRevenue(
  effects: Effects<unknown>,
  { kind, operator }: { readonly kind: 'fees' | 'plans'; readonly operator: string },
  amountMicros: Micros,
): void {
  if (amountMicros === 0n) return
  const { row, missingMicros } = withoutNewest(effects.get(state.revenue.at(kind)), amountMicros, effects.time)
  effects.put(state.revenue.at(kind), row)
  effects.post(`revenue:${kind}`, missingMicros - amountMicros)
  effects.postTo(operator, 'receivable', negate(missingMicros))
}

interface GivenBack {
  readonly entry: number
  readonly amountMicros: Micros
  readonly isFull: boolean
}

/** What a payment bought: the row that holds it, and what becomes of it when the payment is given back. */
interface Bought {
  readonly row: RowKey
  giveBack(effects: Effects<unknown>, given: GivenBack): void
}

/** An entry whose type is known, and so the form of its body. */
type RecordWith<Body> = Omit<EntryRecord, 'body'> & { readonly body: Body }

/** What the payments of a type buy: which row holds it, and what a refund leaves of that row. */
function buys<Body, Row>(
  rowOf: (record: RecordWith<Body>) => RowKey<Row>,
  left: (row: Row, given: GivenBack, time: Seconds) => Row,
): (record: EntryRecord) => Bought {
  return (record) => {
    const row = rowOf(record as RecordWith<Body>)
    return { row, giveBack: (effects, given) => effects.put(row, left(effects.need(row), given, effects.time)) }
  }
}

/** Something that a full refund ends, and a refund in part leaves as it is. */
function whole<Row>(without: (row: Row, entry: number, time: Seconds) => Row) {
  return (row: Row, { entry, isFull }: GivenBack, time: Seconds) => (isFull ? without(row, entry, time) : row)
}

const piece = whole(withoutPiece)

const subscribedPeriod = whole((subscription: Subscription, entry, time) =>
  withoutPeriod(subscription, (period) => period.entry === entry, time),
)

/**
 * A period that was given back in part is worth that much less in an upgrade, even where its payment was carried over into it.
 */
function planPeriod(plan: PlanSubscription, { entry, amountMicros, isFull }: GivenBack, time: Seconds): PlanSubscription {
  const periods = plan.periods.map((period) => {
    if (!period.entries.includes(entry)) return period
    const refundedMicros = add(period.refundedMicros, amountMicros)
    return { ...period, refundedMicros: refundedMicros < period.priceMicros ? refundedMicros : period.priceMicros }
  })
  const lowered = { ...plan, periods }
  return isFull ? withoutPeriod(lowered, ({ entries }) => entries.at(-1) === entry, time) : lowered
}

const planOfPayer = buys(({ outcome }: EntryRecord) => state.planSubscriptions.at(outcome.payment!.payer!), planPeriod)

interface OfListing {
  readonly listing: string
}
interface OfLicence extends OfListing {
  readonly licence: number
}
interface OfSubscription {
  readonly subscription: string
}

/** By type of entry. Calls are not here: they bought nothing that lasts, and what was used stays used. */
const BOUGHT: { readonly [type: string]: (record: EntryRecord) => Bought } = {
  'plan.subscribe': planOfPayer,
  'plan.change': planOfPayer,
  'plan.renew': planOfPayer,
  'subscription.start': buys(({ outcome }: EntryRecord) => state.subscriptions.at(outcome.created!), subscribedPeriod),
  'subscription.renew': buys(
    ({ body }: RecordWith<OfSubscription>) => state.subscriptions.at(body.subscription),
    subscribedPeriod,
  ),
  'dataset.purchase': buys(({ signer, body }: RecordWith<OfListing>) => state.purchases.at(signer, body.listing), piece),
  'dataset.license': buys(
    ({ signer, body }: RecordWith<OfLicence>) => state.licences.at(signer, body.listing, body.licence),
    piece,
  ),
  'feature.purchase': buys(({ signer, body }: RecordWith<OfListing>) => state.features.at(signer, body.listing), piece),
}

/** What the payment named bought that lasts. */
function boughtIn(context: Context<Undoing>): Bought | undefined {
  const record = recordNamed(context)
  return record?.outcome.payment && BOUGHT[record.type]?.(record)
}

/** First round: what was given back before. The entry itself is there for every type that names one. */
export function refundedRow(context: Context<Undoing>): readonly RowKey[] {
  return [refundRow(context)]
}

/** Second round: what was bought, who paid, and who was paid, or the listing whose creator was. */
export function paidRows(context: Context<Undoing>): readonly RowKey[] {
  const bought = boughtIn(context)
  const listing = batchListing(context)
  return [
    ...(bought === undefined ? [] : [bought.row]),
    ...(listing === undefined ? partiesOf(context) : [listing]),
    ...planRevenueRows,
  ]
}

/** Third round: who paid and was paid by a line of a batch. */
export function batchPaidRows(context: Context<Undoing>): readonly RowKey[] {
  return batchListing(context) === undefined ? [] : partiesOf(context)
}

function partiesOf(context: Context<Undoing>): readonly RowKey[] {
  if (recordNamed(context) === undefined || whyNotRefundable(context) !== undefined) return []
  const { payer, payee } = paidBy(context)
  return [...payerRows(payer), ...(payee === undefined ? [] : payeeRows(payee))]
}
