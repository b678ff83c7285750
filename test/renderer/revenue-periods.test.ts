/** Days and months of payments, as they are drawn. */

import { expect, test } from 'vitest'
import { periodsOf, usualUnit } from '../../renderer/revenue-periods.ts'

const paid = (day: string, gross: string) => ({ day, gross, fee: '0.000001', takeHome: '0.1', payments: 2 })
const NOW = '2026-03-02T23:59:59Z'

test('no period is left out between the first payment and now, and sums are exact', () => {
  const days = [paid('2025-12-31', '0.1'), paid('2026-02-01', '0.2'), paid('2026-02-28', '0.000001')]
  const nothing = { gross: '0', fee: '0', takeHome: '0', payments: 0 }
  expect(periodsOf(days, 'month', NOW)).toEqual([
    { period: '2025-12', gross: '0.1', fee: '0.000001', takeHome: '0.1', payments: 2 },
    { period: '2026-01', ...nothing },
    { period: '2026-02', gross: '0.200001', fee: '0.000002', takeHome: '0.2', payments: 4 },
    { period: '2026-03', ...nothing },
  ])
  const byDay = periodsOf(days, 'day', NOW)
  expect(byDay.map(({ period }) => period).slice(-4)).toEqual(['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02'])
  expect(byDay.length).toBe(60)
  expect(byDay.find(({ period }) => period === '2026-02-01')!.gross).toBe('0.2')
})

test('days as long as all fit, then months', () => {
  expect(usualUnit([paid('2026-01-02', '1')], NOW)).toBe('day')
  expect(usualUnit([paid('2026-01-01', '1')], NOW)).toBe('month')
  expect(usualUnit([], NOW)).toBe('day')
})

test('a page that knows of a payment before it knows the time shows it', () => {
  expect(periodsOf([paid('2026-03-03', '1')], 'day', NOW).map(({ period }) => period)).toEqual(['2026-03-03'])
})
