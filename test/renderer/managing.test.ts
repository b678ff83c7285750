/** What people end or change of what they have: a listing, a plan, a subscription, a mandate; and the operator an account. */

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { accepted, auditOf, cli } from '../cli/run.ts'
import { actAs, axeFindings, EVENTUALLY, open, openMarket } from './support.ts'

/** Signs what a button asks for; the dialog says what follows. */
async function sign(page: Page, button: string, says: string): Promise<void> {
  await page.getByRole('button', { name: button }).last().click()
  await page.getByText(says).waitFor()
  await page.getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByRole('dialog').first().waitFor({ state: 'detached' })
}

test('a creator changes a listing and the plan, and withdraws a listing', async () => {
  const { page, market } = await openMarket('Ada')
  await open(page, `#/market/${market.things.dataset}`)
  await page.getByRole('link', { name: 'Change the listing' }).click()
  const form = page.getByRole('dialog')
  const price = form.getByLabel('Price to own for ever')
  await expect.poll(() => price.inputValue(), EVENTUALLY).toBe('25')
  const review = form.getByRole('button', { name: 'Review and sign' })
  expect(await review.isDisabled()).toBe(true)
  await price.fill('')
  await form.getByText('withdraw the listing and publish another instead').waitFor()
  await price.fill('30')
  expect(await axeFindings(page)).toEqual([])
  await sign(page, 'Review and sign', 'Changes the purchase of the listing Contracts, annotated')
  const listings = page.getByRole('region', { name: 'Listings' })
  await listings.locator('tr', { hasText: 'Contracts' }).getByText('version 2').waitFor()
  await sign(page, 'Withdraw: Priority', 'It cannot be put on sale again.')
  await listings.getByText('it was withdrawn').waitFor()
  expect(await page.getByRole('button', { name: 'Withdraw: Priority' }).count()).toBe(0)
  await sign(page, 'Cancel it', 'It runs to the end of the time that is paid.')
  await sign(page, 'Renew it after all', 'Changes to the plan starter')
  await page.getByRole('button', { name: 'Cancel it' }).waitFor()
  await page.getByRole('button', { name: 'Change the plan' }).click()
  await page.getByRole('button', { name: 'Your plan now' }).waitFor()
  expect(await axeFindings(page)).toEqual([])
  await sign(page, 'Take experienced', 'Changes to the plan experienced')
  await page.getByText('experienced · room for 10 deployed models').waitFor()
  expect(await page.getByRole('button', { name: 'Your plan now' }).count()).toBe(0)
})

test('a subscriber cancels, and a payer ends a mandate', async () => {
  const { page } = await openMarket('Chiara')
  await sign(page, 'Cancel: Law 7B', 'Cancels the subscription Law 7B (Chiara)')
  await page.getByRole('button', { name: 'Cancel: Law 7B' }).waitFor({ state: 'detached' })
  await actAs(page, 'Bob')
  await sign(page, 'End: Law 7B', 'It ends in 24 hours')
})

test('the operator freezes an account for a reason, and unfreezes it', async () => {
  const { page, market } = await openMarket('Operator')
  await open(page, '#/accounts')
  await page.getByRole('button', { name: 'Freeze: Bob' }).click()
  await page.getByLabel('Reason').fill('asked for by Bob')
  await sign(page, 'Review and sign', 'The account signs nothing until it is unfrozen.')
  await page.locator('tr', { hasText: 'frozen' }).getByText('Bob').waitFor()
  const rename = ['tx', 'account.profile', '--as', 'Bob', '--body', '{"name":"Robert"}']
  expect((await cli(market.dir, rename)).json).toMatchObject({ status: 'refused', code: 'frozen' })
  await page.getByRole('button', { name: 'Unfreeze: Bob' }).click()
  await page.getByLabel('Reason').fill('done')
  await sign(page, 'Review and sign', 'Unfreezes Bob: done')
  await page.getByRole('button', { name: 'Freeze: Bob', exact: true }).waitFor()
  await accepted(cli(market.dir, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'after']))
  expect(await auditOf(market.dir)).toMatchObject({ ok: true })
})
