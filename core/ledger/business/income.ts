/**
 * What came in: payments by kind and by creator, with what the platform takes of each, less what refunds gave back on the day on
 * which they did; and what of it is in the books of revenue no more.
 *
 * The take of a payment to a creator is the fee that its entry recorded, that of a payment for a plan all of it.
 */

import { assert } from '../../base/assert.ts'
import { formatMicros, parseAmount } from '../../domain/money.ts'
import { feeGivenBack } from '../../domain/refunds.ts'
import { listings } from '../../domain/state.ts'
import { dayOf, monthOf, type Seconds, weekOf, wholeSeconds } from '../../domain/time.ts'
import { countPayments, listingOf, type PlainEntry, readRefunded } from '../payments.ts'
import type { LoadedRows } from '../rows.ts'
import type { StoreReader } from '../store.ts'
import type { Kept } from './kept.ts'
import type { Tallies } from './tallies.ts'

/** What is paid for. */
export const KINDS = ['subscription', 'call', 'dataset', 'feature', 'plan'] as const
export type Kind = (typeof KINDS)[number]

/** By the type of the entry that pays. */
const KIND_OF: { readonly [type: string]: Kind } = {
  'subscription.start': 'subscription',
  'subscription.renew': 'subscription',
  'hold.capture': 'call',
  'query.charge': 'call',
  'usage.batch': 'call',
  'dataset.purchase': 'dataset',
  'dataset.license': 'dataset',
  'feature.purchase': 'feature',
  'plan.subscribe': 'plan',
  'plan.change': 'plan',
  'plan.renew': 'plan',
}

interface Party {
  readonly kind: Kind
  /** None where the platform was paid. */
  readonly creator?: string | undefined
}

/** A payment, or the payments of a batch. */
interface PaymentRead extends Party {
  readonly what: 'payment'
  readonly time: Seconds
  readonly grossMicros: bigint
  readonly takeMicros: bigint
  readonly payments: number
  /** Who paid something. */
  readonly payers: readonly string[]
}

interface RefundRead extends Party {
  readonly what: 'refund'
  readonly time: Seconds
  /** The payment of which it gives back. */
  readonly paid: PlainEntry
  /** What that payment, or that line of a batch, was. */
  readonly figures: { readonly grossMicros: bigint; readonly feeMicros: bigint }
  readonly amountMicros: bigint
  /** What came out of the platform's book of revenue. */
  readonly drawnMicros: bigint
  /** Under which what was given back of the payment before is kept. */
  readonly key: string
}

interface WithdrawalRead {
  readonly what: 'withdrawal'
  readonly book: string
  readonly amountMicros: bigint
}

export type Income = PaymentRead | RefundRead | WithdrawalRead

/** What an entry brought in or gave back; undefined where it did neither. */
export async function readIncome(store: StoreReader, rows: LoadedRows, entry: PlainEntry): Promise<Income | undefined> {
  if (entry.outcome.payment !== undefined) return readPayment(rows, entry)
  if (entry.type === 'credit.refund') return readRefund(store, rows, entry)
  if (entry.type !== 'revenue.withdraw') return undefined
  const amountMicros = parseAmount(entry.body.amount ?? '')
  assert(amountMicros !== undefined && entry.body.book !== undefined, 'revenue is withdrawn from a book')
  return { what: 'withdrawal', book: entry.body.book, amountMicros }
}

async function readPayment(rows: LoadedRows, entry: PlainEntry): Promise<PaymentRead> {
  const { outcome } = entry
  const { payer, grossMicros, feeMicros } = outcome.payment!
  const party = await partyOf(rows, entry)
  const payers = outcome.lines === undefined ? [payer!] : payersOfLines(entry)
  return {
    what: 'payment',
    ...party,
    time: wholeSeconds(entry.time),
    grossMicros,
    takeMicros: party.kind === 'plan' ? grossMicros : feeMicros,
    payments: grossMicros > 0n ? countPayments(outcome) : 0,
    payers: grossMicros > 0n ? payers : [],
  }
}

function payersOfLines({ body, outcome: { lines = [] } }: PlainEntry): string[] {
  const paid = lines.flatMap((line, at) => (line.status === 'charged' && line.grossMicros > 0n ? [body.lines![at]![0]!] : []))
  return Array.from(new Set(paid), (place) => body.payers![place]!)
}

async function readRefund(store: StoreReader, rows: LoadedRows, entry: PlainEntry): Promise<RefundRead> {
  const { body, outcome } = entry
  const paid = await readRefunded(store, rows, entry)
  const amountMicros = parseAmount(body.amount ?? '')
  assert(paid?.outcome.payment !== undefined && amountMicros !== undefined, 'a refund gives back an amount of a payment')
  const party = await partyOf(rows, paid)
  const line = body.line === undefined ? undefined : paid.outcome.lines?.[body.line]
  const figures = line?.status === 'charged' ? line : paid.outcome.payment
  const book = party.kind === 'plan' ? 'revenue:plans' : 'revenue:fees'
  const drawnMicros = -(outcome.postings.find((posting) => posting.book === book)?.amountMicros ?? 0n)
  const key = `refund ${[body.entry, body.line].filter((part) => part !== undefined).join('/')}`
  return { what: 'refund', ...party, time: wholeSeconds(entry.time), paid, figures, amountMicros, drawnMicros, key }
}

/** The creator of a batch is its listing's: who got what its postings say may be somebody else's debt. */
async function partyOf(rows: LoadedRows, { type, body, outcome }: PlainEntry): Promise<Party> {
  const kind = KIND_OF[type]
  assert(kind !== undefined, () => `a payment by ${type} is of a kind`)
  if (kind === 'plan') return { kind }
  if (outcome.lines === undefined) return { kind, creator: outcome.payment!.payee }
  const key = listings.at((await listingOf(rows, body))!)
  await rows.load([key])
  return { kind, creator: rows.get(key)!.account }
}

/** What was given back of a payment, before and with a refund. */
interface GivenBack {
  readonly refundedMicros: bigint
}

/** Adds an income, once what was given back before is loaded. Returns whether a refund made its payment's refunds full. */
export function addIncome(tallies: Tallies, kept: Kept, income: Income): boolean {
  switch (income.what) {
    case 'withdrawal':
      tallies.add('book', 0, income.book, [income.amountMicros, 0n])
      return false
    case 'payment': {
      const { grossMicros, takeMicros, payments } = income
      addSums(tallies, income, [grossMicros, takeMicros, 0n, 0n, BigInt(payments)])
      return false
    }
    case 'refund':
      return addRefund(tallies, kept, income)
  }
}

function addRefund(tallies: Tallies, kept: Kept, refund: RefundRead): boolean {
  const { kind, key, figures, amountMicros, drawnMicros } = refund
  const { refundedMicros: before } = kept.get<GivenBack>(key) ?? { refundedMicros: 0n }
  const refundedMicros = before + amountMicros
  kept.put(key, { refundedMicros })
  const takeMicros = kind === 'plan' ? amountMicros : feeGivenBack(figures as never, before, amountMicros)
  addSums(tallies, refund, [0n, 0n, amountMicros, takeMicros, 0n])
  tallies.add('book', 0, kind === 'plan' ? 'plans' : 'fees', [0n, takeMicros - drawnMicros])
  assert(refundedMicros <= figures.grossMicros, () => `${formatMicros(refundedMicros)} are not more than was paid`)
  return refundedMicros === figures.grossMicros
}

function addSums(tallies: Tallies, { kind, creator, time }: Party & { readonly time: Seconds }, sums: readonly bigint[]): void {
  const day = dayOf(time)
  tallies.add('income', day, kind, sums)
  tallies.add('total', 0, kind, sums)
  if (creator === undefined) return
  tallies.add('creator-day', day, creator, sums)
  tallies.add('creator-week', weekOf(day), creator, sums)
  tallies.add('creator-month', monthOf(time), creator, sums)
}
