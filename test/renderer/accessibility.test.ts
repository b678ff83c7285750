/** axe finds nothing on any page, light or dark, large or small; and no page is wider than its window. */

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { cli, ok } from '../cli/run.ts'
import { actAs, axeFindings, command, EVENTUALLY, open, openMarket, SMALLEST, type Visit, WINDOW } from './support.ts'

type Step = readonly [address: string, ready: string]

const PAGES: Readonly<Record<string, readonly Step[]>> = {
  Ada: [
    ['#/overview', 'By listing'],
    ['#/models', 'law-7b'],
    ['#/models/plan', 'Your plan now'],
    ['#/models/new', 'SHA-256 of the weights'],
    ['#/models/publish', 'What you take home'],
    ['#/earnings', 'Becoming available'],
    ['#/subscribers', 'Paid until'],
    ['#/nowhere', 'There is no such page here'],
  ],
  Bob: [
    ['#/wallet', 'What came and went'],
    ['#/wallet/topup', 'Please top up this account'],
    ['#/wallet/alert', 'Tell me below'],
    ['#/usage', 'By listing'],
    ['#/keys', 'One key carries this account'],
    ['#/keys/bring', 'Where they are'],
    ['#/keys/sheet', 'Before the words are shown'],
    ['#/market', 'Contracts, annotated'],
    ['#/market/LISTING', 'Choose what to buy'],
    ['#/models', 'Choose a plan'],
    ['#/log', 'What happened'],
    ['#/log/7', 'Verified in this page'],
    ['#/log?type=credit.topup&since=2026-01-01&least=1', 'paid through bank'],
    ['#/log?type=model.undeploy&account=BOB', 'No entry fits'],
    ['#/verify', 'Nothing is trusted'],
  ],
  Operator: [
    ['#/treasury', 'Deposits held'],
    ['#/revenue', 'What the figures mean'],
    ['#/accounts', 'Chiara'],
    ['#/accounts/BOB', 'Newest entries'],
    ['#/hub', 'Let others take part'],
    ['#/log/21', 'Lines'],
  ],
}

async function look({ page, market }: Awaited<ReturnType<typeof openMarket>>, who: string): Promise<string[]> {
  const found: string[] = []
  for (const [address, ready] of PAGES[who]!) {
    await open(page, address.replace('LISTING', market.things.listing!).replace('BOB', market.accounts.Bob!))
    await page.getByText(ready).first().waitFor()
    found.push(...(await axeFindings(page)).map((finding) => `${address} ${finding}`))
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
    if (wider > 0) found.push(`${address} is ${wider} pixels wider than the window`)
    found.push(...(await cutTables(page)).map((label) => `${address}: the table "${label}" does not fit`))
  }
  return found
}

/** Tables that show a part of their columns only after scrolling to the side. */
function cutTables(page: Page): Promise<string[]> {
  return page.$$eval('.table-scroll, .log-box', (tables) =>
    tables.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.getAttribute('aria-label') ?? ''),
  )
}

/** A tablet and a telephone, held upright: rows of many columns are cards there. */
const TABLET = { width: 800, height: 900 }
const TELEPHONE = { width: 390, height: 844 }

async function openMenus({ page }: Visit): Promise<string[]> {
  const found: string[] = []
  await page.keyboard.press('Control+k')
  await page.getByPlaceholder('Search or run a command').waitFor()
  found.push(...(await axeFindings(page)))
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Colours', exact: true }).click()
  await page.getByRole('menuitem', { name: 'As the system' }).waitFor()
  found.push(...(await axeFindings(page)))
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Account:/ }).click()
  await page.getByRole('menuitem', { name: 'New account' }).waitFor()
  found.push(...(await axeFindings(page)))
  await page.keyboard.press('Escape')
  return found
}

test.each([
  ['light', WINDOW],
  ['dark', WINDOW],
  ['light', SMALLEST],
  ['dark', SMALLEST],
] as const)('every page, %s, %o', async (scheme, size) => {
  const seen = await openMarket('Ada', { scheme, size })
  const { page } = seen
  expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe(scheme)
  expect(await look(seen, 'Ada')).toEqual([])
  await open(page, '#/overview')
  expect(await openMenus(seen)).toEqual([])
  await actAs(page, 'Bob')
  expect(await look(seen, 'Bob')).toEqual([])
  // The sign dialog: what will be signed, and what is refused.
  await open(page, `#/market/${seen.market.things.feature}`)
  await page.getByRole('button', { name: 'Review and sign' }).click()
  await page.getByRole('button', { name: 'Sign and submit' }).waitFor()
  await page.getByRole('button', { name: 'The text that is signed' }).click()
  expect(await axeFindings(page)).toEqual([])
  await page.keyboard.press('Escape')
  await actAs(page, 'Operator')
  expect(await look(seen, 'Operator')).toEqual([])
})

test.each(['light', 'dark'] as const)(
  'on a telephone, %s: the navigation opens, goes away again, and nothing is too wide',
  async (scheme) => {
    const seen = await openMarket('Ada', { scheme })
    const { page } = seen
    await page.setViewportSize(TELEPHONE)
    expect(await look(seen, 'Ada')).toEqual([])
    if (scheme === 'light') {
      await page.setViewportSize(TABLET)
      expect(await look(seen, 'Ada')).toEqual([])
      await page.setViewportSize(TELEPHONE)
    }
    const navigation = page.getByRole('navigation', { name: 'Pages' })
    const isAway = () => page.locator('nav[inert]').count()
    await expect.poll(isAway, EVENTUALLY).toBe(1)
    await page.getByRole('button', { name: 'Open the pages' }).click()
    expect(await axeFindings(page)).toEqual([])
    await navigation.getByRole('link', { name: 'Log' }).click()
    await page.getByText('What happened').waitFor()
    await expect.poll(isAway, EVENTUALLY).toBe(1)
    // What is away is not found by the keyboard.
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.closest('nav') === null)).toBe(true)
    await page.getByText('Bob', { exact: false }).first().click()
    await page.getByText('Verified in this page').waitFor()
    expect(await axeFindings(page)).toEqual([])
  },
)

test('colours follow the system until they are chosen, and stay chosen', async () => {
  const { page } = await openMarket('Ada', { scheme: 'dark' })
  const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme')
  expect(await scheme()).toBe('dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await expect.poll(scheme, EVENTUALLY).toBe('light')
  await command(page, 'Colours: Dark')
  await expect.poll(scheme, EVENTUALLY).toBe('dark')
  await page.reload()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  expect(await scheme()).toBe('dark')
})

test('a page is printed alone, light whatever it is on the screen', async () => {
  const { page } = await openMarket('Ada', { scheme: 'dark' })
  const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme')
  await page.emulateMedia({ media: 'print' })
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')))
  expect(await scheme()).toBe('light')
  expect(await page.getByRole('navigation', { name: 'Pages' }).isVisible()).toBe(false)
  expect(await page.getByRole('heading', { name: 'Overview' }).isVisible()).toBe(true)
  // Of the log the entries that were seen; of an entry that is open, all of it and nothing else.
  await open(page, '#/log')
  await page.locator('.log-row').first().waitFor()
  const heights = () =>
    page.$$eval('.log-box, .log-row', ([box, ...rows]) => [box!.clientHeight, rows.length * rows[0]!.clientHeight])
  const [box, rows] = await heights()
  expect(box).toBeGreaterThanOrEqual(rows!)
  await open(page, '#/log/7')
  await page.getByText('Verified in this page').waitFor()
  expect(await page.locator('.log-row').first().isVisible()).toBe(false)
  const cut = await page.$eval('.entry', (entry) => entry.scrollHeight - entry.clientHeight)
  expect(cut).toBeLessThanOrEqual(0)
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')))
  expect(await scheme()).toBe('dark')
})

test('a 4K window, and the smallest: nothing is cut off, not even of a billionaire’s wallet', async () => {
  for (const size of [{ width: 3840, height: 2160 }, SMALLEST]) {
    const { page, market } = await openMarket('Ada', { size })
    await open(page, '#/log')
    await page.getByText('What happened').waitFor()
    const box = await page.locator('.log').boundingBox()
    expect(box!.y + box!.height).toBeLessThanOrEqual(size.height)
    expect(box!.height).toBeGreaterThan(size.height / 2.2)
    await ok(cli(market.dir, ['topup', 'Ada', '99999999999.123456', '--provider', 'bank', '--reference', 'a lot']))
    await open(page, '#/wallet')
    await page.locator('.figure-value', { hasText: /(?:\d,?){12}/ }).waitFor()
    expect(await page.$$eval('.figure-value', (all) => all.filter((one) => one.scrollWidth > one.clientWidth).length)).toBe(0)
  }
})
