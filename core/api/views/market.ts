/** What is for sale, and what somebody has of it. */

import type { Period } from '../../domain/time.ts'
import type { Amount, Time } from './common.ts'
import type { Standing } from './creator.ts'

export interface UsageCounts {
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly milliseconds: number
}

/** The terms in force: what has a price here is for sale. */
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

export interface ListingView {
  readonly listing: string
  readonly account: string
  readonly seller: string
  readonly kind: 'model' | 'dataset' | 'feature'
  readonly title: string
  readonly description: string
  readonly model?: string
  readonly modelName?: string
  /** The current version of its terms, which a purchase names. */
  readonly version: number
  readonly terms: TermsView
  /** Why it sells nothing now, as the end of a sentence: "its model is undeployed or suspended". */
  readonly closedBecause?: string
  /** It sells nothing ever again. */
  readonly isWithdrawn: boolean
}

export interface ListingPage {
  readonly size: number
  readonly listings: readonly ListingView[]
  /** Give this as `after` for the next page; undefined where there is none. */
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
