/**
 * The pictures of README and docs, taken of the demonstration. Each run takes them, so that they always can be; they are kept
 * only where a folder is named:
 *
 *     PICTURES=docs/images npm test -- test/renderer/pictures.test.ts
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { folder, ROOT } from '../cli/run.ts'
import { startConsole } from '../console/process.ts'
import { actAs, open, visit } from './support.ts'

const KEPT = process.env.PICTURES
/** A page of little but its background is less. */
const LEAST_BYTES = 20_000
const MOST_BYTES = 250_000

async function take(page: Page, name: string): Promise<void> {
  await page.mouse.move(640, 790)
  await page.evaluate(() => document.fonts.ready)
  const picture = await page.screenshot({ animations: 'disabled', caret: 'hide' })
  expect(picture.length, name).toBeGreaterThan(LEAST_BYTES)
  expect(picture.length, name).toBeLessThan(MOST_BYTES)
  if (KEPT === undefined) return
  mkdirSync(resolve(ROOT, KEPT), { recursive: true })
  writeFileSync(resolve(ROOT, KEPT, `${name}.png`), picture)
}

test('the demonstration, page by page', async () => {
  const { facts } = await startConsole(join(folder(), 'ledger'), ['--lock-after', '0'])
  const { page } = await visit(facts)
  await page.getByRole('button', { name: 'Try the demo' }).click()
  await page.getByText('By listing').waitFor()
  await page.locator('.recharts-rectangle').first().waitFor()
  await take(page, 'overview')
  await page.emulateMedia({ colorScheme: 'dark' })
  await take(page, 'overview-dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await open(page, '#/models/publish')
  const form = page.getByRole('dialog')
  await form.getByLabel('Title').fill('Claims 7B')
  await form.getByLabel('Description').fill('Reads insurance claims, and says which clause decides.')
  await form.getByLabel('a week', { exact: true }).fill('2.50')
  await form.getByLabel('a month', { exact: true }).fill('9')
  await form.locator('.calculator').getByText('7.65').waitFor()
  await take(page, 'publish')
  await form.getByRole('button', { name: 'Cancel' }).click()
  await actAs(page, 'Bob')
  await open(page, '#/market')
  await page.getByRole('link', { name: 'Contracts, annotated' }).click()
  await page.getByRole('radio', { name: 'Own it for ever' }).click()
  await page.locator('.consequence .amount').first().waitFor()
  await page.getByRole('button', { name: 'Review and sign' }).click()
  await page.getByRole('button', { name: 'Sign and submit' }).waitFor()
  await take(page, 'sign')
  await page.getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByRole('link', { name: /See it in the log/ }).click()
  await page.getByText('Verified in this page').waitFor()
  await page.getByRole('button', { name: 'Close' }).first().waitFor()
  await page.emulateMedia({ colorScheme: 'dark' })
  await take(page, 'entry-dark')
})
