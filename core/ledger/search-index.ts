/**
 * What queries ask of the index beside a ledger: which entries and which things of the state to look at. It follows the log in
 * its own time and can be thrown away, so it is never a truth: it returns the places of entries and the keys of rows, and what
 * stands there is read from the ledger. Drivers implement it; one contract test runs against each.
 *
 * It knows the first `size` entries of one history, identified by the root of the tree over them. Only sums of revenue and of
 * spending and the tallies of the business are its own, since reading them from the ledger takes the whole log, or all of an
 * account's entries; they may be used at exactly its size.
 */

import type { AccountBook } from '../domain/books.ts'
import type { CallSums } from './calls.ts'
import type { Sums } from './payments.ts'

/** How far an index has come, and along which history. */
export interface IndexPosition {
  readonly size: number
  /** The root of the RFC 6962 tree over the first `size` entries. */
  readonly root: Uint8Array
}

/** What an entry is found by. */
export interface IndexedEntry {
  readonly index: number
  readonly type: string
  /** What it moved: the gross of its payment, or the largest of its postings if that is more. */
  readonly amountMicros: bigint
  readonly touched: readonly IndexedTouch[]
}

export interface IndexedTouch {
  /** The account's number. */
  readonly account: number
  /** Whether a payment reached the account. */
  readonly isPayee: boolean
  /** Those of its books that were posted to. */
  readonly books: readonly AccountBook[]
}

export const THING_KINDS = ['account', 'listing', 'model', 'subscription'] as const
export type ThingKind = (typeof THING_KINDS)[number]

/** A row of the state that people look for. */
export interface IndexedThing {
  readonly kind: ThingKind
  /** The row's key, which is the thing's id. */
  readonly key: string
  /** The account that the thing belongs to; for a subscription, the seller. */
  readonly owner: string
  /** What kind of listing it is. */
  readonly sort?: string
  /** The words that it is found by, in lower case. */
  readonly text: string
  /** The least that something of a listing costs, where it has a price of its own. */
  readonly priceMicros?: bigint
}

/** What a creator earned on a day, through one listing or, without one, apart from listings. */
export interface IndexedRevenue {
  readonly payee: string
  /** The number of the UTC day. */
  readonly day: number
  readonly listing?: string
  readonly sums: Sums
}

/** What an account paid for calls to a listing on a day. */
export interface IndexedSpending {
  readonly payer: string
  /** The number of the UTC day. */
  readonly day: number
  readonly listing: string
  readonly sums: CallSums
}

/** What is added up of the platform's business: core/ledger/business/tallies.ts says what each series counts. */
export const SERIES = [
  'total',
  'income',
  'plan',
  'paid-time',
  'creator-day',
  'creator-week',
  'creator-month',
  'payers-day',
  'payers-week',
  'payers-month',
  'cohort',
  'book',
] as const
export type Series = (typeof SERIES)[number]

/** Sums of a series in a period, by what or whom they are of. Two with the same place are added number by number. */
export interface Tally {
  readonly series: Series
  /** The number of a day, week or month, as the series has it. */
  readonly period: number
  readonly subject: string
  /** As many in every tally of a series. */
  readonly sums: readonly bigint[]
}

export interface TallyQuery {
  readonly series: Series
  /** Periods from `from` on and before `to`. */
  readonly from: number
  readonly to: number
  /** Only those after this one, by period and then by the subject's UTF-8 bytes. */
  readonly after?: Pick<Tally, 'period' | 'subject'> | undefined
  readonly limit: number
}

/** Something that the tallies of later entries depend on, such as when an account paid last: a text under a key. */
export interface KeptText {
  readonly key: string
  readonly text: string
}

/** Numbers of UTC days: from the first on, and before the second. */
export interface Days {
  readonly from: number
  readonly to: number
}

/** One step of the index along the log: what entries `size` and those after it add. */
export interface IndexStep {
  /** How many entries were known before; the index refuses to go on from any other number (compare and swap). */
  readonly size: number
  readonly entries: readonly IndexedEntry[]
  /** Each in its present form, which replaces the one with its kind and key. */
  readonly things: readonly IndexedThing[]
  readonly revenue: readonly IndexedRevenue[]
  readonly spending: readonly IndexedSpending[]
  readonly tallies: readonly Tally[]
  /** Each replaces the text of its key. */
  readonly kept: readonly KeptText[]
  /** The root over all entries known afterwards. */
  readonly root: Uint8Array
}

export interface EntryQuery {
  /** Indexes from `from` on and before `to`. */
  readonly from: number
  readonly to: number
  /**
   * The number of an account that they touched; with `isPayee`, that received a payment; with `book`, whose book they changed.
   */
  readonly account?: number | undefined
  readonly isPayee?: boolean | undefined
  readonly book?: AccountBook | undefined
  readonly type?: string | undefined
  readonly leastMicros?: bigint | undefined
  readonly mostMicros?: bigint | undefined
  readonly order: 'up' | 'down'
  readonly limit: number
}

export interface ThingQuery {
  readonly kind: ThingKind
  readonly owner?: string | undefined
  readonly sort?: string | undefined
  /** Each word is in the text of the thing, or in that of its owner's account. */
  readonly words?: readonly string[] | undefined
  readonly mostMicros?: bigint | undefined
  /** Only keys after this one. */
  readonly after?: string | undefined
  readonly limit: number
}

export interface SearchIndex {
  /** How far it has come: size 0 before the first step. */
  position(): Promise<IndexPosition>
  /** Indexes of entries, in order. */
  findEntries(query: EntryQuery): Promise<number[]>
  /** Keys of things, in the order of their UTF-8 bytes. */
  findThings(query: ThingQuery): Promise<string[]>
  /** A creator's sums by day and by listing, over the entries known. */
  revenueOf(payee: string): Promise<IndexedRevenue[]>
  /** What an account paid for calls by day and by listing, over the entries known. */
  spendingOf(payer: string, days: Days): Promise<IndexedSpending[]>
  /** In order of period and subject, over the entries known. */
  tallies(query: TallyQuery): Promise<Tally[]>
  /** The texts kept under keys, each in the place of its key. */
  kept(keys: readonly string[]): Promise<(string | undefined)[]>
  /** Forgets everything, since it was found to be wrong or of another history. It is then made anew, step by step. */
  forget(): Promise<void>
  close(): Promise<void>
}

/**
 * The side that makes the index follow. Any number of programs may do so: of two that make the same step, the second is refused.
 */
export interface SearchIndexWriter extends SearchIndex {
  /**
   * Takes a step, all of it or nothing: the position is stored together with what it stands for. Returns whether it was taken; it
   * is not where the index is at another size.
   */
  follow(step: IndexStep): Promise<boolean>
}
