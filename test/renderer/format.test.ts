/** Figures, amounts that people type, ids and passphrases: what the page reckons without the ledger. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ThingPrefix } from '../../core/domain/ids.ts'
import { formatMicros, splitFee as ledgerFee } from '../../core/domain/money.ts'
import * as format from '../../renderer/format.ts'
import { parseRoute } from '../../renderer/route.ts'
import { gradeOf, isFair } from '../../renderer/strength.ts'

const LARGEST = 10n ** 24n
const anyMicros = fc.bigInt({ min: -LARGEST, max: LARGEST })

describe('amounts', () => {
  test('are exact, whatever their size', () => {
    fc.assert(
      fc.property(anyMicros, (micros) => {
        const text = formatMicros(micros)
        expect(format.microsOf(text)).toBe(micros)
        expect(format.amountOf(micros)).toBe(text)
      }),
    )
  })

  test('a column has room for the decimals that its amounts show, and for no more', () => {
    expect(format.decimalsOf([])).toBe(2)
    expect(format.decimalsOf(['25', '-3.1'])).toBe(2)
    expect(format.decimalsOf(['25', '-0.001615'])).toBe(6)
    expect(format.splitAmount('25', 4).padding).toBe('00')
    expect(format.splitAmount('0.123456', 4).padding).toBe('')
  })

  test('of an entry are what it moved: the gross, or its largest posting if that is more', () => {
    const postings = (...amounts: string[]) => amounts.map((amount) => ({ book: 'held', amount }))
    expect(format.movedBy({ postings: [] })).toBe('0')
    expect(format.movedBy({ postings: postings('-25', '25') })).toBe('25')
    expect(format.movedBy({ gross: '10', postings: postings('-10', '1.5', '8.5') })).toBe('10')
    expect(format.movedBy({ gross: '0.001615', postings: postings('-0.000815', '-0.0008') })).toBe('0.001615')
    expect(format.movedBy({ gross: '1', postings: postings('-7') })).toBe('7')
  })

  test('in a column have six decimals, shown or kept free', () => {
    fc.assert(
      fc.property(anyMicros, (micros) => {
        const { sign, whole, fraction, padding } = format.splitAmount(formatMicros(micros))
        expect(fraction.length).toBeGreaterThanOrEqual(2)
        expect((fraction + padding).length).toBe(6)
        expect(padding).toMatch(/^0*$/)
        const shown = `${whole.replaceAll(',', '')}${fraction}${padding}`
        expect(BigInt(shown) * (sign === '' ? 1n : -1n)).toBe(micros)
      }),
    )
  })

  test.each([
    ['0', '0.00'],
    ['25', '25.00'],
    ['25.5', '25.50'],
    ['0.000001', '0.000001'],
    ['1234567.1', '1,234,567.10'],
    ['-19', '−19.00'],
  ])('%s reads as %s', (amount, shown) => {
    expect(format.formatAmount(amount)).toBe(shown)
  })

  test.each(['', '1.0', '01', '1e3', 'NaN', '-', '1.0000001', '1,000'])('what the ledger never says is a fault: "%s"', (text) => {
    expect(() => format.microsOf(text)).toThrow('canonical')
  })

  test.each([
    ['9.5', '9.5'],
    [' 9.50 ', '9.5'],
    ['1,204.50', '1204.5'],
    ['.5', '0.5'],
    ['007', '7'],
    ['0.000001', '0.000001'],
    ['999999999999.999999', '999999999999.999999'],
    ['5.', '5'],
  ])('typed "%s" is %s', (typed, amount) => {
    expect(format.parseTyped(typed)).toBe(amount)
  })

  test.each([
    '',
    ' ',
    '.',
    'abc',
    '1e3',
    '-5',
    '+5',
    '1.0000001',
    '1,20',
    '12,34.5',
    '1.2.3',
    '0x10',
    'Infinity',
    '٥',
    '1000000000000',
    '1 000',
  ])('typed "%s" is no amount', (typed) => {
    expect(format.parseTyped(typed)).toBeUndefined()
  })

  test('the take-home that is promised is what the ledger pays', () => {
    const prices = fc.bigInt({ min: 1n, max: 10n ** 18n })
    fc.assert(
      fc.property(prices, fc.integer({ min: 0, max: 1500 }), fc.integer({ min: 0, max: 9999 }), (gross, bps, carry) => {
        const shown = format.splitFee(formatMicros(gross), bps)
        const paid = ledgerFee(gross, bps, carry)
        expect(format.sumOf([shown.fee, shown.takeHome])).toBe(formatMicros(gross))
        // Exact where the page says so, whatever was carried; otherwise within the microcredit that is carried.
        const difference = paid.feeMicros - format.microsOf(shown.fee)
        expect(difference).toBeLessThanOrEqual(shown.isExact ? 0n : 1n)
        expect(difference).toBeGreaterThanOrEqual(0n)
      }),
    )
    expect(format.splitFee('9.99', 1500)).toEqual({ gross: '9.99', fee: '1.4985', takeHome: '8.4915', isExact: true })
    expect(format.splitFee('0.000001', 1500)).toEqual({ gross: '0.000001', fee: '0', takeHome: '0.000001', isExact: false })
  })

  test('shares, rates and sums', () => {
    expect(format.thousandths('1', '3')).toBe(333)
    expect(format.thousandths('0', '0')).toBe(0)
    expect(format.sumOf(['0.1', '0.2', '-0.3'])).toBe('0')
    expect([1500, 1250, 1205, 0].map(format.formatRate)).toEqual(['15 %', '12.5 %', '12.05 %', '0 %'])
    expect(format.formatCount(1234567)).toBe('1,234,567')
    expect([1, 999, 48_113_664].map(format.formatBytes)).toEqual(['1 byte', '999 bytes', '48.1 MB'])
  })
})

test('ids are short and told apart', () => {
  expect(format.shortId('nim1l4cwr2v9w3t343uzrw6heptwzw5xft8j6pjx30')).toBe('nim1l4cw…jx30')
  expect(format.shortId('lst_d562f8ba5e9ff52b0e1ed03cedbdfc25')).toBe('lst_d562…fc25')
  expect(format.shortId('short')).toBe('short')
})

test('ids are found in sentences, whatever they are of, so that they can be short there', () => {
  const hex = 'd562f8ba5e9ff52b0e1ed03cedbdfc25'
  const prefixes: Record<ThingPrefix, true> = {
    ...{ mdl: true, lst: true, sub: true, hld: true, grt: true },
    ...{ pur: true, pay: true, off: true, man: true },
  }
  for (const prefix of Object.keys(prefixes)) {
    const found = [...format.idsAndTimesIn(`Gives ${prefix}_${hex} back, not x${prefix}_${hex}, nor ${prefix}_${hex}0`)]
    expect(found.map(({ 0: id, index }) => [id, index])).toEqual([[`${prefix}_${hex}`, 6]])
  }
  const account = 'nim1l4cwr2v9w3t343uzrw6heptwzw5xft8j6pjx30'
  expect(format.idsAndTimesIn('until 2026-12-01T00:00:00Z, not 2026-99-01T00:00:00Z')).toEqual([
    { 0: '2026-12-01T00:00:00Z', index: 6, isTime: true },
  ])
  expect([...format.idsAndTimesIn(`Tops up ${account} by 1 credit`)].map(({ 0: id }) => id)).toEqual([account])
})

test('times keep their precision in UTC, and days are added by the calendar', () => {
  expect(format.formatUtc('2023-11-16T18:17:03.979Z')).toBe('2023-11-16 18:17:03.979 UTC')
  expect(format.addDays('2024-02-28T10:00:00.250Z', 2)).toBe('2024-03-01T10:00:00Z')
  expect(format.formatUtcPeriod('2023-11-16')).toBe('16 Nov')
  expect(format.formatUtcPeriod('2023-11')).toBe('Nov 2023')
})

test.each([
  ['', { page: '' }],
  ['#/log', { page: 'log' }],
  ['#/log/12?type=credit.topup', { page: 'log', thing: '12' }],
  ['#/market/lst_00ff', { page: 'market', thing: 'lst_00ff' }],
  ['#/market/%E0%A4%A', { page: 'market' }],
  ['#/log/<img src=x>', { page: 'log' }],
])('the address %s', (hash, route) => {
  const { search, ...found } = parseRoute(hash)
  expect(found).toEqual(route)
  expect(search.get('type')).toBe(hash.includes('type=') ? 'credit.topup' : null)
})

test('passphrases are judged by what is not repeated', () => {
  for (const weak of ['', 'demo', 'aaaaaaaaaaaaaaaaaaaaaaaa', '12345678901234567890', 'abcdefghijklmnop', 'password'])
    expect(isFair(weak), weak).toBe(false)
  for (const fair of ['correct horse battery staple', 'vT9#kq-Wm2!x', 'неслыханная простота моя'])
    expect(isFair(fair), fair).toBe(true)
  expect(gradeOf('a lamp under seventeen quiet bridges')).toBe(4)
})
