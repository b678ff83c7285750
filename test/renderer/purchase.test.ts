/**
 * Buying and selling: what the sign dialog shows is what happens, in this tab and in another; and what would be refused is
 * said.
 */

import { expect, test } from 'vitest'
import { auditOf } from '../cli/run.ts'
import { actAs, command, EVENTUALLY, open, openMarket } from './support.ts'

test('a purchase is signed in one tab and seen in the log of another, live', async () => {
  const { page, another, market } = await openMarket('Bob')
  const watcher = await another()
  await open(watcher, '#/log')
  await watcher.getByRole('heading', { name: 'Log', exact: true }).waitFor()
  const { size } = await auditOf(market.dir)
  await watcher.getByText(`${size} entries`).first().waitFor()
  await open(page, `#/market/${market.things.dataset}`)
  await page.getByRole('radio', { name: 'Own it for ever' }).click()
  const stays = page.locator('.consequence [data-total] .amount')
  await stays.waitFor()
  const left = await stays.innerText()
  await page.getByRole('button', { name: 'Review and sign' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/^Buys/).waitFor()
  const lines = await dialog.locator('.ledger-lines').innerText()
  expect(lines).toMatch(/Gross\s+25\.00[\s\S]*Platform fee, 15 %\s+3\.75[\s\S]*Take-home · .?Ada.?\s+21\.25/)
  expect(lines).toContain(left)
  await dialog.getByRole('button', { name: 'The text that is signed' }).click()
  const text = await dialog.getByRole('region', { name: 'The text that is signed' }).innerText()
  expect(JSON.parse(text)).toMatchObject({
    type: 'dataset.purchase',
    signer: market.accounts.Bob,
    body: { price: '25', listing: market.things.dataset },
  })
  await dialog.getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByText('Buy a dataset: accepted').waitFor()
  // The other tab was not touched.
  await watcher
    .getByText(`${size + 1} entries`)
    .first()
    .waitFor()
  await watcher.getByRole('link', { name: `Entry ${size}`, exact: true }).click()
  const entry = watcher.getByRole('dialog')
  await entry.getByText('Verified in this page').waitFor()
  // What was shown to the signer is what the log has, to the byte.
  expect(await entry.getByRole('region', { name: 'Signed note' }).innerText()).toContain(text.trim())
  expect(await entry.locator('.split').innerText()).toMatch(/25\.00[\s\S]*3\.75[\s\S]*21\.25/)
  // And the seller's figures have moved by exactly the take-home.
  await actAs(page, 'Ada')
  await open(page, '#/earnings')
  await page.getByRole('link', { name: `Entry ${size}`, exact: true }).waitFor()
  expect((await auditOf(market.dir)).ok).toBe(true)
})

test('what exceeds the credits is refused in words, with the code, before anybody signs', async () => {
  const { page, market } = await openMarket('Ada')
  await open(page, '#/models/publish')
  await page.getByRole('radiogroup', { name: 'What you sell' }).getByText('Feature').click()
  await page.getByLabel('Title').fill('Gold')
  await page.getByLabel('Price', { exact: true }).fill('1000000')
  await page.getByText('850,000.00').waitFor()
  await page.getByRole('button', { name: 'Review and sign' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByRole('heading', { name: 'Gold' }).waitFor()
  const { size } = await auditOf(market.dir)
  await page.getByText('This listing is yours').waitFor()
  await actAs(page, 'Bob')
  await open(page, '#/market')
  await page.getByRole('link', { name: 'Gold' }).click()
  const notice = page.getByRole('alert', { name: 'The ledger would refuse this' })
  await notice.getByText('exceeds_credits').waitFor()
  expect(await notice.innerText()).toMatch(
    /It takes 1000000 credits and [\d.]+ are spendable: [\d.]+ more are needed\.[\s\S]*Top up first/,
  )
  await page.getByRole('button', { name: 'Review and sign' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('exceeds_credits').waitFor()
  expect(await dialog.getByRole('button', { name: 'Sign and submit' }).count()).toBe(0)
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  expect(await auditOf(market.dir)).toMatchObject({ ok: true, size })
})

test('what is bought a second time is another transaction, and the page foresees what is left after the first', async () => {
  const { page, market } = await openMarket('Bob')
  await open(page, `#/market/${market.things.feature}`)
  const stays = page.locator('.consequence [data-total] .amount')
  await stays.waitFor()
  const before = await stays.innerText()
  const { size } = await auditOf(market.dir)
  for (const bought of [0, 1]) {
    await page.getByRole('button', { name: 'Review and sign' }).click()
    await page.getByRole('button', { name: 'Sign and submit' }).click()
    await page.getByRole('link', { name: `See it in the log: entry ${size + bought}` }).waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    if (bought === 0) await expect.poll(() => stays.innerText(), EVENTUALLY).not.toBe(before)
  }
  expect(await auditOf(market.dir)).toMatchObject({ ok: true, size: size + 2 })
})

test('a model is deployed and published; the slots, the take-home and the marketplace follow', async () => {
  const { page, market } = await openMarket('Ada')
  await open(page, '#/models')
  const slots = page.getByRole('img', { name: /^Model slots/ }).first()
  expect(await slots.getAttribute('aria-label')).toBe('Model slots: 1 of 3')
  await page.getByRole('button', { name: 'Deploy: spare-1b' }).click()
  await page.getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByRole('img', { name: 'Model slots: 2 of 3' }).first().waitFor()
  await page.getByRole('link', { name: 'Publish: spare-1b' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Title').fill('Spare 1B')
  await form.getByLabel('a month', { exact: true }).fill('9.99')
  const calculator = form.locator('.calculator')
  await calculator.getByText('8.4915').waitFor()
  expect(await calculator.innerText()).toMatch(/Gross\s+9\.99[\s\S]*15 %\s+1\.4985[\s\S]*Take-home\s+8\.4915/)
  await form.getByLabel('a week', { exact: true }).fill('1e3')
  await form.getByText('An amount such as').waitFor()
  expect(await form.getByRole('button', { name: 'Review and sign' }).isDisabled()).toBe(true)
  await form.getByLabel('a week', { exact: true }).fill('')
  await form.getByRole('button', { name: 'Review and sign' }).click()
  await page.getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByRole('heading', { name: 'Spare 1B' }).waitFor()
  expect(await auditOf(market.dir)).toMatchObject({ ok: true })
  // A user without a plan is told what would allow it.
  await actAs(page, 'Bob')
  await open(page, '#/models')
  await page.getByRole('heading', { name: 'Choose a plan' }).waitFor()
  await page.getByRole('button', { name: 'Take starter' }).click()
  await page.getByRole('dialog').getByText('19.00').first().waitFor()
})

test('a reload changes nothing: the account, the page and what was bought', async () => {
  const { page, market } = await openMarket('Chiara')
  await open(page, '#/wallet')
  await page.getByRole('link', { name: 'Contracts, annotated' }).first().waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'Wallet' }).waitFor()
  await page.getByRole('button', { name: /^Account: .*Chiara/ }).waitFor()
  await page.getByRole('link', { name: 'Contracts, annotated' }).first().waitFor()
  await open(page, `#/market/${market.things.dataset}`)
  await page.getByText('already_owned').waitFor()
})

test('the keyboard alone is enough for a purchase', async () => {
  const { page, market } = await openMarket('Bob')
  const press = (key: string) => page.keyboard.press(key)
  await command(page, 'Marketplace')
  await page.getByRole('heading', { name: 'Marketplace' }).waitFor()
  const focused = () =>
    page.evaluate(() => (document.activeElement === document.body ? '' : (document.activeElement?.textContent ?? '')))
  const tabTo = async (text: string) => {
    for (let presses = 0; presses < 60; presses++) {
      if ((await focused()).includes(text)) return
      await press('Tab')
    }
    throw new Error(`Tab does not reach ${text}.`)
  }
  await page.getByRole('link', { name: 'Priority' }).waitFor()
  await tabTo('Priority')
  await press('Enter')
  await page.getByRole('heading', { name: 'Priority' }).waitFor()
  await tabTo('Review and sign')
  // What would happen is known late: the dialog has taken the focus before there is a button to sign with.
  await page.route(/transaction\.preview/, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500))
    await route.continue()
  })
  await press('Enter')
  await page.getByRole('dialog').getByRole('button', { name: 'Sign and submit' }).waitFor()
  await expect.poll(focused, EVENTUALLY).toContain('Sign and submit')
  await press('Enter')
  await page.getByText('Buy a feature: accepted').waitFor()
  expect(await auditOf(market.dir)).toMatchObject({ ok: true })
})
