/**
 * What the console's procedures answer, in JSON. Amounts are decimal texts of credits ("25", "-0.000001", never a number), times
 * RFC 3339 texts in UTC, bytes base64. Texts that people wrote (names, titles, descriptions) are foreign: a page shows them
 * isolated and never as markup.
 */

import type { BookClass } from '../domain/books.ts'
import type { Json } from '../domain/canonical.ts'
import type { Code, RefusalData } from '../domain/refusal.ts'
import type { Period } from '../domain/time.ts'
import type { AuditReport } from '../ledger/audit.ts'

/** An amount of credits, such as "25.5" or "-0.000001". */
export type Amount = string
/** RFC 3339 in UTC: "2026-11-22T08:31:09.123Z", or "2026-11-22T08:31:07Z" where whole seconds are meant. */
export type Time = string
/** Bytes in padded base64. */
export type Base64 = string

export type Role = 'operator' | 'creator' | 'user'

/** An account whose key this machine has. */
export interface LocalAccount {
  readonly account: string
  /** The name that this machine has for it. */
  readonly label: string
  /** Its name on the ledger; undefined while its opening was not accepted. */
  readonly name?: string
  readonly role: Role
}

export interface PlanOffer {
  readonly plan: string
  readonly modelLimit: number
  readonly price: Amount
  readonly period: Period
}

/** What everybody may know of the ledger. */
export interface LedgerView {
  readonly origin: string
  readonly name: string
  readonly vkey: string
  readonly operator: string
  readonly clock: 'system' | 'manual'
  /** The ledger's time now, by its own clock. */
  readonly time: Time
  readonly size: number
  readonly accounts: number
  readonly feeBps: number
  readonly plans: readonly PlanOffer[]
  readonly policy: {
    readonly minimumPayout: Amount
    readonly earningsHoldDays: number
    readonly graceDays: number
    readonly creditNote: string
  }
}

/**
 * How the desk stands. `empty`: the folder has no ledger yet. `founding`: a ledger is being made. `locked`: it needs the
 * passphrase. `open`: keys are at hand and the ledger is open to write.
 */
export interface DeskState {
  readonly status: 'empty' | 'founding' | 'locked' | 'open'
  readonly dir: string
  readonly version: string
  /** It is the demonstration, which every passphrase hint of the first run may say. */
  readonly isDemo: boolean
  /** Minutes without `desk.touch` or a signature after which it locks itself; 0 where it never does. */
  readonly lockAfterMinutes: number
  /** Whether the system can keep the passphrase, so that it is not asked for at the next start. */
  readonly canRemember: boolean
  /** While it is open. */
  readonly ledger?: LedgerView
  readonly accounts: readonly LocalAccount[]
}

/** What `desk.watch` tells: that the state is another now, or how far long work is. */
export type DeskEvent =
  | { readonly what: 'state'; readonly status: DeskState['status'] }
  | { readonly what: 'progress'; readonly task: 'demo'; readonly done: number; readonly total: number }

export interface Posting {
  /** "wallet:nim1…", "revenue:fees" … */
  readonly book: string
  readonly amount: Amount
}

/** What a transaction does to the books. */
export interface Effects {
  readonly postings: readonly Posting[]
  readonly gross?: Amount
  readonly fee?: Amount
  readonly takeHome?: Amount
  /** The id of what the entry makes: nim1…, mdl_…, lst_…, sub_… */
  readonly created?: string
  /** Of a usage batch. */
  readonly lines?: { readonly charged: number; readonly duplicates: number; readonly refused: Readonly<Record<string, number>> }
}

export interface Refused {
  readonly status: 'refused'
  readonly code: Code
  /** A sentence that a person can act on. */
  readonly message: string
  readonly data: RefusalData
}

export interface Accepted extends Effects {
  readonly status: 'accepted'
  readonly id: string
  readonly index: number
  readonly time: Time
  readonly type: string
  /** Every account book that the entry touched, after it. */
  readonly balances: Readonly<Record<string, Amount>>
  readonly repeated?: true
  /** Text and signatures, as they are in the log. */
  readonly note: string
}

/** What became of a note. */
export type Outcome = Accepted | Refused

/** What is known of a transaction before anybody signs it. */
interface Draft {
  /** The exact text to be signed, for `transaction.sign`. */
  readonly text: string
  readonly id: string
  readonly type: string
  readonly signer: string
  readonly validUntil: Time
  /** One sentence that says what the signer does: "Buys lst_… for 25 credits". */
  readonly summary: string
  /** Whether this machine has the signer's key. */
  readonly isSignable: boolean
  /** Names of the accounts and titles of the things that the sentence and the postings speak of. */
  readonly names: Names
}

/** What a transaction would do. */
export interface PreviewAccepted extends Draft, Effects {
  readonly status: 'preview'
  readonly balances: Readonly<Record<string, Amount>>
}

/** Why it would be refused. `draft` is missing where the body is malformed. */
export interface PreviewRefused extends Refused {
  readonly draft?: Draft
}

export type Preview = PreviewAccepted | PreviewRefused

/** Names and titles by id: accounts, models, listings. */
export type Names = Readonly<Record<string, string>>

/** An entry of the log, described. */
export interface Entry extends Effects {
  readonly index: number
  readonly time: Time
  readonly type: string
  readonly signer: string
  readonly id: string
  readonly summary: string
  readonly names: Names
}

/** A page of the log, the newest entry first. */
export interface LogPage {
  /** Entries in the whole log. */
  readonly size: number
  readonly entries: readonly Entry[]
  /** Give as `before` for the next page; undefined where there is nothing more. */
  readonly next?: number
}

/** Entries from an index on, in order, whatever they are: for a list that is scrolled to any place. */
export interface LogRange {
  readonly size: number
  readonly entries: readonly Entry[]
}

export interface EntrySignature {
  readonly name: string
  readonly keyId: string
  readonly signature: Base64
  /** The key as the ledger has it, in hex: what the signature verifies with. */
  readonly publicKey?: string
}

/** One entry with everything that a reader needs to check it without trusting this program. */
export interface EntryDetail extends Entry {
  readonly body: Json
  readonly balances: Readonly<Record<string, Amount>>
  /** The signed note, verbatim. */
  readonly note: string
  /** The entry's bytes: what the leaf hash is taken of. */
  readonly bytes: Base64
  readonly signatures: readonly EntrySignature[]
  /** A C2SP tlog-proof: index, inclusion proof and the signed checkpoint. Verify with core/log/proof.ts and the log's vkey. */
  readonly proof: Base64
  readonly vkey: string
}

export interface CheckpointView {
  readonly size: number
  readonly vkey: string
  /** The signed note. */
  readonly checkpoint: Base64
}

export type Standing = 'active' | 'suspended' | 'lapsed'

/** Sums of payments. */
export interface Sums {
  readonly gross: Amount
  readonly fee: Amount
  readonly takeHome: Amount
  readonly payments: number
}

export interface PlanView {
  readonly plan: string
  readonly modelLimit: number
  readonly price: Amount
  readonly period: Period
  readonly start: Time
  readonly end: Time
  readonly standing: Standing
  readonly cancelled: boolean
}

export interface CreatorOverview extends Sums {
  readonly account: string
  /** Entries that these figures are of. */
  readonly size: number
  /** Days with payments, in order: "2023-11-16". */
  readonly byDay: readonly (Sums & { readonly day: string })[]
  readonly byListing: readonly (Sums & { readonly listing: string; readonly title: string })[]
  readonly earnings: EarningsSums
  readonly slots: Slots
  readonly plan?: PlanView
  readonly subscribers: Readonly<Record<Standing, number>>
}

export interface Slots {
  readonly used: number
  /** In force now: 0 without an active plan. */
  readonly limit: number
}

export interface EarningsSums {
  readonly total: Amount
  /** After the holding period. */
  readonly available: Amount
  /** In the holding period still. */
  readonly pending: Amount
  /** Asked to be paid out. */
  readonly payable: Amount
}

export interface EarningsView extends EarningsSums {
  readonly account: string
  readonly size: number
  readonly holdDays: number
  readonly releases: readonly { readonly availableFrom: Time; readonly amount: Amount }[]
}

/** A page of payments to a creator, the newest first. */
export interface PaymentPage {
  readonly size: number
  readonly payments: readonly Payment[]
  readonly next?: number
}

export interface Payment extends Sums {
  readonly index: number
  readonly time: Time
  readonly type: string
  readonly summary: string
  /** What reached the creator's earnings: the take-home, or less where it first covered a debt. */
  readonly earned: Amount
  readonly names: Names
}

export interface ModelView {
  readonly model: string
  readonly name: string
  readonly base: string
  readonly artifact: string
  readonly description: string
  readonly createdAt: Time
  readonly isDeployed: boolean
  /** Deployed and within the plan's limit now. */
  readonly isServing: boolean
  readonly listings: readonly string[]
}

export interface ModelList {
  readonly account: string
  readonly size: number
  readonly slots: Slots
  readonly plan?: PlanView
  readonly models: readonly ModelView[]
}

export interface UsageCounts {
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly milliseconds: number
}

/** Terms in force: what is there is for sale. */
export interface TermsView {
  readonly subscription?: readonly { readonly period: Period; readonly price: Amount }[]
  readonly query?: {
    readonly perRequest: Amount
    readonly perMInput: Amount
    readonly perMOutput: Amount
    readonly perSecond: Amount
  }
  readonly included?: UsageCounts
  readonly access?: 'subscription' | 'open'
  readonly content?: { readonly sha256: string; readonly bytes: number }
  readonly purchase?: Amount
  readonly licences?: readonly {
    readonly price: Amount
    readonly days: number
    readonly seats: number
    readonly redistribution: boolean
  }[]
  /** A feature's price and how many days it lasts; for ever where `days` is missing. */
  readonly price?: Amount
  readonly days?: number
}

export const LISTING_KINDS = ['model', 'dataset', 'feature'] as const

export interface ListingView {
  readonly listing: string
  readonly account: string
  readonly seller: string
  readonly kind: (typeof LISTING_KINDS)[number]
  readonly title: string
  readonly description: string
  readonly model?: string
  readonly modelName?: string
  /** The current version of its terms, which a purchase names. */
  readonly version: number
  readonly terms: TermsView
  /** Why it sells nothing now, as the end of a sentence: "its model is undeployed or suspended". */
  readonly closedBecause?: string
}

export interface ListingPage {
  readonly size: number
  readonly listings: readonly ListingView[]
  /** Give as `after` for the next page; undefined where there is nothing more. */
  readonly next?: string
}

/** A listing, and what an account has of it already. */
export interface ListingDetail extends ListingView {
  readonly size: number
  readonly owned?: {
    readonly subscription?: SubscriptionView
    readonly purchase?: EntitlementView
    readonly licences: readonly EntitlementView[]
    readonly feature?: EntitlementView
    readonly mandate?: MandateView
  }
}

export interface SubscriptionView {
  readonly subscription: string
  readonly account: string
  readonly subscriber: string
  readonly listing: string
  readonly title: string
  readonly period: Period
  readonly price: Amount
  readonly start: Time
  readonly end: Time
  readonly standing: Standing
  readonly cancelled: boolean
  readonly included?: UsageCounts
  readonly used: UsageCounts
}

export interface EntitlementView {
  readonly kind: 'purchase' | 'licence' | 'feature'
  readonly listing: string
  readonly title: string
  /** The last entry that bought or extended it. */
  readonly entry: number
  readonly terms: number
  /** Of a licence: its number in the terms. */
  readonly licence?: number
  readonly seats?: number
  readonly redistribution?: boolean
  readonly start: Time
  /** For ever where it is missing. */
  readonly end?: Time
  readonly isRunning: boolean
}

export interface MandateView {
  readonly mandate: string
  readonly listing: string
  readonly title: string
  readonly limit: Amount
  readonly per: 'day' | 'month'
  /** In the day or month that runs. */
  readonly used: Amount
  readonly expires: Time
  readonly isRunning: boolean
}

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

export interface Holdings {
  readonly account: string
  readonly size: number
  readonly subscriptions: readonly SubscriptionView[]
  readonly entitlements: readonly EntitlementView[]
  readonly mandates: readonly MandateView[]
}

export interface AccountSummary {
  readonly account: string
  readonly number: number
  readonly name: string
}

export interface AccountPage {
  readonly size: number
  readonly accounts: readonly AccountSummary[]
  /** Give as `after` for the next page; undefined where there is nothing more. */
  readonly next?: string
}

export interface SubscriberPage {
  readonly size: number
  readonly subscriptions: readonly SubscriptionView[]
  readonly next?: string
}

/** The trial balance: the sum of each class of books, which together are zero. */
export interface TreasuryView {
  readonly size: number
  readonly time: Time
  readonly books: Readonly<Record<BookClass, Amount>>
  readonly sum: Amount
}

/** What `log.verify` tells, last of all the report. */
export type VerifyEvent =
  | { readonly what: 'progress'; readonly done: number; readonly total: number }
  | { readonly what: 'report'; readonly report: AuditReport; readonly seconds: number }

/**
 * Why a call failed, in `error.data.failure`. `usage`: wrong input · `passphrase`: it opens nothing · `locked`: unlock first ·
 * `denied`: this caller may not · `missing`: there is no such thing · `busy`, `offline`, `disk_full`: try again, or mend it ·
 * `damaged`: the data is not what it must be · `defect`: a fault of this program.
 */
export type FailureCode =
  | 'usage'
  | 'passphrase'
  | 'locked'
  | 'denied'
  | 'missing'
  | 'busy'
  | 'offline'
  | 'disk_full'
  | 'damaged'
  | 'defect'
