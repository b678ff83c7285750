/**
 * What creators earned, in sums: by creator, by day, by listing. Folded from the log in one pass that later entries continue, and
 * kept in memory alone: like everything that is not the log it can be made again.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { Malformed } from '../base/malformed.ts'
import { decodeOutcome, type Outcome, touchedNumbers } from '../domain/outcome.ts'
import { accountNumbers, holds, subscriptions } from '../domain/state.ts'
import { dayOf, type Milliseconds, wholeSeconds } from '../domain/time.ts'
import { parseEntry } from './entry.ts'
import { LoadedRows } from './rows.ts'
import { type StoredEntry, StoreError, type StoreReader } from './store.ts'

const NEWLINE = 0x0a

export interface Sums {
  readonly grossMicros: bigint
  readonly feeMicros: bigint
  readonly payments: number
}

interface CreatorRevenue extends Sums {
  /** By number of the UTC day. */
  readonly byDay: ReadonlyMap<number, Sums>
  readonly byListing: ReadonlyMap<string, Sums>
}

const NO_SUMS: Sums = { grossMicros: 0n, feeMicros: 0n, payments: 0 }
const NO_REVENUE: CreatorRevenue = { ...NO_SUMS, byDay: new Map(), byListing: new Map() }

/** Entries read between two turns of the event loop, so that a long log does not hold up a window. */
const PAGE = 250

interface Kept extends Sums {
  byDay: Map<number, Sums>
  byListing: Map<string, Sums>
}

export class Revenue {
  readonly #creators = new Map<string, Kept>()
  /** The entries folded so far. */
  #size = 0
  #folding: Promise<unknown> = Promise.resolve()

  /** A creator's sums over all entries that the store has. */
  async of(store: StoreReader, account: string): Promise<CreatorRevenue> {
    // One after the other: a second caller must not fold the same entries again.
    const folded = this.#folding.then(() => this.#fold(store))
    this.#folding = folded.catch(() => {})
    await folded
    return this.#creators.get(account) ?? NO_REVENUE
  }

  async #fold(store: StoreReader): Promise<void> {
    const size = await store.size()
    while (this.#size < size) {
      const entries = await store.entries(this.#size, PAGE)
      for (const payment of await readPayments(store, entries)) this.#add(payment)
      this.#size += entries.length
      await nextTurn()
    }
  }

  #add({ payee, listing, time, sums }: PaymentTo): void {
    const kept = this.#creators.get(payee) ?? { ...NO_SUMS, byDay: new Map(), byListing: new Map() }
    const day = dayOf(wholeSeconds(time))
    kept.byDay.set(day, plus(kept.byDay.get(day), sums))
    if (listing !== undefined) kept.byListing.set(listing, plus(kept.byListing.get(listing), sums))
    this.#creators.set(payee, { ...kept, ...plus(kept, sums) })
  }
}

function plus(before: Sums = NO_SUMS, more: Sums): Sums {
  return {
    grossMicros: before.grossMicros + more.grossMicros,
    feeMicros: before.feeMicros + more.feeMicros,
    payments: before.payments + more.payments,
  }
}

interface PaymentTo {
  readonly payee: string
  readonly listing: string | undefined
  readonly time: Milliseconds
  readonly sums: Sums
}

/** The payments among entries: to whom, for which listing. An entry without one is not read any further than its outcome. */
async function readPayments(store: StoreReader, entries: readonly StoredEntry[]): Promise<PaymentTo[]> {
  const rows = new LoadedRows(store)
  await rows.load(entries.flatMap(({ outcome }) => touchedNumbers(outcome).map((number) => accountNumbers.at(number))))
  const accountOf = (number: number) => rows.get(accountNumbers.at(number))!.account
  const payments: PaymentTo[] = []
  for (const entry of entries) {
    const outcome = decodeOutcome(entry.outcome, accountOf, undefined)
    const payee = payeeOf(outcome)
    if (outcome.payment === undefined || payee === undefined) {
      const refund = await refundOf(store, rows, entry, outcome)
      if (refund !== undefined) payments.push(refund)
      continue
    }
    const { time, body } = readBody(entry)
    const { grossMicros, feeMicros } = outcome.payment
    const sums = { grossMicros, feeMicros, payments: countPayments(outcome) }
    payments.push({ payee, listing: await listingOf(rows, body), time, sums })
  }
  return payments
}

/** A batch of usage is as many payments as its lines that cost something. */
export function countPayments({ lines }: Outcome): number {
  return lines?.filter((line) => line.status === 'charged' && line.grossMicros > 0n).length ?? 1
}

interface PaidBody {
  readonly listing?: string
  readonly subscription?: string
  readonly hold?: string
  /** Of a refund: the entry that paid. */
  readonly entry?: number
}

interface ReadBody {
  readonly time: Milliseconds
  readonly type: string
  readonly body: PaidBody
}

/** When an entry was accepted, and its body as it stands there: it was judged before it was stored. */
function readBody({ index, bytes }: StoredEntry): ReadBody {
  const entry = parseEntry(bytes)
  if (entry instanceof Malformed) throw new StoreError('damaged', `Entry ${index} is damaged; nimledger verify tells more.`)
  const text = new TextDecoder().decode(entry.note.subarray(0, entry.note.indexOf(NEWLINE)))
  const { type, body } = JSON.parse(text) as Omit<ReadBody, 'time'>
  return { time: entry.time, type, body }
}

/** The creator whom a payment reached; none where the platform was paid. Of a batch: earnings grow, or a debt becomes less. */
export function payeeOf({ postings, payment, lines }: Outcome): string | undefined {
  if (lines === undefined) return payment?.payee
  const reached = (book: string) => postings.find((posting) => posting.book === book && posting.amountMicros > 0n)?.account
  return reached('earnings') ?? reached('receivable')
}

/** What was paid for: named in the body, or by the subscription or the hold that it names. */
async function listingOf(rows: LoadedRows, { listing, subscription, hold }: PaidBody): Promise<string | undefined> {
  if (listing !== undefined) return listing
  const key = subscription !== undefined ? subscriptions.at(subscription) : hold !== undefined ? holds.at(hold) : undefined
  if (key === undefined) return undefined
  await rows.load([key])
  return rows.get<{ readonly listing: string }>(key)?.listing
}

/** What a refund took back from a creator, and the fee with it; undefined for any other entry. */
async function refundOf(
  store: StoreReader,
  rows: LoadedRows,
  entry: StoredEntry,
  outcome: Outcome,
): Promise<PaymentTo | undefined> {
  if (outcome.payment !== undefined || !outcome.postings.some(({ book, amountMicros }) => isDrawn(book) && amountMicros < 0n)) {
    return undefined
  }
  const { time, type, body } = readBody(entry)
  if (type !== 'credit.refund' || body.entry === undefined) return undefined
  const [paid] = await store.entries(body.entry, 1)
  if (paid === undefined) return undefined
  await rows.load(touchedNumbers(paid.outcome).map((number) => accountNumbers.at(number)))
  const first = decodeOutcome(paid.outcome, (number) => rows.get(accountNumbers.at(number))!.account, undefined)
  const payee = payeeOf(first)
  if (payee === undefined) return undefined
  const sumOf = (book: string, account?: string) =>
    outcome.postings
      .filter((posting) => posting.book === book && posting.account === account)
      .reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
  const feeMicros = sumOf('revenue:fees')
  const sums = { grossMicros: feeMicros + sumOf('earnings', payee) + sumOf('receivable', payee), feeMicros, payments: 0 }
  return { payee, listing: await listingOf(rows, readBody(paid).body), time, sums }
}

/** Books from which a refund draws. */
function isDrawn(book: string): boolean {
  return book === 'earnings' || book === 'receivable' || book === 'revenue:fees'
}
