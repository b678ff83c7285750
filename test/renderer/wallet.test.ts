/** What the wallet says of the time to come, and the alert on every page when little is left. */

import { expect, test } from 'vitest'
import { accepted, cli } from '../cli/run.ts'
import { actAs, axeFindings, command, EVENTUALLY, open, openMarket } from './support.ts'

test('the wallet tells how long it lasts, and every page when the balance falls below what was asked for', async () => {
  const { page, market } = await openMarket('Bob')
  await open(page, '#/wallet')
  const outlook = page.locator('section.panel', { hasText: 'How long it lasts' })
  await outlook.getByText('Spent in the first day').waitFor()
  await expect
    .poll(() => outlook.getByRole('list', { name: 'Spent in the first day' }).innerText(), EVENTUALLY)
    .toContain('Law 7B')
  await page.getByText('Top-ups', { exact: true }).click()
  const moves = page.getByRole('region', { name: 'What came and went' })
  await expect.poll(() => moves.locator('tbody tr').count(), EVENTUALLY).toBe(1)
  expect(await moves.innerText()).toContain('paid through bank (Bob)')
  await page.getByRole('link', { name: 'Low-balance alert' }).click()
  const least = page.getByLabel('Tell me below')
  await least.fill('x')
  expect(await page.getByRole('button', { name: 'Keep it' }).isDisabled()).toBe(true)
  await least.fill('220')
  expect(await axeFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Keep it' }).click()
  await least.waitFor({ state: 'detached' })
  const navigation = page.getByRole('navigation', { name: 'Pages' })
  expect(await navigation.getByText('The balance is low').count()).toBe(0)
  // Whatever takes it below, by another program too, is said at once, wherever the reader is.
  await open(page, '#/market')
  const body = JSON.stringify({ listing: market.things.dataset, terms: 1, price: '25' })
  await accepted(cli(market.dir, ['tx', 'dataset.purchase', '--as', 'Bob', '--body', body]))
  await page.getByRole('alert').getByText('less than the 220.00 you asked for').waitFor()
  await navigation.getByText('The balance is low').waitFor()
  expect(await axeFindings(page)).toEqual([])
  await page.getByRole('alert').getByRole('link').click()
  await page.locator('.notice', { hasText: 'The balance is low' }).waitFor()
  expect(await axeFindings(page)).toEqual([])
  // It is Bob's alone, and none once it is taken back.
  await actAs(page, 'Chiara')
  expect(await navigation.getByText('The balance is low').count()).toBe(0)
  await actAs(page, 'Bob')
  await open(page, '#/wallet/alert')
  await page.getByLabel('Tell me below').fill('')
  await page.getByRole('button', { name: 'Keep it' }).click()
  await navigation.getByText('The balance is low').waitFor({ state: 'detached' })
})

test('whoever needs credits is told what to say to the operator', async () => {
  const { page, market } = await openMarket('Bob')
  await command(page, 'Get credits')
  const request = page.getByRole('dialog').getByRole('region', { name: 'Get credits' })
  expect(await request.innerText()).toContain(`Account: ${market.accounts.Bob}`)
  await page.getByRole('button', { name: 'Top up as the operator' }).click()
  await page.getByLabel('Amount').waitFor()
  expect(page.url()).toContain(`#/treasury/topup?account=${market.accounts.Bob}`)
})
