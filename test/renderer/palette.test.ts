/**
 * Ways through the console: the palette, which finds what the ledger has and what can be done by whatever people call it; Back,
 * which never opens again what was closed; and addresses that lead nowhere.
 */

import { expect, test } from 'vitest'
import { marketCopy } from '../api/console.ts'
import { PASSPHRASE } from '../cli/run.ts'
import { startConsole } from '../console/process.ts'
import { axeFindings, command, EVENTUALLY, open, openMarket, visit } from './support.ts'

test('listings, accounts and entries', async () => {
  const { page, market } = await openMarket('Bob')
  const find = async (typed: string, action: string) => {
    await page.keyboard.press('Control+k')
    await page.locator('input[placeholder="Search or run a command"]:focus').waitFor()
    await page.keyboard.type(typed)
    const found = page.locator('[data-action]', { hasText: action })
    await found.waitFor()
    expect(await axeFindings(page)).toEqual([])
    await found.click()
  }
  // A word of its description.
  await find('clauses', 'Contracts, annotated')
  await page.getByRole('heading', { name: 'Contracts, annotated' }).waitFor()
  await find(market.accounts.Ada!.slice(0, 16), 'Entries of')
  await page.getByRole('heading', { name: 'Log' }).waitFor()
  expect(page.url()).toContain(`account=${market.accounts.Ada}`)
  await find('7', 'Open entry 7')
  await page.getByText('Verified in this page').waitFor()
})

test('actions by other words than their own; what is closed stays closed, whichever way', async () => {
  const seen = await openMarket('Ada')
  const { page } = seen
  await open(page, '#/overview')
  await page.getByText('By listing').waitFor()
  await page.keyboard.press('Control+k')
  await page.locator('input[placeholder="Search or run a command"]:focus').waitFor()
  await page.keyboard.type('cash out')
  await page.locator('[data-action][data-selected]', { hasText: 'Request a payout' }).waitFor()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Where to').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  expect(page.url()).toMatch(/#\/earnings$/)
  // It was opened from another page: that one is where Back leads.
  await page.goBack()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await open(page, '#/models')
  await page.getByRole('link', { name: 'New model' }).click()
  await dialog.getByLabel('Base model').waitFor()
  await page.keyboard.press('Escape')
  await page.waitForURL(/#\/models$/)
  await page.goBack()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await page.goForward()
  await page.getByRole('heading', { name: 'Models & listings' }).waitFor()
  expect(await dialog.count()).toBe(0)
  // A page begins at its top, and is found again where it was left.
  await page.setViewportSize({ width: 1024, height: 400 })
  await page.evaluate(() => window.scrollTo(0, 150))
  await page.getByRole('link', { name: 'Earnings' }).click()
  await page.getByText('Becoming available').waitFor()
  expect(await page.evaluate(() => window.scrollY)).toBe(0)
  await page.goBack()
  await page.getByRole('heading', { name: 'Models & listings' }).waitFor()
  await expect.poll(() => page.evaluate(() => window.scrollY), EVENTUALLY).toBe(150)
  // Closed, the palette gives the focus back to what had it; what an action leads to keeps it.
  const navigation = page.getByRole('link', { name: 'Verify' })
  await navigation.focus()
  await page.keyboard.press('Control+k')
  await page.locator('input[placeholder="Search or run a command"]:focus').waitFor()
  await page.keyboard.press('Escape')
  await expect.poll(() => navigation.evaluate((link) => link === document.activeElement), EVENTUALLY).toBe(true)
  await command(page, 'Compare two checkpoints')
  await page.locator('textarea:focus').first().waitFor()
  // What is not there says so, and offers no second try that would fail as well.
  await open(page, `#/models/change?listing=lst_${'0'.repeat(32)}`)
  const failed = page.getByRole('alert', { name: 'That did not work' })
  await failed.getByText('missing').waitFor()
  expect(await failed.getByRole('button').count()).toBe(0)
  await open(page, '#/nowhere')
  await page.getByRole('link', { name: 'Go to Overview' }).click()
  await page.getByText('By listing').waitFor()
  seen.forgive()
})

test('a console that has ended is told on every page', async () => {
  const { dir } = await marketCopy()
  const { facts, running } = await startConsole(dir, ['--lock-after', '0'], PASSPHRASE)
  const seen = await visit(facts)
  const { page } = seen
  await page.getByText('By listing').waitFor()
  await running.end()
  await page.getByRole('alert').getByText('What you see may be out of date').waitFor()
  expect(await axeFindings(page)).toEqual([])
  seen.forgive()
})
