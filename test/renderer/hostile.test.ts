/** Texts of others are only ever text: nothing of them runs, loads, or pushes the page about, wherever they stand. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { writing } from '../../core/bin/desk.ts'
import { marketCopy } from '../api/console.ts'
import { DATASET, FEATURE, type Market, modelBody, placeOf } from '../cli/market.ts'
import { actAs, EVENTUALLY, open, openLedger, SMALLEST } from './support.ts'

const VECTORS = join(import.meta.dirname, '../vectors')
const NAUGHTY = JSON.parse(readFileSync(join(VECTORS, 'blns/blns.json'), 'utf8')) as string[]

/** Each would set `pwned`, ask an address or move the layout, if it were anything but text. */
const PAYLOADS = [
  '<script>pwned=1</script>',
  '<img src=x onerror=pwned=1>',
  '"><svg onload=pwned=1>',
  '<iframe srcdoc="<script>parent.pwned=1</script>">',
  '</textarea></title></script><script>pwned=1</script>',
  'javascript:pwned=1',
  '<a href="javascript:pwned=1">x</a>',
  '<style>*{display:none!important}</style>',
  '{{constructor.constructor("pwned=1")()}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text that counts.
  '${pwned=1}',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=https://evil.example/">',
  'مرحبا עברית 123',
  'W'.repeat(120),
  'ﷺ'.repeat(60),
  'ก็็็็็็็็็็็็็็็็็็็็',
]

/** A market whose sellers wrote whatever the ledger lets them write; how many of the texts it took. */
async function hostileMarket(): Promise<Market & { readonly taken: number }> {
  const market = await marketCopy()
  const taken = await writing(placeOf(market.dir, '2026-01-03T00:00:00Z'), async (desk) => {
    const put = async (type: string, body: object) =>
      (await desk.submit({ signer: 'Ada', type, body: body as never })).status === 'accepted'
    let accepted = 0
    for (const text of [...NAUGHTY, ...PAYLOADS]) {
      if (await put('listing.publish', { ...FEATURE, title: text, description: text })) accepted += 1
    }
    for (const text of PAYLOADS) {
      await put('listing.publish', { ...DATASET, title: text.slice(0, 100), description: text })
      await put('model.create', { ...modelBody(text.slice(0, 60)), base: text.slice(0, 60), description: text })
    }
    return accepted
  })
  return { ...market, taken }
}

async function expectUnharmed(page: Page): Promise<void> {
  const state = await page.evaluate(() => ({
    pwned: 'pwned' in window,
    scripts: document.scripts.length,
    frames: window.length,
    base: document.baseURI.startsWith(window.location.origin),
    wider: document.documentElement.scrollWidth - window.innerWidth,
    markup: document.querySelectorAll('.foreign *, .sentence script, .sentence img').length,
  }))
  expect(state).toEqual({ pwned: false, scripts: 1, frames: 0, base: true, wider: 0, markup: 0 })
}

test('in names, titles and descriptions, on every page that shows them', async () => {
  const market = await hostileMarket()
  expect(market.taken).toBeGreaterThan(300)
  const { page } = await openLedger(market.dir, { size: SMALLEST })
  await actAs(page, 'Ada')
  await open(page, '#/models')
  await page.getByText(PAYLOADS[0]!).first().waitFor()
  await expectUnharmed(page)
  await open(page, '#/models/publish')
  await page.getByText('What you take home').waitFor()
  await expectUnharmed(page)
  await open(page, '#/market')
  const offers = page.locator('.offer')
  await offers.first().waitFor()
  for (let parts = 0; parts < 20 && (await page.getByRole('button', { name: 'Show more' }).count()) > 0; parts++) {
    const before = await offers.count()
    await page.getByRole('button', { name: 'Show more' }).click()
    await expect.poll(() => offers.count(), EVENTUALLY).toBeGreaterThan(before)
  }
  expect(await offers.count()).toBeGreaterThan(market.taken)
  await expectUnharmed(page)
  // Every card is within its column.
  const widths = await offers.evaluateAll((cards) => cards.map((card) => card.scrollWidth - card.clientWidth))
  expect(Math.max(...widths)).toBe(0)
  await open(page, '#/log')
  await page.getByText('What happened').waitFor()
  const list = page.getByRole('region', { name: 'Entries, the newest first' })
  for (let scrolls = 0; scrolls < 12; scrolls++) {
    await list.evaluate((box) => box.scrollBy(0, 1_500))
    await page.locator('.log-row').first().waitFor()
  }
  await expectUnharmed(page)
})

test('opened, bought and signed', async () => {
  const market = await hostileMarket()
  const { page } = await openLedger(market.dir)
  await actAs(page, 'Bob')
  for (const text of PAYLOADS) {
    await open(page, '#/market')
    await page.getByLabel('Search titles and descriptions').fill(text)
    await page
      .locator('.offer')
      .filter({ hasText: text.slice(0, 40) })
      .first()
      .click()
    await page
      .locator('h1')
      .filter({ hasText: text.slice(0, 40) })
      .waitFor()
    await expectUnharmed(page)
  }
  await page.getByRole('button', { name: 'Review and sign' }).click()
  await page.getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByRole('link', { name: /See it in the log/ }).click()
  await page.getByText('Verified in this page').waitFor()
  await expectUnharmed(page)
})

test('typed into every field', async () => {
  const market = await marketCopy()
  const { page } = await openLedger(market.dir)
  await actAs(page, 'Ada')
  const [script, image] = PAYLOADS as [string, string]
  await page.keyboard.press('Control+k')
  await page.keyboard.type(script)
  await page.getByText('Nothing here is called that.').waitFor()
  await expectUnharmed(page)
  await page.keyboard.press('Escape')
  await open(page, '#/models/publish')
  const form = page.getByRole('dialog')
  await form.getByLabel('Title').fill(image)
  await form.getByLabel('Description').fill(script)
  await form.getByLabel('a month', { exact: true }).fill('9.5')
  await form.getByRole('button', { name: 'Review and sign' }).click()
  await page.getByRole('button', { name: 'Sign and submit' }).click()
  await page.locator('h1').filter({ hasText: image }).waitFor()
  await expectUnharmed(page)
  await page.evaluate((payload) => {
    window.location.hash = `#/log?type=${encodeURIComponent(payload)}`
  }, image)
  await page.getByText('No entry fits').waitFor()
  await expectUnharmed(page)
})
