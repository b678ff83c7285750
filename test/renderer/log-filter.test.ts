/** Which entries are asked for, by the address. */

import { expect, test } from 'vitest'
import { filterIn, isFiltered, logQuery } from '../../renderer/log-filter.ts'
import { EVENTUALLY, open, openMarket } from './support.ts'

test('the address names them, and what it does not know filters nothing', () => {
  const filter = filterIn(new URLSearchParams('type=credit.topup&since=2026-01-02&until=2026-01-03&least=1,000.50&most=&other=1'))
  expect(filter).toEqual({ type: 'credit.topup', since: '2026-01-02', until: '2026-01-03', least: '1,000.50' })
  const { since, until, ...rest } = logQuery(filter)
  expect(rest).toEqual({ type: 'credit.topup', minAmount: '1000.5' })
  // Two days of the reader's own, the last one included.
  expect(since).toBe(new Date(2026, 0, 2).toISOString().replace('.000Z', 'Z'))
  expect(until).toBe(new Date(2026, 0, 4).toISOString().replace('.000Z', 'Z'))
  expect(logQuery(filterIn(new URLSearchParams('since=yesterday&least=many')))).toEqual({})
  expect(isFiltered(filterIn(new URLSearchParams('')))).toBe(false)
})

test('by day and by amount; an entry that is opened, and its neighbours, keep the filter', async () => {
  const { page } = await openMarket('Bob')
  await open(page, '#/log')
  const rows = () => page.locator('.log-row [data-column="index"]').count()
  await expect.poll(rows, EVENTUALLY).toBeGreaterThan(12)
  const least = page.getByRole('textbox', { name: 'At least' })
  await least.fill('250')
  await least.press('Enter')
  await expect.poll(rows, EVENTUALLY).toBe(3)
  await page.getByLabel('Up to this day').fill('2025-12-31')
  await page.getByText('No entry fits').waitFor()
  await page.getByLabel('Up to this day').fill('2026-01-02')
  await expect.poll(rows, EVENTUALLY).toBe(3)
  await page.locator('.log-row').first().click()
  await page.getByRole('button', { name: 'Older' }).click()
  await page.getByText('Verified in this page').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  await expect.poll(rows, EVENTUALLY).toBe(3)
  await page.getByRole('button', { name: 'Clear the filters' }).click()
  await expect.poll(rows, EVENTUALLY).toBeGreaterThan(12)
})
