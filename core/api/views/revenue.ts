/** What the operator is shown of the platform's business. */

import type { Amount } from './common.ts'

export type IncomeKind = 'subscription' | 'call' | 'dataset' | 'feature' | 'plan'
export type RevenueUnit = 'day' | 'week' | 'month'

/** What came in, and what the platform keeps of it. */
export interface IncomeView {
  /** What was paid, whatever was given back of it. */
  readonly gross: Amount
  /** Given back by refunds in the period, of payments of any time. */
  readonly givenBack: Amount
  /** Fees and payments for plans, less what was given back of them. */
  readonly take: Amount
  readonly payments: number
}

/** Subscriptions, or plans, by whether their paid time runs. */
export interface PaidTimeView {
  /** Active before the period, and at its end. */
  readonly before: number
  readonly active: number
  readonly started: number
  readonly ended: number
  /** What those at the end pay in a month, and what the platform takes of it. */
  readonly monthly: Amount
  readonly monthlyTake: Amount
}

export interface PlanSales {
  /** None for all offers to single accounts. */
  readonly plan?: string
  readonly gross: Amount
  readonly taken: number
  readonly renewed: number
  readonly active: number
}

export interface RevenuePeriod extends IncomeView {
  /** A day or the Monday of a week, "2026-11-16", or a month, "2026-11". */
  readonly period: string
  /** Its first day and its last one, or today. */
  readonly from: string
  readonly to: string
  /** All take, by kind. */
  readonly kinds: Readonly<Record<IncomeKind, IncomeView>>
  /** Accounts that paid something. */
  readonly payers: number
  /** The take by paying account; none where nobody paid. */
  readonly arpu?: Amount
  readonly subscriptions: PaidTimeView
  readonly plans: PaidTimeView
  readonly byPlan: readonly PlanSales[]
}

/** Accounts that first paid in a month. */
export interface CohortView {
  readonly month: string
  /** How many paid in it, and in each month since. */
  readonly paid: readonly number[]
}

/** How what was taken becomes the balance of a book of revenue. */
export interface RevenueBook {
  readonly book: 'fees' | 'plans'
  readonly taken: Amount
  readonly givenBack: Amount
  /** Of what was given back: what the operator owes or owed for it, since the book had been withdrawn. */
  readonly atOperator: Amount
  readonly withdrawn: Amount
  /** What this comes to, which the books have too. */
  readonly balance: Amount
}

export interface RevenueView {
  readonly size: number
  readonly unit: RevenueUnit
  /** The oldest first; the last one runs. */
  readonly periods: readonly RevenuePeriod[]
  /** Of this month and the twelve before it, the oldest first. */
  readonly cohorts: readonly CohortView[]
  readonly books: readonly RevenueBook[]
}

export interface CreatorIncome extends IncomeView {
  readonly account: string
  readonly name: string
}

/** Creators by what the platform took of their sales, the most first. */
export interface CreatorIncomePage {
  readonly size: number
  readonly creators: readonly CreatorIncome[]
  /** How many to leave out for the next page. */
  readonly next?: number
}
