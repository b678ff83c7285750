/** The page Usage: what calls cost, over a period, and what is reserved and allowed for more. */

import { expect, test } from 'vitest'
import { usedMarket } from '../api/usage-ledger.ts'
import { actAs, axeFindings, EVENTUALLY, open, openLedger, openMarket, SMALLEST } from './support.ts'

test.each(['light', 'dark'] as const)('the figures tie, %s, and axe finds nothing', async (scheme) => {
  const { page } = await openLedger((await usedMarket()).dir, { scheme, size: SMALLEST })
  await actAs(page, 'Bob')
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Usage' }).click()
  await page.getByRole('heading', { name: 'Usage' }).waitFor()
  const figure = (label: string) => page.locator('.figure', { hasText: label })
  await figure('Cost of calls').getByText('in 5 calls').waitFor()
  expect(await figure('Cost of calls').innerText()).toContain('1.551115')
  expect(await figure('Reserved by open holds').innerText()).toMatch(/1\.00\s+2 holds open/)
  const rowsOf = (label: string) => page.getByRole('region', { name: label, exact: true }).locator('tbody tr').allInnerTexts()
  expect(await rowsOf('By listing')).toEqual([expect.stringMatching(/Law 7B\s+5\s+1\.551115/)])
  expect(await rowsOf('By day')).toEqual([
    expect.stringMatching(/1 Feb 2026\s+3\s+1\.5503/),
    expect.stringMatching(/2 Jan 2026\s+2\s+0\.000815/),
  ])
  expect(await rowsOf('Open holds')).toEqual([
    expect.stringMatching(/Law 7B\s+Ada\s+2 Feb 2026, 10:00:00\s+0\.25/),
    expect.stringMatching(/Law 7B\s+Ada\s+2 Feb 2026, 10:00:00\s+0\.75/),
  ])
  // The chart's figures, as they are read out.
  const chart = page.locator('table', { hasText: 'Cost of calls over time' })
  expect(await chart.locator('tr', { hasText: '2026-02-01' }).innerText()).toContain('1.5503')
  await page.getByText('0.75 of 5.00 a month used').waitFor()
  await page.getByText('2.0002 of 100.00 a month used').waitFor()
  expect(await axeFindings(page)).toEqual([])
})

test('a period is chosen, and what is not in it is not counted', async () => {
  const { page } = await openLedger((await usedMarket()).dir)
  await actAs(page, 'Bob')
  await open(page, '#/usage')
  const cost = page.locator('.figure', { hasText: 'Cost of calls' })
  const choose = async (period: string) => {
    await page.getByRole('combobox', { name: 'Period' }).click()
    await page.getByRole('option', { name: period }).click()
  }
  await choose('Last month')
  await cost.getByText('in 2 calls').waitFor()
  expect(await cost.innerText()).toContain('0.000815')
  await choose('Last year')
  await page.getByText('No calls in this period').waitFor()
  expect(await axeFindings(page)).toEqual([])
  await choose('This month')
  await cost.getByText('in 3 calls').waitFor()
})

test('a mandate is ended where it is shown; whoever has none is told what to do', async () => {
  const { page } = await openMarket('Bob')
  await open(page, '#/usage')
  await page.getByRole('button', { name: 'End: Law 7B' }).click()
  await page.getByText('It ends in 24 hours').waitFor()
  await page.getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByRole('dialog').first().waitFor({ state: 'detached' })
  await expect.poll(() => page.getByText('until 3 Jan 2026').count(), EVENTUALLY).toBe(1)
  await actAs(page, 'Chiara')
  await open(page, '#/usage')
  await page.getByText('No listing may charge you for calls').waitFor()
  await page.getByText('None of your keys has a budget').waitFor()
  await page.getByText('No hold is open').waitFor()
  await page.getByRole('link', { name: 'Go to the marketplace' }).click()
  await page.getByRole('heading', { name: 'Marketplace' }).waitFor()
})
