/** What accounts have. */

import type { BookClass } from '../../domain/books.ts'
import type { Period } from '../../domain/time.ts'
import type { DepositType } from '../../ledger/deposits.ts'
import type { Amount, Time } from './common.ts'
import type { PlanView } from './creator.ts'
import type { EntitlementView, MandateView, SubscriptionView } from './market.ts'

export interface WalletView {
  readonly account: string
  readonly name: string
  readonly size: number
  readonly time: Time
  readonly spendable: Amount
  readonly paid: Amount
  readonly held: Amount
  readonly earnings: Amount
  readonly earningsAvailable: Amount
  readonly payable: Amount
  /** What it owes, below zero. */
  readonly receivable: Amount
  readonly frozen: boolean
  readonly plan?: PlanView
}

/** What becomes of an account's credits. */
export interface OutlookView {
  readonly account: string
  readonly size: number
  /** What was paid for, which burns after all grants. */
  readonly paid: Amount
  /** In the order in which they burn: the one that expires soonest first. */
  readonly grants: readonly GrantView[]
  /** What is set aside, by when it ends at the latest. */
  readonly held: readonly ReservationView[]
  readonly burn: BurnView
  /** The next one of each plan and subscription that renews by itself, the soonest first. */
  readonly renewals: readonly RenewalView[]
  /** Unknown where nothing was spent and nothing renews, or the account owes. */
  readonly lasts?: LastsView
}

export interface GrantView {
  readonly grant: string
  /** The entry that granted it. */
  readonly entry: number
  readonly reason: string
  readonly amount: Amount
  readonly remaining: Amount
  readonly expires: Time
  /** What of it expires unspent at the present pace. */
  readonly lost: Amount
}

/** Credits set aside for a call under way, or for a mandate. */
export interface ReservationView {
  readonly kind: 'hold' | 'mandate'
  readonly id: string
  readonly listing: string
  readonly title: string
  readonly amount: Amount
  readonly until: Time
}

/** What was spent lately, less what was given back. */
export interface BurnView {
  readonly from: Time
  /** Days of UTC from then on, today among them. */
  readonly days: number
  readonly spent: Amount
  readonly perDay: Amount
  /** The most first; without a listing: paid to the platform. */
  readonly byListing: readonly { readonly listing?: string; readonly title?: string; readonly spent: Amount }[]
}

export interface RenewalView {
  /** What is subscribed to; none for a plan. */
  readonly listing?: string
  /** Its title, or what the plan is called. */
  readonly title: string
  readonly price: Amount
  readonly period: Period
  readonly at: Time
}

/** How long the credits last at the present pace, with what is due on the way. */
export interface LastsView {
  /** Undefined where that is more than a year. */
  readonly until?: Time
  readonly days?: number
  /** The renewal that they do not suffice for, where one is what ends them. */
  readonly unpaid?: RenewalView
  /** What is renewed before. */
  readonly renewed: Amount
}

/** Whether a balance is low. */
export interface AlertView {
  readonly account: string
  readonly size: number
  readonly spendable: Amount
  /** What its owner wants there to be at least, as this console was told. */
  readonly least?: Amount
  /** What renews in so many days, each plan and subscription once. */
  readonly renewals: { readonly count: number; readonly price: Amount; readonly days: number }
  readonly isBelowLeast: boolean
  readonly isBelowRenewals: boolean
}

/** A file to keep, in base64. */
export interface FileView {
  readonly bytes: string
}

export interface Holdings {
  readonly account: string
  readonly size: number
  readonly subscriptions: readonly SubscriptionView[]
  readonly entitlements: readonly EntitlementView[]
  readonly mandates: readonly MandateView[]
}

/** What was paid for calls, less what was refunded of it. */
export interface CallCost {
  readonly cost: Amount
  /** Those too that a subscription includes. */
  readonly calls: number
}

/** What calls cost an account over a period. */
export interface SpendingView extends CallCost {
  readonly account: string
  /** How many entries these figures are made from. */
  readonly size: number
  /** Days of UTC with calls, in order: "2023-11-16". */
  readonly byDay: readonly (CallCost & { readonly day: string })[]
  /** The most expensive first. */
  readonly byListing: readonly (CallCost & { readonly listing: string; readonly title: string })[]
}

/** What is set aside for calls under way, and what keys may spend. */
export interface AllowanceView {
  readonly account: string
  readonly size: number
  /** Those that are open, in order of opening. */
  readonly holds: readonly HoldView[]
  readonly budgets: readonly BudgetView[]
}

export interface HoldView {
  readonly hold: string
  readonly amount: Amount
  readonly expires: Time
  readonly listing: string
  readonly title: string
  readonly seller: string
}

/** A key that may spend so much a day or month. */
export interface BudgetView {
  readonly keyId: string
  readonly label: string
  readonly limit: Amount
  readonly per: 'day' | 'month'
  /** In the day or month that runs. */
  readonly used: Amount
  readonly expires?: Time
}

export interface AccountSummary {
  readonly account: string
  readonly number: number
  readonly name: string
  readonly frozen: boolean
  /** What it can spend now. */
  readonly spendable: Amount
  /** What it earned and has not been paid out, whether available yet or not. */
  readonly earnings: Amount
}

export interface AccountPage {
  readonly size: number
  readonly accounts: readonly AccountSummary[]
  /** There were too many to put all of them in the order that was asked for. */
  readonly isPartial?: true
  /** Give this as `after` for the next page; undefined where there is none. */
  readonly next?: string
}

/** What an operator is told of an account beside its balances. */
export interface AccountDetail {
  readonly account: string
  readonly size: number
  readonly number: number
  readonly name: string
  readonly opened: Time
  /** How many entries touched it. */
  readonly entries: number
  /** While it is frozen: since when, why, and the entry that says so. */
  readonly frozen?: { readonly time: Time; readonly reason: string; readonly entry: number }
}

/** Corporate offers, those made last first. */
export interface OfferPage {
  readonly size: number
  readonly offers: readonly OfferView[]
  readonly next?: number
}

export interface OfferView {
  readonly offer: string
  readonly account: string
  readonly name: string
  readonly modelLimit: number
  readonly price: Amount
  readonly period: Period
  readonly expires: Time
  /** Whether it can be taken now. */
  readonly isOpen: boolean
  /** The entry by which it was taken last, as far as the account's newest changes of plan tell. */
  readonly taken?: number
  /** The entry that made it, and when. */
  readonly index: number
  readonly time: Time
}

/** What providers took in and paid out, by the type of entry that says so, beside what is outstanding. */
export interface DepositsView {
  readonly size: number
  readonly providers: readonly ProviderView[]
  /** What providers hold that is not among the entries that were looked at, which are the newest. */
  readonly earlier: Amount
  /** What providers hold by the books: credits sold, less what was given back and what was paid out. */
  readonly held: Amount
  readonly promotions: Amount
  /** What is owed to people: wallets and what is set aside of them, creators' earnings and payouts under way. */
  readonly wallets: Amount
  readonly creators: Amount
  /** The platform's own: fees and plans. */
  readonly revenue: Amount
  /** What accounts owe, above zero. */
  readonly owed: Amount
}

export interface ProviderView {
  readonly provider: string
  readonly sums: Readonly<Record<DepositType, { readonly amount: Amount; readonly entries: number }>>
  /** What came in less what went out. */
  readonly held: Amount
}

/** The trial balance: the sum of each class of books, which together are zero. */
export interface TreasuryView {
  readonly size: number
  readonly time: Time
  readonly books: Readonly<Record<BookClass, Amount>>
  readonly sum: Amount
}
