/** What a creator is shown. */

import type { Period } from '../../domain/time.ts'
import type { Amount, Time } from './common.ts'
import type { SubscriptionView } from './market.ts'
import type { Names } from './transaction.ts'

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
  /** How many entries these figures are made from. */
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
  /** Past the holding period. */
  readonly available: Amount
  /** Still in the holding period. */
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

/** A payout that was asked for, and what became of it. */
export interface PayoutView {
  readonly payout: string
  readonly account: string
  readonly name: string
  readonly amount: Amount
  /** Where to, in the creator's words. */
  readonly destination: string
  readonly status: 'pending' | 'settled' | 'failed' | 'cancelled'
  /** The entry that asked for it, and when. */
  readonly index: number
  readonly time: Time
}

/** A page of payouts, those asked for last first. */
export interface PayoutPage {
  readonly size: number
  readonly payouts: readonly PayoutView[]
  readonly next?: number
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

export interface SubscriberPage {
  readonly size: number
  readonly subscriptions: readonly SubscriptionView[]
  readonly next?: string
}
