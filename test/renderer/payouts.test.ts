/** Earnings on their way out: asked for by a creator, paid by the operator, and each sees it where they look. */

import { expect, test } from 'vitest'
import { marketCopy } from '../api/console.ts'
import { accepted, auditOf, cli } from '../cli/run.ts'
import { actAs, axeFindings, EVENTUALLY, open, openLedger } from './support.ts'

test('a payout is requested, called off, requested again and settled', async () => {
  const { dir } = await marketCopy()
  // A month later what Ada earned is available.
  const topup = ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'later', '--at', '2026-02-01T10:00:00Z']
  await accepted(cli(dir, topup))
  const { page } = await openLedger(dir)
  await actAs(page, 'Ada')
  await open(page, '#/earnings')
  const dialog = page.getByRole('dialog')
  const sign = async (button = 'Review and sign') => {
    await page.getByRole('button', { name: button }).last().click()
    await page.getByRole('button', { name: 'Sign and submit' }).click()
    await dialog.first().waitFor({ state: 'detached' })
  }
  const request = async (amount: string) => {
    await page.getByRole('button', { name: 'Request a payout' }).click()
    await dialog.getByLabel('Amount').fill(amount)
    await dialog.getByLabel('Where to').fill('account ending 1234')
  }
  await request('10')
  await page.getByRole('button', { name: 'Review and sign' }).click()
  await page.getByText('A payout is of 25 credits at least').waitFor()
  expect(await page.getByRole('button', { name: 'Sign and submit' }).count()).toBe(0)
  expect(await axeFindings(page)).toEqual([])
  await page.keyboard.press('Escape')
  // What was typed is still there.
  await expect.poll(() => dialog.getByLabel('Where to').inputValue(), EVENTUALLY).toBe('account ending 1234')
  await dialog.getByLabel('Amount').fill('30')
  await sign()
  const payouts = page.getByRole('region', { name: 'Payouts' })
  await payouts.getByText('waiting').waitFor()
  await sign('Call off: account ending 1234')
  await payouts.getByText('called off').waitFor()
  await request('31')
  await sign()
  await payouts.getByText('waiting').waitFor()
  expect(await axeFindings(page)).toEqual([])
  await actAs(page, 'Operator')
  await page.getByRole('region', { name: 'Payouts that wait' }).getByText('account ending 1234').waitFor()
  expect(await axeFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Settle: Ada' }).click()
  await dialog.getByLabel('Payment reference').fill('transfer out 1')
  await sign()
  await page.getByRole('region', { name: 'Payouts that wait' }).waitFor({ state: 'detached' })
  await actAs(page, 'Ada')
  await open(page, '#/earnings')
  await payouts.getByText('paid').waitFor()
  await page.close()
  expect(await auditOf(dir)).toMatchObject({ ok: true })
})
