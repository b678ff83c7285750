/** How bodies write plans and policy, in the genesis and in every change of them, and the rows that they become. */

import { z } from 'zod'
import { MAX_PLANS } from '../base/limits.ts'
import * as field from './fields.ts'
import type { Plan, Policy } from './state.ts'

/** The most days that earnings are held, and that a plan or subscription is kept when it was not paid. */
export const MAX_POLICY_DAYS = 90

export const plans = z
  .array(z.strictObject({ plan: field.plan, modelLimit: field.modelLimit, price: field.amount, period: field.period }))
  .max(MAX_PLANS)

export const policy = z.strictObject({
  minimumPayout: field.amountOrZero,
  earningsHoldDays: field.count,
  graceDays: field.count,
  creditNote: field.title,
})

export function hasTwins(body: z.output<typeof plans>): boolean {
  return new Set(body.map(({ plan }) => plan)).size !== body.length
}

export function plansOf(body: z.output<typeof plans>): readonly Plan[] {
  return body.map(({ price, ...rest }) => ({ ...rest, priceMicros: price }))
}

type PolicyFields = Omit<Policy, 'feeBps' | 'plans'>

export function policyOf({ minimumPayout, ...rest }: z.output<typeof policy>): PolicyFields {
  return { minimumPayoutMicros: minimumPayout, ...rest }
}

type PartOf<T> = { readonly [field in keyof T]?: T[field] | undefined }

/** The policy fields that a partial body sets; the others are left out. */
export function changesOf({ minimumPayout, ...rest }: PartOf<z.output<typeof policy>>): Partial<PolicyFields> {
  const others = Object.entries(rest).filter(([, value]) => value !== undefined)
  return { ...(minimumPayout !== undefined && { minimumPayoutMicros: minimumPayout }), ...Object.fromEntries(others) }
}
