/**
 * One account's share of an entry: its postings, its part in the payment, and to which heading of a statement each of its credits
 * belongs. Everything is read from the entry's outcome and body, so it holds for any type: what no heading claims goes under
 * `expired` or `other`, and the headings of an entry always sum to what its postings changed.
 */

import { assert } from '../base/assert.ts'
import { add, type Micros, micros, negate, ZERO } from '../domain/money.ts'
import type { Outcome, Posting } from '../domain/outcome.ts'
import type { UsageBatch } from '../domain/transactions/usage-batch.ts'
import type { Accepted } from './accepted.ts'
import { countLines, type LineCounts } from './present.ts'

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
  /** What became of the account's lines in a usage batch; of all lines for its creator and its meter. */
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
    headings: headingsOf(entry, postings, payment),
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

const REFUND = 'credit.refund'

function headingsOf(entry: Entry, postings: readonly Posting[], payment: PaymentShare | undefined): Map<Heading, Micros> {
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
  if (postings.length > 0) {
    const { heading, amountMicros } = statedAmount(entry, postings, changeMicros)
    put(heading, amountMicros)
  }
  // What was settled by the way: a grant that had expired, or the slice of one that a hold gave back.
  const isExpiry = entry.outcome.postings.some(({ book }) => book === 'promotions')
  put(isExpiry ? 'expired' : 'other', changeMicros - add(...headings.values()))
  assert(add(...headings.values()) === changeMicros, 'the headings of an entry sum to its postings')
  return headings
}

/** The amount that the entry's type moves into or out of the account, apart from a payment. */
function statedAmount({ transaction, outcome }: Entry, postings: readonly Posting[], changeMicros: Micros): StatedAmount {
  const { type } = transaction.definition
  const stated = STATED[type]
  if (stated !== undefined) return { heading: stated.heading, amountMicros: stated.sign * bodyAmount(transaction.body) }
  if (type === REFUND) {
    // The payer's credits go back to the wallet or cover what it owes; the payee and, where fees are short, the operator give.
    const isPayer = postings.some(({ book, amountMicros }) => book === 'wallet' || (book === 'receivable' && amountMicros > 0n))
    if (isPayer) return { heading: 'refundsReceived', amountMicros: bodyAmount(transaction.body) }
    return { heading: 'refundsGiven', amountMicros: changeMicros }
  }
  if (type.startsWith('plan.')) {
    const plans = outcome.postings.filter(({ book }) => book === 'revenue:plans')
    return { heading: 'plans', amountMicros: negate(add(...plans.map(({ amountMicros }) => amountMicros))) }
  }
  if (type === 'payout.settle') return { heading: 'payouts', amountMicros: changeMicros }
  return { heading: 'other', amountMicros: ZERO }
}

interface StatedAmount {
  readonly heading: Heading
  readonly amountMicros: bigint
}

function bodyAmount(body: unknown): bigint {
  const { amount } = body as { readonly amount: unknown }
  assert(typeof amount === 'bigint', 'a type that states an amount has it in its body')
  return amount
}

function paymentOf(entry: Entry, account: string): PaymentShare | undefined {
  const { payment } = entry.outcome
  if (payment === undefined || entry.transaction.definition.type === REFUND) return undefined
  if (payersOf(entry).has(account)) {
    const { grossMicros, feeMicros } = entry.outcome.lines === undefined ? payment : sumOfLines(linesOf(entry, account)!)
    return { role: 'payer', grossMicros, feeMicros }
  }
  if (payeeOf(entry) !== account) return undefined
  return { role: 'payee', grossMicros: payment.grossMicros, feeMicros: payment.feeMicros }
}

/** In a batch those who were charged: others, even the creator, may be named in it and have every line refused. */
function payersOf({ transaction, outcome }: Entry): Set<string> {
  if (outcome.lines !== undefined) {
    const { payers, lines } = transaction.body as UsageBatch
    const charged = lines.filter((_, i) => outcome.lines![i]!.status === 'charged')
    return new Set(charged.map(([payer]) => payers[payer]!))
  }
  const paying = outcome.postings.filter(({ book, amountMicros }) => (book === 'wallet' || book === 'held') && amountMicros < 0n)
  return new Set(paying.map(({ account }) => account!))
}

/**
 * Who is paid: whose earnings rise, or whose debt falls. A payment of dust may be all fee and leave no posting; then it is the
 * account touched besides payers and, unless nobody else is, the signer.
 */
function payeeOf(entry: Entry): string | undefined {
  const { postings, touched } = entry.outcome
  const payers = payersOf(entry)
  const others = touched.map(({ account }) => account).filter((account) => !payers.has(account))
  const paid = postings.find(
    ({ book, account, amountMicros }) =>
      (book === 'earnings' || book === 'receivable') && amountMicros > 0n && others.includes(account!),
  )
  return paid?.account ?? others.find((account) => account !== entry.transaction.signer) ?? others[0]
}

/** The lines of a batch that concern an account: a payer's own, and all of them for its creator and its meter. */
function linesOf(entry: Entry, account: string): Outcome['lines'] {
  const { lines } = entry.outcome
  if (lines === undefined || !payersOf(entry).has(account)) return lines
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
