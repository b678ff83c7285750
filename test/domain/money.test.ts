import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../../core/base/assert.ts'
import { add, formatCredits, formatMicros, micros, negate, parseAmount, splitFee } from '../../core/domain/money.ts'

describe('amounts', () => {
  test.each([
    ['1 credit', 1_000_000n],
    ['0 credits', 0n],
    ['0.000001 credits', 1n],
    ['1.5 credits', 1_500_000n],
    ['25 credits', 25_000_000n],
  ])('%s is how a sentence says it', (sentence, value) => {
    expect(formatCredits(value)).toBe(sentence)
  })

  test.each([
    ['0', 0n],
    ['1', 1_000_000n],
    ['25', 25_000_000n],
    ['25.5', 25_500_000n],
    ['0.1', 100_000n],
    ['0.000001', 1n],
    ['1.000001', 1_000_001n],
    ['10', 10_000_000n],
    ['100000000000', 10n ** 17n],
    ['999999999999', 999_999_999_999_000_000n],
    ['999999999999.999999', 999_999_999_999_999_999n],
  ])('%s is taken', (text, value) => {
    expect(parseAmount(text)).toBe(value)
    expect(formatMicros(value)).toBe(text)
  })

  const refused = [
    ...[
      '',
      ' ',
      '-5',
      '-0',
      '+5',
      '1.0',
      '1.10',
      '0.0000001',
      '1.0000000',
      '1e3',
      '1E3',
      '01',
      '00',
      '00.5',
      '.5',
      '5.',
      '.',
      '1..5',
    ],
    ...[
      '1000000000000',
      '1000000000000.5',
      '1,5',
      '1_000',
      '1 000',
      ' 1',
      '1 ',
      '1\n',
      '\n1',
      '0x10',
      '0b1',
      '1n',
      'NaN',
      'Infinity',
    ],
    ...['١٢', '１', '1\u0000', '½', '1/2', 'null', '1.5.5', '--1', '0.-5', '1\u200b', '25\u202e'],
  ]
  test.each(refused)('%j is refused', (text) => {
    expect(parseAmount(text)).toBeUndefined()
  })

  test('every amount has one text', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 18n - 1n), (value) => {
        expect(parseAmount(formatMicros(value))).toBe(value)
      }),
    )
  })

  test('a text is taken only if it is the canonical one of its amount', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789.-+e '), maxLength: 16 })
    fc.assert(
      fc.property(digits, (text) => {
        const value = parseAmount(text)
        if (value !== undefined) expect(formatMicros(value)).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('totals', () => {
  test.each([
    [0n, '0'],
    [-1n, '-0.000001'],
    [-25_500_000n, '-25.5'],
    [10n ** 18n, '1000000000000'],
    [-(10n ** 24n) - 1n, '-1000000000000000000.000001'],
  ])('%s is written %s', (value, text) => {
    expect(formatMicros(value)).toBe(text)
  })

  test('they are signed, unbounded and have no trailing zeros', () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        const text = formatMicros(value)
        expect(text).toMatch(/^(0|-?(0|[1-9]\d*)(\.\d{0,5}[1-9])?)$/)
        expect(text).not.toBe('-0')
        const [whole, fraction = ''] = text.replace('-', '').split('.')
        const magnitude = BigInt(whole! + fraction.padEnd(6, '0'))
        expect(text.startsWith('-') ? -magnitude : magnitude).toBe(value)
      }),
    )
  })

  test('sums are exact', () => {
    expect(add()).toBe(0n)
    expect(add(1n, -3n, 10n ** 30n)).toBe(10n ** 30n - 2n)
    expect(negate(micros(5n))).toBe(-5n)
  })
})

describe('the platform fee', () => {
  const rate = fc.integer({ min: 0, max: 1500 })
  const gross = fc.oneof(fc.bigInt(0n, 50n), fc.bigInt(0n, 10n ** 18n))

  test.each([
    [10_000_000n, 1500, 0, 1_500_000n, 0],
    [1n, 1500, 0, 0n, 1500],
    [6n, 1500, 1500, 1n, 500],
    [7n, 1500, 0, 1n, 500],
    [1n, 1500, 9999, 1n, 1499],
    [0n, 1500, 9999, 0n, 9999],
    [1n, 0, 9999, 0n, 9999],
    [353n, 1500, 0, 52n, 9500],
    [999_999_999_999_999_999n, 1500, 0, 149_999_999_999_999_999n, 8500],
  ])('of %s at %s basis points with carry %s is %s, carry %s', (of, feeBps, carry, fee, carried) => {
    expect(splitFee(of, feeBps, carry)).toEqual({ feeMicros: fee, takeHomeMicros: of - fee, carry: carried })
  })

  test('after any payments at one rate it is exactly the rate of their sum, rounded down', () => {
    fc.assert(
      fc.property(fc.array(gross, { maxLength: 40 }), rate, (payments, feeBps) => {
        let carry = 0
        let fees = 0n
        let takeHome = 0n
        for (const payment of payments) {
          const split = splitFee(payment, feeBps, carry)
          expect(split.feeMicros + split.takeHomeMicros).toBe(payment)
          expect(split.feeMicros >= 0n && split.takeHomeMicros >= 0n).toBe(true)
          expect(split.carry >= 0 && split.carry < 10_000).toBe(true)
          carry = split.carry
          fees += split.feeMicros
          takeHome += split.takeHomeMicros
        }
        const sum = payments.reduce((total, payment) => total + payment, 0n)
        expect(fees).toBe((sum * BigInt(feeBps)) / 10_000n)
        expect(takeHome).toBe(sum - fees)
        expect(BigInt(carry)).toBe((sum * BigInt(feeBps)) % 10_000n)
      }),
    )
  })

  test('nothing is gained by splitting a payment into dust, whatever was carried before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), rate, fc.integer({ min: 0, max: 9999 }), (sum, feeBps, start) => {
        const whole = splitFee(BigInt(sum), feeBps, start)
        let carry = start
        let fees = 0n
        for (let i = 0; i < sum; i++) {
          const split = splitFee(1n, feeBps, carry)
          carry = split.carry
          fees += split.feeMicros
        }
        expect([fees, carry]).toEqual([whole.feeMicros, whole.carry])
      }),
    )
  })

  test.each([
    [-1n, 1500, 0],
    [1n, 1501, 0],
    [1n, -1, 0],
    [1n, 0.5, 0],
    [1n, 1500, 10_000],
    [1n, 1500, -1],
    [1n, 1500, 0.5],
  ])('of %s at %s with carry %s is a bug, not a payment', (of, feeBps, carry) => {
    expect(() => splitFee(of, feeBps, carry)).toThrow(InvariantError)
  })
})
