/** Days and months of payments, as they are drawn. */

import { expect, test } from 'vitest'
import { periodsOf, scaleTo, sumCosts, sumRevenue, usualUnit } from '../../renderer/chart-periods.ts'

const paid = (day: string, gross: string) => ({ day, gross, fee: '0.000001', takeHome: '0.1', payments: 2 })
const NOW = '2026-03-02T23:59:59Z'

test('no period is left out between the first payment and now, and sums are exact', () => {
  const days = [paid('2025-12-31', '0.1'), paid('2026-02-01', '0.2'), paid('2026-02-28', '0.000001')]
  const nothing = { gross: '0', fee: '0', takeHome: '0', payments: 0 }
  expect(periodsOf(days, 'month', NOW, sumRevenue)).toEqual([
    { period: '2025-12', gross: '0.1', fee: '0.000001', takeHome: '0.1', payments: 2 },
    { period: '2026-01', ...nothing },
    { period: '2026-02', gross: '0.200001', fee: '0.000002', takeHome: '0.2', payments: 4 },
    { period: '2026-03', ...nothing },
  ])
  const byDay = periodsOf(days, 'day', NOW, sumRevenue)
  expect(byDay.map(({ period }) => period).slice(-4)).toEqual(['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02'])
  expect(byDay.length).toBe(60)
  expect(byDay.find(({ period }) => period === '2026-02-01')!.gross).toBe('0.2')
})

test('what calls cost is summed by the same periods', () => {
  const days = [
    { day: '2026-02-27', cost: '0.000001', calls: 3 },
    { day: '2026-02-28', cost: '-0.000002', calls: 0 },
  ]
  expect(periodsOf(days, 'month', NOW, sumCosts)).toEqual([
    { period: '2026-02', cost: '-0.000001', calls: 3 },
    { period: '2026-03', cost: '0', calls: 0 },
  ])
})

test('days as long as all fit, then months', () => {
  expect(usualUnit([paid('2026-01-02', '1')], NOW)).toBe('day')
  expect(usualUnit([paid('2026-01-01', '1')], NOW)).toBe('month')
  expect(usualUnit([], NOW)).toBe('day')
})

test('a page that knows of a payment before it knows the time shows it', () => {
  expect(periodsOf([paid('2026-03-03', '1')], 'day', NOW, sumRevenue).map(({ period }) => period)).toEqual(['2026-03-03'])
})

test.each([
  [0, [0, 1]],
  [3, [0, 1, 2, 3]],
  [19_257_829, [0, 5_000_000, 10_000_000, 15_000_000, 20_000_000]],
  [67_000_000, [0, 20_000_000, 40_000_000, 60_000_000, 80_000_000]],
  [80_000_001, [0, 50_000_000, 100_000_000]],
])('a scale that reaches %d has round lines', (largest, lines) => {
  expect(scaleTo(largest)).toEqual(lines)
})
