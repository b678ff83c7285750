import { expect, test } from 'vitest'
import { formatChange, formatShare } from '../../renderer/rates.ts'

test('shares are cut to tenths of a per cent, of figures of any size', () => {
  expect(formatShare(1n, 3n)).toBe('33.3 %')
  expect(formatShare(2n, 3n)).toBe('66.6 %')
  expect(formatShare(0n, 3n)).toBe('0.0 %')
  expect(formatShare(-1n, 8n)).toBe('−12.5 %')
  expect(formatShare(10n ** 40n, 10n ** 40n)).toBe('100.0 %')
})

test('a change has its sign', () => {
  expect(formatChange(90n, 120n)).toBe('−25.0 %')
  expect(formatChange(150n, 120n)).toBe('+25.0 %')
  expect(formatChange(5n, -10n)).toBe('+150.0 %')
  expect(formatChange(-20n, -10n)).toBe('−100.0 %')
})
