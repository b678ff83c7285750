/** The tables of the state, and what their rows hold. How rows are named and stored: table.ts. */

import type { Usage } from './fields.ts'
import type { Micros } from './money.ts'
import type { Outcome } from './outcome.ts'
import { defineTable, firstPart } from './table.ts'
import type { Period, Seconds } from './time.ts'

const byAccount = (row: { readonly account: string }) => row.account
const ofPlatform = () => undefined

export interface Plan {
  readonly plan: string
  readonly modelLimit: number
  readonly priceMicros: Micros
  readonly period: Period
}

/** What a policy.update can change. Read it with inForce (policy.ts), which knows what is in force when. */
export interface Policy {
  readonly feeBps: number
  readonly plans: readonly Plan[]
  readonly minimumPayoutMicros: Micros
  readonly earningsHoldDays: number
  readonly graceDays: number
  readonly creditNote: string
}

/** What the genesis laid down, the changes of policy that were announced, and how many accounts there are. */
export interface Platform extends Policy {
  readonly origin: string
  readonly name: string
  readonly operator: string
  readonly sequencerKey: string
  /** Replaced keys that still sign checkpoints too, each until its time. */
  readonly retiredKeys: readonly { readonly publicKey: string; readonly until: Seconds }[]
  readonly clock: 'system' | 'manual'
  /** In the order in which they take effect: by time, then by the entry that announced them. */
  readonly pending: readonly { readonly from: Seconds; readonly changes: Partial<Policy> }[]
  readonly accounts: number
}

/** The books that belong to no account. */
export interface Treasury {
  readonly issuedMicros: Micros
  readonly promotionsMicros: Micros
  readonly feesMicros: Micros
  readonly plansMicros: Micros
  readonly redeemedMicros: Micros
  /** What all accounts owe together, 0 or less: the sum of their receivable books. */
  readonly receivablesMicros: Micros
}

export interface Account {
  /** The order of opening; 0 is the operator. */
  readonly number: number
  readonly name: string
  readonly publicKey: string
  readonly openedAt: Seconds
  readonly frozen: boolean
  readonly walletMicros: Micros
  readonly heldMicros: Micros
  readonly earningsMicros: Micros
  readonly payableMicros: Micros
  readonly receivableMicros: Micros
  /** What the account, as a payee, carries to the fee of its next payment: 0 … 9999 µ × basis points. */
  readonly carry: number
  /** How many entries touched the account, and the index of the last one. */
  readonly entries: number
  readonly last: number
}

export interface Key {
  readonly publicKey: string
  readonly scopes: readonly string[]
  readonly addedAt: Seconds
  readonly label?: string
  readonly expires?: Seconds
  /** The listings for which it may spend; all where absent. */
  readonly listings?: readonly string[]
  readonly budget?: { readonly amountMicros: Micros; readonly per: Window }
  /** What it spent in the day or month (dayOf, monthOf) of its budget. */
  readonly spent?: { readonly window: number; readonly amountMicros: Micros }
  readonly revoked?: true
}

/** A calendar window of UTC in which something is limited. */
export type Window = 'day' | 'month'

/** The keys of an account that may sign: not revoked, nor expired when the list was last written. */
export interface Keyring {
  readonly keys: readonly { readonly key: string; readonly isMaster: boolean; readonly expires?: Seconds }[]
}

/** A grant's credits: they burn before paid ones, and expire. */
export interface Lot {
  /** The entry that granted it: it names the lot. */
  readonly entry: number
  readonly grant: string
  readonly expiresAt: Seconds
  readonly remainingMicros: Micros
}

/** A part of an amount of credits: of a grant's lot, named by the granting entry, or paid credits where none is named. */
export interface Slice {
  readonly entry?: number
  readonly amountMicros: Micros
}

/** What was taken from a grant's lot. */
export interface GrantSlice extends Slice {
  readonly entry: number
}

/** Credits set aside for an open hold or a mandate; what its slices of grants do not cover is paid credits. */
export interface Reservation {
  readonly id: string
  readonly endsAt: Seconds
  readonly amountMicros: Micros
  readonly grants: readonly GrantSlice[]
}

/**
 * What an account's wallet and held book consist of besides paid credits. There is a row only while there is something in it. A
 * lot stays, even empty, until it expires, so that what was taken from it can come back.
 */
export interface Wallet {
  /** In the order in which they burn. */
  readonly lots: readonly Lot[]
  /** In order of opening. */
  readonly holds: readonly Reservation[]
  /** Of mandates, in the order in which they were signed. */
  readonly reserves: readonly Reservation[]
}

/** Money by the moment from which it may be taken; one sum a UTC day. What may be taken already is in the first field. */
export interface AgedSum {
  readonly availableMicros: Micros
  readonly days: readonly AgingSum[]
}

/** What came on a UTC day (its number since 1970) under one holding period. */
export interface AgingSum {
  readonly day: number
  readonly availableFrom: Seconds
  readonly amountMicros: Micros
}

/** A period that was paid: [start, end). */
export interface PaidPeriod {
  readonly start: Seconds
  readonly end: Seconds
}

/** A plan's paid period: what it gives, what it was worth, and the entries whose payments are in that worth, its own last. */
export interface PlanPeriod extends PaidPeriod {
  readonly plan: string
  readonly modelLimit: number
  readonly entries: readonly number[]
  readonly priceMicros: Micros
  readonly refundedMicros: Micros
}

/** A plan or offer with the price up to which its taker signed. */
export interface SignedPlan {
  /** The name of a plan, or the id of an offer. */
  readonly plan: string
  readonly priceMicros: Micros
  /** The price is for this long: one for a year is none for a week. */
  readonly period: Period
}

/** An account's plan: what the last paid period was of, and at what price it renews. */
export interface PlanSubscription extends SignedPlan {
  /** Where its first period began, by whose day of the month periods go. */
  readonly anchor: Seconds
  /** The paid periods, the last two at most; the newest is last. */
  readonly periods: readonly PlanPeriod[]
  /** The end of the paid time: active before it. */
  readonly end: Seconds
  readonly cancelled: boolean
  /** A change to be made at the next renewal. */
  readonly next?: SignedPlan
}

/** A Corporate offer to one account. */
export interface Offer {
  readonly account: string
  readonly modelLimit: number
  readonly priceMicros: Micros
  readonly period: Period
  readonly expires: Seconds
}

export interface Model {
  readonly account: string
  readonly name: string
  readonly base: string
  readonly artifact: string
  readonly description: string
  readonly createdAt: Seconds
}

/** The deployed models of an account, in order of deployment. */
export interface Deployments {
  readonly models: readonly string[]
}

export interface Listing {
  readonly account: string
  readonly kind: 'model' | 'dataset' | 'feature'
  readonly title: string
  readonly description: string
  readonly model?: string
  /** The current version of its terms. */
  readonly version: number
  readonly withdrawn: boolean
}

export interface QueryPrices {
  readonly perRequestMicros: Micros
  readonly perMInputMicros: Micros
  readonly perMOutputMicros: Micros
  readonly perSecondMicros: Micros
}

interface Licence {
  readonly priceMicros: Micros
  readonly days: number
  readonly seats: number
  readonly redistribution: boolean
}

/**
 * One version of a listing's terms. It never changes, except that the moment is added at which the next version took its place.
 */
export interface Terms {
  readonly account: string
  readonly supersededAt?: Seconds
  readonly subscription?: readonly { readonly period: Period; readonly priceMicros: Micros }[]
  readonly query?: QueryPrices
  readonly included?: Usage
  readonly access?: 'subscription' | 'open'
  /** The creator stated the access, so that it does not follow from the prices. */
  readonly isAccessStated?: true
  readonly content?: { readonly sha256: string; readonly bytes: number }
  readonly purchaseMicros?: Micros
  readonly licences?: readonly Licence[]
  readonly featureMicros?: Micros
  readonly days?: number
}

/** A subscription's paid period, the entry that paid it, and what the terms that it was bought at include in it. */
export interface SubscriptionPeriod extends PaidPeriod {
  readonly entry: number
  readonly included: Usage
}

export interface Subscription {
  readonly account: string
  readonly listing: string
  readonly terms: number
  readonly period: Period
  /** The most that a renewal may cost: what was signed. */
  readonly priceMicros: Micros
  readonly anchor: Seconds
  /** The last two at most; the newest is last. */
  readonly periods: readonly SubscriptionPeriod[]
  readonly end: Seconds
  readonly cancelled: boolean
  /** Included units used in the period that `usedFrom` began. */
  readonly used: Usage
  readonly usedFrom: Seconds
}

/** One purchase of something that runs, and the time it bought; for ever where there is no end. */
export interface Piece {
  readonly entry: number
  readonly start: Seconds
  readonly end?: Seconds
}

/** What an account owns of a dataset or feature. */
export interface Entitlement {
  readonly terms: number
  /** One after the other without gaps, the newest last. */
  readonly pieces: readonly Piece[]
  readonly seats?: number
  readonly redistribution?: boolean
}

export interface Hold {
  readonly account: string
  readonly listing: string
  readonly terms: number
  readonly amountMicros: Micros
  readonly expiresAt: Seconds
  /** Captured or released. */
  readonly isClosed: boolean
}

export interface Mandate {
  readonly account: string
  readonly listing: string
  readonly terms: number
  readonly limitMicros: Micros
  readonly per: Window
  readonly expires: Seconds
  readonly isRevoked?: true
  /** What was charged in the day and in the month with these numbers (dayOf, monthOf); the limit looks at one of them. */
  readonly day: number
  readonly dayMicros: Micros
  readonly month: number
  readonly monthMicros: Micros
}

/** The last line number taken of each of a meter's streams for one listing. */
export interface Streams {
  readonly streams: readonly { readonly stream: string; readonly last: number }[]
}

export interface Payout {
  readonly account: string
  readonly amountMicros: Micros
  readonly destination: string
  readonly status: 'pending' | 'settled' | 'failed' | 'cancelled'
}

/** What was given back of a payment, or of a top-up (returned and charged back). */
interface Refunds {
  readonly account: string
  readonly refundedMicros: Micros
}

interface Closing {
  readonly entry: number
  readonly time: Seconds
  /** The end of the period that it closed. */
  readonly end: Seconds
}

/** An entry of the log, as it is read by types that undo one. It is no row of the state: the log is where it stands. */
export interface EntryRecord {
  readonly type: string
  readonly signer: string
  readonly body: unknown
  readonly outcome: Outcome
}

export const platform = defineTable<Platform>('platform', ofPlatform).at()
export const treasury = defineTable<Treasury>('treasury', ofPlatform).at()
/** provider/reference → the entry that used it. */
export const references = defineTable<{ readonly entry: number }>('reference', ofPlatform)
export const accounts = defineTable<Account>('account', firstPart)
/** account number → account id. */
export const accountNumbers = defineTable<{ readonly account: string }>('number', byAccount)
/** account/key id */
export const keys = defineTable<Key>('key', firstPart)
export const keyrings = defineTable<Keyring>('keyring', firstPart)
/** A key that is or was the sequencer's → the entry that named it. */
export const sequencerKeys = defineTable<{ readonly entry: number }>('sequencer-key', ofPlatform)
export const wallets = defineTable<Wallet>('wallet', firstPart)
export const earnings = defineTable<AgedSum>('earnings', firstPart)
/** fees, plans */
export const revenue = defineTable<AgedSum>('revenue', ofPlatform)
export const payouts = defineTable<Payout>('payout', byAccount)
/** entry, or entry/line of a batch → what was given back of it. */
export const refunds = defineTable<Refunds>('refund', byAccount)
export const offers = defineTable<Offer>('offer', byAccount)
export const planSubscriptions = defineTable<PlanSubscription>('plan', firstPart)
export const models = defineTable<Model>('model', byAccount)
export const deployments = defineTable<Deployments>('deployments', firstPart)
export const listings = defineTable<Listing>('listing', byAccount)
/** listing/version */
export const terms = defineTable<Terms>('terms', byAccount)
export const subscriptions = defineTable<Subscription>('subscription', byAccount)
/** account/listing → the subscription that was started last. */
export const subscribers = defineTable<{ readonly subscription: string }>('subscriber', firstPart)
/** account/listing */
export const purchases = defineTable<Entitlement>('purchase', firstPart)
/** account/listing/licence number */
export const licences = defineTable<Entitlement>('licence', firstPart)
/** account/listing */
export const features = defineTable<Entitlement>('feature', firstPart)
export const holds = defineTable<Hold>('hold', byAccount)
/** account/listing → how many calls were charged by query.charge. */
export const charges = defineTable<{ readonly count: number }>('charges', firstPart)
/** account/listing/place (the call's number modulo how many references are kept) → its reference. */
export const chargePlaces = defineTable<{ readonly reference: string }>('charge-place', firstPart)
/** account/listing/reference, of the last calls charged. */
export const chargeReferences = defineTable<{ readonly entry: number }>('charge-reference', firstPart)
export const mandates = defineTable<Mandate>('mandate', byAccount)
/** account/listing → the mandate that was signed last. */
export const mandateHolders = defineTable<{ readonly mandate: string }>('mandate-holder', firstPart)
/** account (the meter's)/listing */
export const streams = defineTable<Streams>('streams', firstPart)
/** The last period.close. */
export const closing = defineTable<Closing>('closing', ofPlatform).at()
/** index → an entry of the log. Read like a row, never written. */
export const entryRecords = defineTable<EntryRecord>('entry', ofPlatform)
