/**
 * One account's share of an entry: its postings, its part in the payment, and to which heading of a statement each of its credits
 * belongs. Everything is read from the entry's outcome and body, so it works for any type: what no heading claims goes under
 * `expired` or `other`, and the headings of an entry always sum to what its postings changed.
 */

import { assert } from '../base/assert.ts'
import { add, type Micros, micros, ZERO } from '../domain/money.ts'
import type { Outcome, Posting } from '../domain/outcome.ts'
import type { UsageBatch } from '../domain/transactions/usage-batch.ts'
import type { Accepted } from './accepted.ts'
import { chargedIn, payeeOf } from './payments.ts'
import { countLines, creatorPayment, type LineCounts } from './present.ts'

/** The headings, in the order of a statement. Amounts under `fees` and all that leaves the account are negative. */
export const HEADINGS = [
  'topups',
  'grants',
  'returns',
  'chargebacks',
  'debtForgiven',
  'plans',
  'paymentsMade',
  'refundsReceived',
  'received',
  'fees',
  'refundsGiven',
  'payouts',
  'expired',
  'other',
] as const

export type Heading = (typeof HEADINGS)[number]

interface PaymentShare {
  readonly role: 'payer' | 'payee'
  readonly grossMicros: Micros
  readonly feeMicros: Micros
}

export interface Share {
  /** The entry's postings to the account's books. */
  readonly postings: readonly Posting[]
  readonly payment?: PaymentShare
  /** The counts of the account's lines in a usage batch; of all lines for its creator and its meter. */
  readonly lines?: LineCounts
  readonly headings: ReadonlyMap<Heading, Micros>
}

type Entry = Pick<Accepted, 'transaction' | 'outcome'>

export function shareOf(entry: Entry, account: string): Share {
  const postings = entry.outcome.postings.filter((posting) => posting.account === account)
  const lines = linesOf(entry, account)
  const payment = paymentOf(entry, account)
  return {
    postings,
    ...(payment && { payment }),
    ...(lines && { lines: countLines(lines) }),
    headings: headingsOf(entry, account, postings, payment),
  }
}

/** Types whose body states the amount that reaches (1) or leaves (-1) the one account whose books they change. */
const STATED: Record<string, { readonly heading: Heading; readonly sign: 1n | -1n }> = {
  'credit.topup': { heading: 'topups', sign: 1n },
  'credit.grant': { heading: 'grants', sign: 1n },
  'credit.return': { heading: 'returns', sign: -1n },
  'credit.chargeback': { heading: 'chargebacks', sign: -1n },
  'debt.forgive': { heading: 'debtForgiven', sign: 1n },
}

function headingsOf(entry: Entry, account: string, postings: readonly Posting[], payment?: PaymentShare): Map<Heading, Micros> {
  const changeMicros = add(...postings.map(({ amountMicros }) => amountMicros))
  const headings = new Map<Heading, Micros>()
  const put = (heading: Heading, amountMicros: bigint) => {
    if (amountMicros !== 0n) headings.set(heading, micros((headings.get(heading) ?? 0n) + amountMicros))
  }
  if (payment?.role === 'payer') put('paymentsMade', -payment.grossMicros)
  if (payment?.role === 'payee') {
    put('received', payment.grossMicros)
    put('fees', -payment.feeMicros)
  }
  const { outcome } = entry
  if (creatorPayment(outcome) === undefined && outcome.payment?.payer === account) put('plans', -outcome.payment.grossMicros)
  if (postings.length > 0) {
    const { heading, amountMicros } = statedAmount(entry, postings, changeMicros)
    put(heading, amountMicros)
  }
  // Something settled on the way: a grant that had expired, or the slice of one that a hold gave back. Or a refund whose payer
  // bears a part of it himself.
  const isExpiry = outcome.postings.some(({ book }) => book === 'promotions')
  const rest: Heading = entry.transaction.definition.type === 'credit.refund' ? 'refundsGiven' : 'other'
  put(isExpiry ? 'expired' : rest, changeMicros - add(...headings.values()))
  assert(add(...headings.values()) === changeMicros, 'the headings of an entry sum to its postings')
  return headings
}

interface StatedAmount {
  readonly heading: Heading
  readonly amountMicros: bigint
}

/** The amount that the entry's type moves into or out of the account, apart from a payment. */
function statedAmount({ transaction }: Entry, postings: readonly Posting[], changeMicros: Micros): StatedAmount {
  const { type } = transaction.definition
  const stated = STATED[type]
  if (stated !== undefined) return { heading: stated.heading, amountMicros: stated.sign * bodyAmount(transaction.body) }
  if (type === 'credit.refund') {
    // The payer's credits go back to the wallet or cover what it owes; the payee and, where fees are short, the operator give.
    const isPayer = postings.some(({ book, amountMicros }) => book === 'wallet' || (book === 'receivable' && amountMicros > 0n))
    if (isPayer) return { heading: 'refundsReceived', amountMicros: bodyAmount(transaction.body) }
    return { heading: 'refundsGiven', amountMicros: changeMicros }
  }
  if (type === 'payout.settle') return { heading: 'payouts', amountMicros: changeMicros }
  return { heading: 'other', amountMicros: ZERO }
}

function bodyAmount(body: unknown): bigint {
  const { amount } = body as { readonly amount: unknown }
  assert(typeof amount === 'bigint', 'a type that states an amount has it in its body')
  return amount
}

function paymentOf(entry: Entry, account: string): PaymentShare | undefined {
  const payment = creatorPayment(entry.outcome)
  if (payment === undefined) return undefined
  const { grossMicros, feeMicros } = payment
  if (entry.outcome.lines === undefined) {
    if (account === payment.payer) return { role: 'payer', grossMicros, feeMicros }
    return account === payment.payee ? { role: 'payee', grossMicros, feeMicros } : undefined
  }
  if (chargedIn(batchOf(entry)).has(account)) return { role: 'payer', ...sumOfLines(linesOf(entry, account)!) }
  return payeeOf(batchOf(entry)) === account ? { role: 'payee', grossMicros, feeMicros } : undefined
}

function batchOf({ transaction: { signer, body }, outcome }: Entry) {
  return { signer, body: body as UsageBatch, outcome }
}

/** The lines of a batch that concern an account: a payer's own, and all of them for its creator and its meter. */
function linesOf(entry: Entry, account: string): Outcome['lines'] {
  const { lines } = entry.outcome
  if (lines === undefined || !chargedIn(batchOf(entry)).has(account)) return lines
  const body = entry.transaction.body as UsageBatch
  const payer = body.payers.indexOf(account)
  return lines.filter((_, i) => body.lines[i]![0] === payer)
}

function sumOfLines(lines: NonNullable<Outcome['lines']>): { grossMicros: Micros; feeMicros: Micros } {
  const charged = lines.filter((line) => line.status === 'charged')
  return {
    grossMicros: add(...charged.map(({ grossMicros }) => grossMicros)),
    feeMicros: add(...charged.map(({ feeMicros }) => feeMicros)),
  }
}
