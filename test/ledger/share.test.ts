/**
 * What an entry is to one account: its part in the payment, and the headings under which a statement counts it. Each case is an
 * entry as its type makes it, told in one line of postings; whatever they are, the headings sum to them.
 */

import { afterEach, expect, test, vi } from 'vitest'
import { Malformed } from '../../core/base/malformed.ts'
import { parseTransaction } from '../../core/domain/envelope.ts'
import { formatMicros, parseAmount } from '../../core/domain/money.ts'
import type { Outcome, Posting } from '../../core/domain/outcome.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import type { Accepted } from '../../core/ledger/accepted.ts'
import { type Heading, shareOf } from '../../core/ledger/share.ts'
import { playScene } from '../domain/play.ts'
import { readTable, tableNames } from '../domain/table.ts'
import { World } from '../support/world.ts'

interface Case {
  readonly type: string
  readonly signer?: string
  /** The amount in the body. */
  readonly amount?: string
  /** "wallet:ada -25, revenue:fees 3.75, earnings:bob 21.25" */
  readonly postings: string
  /** Payer, payee (none: the platform), gross, fee; in a batch gross and fee alone are recorded. */
  readonly payment?: readonly [string, string, string, string]
  /** Accounts touched besides those of the postings. */
  readonly touched?: readonly string[]
  readonly batch?: { readonly payers: readonly string[]; readonly lines: readonly (readonly [number, string])[] }
  /** By account: role and headings. */
  readonly shares: Readonly<Record<string, string>>
}

const signed = (text: string) => (text.startsWith('-') ? -parseAmount(text.slice(1))! : parseAmount(text)!)

function posting(text: string): Posting {
  const [name, amount] = text.split(' ') as [string, string]
  const isPlatform = name.startsWith('revenue:') || !name.includes(':')
  const [book, account] = isPlatform ? [name] : (name.split(':') as [string, string])
  return { book, ...(account && { account }), amountMicros: signed(amount), balanceMicros: 0n } as unknown as Posting
}

/** A line of a batch: "0.5/0.075" charged, "duplicate", or a code. */
function line(text: string): NonNullable<Outcome['lines']>[number] {
  if (text === 'duplicate') return { status: 'duplicate' }
  const [gross, fee] = text.split('/')
  if (fee === undefined) return { status: 'refused', code: gross as 'no_mandate' }
  return { status: 'charged', grossMicros: parseAmount(gross!)!, feeMicros: parseAmount(fee)!, slices: [] }
}

function paymentOf([payer, payee, gross, fee]: readonly [string, string, string, string], isBatch: boolean) {
  const parties = isBatch ? {} : { payer, ...(payee && { payee }) }
  return { ...parties, grossMicros: parseAmount(gross)!, feeMicros: parseAmount(fee)!, feeBps: 1500, slices: [] }
}

function entryOf({ type, signer = 'op', amount, postings, payment, touched = [], batch }: Case) {
  const posted = postings === '' ? [] : postings.split(', ').map(posting)
  const accounts = new Set([signer, ...posted.flatMap(({ account }) => account ?? []), ...touched])
  const outcome = {
    postings: posted,
    touched: [...accounts].map((account, number) => ({ account, number })),
    ...(payment && { payment: paymentOf(payment, batch !== undefined) }),
    ...(batch && { lines: batch.lines.map(([, text]) => line(text)) }),
  }
  const body = { ...(amount && { amount: parseAmount(amount) }), payers: batch?.payers, lines: batch?.lines }
  return { transaction: { signer, definition: { type }, body }, outcome } as unknown as Accepted
}

function shareText(entry: Accepted, account: string): string {
  const { payment, headings, lines } = shareOf(entry, account)
  const parts = [
    ...(payment ? [`${payment.role} ${formatMicros(payment.grossMicros)}/${formatMicros(payment.feeMicros)}`] : []),
    ...[...headings].map(([heading, amount]) => `${heading} ${formatMicros(amount)}`),
    ...(lines ? [`lines ${lines.charged} ${lines.duplicates} ${Object.values(lines.refused).length}`] : []),
  ]
  return parts.join(', ')
}

const CASES: readonly Case[] = [
  { type: 'credit.topup', amount: '25', postings: 'issued -25, wallet:ada 25', shares: { ada: 'topups 25', op: '' } },
  {
    // What it owed is covered first.
    type: 'credit.topup',
    amount: '25',
    postings: 'issued -25, receivable:ada 10, wallet:ada 15',
    shares: { ada: 'topups 25' },
  },
  {
    // A grant of 4 had expired, and was settled when the wallet was touched.
    type: 'credit.topup',
    amount: '25',
    postings: 'issued -25, promotions 4, wallet:ada 21',
    shares: { ada: 'topups 25, expired -4' },
  },
  { type: 'credit.grant', amount: '5', postings: 'promotions -1, wallet:ada 1', shares: { ada: 'grants 5, expired -4' } },
  { type: 'credit.return', amount: '5', postings: 'wallet:ada -5, issued 5', shares: { ada: 'returns -5' } },
  {
    type: 'credit.chargeback',
    amount: '25',
    postings: 'wallet:ada -20, receivable:ada -5, issued 25',
    shares: { ada: 'chargebacks -25' },
  },
  { type: 'debt.forgive', amount: '5', postings: 'receivable:ada 5, promotions -5', shares: { ada: 'debtForgiven 5' } },
  {
    type: 'plan.subscribe',
    signer: 'ada',
    postings: 'wallet:ada -21, revenue:plans 19, promotions 2',
    payment: ['ada', '', '19', '0'],
    shares: { ada: 'plans -19, expired -2' },
  },
  {
    type: 'dataset.purchase',
    signer: 'bob',
    postings: 'wallet:bob -25, revenue:fees 3.75, earnings:ada 21.25',
    payment: ['bob', 'ada', '25', '3.75'],
    shares: { bob: 'payer 25/3.75, paymentsMade -25', ada: 'payee 25/3.75, received 25, fees -3.75', op: '' },
  },
  {
    // A hold ran out by the way, so the wallet rises although 25 were paid from it.
    type: 'dataset.purchase',
    signer: 'bob',
    postings: 'held:bob -30, wallet:bob 5, revenue:fees 3.75, receivable:ada 21.25',
    payment: ['bob', 'ada', '25', '3.75'],
    shares: { bob: 'payer 25/3.75, paymentsMade -25', ada: 'payee 25/3.75, received 25, fees -3.75' },
  },
  {
    // Dust that is all fee leaves the payee no posting.
    type: 'query.charge',
    signer: 'bob',
    postings: 'wallet:bob -0.000001, revenue:fees 0.000001',
    payment: ['bob', 'ada', '0.000001', '0.000001'],
    touched: ['ada'],
    shares: { ada: 'payee 0.000001/0.000001, received 0.000001, fees -0.000001' },
  },
  {
    type: 'subscription.renew',
    signer: 'op',
    postings: 'wallet:bob -0.000001, revenue:fees 0.000001',
    payment: ['bob', 'ada', '0.000001', '0.000001'],
    touched: ['ada'],
    shares: { ada: 'payee 0.000001/0.000001, received 0.000001, fees -0.000001', op: '' },
  },
  {
    // The creator captures; the rest of the hold covers a debt of its payer, whose lot had expired.
    type: 'hold.capture',
    signer: 'ada',
    postings: 'held:bob -10, receivable:bob 3, promotions 1, revenue:fees 0.9, earnings:ada 5.1',
    payment: ['bob', 'ada', '6', '0.9'],
    shares: { bob: 'payer 6/0.9, paymentsMade -6, expired -1', ada: 'payee 6/0.9, received 6, fees -0.9' },
  },
  { type: 'hold.open', signer: 'bob', postings: 'wallet:bob -10, held:bob 10', shares: { bob: '' } },
  { type: 'hold.release', signer: 'ada', postings: 'held:bob -10, wallet:bob 8, promotions 2', shares: { bob: 'expired -2' } },
  { type: 'earnings.move', signer: 'ada', amount: '9', postings: 'earnings:ada -9, wallet:ada 9', shares: { ada: '' } },
  { type: 'payout.request', signer: 'ada', amount: '9', postings: 'earnings:ada -9, payable:ada 9', shares: { ada: '' } },
  { type: 'payout.settle', postings: 'payable:ada -9, redeemed 9', shares: { ada: 'payouts -9' } },
  {
    type: 'credit.refund',
    amount: '10',
    postings: 'revenue:fees -1.5, earnings:ada -6, receivable:ada -2.5, wallet:bob 10',
    shares: { bob: 'refundsReceived 10', ada: 'refundsGiven -8.5', op: '' },
  },
  {
    // The fee book is short, and the payer owed 10.
    type: 'credit.refund',
    amount: '10',
    postings: 'receivable:op -1.5, earnings:ada -8.5, receivable:bob 10',
    shares: { bob: 'refundsReceived 10', ada: 'refundsGiven -8.5', op: 'refundsGiven -1.5' },
  },
  {
    // More of a grant had expired than came back.
    type: 'credit.refund',
    amount: '10',
    postings: 'revenue:fees -1.5, earnings:ada -8.5, promotions 12, wallet:bob -2',
    shares: { bob: 'refundsReceived 10, expired -12' },
  },
  {
    type: 'usage.batch',
    signer: 'ada',
    postings: 'wallet:bob -3, held:bob -1, wallet:cyd -2, revenue:fees 0.9, earnings:ada 5.1',
    payment: ['bob', 'ada', '6', '0.9'],
    touched: ['dee'],
    batch: {
      payers: ['bob', 'cyd', 'dee'],
      lines: [
        [0, 'duplicate'],
        [0, '4/0.6'],
        [1, '2/0.3'],
        [1, 'no_mandate'],
        [2, '0/0'],
      ],
    },
    shares: {
      bob: 'payer 4/0.6, paymentsMade -4, lines 1 1 0',
      cyd: 'payer 2/0.3, paymentsMade -2, lines 1 0 1',
      dee: 'payer 0/0, lines 1 0 0',
      ada: 'payee 6/0.9, received 6, fees -0.9, lines 3 1 1',
    },
  },
  {
    // The operator meters; nobody mistakes its signature for the creator's part.
    type: 'usage.batch',
    signer: 'op',
    postings: 'wallet:bob -6, revenue:fees 0.9, earnings:ada 5.1',
    payment: ['bob', 'ada', '6', '0.9'],
    batch: { payers: ['bob'], lines: [[0, '6/0.9']] },
    shares: { op: 'lines 1 0 0', ada: 'payee 6/0.9, received 6, fees -0.9, lines 1 0 0' },
  },
  {
    // Both were in debt: a reserve of the payer's ran out by the way and covered what it owed; so does the creator's share.
    type: 'usage.batch',
    signer: 'dee',
    postings: 'held:bob -30, receivable:bob 20, wallet:bob 4, revenue:fees 0.9, receivable:ada 5.1',
    payment: ['bob', 'ada', '6', '0.9'],
    batch: { payers: ['bob'], lines: [[0, '6/0.9']] },
    shares: { ada: 'payee 6/0.9, received 6, fees -0.9, lines 1 0 0', bob: 'payer 6/0.9, paymentsMade -6, lines 1 0 0' },
  },
  {
    // A creator may be named as a payer of its own listing: every such line is refused.
    type: 'usage.batch',
    signer: 'ada',
    postings: 'wallet:bob -6, revenue:fees 0.9, earnings:ada 5.1',
    payment: ['bob', 'ada', '6', '0.9'],
    batch: {
      payers: ['ada', 'bob'],
      lines: [
        [0, 'no_mandate'],
        [1, '6/0.9'],
      ],
    },
    shares: { ada: 'payee 6/0.9, received 6, fees -0.9, lines 1 0 1' },
  },
  { type: 'future.type', postings: 'wallet:ada 3, redeemed -3', shares: { ada: 'other 3' } },
  { type: 'model.create', signer: 'ada', postings: '', shares: { ada: '' } },
]

test.each(CASES.map((one) => [`${one.type}: ${one.postings}`, one] as const))('%s', (_title, one) => {
  const entry = entryOf(one)
  const shares = Object.keys(one.shares).map((account) => [account, shareText(entry, account)])
  expect(Object.fromEntries(shares)).toEqual(one.shares)
})

afterEach(() => vi.restoreAllMocks())

/** Every entry that the cases of a type's table make, as the machine made it. */
function entriesOf(table: string): Accepted[] {
  const run = vi.spyOn(World.prototype, 'run')
  for (const { statements } of readTable(table).cases) playScene(table).play(statements)
  return run.mock.calls.flatMap(([text], i) => {
    const transaction = parseTransaction(rules, sha256, text)
    const result = run.mock.results[i]!.value as ReturnType<World['run']>
    if (transaction instanceof Malformed || result.status === 'refused') return []
    return [{ transaction, outcome: result.outcome } as Accepted]
  })
}

test.each(tableNames())('every entry of the cases of %s is shared out, and nothing of it is other', (table) => {
  const entries = entriesOf(table)
  expect(entries.length).toBeGreaterThan(0)
  for (const entry of entries) {
    const { type } = entry.transaction.definition
    const shares = entry.outcome.touched.map(({ account }) => shareOf(entry, account))
    const sum = (heading: Heading) => shares.reduce((total, { headings }) => total + (headings.get(heading) ?? 0n), 0n)
    expect(sum('other'), type).toBe(0n)
    expect(sum('received'), type).toBe(-sum('paymentsMade'))
    const posted = (book: string) => entry.outcome.postings.filter((one) => one.book === book)
    const fees = posted('revenue:fees').reduce((total, { amountMicros }) => total + amountMicros, 0n)
    if (fees > 0n) expect(sum('fees'), type).toBe(-fees)
  }
})
