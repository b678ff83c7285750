/**
 * Entries as sums and searches read them: when, of which type, what they did, and the payments among them. They were checked
 * before they were stored, so nothing of them is checked again.
 */

import { Malformed } from '../base/malformed.ts'
import { parseAmount } from '../domain/money.ts'
import { decodeOutcome, type Outcome, touchedNumbers } from '../domain/outcome.ts'
import { accountNumbers, holds, subscriptions } from '../domain/state.ts'
import type { Milliseconds } from '../domain/time.ts'
import { parseEntry } from './entry.ts'
import type { LoadedRows } from './rows.ts'
import { type StoredEntry, StoreError, type StoreReader } from './store.ts'

const NEWLINE = 0x0a

export interface Sums {
  readonly grossMicros: bigint
  readonly feeMicros: bigint
  readonly payments: number
}

/** An entry with its outcome, and with its body as it was written. */
export interface PlainEntry {
  readonly index: number
  readonly time: Milliseconds
  readonly type: string
  readonly signer: string
  readonly body: PaidBody
  readonly outcome: Outcome
}

/** The fields of a batch that say who was charged. */
interface BatchBody {
  /** Those who are charged. */
  readonly payers?: readonly string[]
  /** Each begins with the place of its payer among them. */
  readonly lines?: readonly (readonly [number, ...unknown[]])[]
}

/** The fields of a body that say what was paid for, and by whom. */
interface PaidBody extends BatchBody {
  readonly listing?: string
  readonly subscription?: string
  readonly hold?: string
  /** Of a refund: the entry that paid. */
  readonly entry?: number
  /** Of a refund: the line, where that entry is a batch, and how much is given back. */
  readonly line?: number
  readonly amount?: string
  /** Of a withdrawal of revenue. */
  readonly book?: string
}

export async function readPlainly(rows: LoadedRows, entries: readonly StoredEntry[]): Promise<PlainEntry[]> {
  await rows.load(entries.flatMap(({ outcome }) => touchedNumbers(outcome).map((number) => accountNumbers.at(number))))
  const accountOf = (number: number) => rows.get(accountNumbers.at(number))!.account
  const decoder = new TextDecoder()
  return entries.map(({ index, bytes, outcome }) => {
    const entry = parseEntry(bytes)
    if (entry instanceof Malformed) throw new StoreError('damaged', `Entry ${index} is damaged; nimledger verify tells more.`)
    const text = decoder.decode(entry.note.subarray(0, entry.note.indexOf(NEWLINE)))
    const { type, signer, body } = JSON.parse(text) as Pick<PlainEntry, 'type' | 'signer' | 'body'>
    return { index, time: entry.time, type, signer, body, outcome: decodeOutcome(outcome, accountOf, undefined) }
  })
}

/** A payment to a creator, or what a refund took back of one. */
export interface PaymentTo {
  readonly payee: string
  readonly listing: string | undefined
  readonly time: Milliseconds
  readonly sums: Sums
}

/** The payments among entries: to whom, for which listing. */
export async function readPayments(store: StoreReader, rows: LoadedRows, entries: readonly PlainEntry[]): Promise<PaymentTo[]> {
  const payments: PaymentTo[] = []
  for (const entry of entries) {
    const { outcome, time, body } = entry
    const payee = payeeOf(entry)
    if (outcome.payment === undefined || payee === undefined) {
      const refund = await refundOf(store, rows, entry)
      if (refund !== undefined) payments.push(refund)
      continue
    }
    const { grossMicros, feeMicros } = outcome.payment
    const sums = { grossMicros, feeMicros, payments: countPayments(outcome) }
    payments.push({ payee, listing: await listingOf(rows, body), time, sums })
  }
  return payments
}

/** A batch of usage counts as many payments as it has lines that cost something. */
export function countPayments({ lines }: Outcome): number {
  return lines?.filter((line) => line.status === 'charged' && line.grossMicros > 0n).length ?? 1
}

/** What an entry moved: the gross of its payment, or the largest of its postings if that is more. */
export function amountOf({ payment, postings }: Outcome): bigint {
  const amounts = postings.map(({ amountMicros }) => (amountMicros < 0n ? -amountMicros : amountMicros))
  return amounts.reduce<bigint>((most, amount) => (amount > most ? amount : most), payment?.grossMicros ?? 0n)
}

interface Paying {
  readonly signer: string
  readonly body: BatchBody
  readonly outcome: Outcome
}

/**
 * The creator whom a payment reached; none where the platform was paid. In a batch: the account whose earnings rise, or whose
 * debt falls, and that was not charged, for a payer's debt may fall by what a reserve that ended gave back. Payments of dust may
 * be all fee and leave no posting; then it is the account touched that is neither charged nor, unless there is no other, the
 * signer.
 */
export function payeeOf({ signer, body, outcome }: Paying): string | undefined {
  const { payment, postings, touched, lines } = outcome
  if (lines === undefined) return payment?.payee
  const charged = chargedIn({ body, outcome })
  const others = touched.map(({ account }) => account).filter((account) => !charged.has(account))
  const paid = postings.find(
    ({ book, account, amountMicros }) =>
      (book === 'earnings' || book === 'receivable') && amountMicros > 0n && others.includes(account!),
  )
  return paid?.account ?? others.find((account) => account !== signer) ?? others[0]
}

/** Who was charged in a batch. It may also name others, even the creator, and have each of their lines refused. */
export function chargedIn({ body: { payers, lines }, outcome }: Omit<Paying, 'signer'>): ReadonlySet<string> {
  const charged = lines!.filter((_, i) => outcome.lines![i]!.status === 'charged')
  return new Set(charged.map(([payer]) => payers![payer]!))
}

/** What was paid for: named in the body, or by the subscription or the hold that it names. */
export async function listingOf(rows: LoadedRows, { listing, subscription, hold }: PaidBody): Promise<string | undefined> {
  if (listing !== undefined) return listing
  const key = subscription !== undefined ? subscriptions.at(subscription) : hold !== undefined ? holds.at(hold) : undefined
  if (key === undefined) return undefined
  await rows.load([key])
  return rows.get<{ readonly listing: string }>(key)?.listing
}

/** The payment of which a refund gives back; undefined for any other entry. */
export async function readRefunded(
  store: StoreReader,
  rows: LoadedRows,
  { type, body }: PlainEntry,
): Promise<PlainEntry | undefined> {
  if (type !== 'credit.refund' || body.entry === undefined) return undefined
  const [paid] = await readPlainly(rows, await store.entries(body.entry, 1))
  return paid
}

/**
 * What a refund took back from a creator, and the fee with it; undefined for any other entry. The fee is all that the creator did
 * not give back: where its revenue was withdrawn, the platform owes for it.
 */
async function refundOf(store: StoreReader, rows: LoadedRows, entry: PlainEntry): Promise<PaymentTo | undefined> {
  const { time, body, outcome } = entry
  const paid = await readRefunded(store, rows, entry)
  const payee = paid && payeeOf(paid)
  const amountMicros = parseAmount(body.amount ?? '')
  if (paid === undefined || payee === undefined || amountMicros === undefined) return undefined
  const givenMicros = outcome.postings
    .filter(({ book, account }) => account === payee && (book === 'earnings' || book === 'receivable'))
    .reduce((sum, posting) => sum + posting.amountMicros, 0n)
  const sums = { grossMicros: -amountMicros, feeMicros: -amountMicros - givenMicros, payments: 0 }
  return { payee, listing: await listingOf(rows, paid.body), time, sums }
}
