/** The palette finds what the ledger has: listings by whatever they say, accounts by name or id, entries by number. */

import { expect, test } from 'vitest'
import { axeFindings, openMarket } from './support.ts'

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
