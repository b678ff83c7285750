import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Usage } from '../../core/domain/fields.ts'
import { micros, parseAmount } from '../../core/domain/money.ts'
import { NO_USAGE, priceOf, useIncluded } from '../../core/domain/pricing.ts'

function prices(perRequest: string, perMInput: string, perMOutput: string, perSecond: string) {
  return {
    perRequestMicros: parseAmount(perRequest)!,
    perMInputMicros: parseAmount(perMInput)!,
    perMOutputMicros: parseAmount(perMOutput)!,
    perSecondMicros: parseAmount(perSecond)!,
  }
}

function usage(requests: number, inputTokens: number, outputTokens: number, milliseconds: number): Usage {
  return { requests, inputTokens, outputTokens, milliseconds }
}

describe('the cost of a call', () => {
  const usual = prices('0.0001', '0.5', '1.5', '0')
  test.each([
    ['nothing used', usual, usage(0, 0, 0, 0), 0n],
    ['a request alone', usual, usage(1, 0, 0, 0), 100n],
    ['the example of a request with tokens', usual, usage(1, 374, 44, 0), 353n],
    ['half a microcredit is one', usual, usage(0, 1, 0, 0), 1n],
    ['one and a half are two', usual, usage(0, 0, 1, 0), 2n],
    ['parts are summed before they are rounded', usual, usage(0, 1, 1, 0), 2n],
    ['a whole sum is not rounded', usual, usage(0, 2, 2, 0), 4n],
    ['a millisecond at a credit a second', prices('0', '0', '0', '1'), usage(0, 0, 0, 1), 1_000n],
    ['a millisecond at the least price', prices('0', '0', '0', '0.000001'), usage(0, 0, 0, 1), 1n],
    ['a thousand milliseconds at the least price', prices('0', '0', '0', '0.000001'), usage(0, 0, 0, 1_000), 1n],
    ['a thousand and one', prices('0', '0', '0', '0.000001'), usage(0, 0, 0, 1_001), 2n],
    ['a million tokens at the least price', prices('0', '0.000001', '0', '0'), usage(0, 1_000_000, 0, 0), 1n],
    ['a token more', prices('0', '0.000001', '0', '0'), usage(0, 1_000_001, 0, 0), 2n],
    ['a third of each adds up', prices('0', '0.333333', '0.333333', '0.000333'), usage(0, 1, 1, 1), 1n],
    ['free of charge', prices('0', '0', '0', '0'), usage(9, 9, 9, 9), 0n],
  ])('%s', (_, at, of, cost) => {
    expect(priceOf(of, at)).toBe(cost)
  })

  const count = fc.oneof(fc.nat(2_000), fc.nat(Number.MAX_SAFE_INTEGER))
  const anyUsage = fc.record({ requests: count, inputTokens: count, outputTokens: count, milliseconds: count })
  const price = fc.bigInt(0n, 10n ** 18n - 1n).map(micros)
  const anyPrices = fc.record({
    perRequestMicros: price,
    perMInputMicros: price,
    perMOutputMicros: price,
    perSecondMicros: price,
  })

  // Usual prices, zero among them, and those around which sums leave the integers that a double holds.
  const near = fc.oneof(fc.constant(0n), fc.bigInt(0n, 10n ** 7n), fc.bigInt(2n ** 32n, 2n ** 34n)).map(micros)
  const nearPrices = fc.record({ perRequestMicros: near, perMInputMicros: near, perMOutputMicros: near, perSecondMicros: near })
  const few = fc.oneof(fc.nat(2_000), fc.nat(2 ** 20), fc.constant(1_000_000))
  const fewUsage = fc.record({ requests: fc.nat(3), inputTokens: few, outputTokens: few, milliseconds: fc.nat(1_000) })

  test('it is the least whole number of microcredits that covers the exact sum', () => {
    const calls = fc.oneof(fc.tuple(anyUsage, anyPrices), fc.tuple(fewUsage, nearPrices), fc.tuple(fewUsage, anyPrices))
    fc.assert(
      fc.property(calls, ([of, at]) => {
        const cost = priceOf(of, at)
        // The sum as a fraction over 10^9: requests whole, tokens by the million, milliseconds by the thousand.
        const exact =
          at.perRequestMicros * BigInt(of.requests) * 10n ** 9n +
          at.perMInputMicros * BigInt(of.inputTokens) * 10n ** 3n +
          at.perMOutputMicros * BigInt(of.outputTokens) * 10n ** 3n +
          at.perSecondMicros * BigInt(of.milliseconds) * 10n ** 6n
        expect(cost * 10n ** 9n >= exact).toBe(true)
        expect((cost - 1n) * 10n ** 9n < exact).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  test('more is never cheaper', () => {
    fc.assert(
      fc.property(
        anyUsage,
        anyPrices,
        fc.constantFrom('requests', 'inputTokens', 'outputTokens', 'milliseconds'),
        (of, at, unit) => {
          expect(priceOf({ ...of, [unit]: of[unit] + 1 }, at) >= priceOf(of, at)).toBe(true)
        },
      ),
    )
  })
})

describe('included units', () => {
  test.each([
    ['all of it is included', usage(5, 0, 0, 0), usage(10, 0, 0, 0), usage(0, 0, 0, 0), usage(0, 0, 0, 0), usage(5, 0, 0, 0)],
    ['up to the last unit', usage(5, 0, 0, 0), usage(10, 0, 0, 0), usage(5, 0, 0, 0), usage(0, 0, 0, 0), usage(10, 0, 0, 0)],
    ['a part of it', usage(5, 0, 0, 0), usage(10, 0, 0, 0), usage(8, 0, 0, 0), usage(3, 0, 0, 0), usage(10, 0, 0, 0)],
    ['nothing is left', usage(5, 0, 0, 0), usage(10, 0, 0, 0), usage(10, 0, 0, 0), usage(5, 0, 0, 0), usage(10, 0, 0, 0)],
    [
      'units do not stand for each other',
      usage(1, 2, 3, 4),
      usage(0, 9, 1, 0),
      usage(0, 0, 0, 0),
      usage(1, 0, 2, 4),
      usage(0, 2, 1, 0),
    ],
    // A renewal moves a subscription to terms that include less than was used already.
    [
      'less is included than was used',
      usage(5, 0, 0, 0),
      usage(3, 0, 0, 0),
      usage(8, 0, 0, 0),
      usage(5, 0, 0, 0),
      usage(8, 0, 0, 0),
    ],
  ])('%s', (_, of, included, used, billable, usedAfter) => {
    expect(useIncluded(of, included, used)).toEqual({ billable, used: usedAfter })
  })

  const count = fc.nat(100)
  const units = fc.record({ requests: count, inputTokens: count, outputTokens: count, milliseconds: count })
  test('what is used is paid or included, never both, and no more is included than said', () => {
    fc.assert(
      fc.property(units, units, fc.array(units, { maxLength: 10 }), (included, first, calls) => {
        let used = NO_USAGE
        const names = ['requests', 'inputTokens', 'outputTokens', 'milliseconds'] as const
        const paid: Record<string, number> = { requests: 0, inputTokens: 0, outputTokens: 0, milliseconds: 0 }
        for (const call of [first, ...calls]) {
          const split = useIncluded(call, included, used)
          used = split.used
          for (const name of names) paid[name]! += split.billable[name]
        }
        for (const name of names) {
          const total = [first, ...calls].reduce((sum, call) => sum + call[name], 0)
          expect(used[name]).toBe(Math.min(total, included[name]))
          expect(paid[name]).toBe(total - used[name])
        }
      }),
    )
  })
})
