/**
 * The price of a call, exact: perRequest × requests + perMInput × inputTokens / 10⁶ + perMOutput × outputTokens / 10⁶ + perSecond
 * × milliseconds / 1000, summed as one fraction over 10⁶ and then rounded up once to the next µ.
 */

import type { Usage } from './fields.ts'
import { type Micros, micros } from './money.ts'
import type { QueryPrices } from './state.ts'

const MILLION = 1_000_000n

export function priceOf(usage: Usage, prices: QueryPrices): Micros {
  return smallPriceOf(usage, prices) ?? exactPriceOf(usage, prices)
}

/**
 * The same in doubles, several times faster, where all of it stays among the integers that they hold exactly; undefined where it
 * does not. A product or sum beyond 2⁵³ is never rounded back to less.
 */
function smallPriceOf({ requests, inputTokens, outputTokens, milliseconds }: Usage, prices: QueryPrices): Micros | undefined {
  const { perRequestMicros, perMInputMicros, perMOutputMicros, perSecondMicros } = prices
  const millionths =
    Number(perRequestMicros) * requests * 1e6 +
    Number(perMInputMicros) * inputTokens +
    Number(perMOutputMicros) * outputTokens +
    Number(perSecondMicros) * milliseconds * 1000
  if (millionths > Number.MAX_SAFE_INTEGER) return undefined
  const rest = millionths % 1e6
  return micros(BigInt((millionths - rest) / 1e6 + (rest > 0 ? 1 : 0)))
}

function exactPriceOf(usage: Usage, prices: QueryPrices): Micros {
  const millionths =
    prices.perRequestMicros * BigInt(usage.requests) * MILLION +
    prices.perMInputMicros * BigInt(usage.inputTokens) +
    prices.perMOutputMicros * BigInt(usage.outputTokens) +
    prices.perSecondMicros * BigInt(usage.milliseconds) * 1000n
  return micros((millionths + MILLION - 1n) / MILLION)
}

export const UNITS = ['requests', 'inputTokens', 'outputTokens', 'milliseconds'] as const

export const NO_USAGE: Usage = { requests: 0, inputTokens: 0, outputTokens: 0, milliseconds: 0 }

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
