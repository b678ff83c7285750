/** The page Revenue: figures against the period before, tables, cohorts, a file, and the way to a creator's entries. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { usedMarket } from '../api/usage-ledger.ts'
import { found } from '../cli/market.ts'
import { folder } from '../cli/run.ts'
import { actAs, axeFindings, command, EVENTUALLY, open, openLedger, SMALLEST } from './support.ts'

test.each(['light', 'dark'] as const)('the figures tie, %s, and axe finds nothing', async (scheme) => {
  const { page } = await openLedger((await usedMarket()).dir, { scheme, size: SMALLEST })
  await actAs(page, 'Operator')
  await command(page, 'Revenue')
  await page.getByRole('heading', { name: 'Revenue' }).waitFor()
  const figure = (label: string) => page.locator('.figure', { hasText: new RegExp(`^${label}`) }).innerText()
  const rowsOf = (label: string) => page.getByRole('region', { name: label, exact: true }).locator('tbody tr').allInnerTexts()
  await page.getByText('Feb 2026 so far').waitFor()
  expect(await figure('Take')).toMatch(/0\.232545[\s\S]*−99\.1 % on Jan 2026/)
  expect(await figure('Paid')).toMatch(/2\.0503[\s\S]*0\.50 given back/)
  expect(await figure('MRR')).toMatch(/29\.00[\s\S]*as in Jan 2026[\s\S]*of which the platform’s 20\.50/)
  expect(await figure('ARPU')).toMatch(/0\.232545[\s\S]*1 account paid/)
  expect(await figure('Churn')).toMatch(/0\.0 %[\s\S]*0 of 2 ended/)
  expect(await rowsOf('By kind')).toContainEqual(expect.stringMatching(/Calls\s+3\s+2\.0503\d*\s+0\.232545/))
  expect(await rowsOf('By creator')).toEqual([expect.stringMatching(/Ada[\s\S]*3\s+2\.0503\d*\s+0\.50\d*\s+0\.232545/)])
  expect(await rowsOf('Cohorts')).toEqual([expect.stringMatching(/Jan 2026\s+3\s+33%/)])
  expect(await rowsOf('How it ties with the books')).toContainEqual(expect.stringMatching(/In the books\s+7\.432667\s+19\.00/))
  // The chart's figures, as they are read out.
  const chart = page.locator('table', { hasText: 'Take over time, by what was paid for' })
  expect(await chart.locator('tr', { hasText: '2026-01' }).innerText()).toContain('26.200122')
  expect(await axeFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'The period before' }).click()
  await expect.poll(() => figure('Take'), EVENTUALLY).toContain('26.200122')
  expect(await rowsOf('Plans')).toEqual([expect.stringMatching(/starter\s+1\s+0\s+1/)])
  expect(await axeFindings(page)).toEqual([])
})

test('another unit, the file of creators, and from a creator to the entries of the account', async () => {
  const { page } = await openLedger((await usedMarket()).dir)
  await actAs(page, 'Operator')
  await open(page, '#/revenue')
  await page.getByText('Days', { exact: true }).click()
  await page.getByText('1 Feb 2026 so far').waitFor()
  await page.getByText('Weeks', { exact: true }).click()
  await page.getByText('Week of 26 Jan 2026 so far').waitFor()
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download as CSV' }).click()
  const file = await download
  expect(file.suggestedFilename()).toBe('revenue-2026-01-26.csv')
  expect(readFileSync(await file.path(), 'utf8')).toContain(',Ada,3,2.0503,0.5,0.232545')
  await page.getByRole('link', { name: /^Entries of .*Ada.* in the log$/ }).click()
  await expect.poll(() => page.url(), EVENTUALLY).toContain('#/log?account=nim1')
})

test('on a new ledger the operator is told what brings revenue', async () => {
  const dir = join(folder(), 'ledger')
  await found(dir, 'new.example/credits')
  const { page } = await openLedger(dir)
  await open(page, '#/revenue')
  await page.getByText('No revenue yet').waitFor()
  expect(await axeFindings(page)).toEqual([])
  await page.getByRole('link', { name: 'Top up an account' }).click()
  await page.getByRole('heading', { name: 'Treasury' }).waitFor()
})
