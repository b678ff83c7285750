/**
 * The price of a call, exact: perRequest × requests + perMInput × inputTokens / 10⁶ + perMOutput × outputTokens / 10⁶ + perSecond
 * × milliseconds / 1000, summed as one fraction over 10⁶ and then rounded up once to the next µ.
 */

import type { Usage } from './fields.ts'
import { type Micros, micros } from './money.ts'
import type { QueryPrices } from './state.ts'

const MILLION = 1_000_000n

export function priceOf(usage: Usage, prices: QueryPrices): Micros {
  const { perRequestMicros, perMInputMicros, perMOutputMicros, perSecondMicros } = prices
  let millionths = 0n
  // Most listings charge for some of the units only.
  if (perRequestMicros > 0n) millionths += perRequestMicros * BigInt(usage.requests) * MILLION
  if (perMInputMicros > 0n) millionths += perMInputMicros * BigInt(usage.inputTokens)
  if (perMOutputMicros > 0n) millionths += perMOutputMicros * BigInt(usage.outputTokens)
  if (perSecondMicros > 0n) millionths += perSecondMicros * BigInt(usage.milliseconds) * 1000n
  return micros((millionths + MILLION - 1n) / MILLION)
}

export const UNITS = ['requests', 'inputTokens', 'outputTokens', 'milliseconds'] as const

export const NO_USAGE: Usage = { inputTokens: 0, milliseconds: 0, outputTokens: 0, requests: 0 }

/** Splits a call, unit by unit, into what the subscription still includes and what is left to pay. */
export function useIncluded(usage: Usage, included: Usage, used: Usage): { readonly billable: Usage; readonly used: Usage } {
  const billable = { ...usage }
  const usedAfter = { ...used }
  for (const unit of UNITS) {
    const free = Math.min(usage[unit], Math.max(0, included[unit] - used[unit]))
    billable[unit] -= free
    usedAfter[unit] += free
  }
  return { billable, used: usedAfter }
}
