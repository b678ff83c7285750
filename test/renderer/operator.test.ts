/** What the operator does for single accounts and single calls, and how deposits are compared with what is owed. */

import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { auditOf, cli } from '../cli/run.ts'
import { actAs, axeFindings, command, EVENTUALLY, open, openMarket } from './support.ts'

async function sign(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Review and sign' }).last().click()
  await page.getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByRole('button', { name: 'Review and sign' }).waitFor({ state: 'detached' })
}

test('the operator grants credits and offers a plan, which its account then takes', async () => {
  const { page, market } = await openMarket('Operator')
  await open(page, '#/accounts')
  await page.getByRole('button', { name: 'Grant: Bob' }).click()
  await page.getByLabel('Amount').fill('5')
  await page.getByLabel('Last day on which it can be spent').fill('2026-01-31')
  await page.getByLabel('Purpose').fill('welcome')
  expect(await axeFindings(page)).toEqual([])
  await sign(page)
  await page.getByRole('link', { name: 'Bob', exact: true }).click()
  const drawer = page.getByRole('dialog')
  const grants = drawer.getByRole('list', { name: 'Grants' })
  await grants.getByText('welcome').waitFor()
  expect(await grants.locator('time').getAttribute('datetime')).toBe('2026-02-01T00:00:00Z')
  expect(await axeFindings(page)).toEqual([])
  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'detached' })
  await open(page, `#/accounts/${market.accounts.Ada}`)
  await drawer.getByRole('button', { name: 'Offer a plan' }).click()
  await page.getByLabel('Models deployed at a time').fill('40')
  await page.getByLabel('Price').fill('99')
  await page.getByLabel('By the').selectOption('quarter')
  expect(await axeFindings(page)).toEqual([])
  await sign(page)
  await drawer.getByRole('list', { name: 'Corporate offers' }).getByText('open').waitFor()
  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'detached' })
  await actAs(page, 'Ada')
  await open(page, '#/models/plan')
  await page.getByRole('button', { name: 'Take the offer' }).click()
  await page.getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByText('room for 40 deployed models').waitFor()
  await actAs(page, 'Operator')
  await open(page, '#/accounts')
  await page.getByRole('region', { name: 'Corporate offers' }).getByText('taken').waitFor()
  expect(await auditOf(market.dir)).toMatchObject({ ok: true })
})

test('a line of a batch is refunded from its entry, and what was done with credits is listed with what it undid', async () => {
  const { page, market } = await openMarket('Operator')
  await open(page, '#/log?type=usage.batch')
  await page.locator('.log-row').first().click()
  await page.getByRole('button', { name: 'Refund line 1' }).click()
  const amount = page.getByLabel('Amount')
  await expect.poll(() => amount.inputValue(), EVENTUALLY).toMatch(/^0\.000/)
  const whole = await amount.inputValue()
  await page.getByLabel('Reason').fill('too slow')
  await sign(page)
  const lines = page.getByRole('region', { name: 'Lines' })
  await lines.getByText('given back').waitFor()
  // What was given back in full is done with.
  await page.getByRole('button', { name: 'Refund line 1' }).waitFor({ state: 'detached' })
  expect(await page.getByRole('button', { name: 'Refund line 0' }).count()).toBe(1)
  expect(await axeFindings(page)).toEqual([])
  const { json } = await cli(market.dir, ['log', '--type', 'credit.refund', '--json'])
  expect(json).toMatchObject({ summary: expect.stringContaining(`Refunds ${whole} credits of line 1`) })
  await page.keyboard.press('Escape')
  await command(page, 'Treasury')
  await page.getByLabel('What was done with credits').selectOption('credit.refund')
  const refunds = page.getByRole('region', { name: 'Refunds' })
  await refunds.getByText('too slow').waitFor()
  expect(await refunds.locator('tbody a').count()).toBe(2)
  expect(await axeFindings(page)).toEqual([])
})

test('deposits come to the same as what is owed, and are kept as a file', async () => {
  const { page } = await openMarket('Operator')
  await open(page, '#/treasury')
  const sides = page.locator('.both-sides')
  const sums = () => sides.locator('li', { hasText: 'Together' }).locator('.amount').allInnerTexts()
  await expect.poll(sums, EVENTUALLY).toHaveLength(2)
  const [there, owed] = await sums()
  expect(there).toBe(owed)
  const asked = page.waitForEvent('download')
  await page.getByRole('button', { name: 'As CSV' }).click()
  const lines = readFileSync(await (await asked).path(), 'utf8')
    .trim()
    .split('\r\n')
  expect(lines[0]).toBe('entry,time,type,provider,reference,account,name,amount,topup')
  expect(lines.slice(1).map((line) => line.split(',').slice(2, 5))).toEqual(
    ['Ada', 'Bob', 'Chiara'].map((name) => ['credit.topup', 'bank', name]),
  )
})
