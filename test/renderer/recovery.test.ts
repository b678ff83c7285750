/** The recovery sheet from end to end: founded, on paper, the keys lost, brought back, and signing again. */

import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import decodeQR from 'qr/decode.js'
import { expect, test } from 'vitest'
import { vaultPath } from '../../core/drivers/vault.ts'
import { marketCopy } from '../api/console.ts'
import { auditOf, cli, folder, ok, PASSPHRASE } from '../cli/run.ts'
import { startConsole } from '../console/process.ts'
import { axeFindings, command, EVENTUALLY, openMarket, SMALLEST, visit } from './support.ts'

const OWN = 'a lamp under seventeen bridges'
const NEW = 'nine chairs beside a slow river'

const wordsOn = (page: Page) => page.locator('.sheet-words li span[translate=no]').allInnerTexts()

async function showSheet(page: Page, passphrase: string): Promise<string[]> {
  await page.getByLabel(/^Passphrase of this machine/).fill(passphrase)
  await page.keyboard.press('Enter')
  await page.locator('.sheet').waitFor()
  return wordsOn(page)
}

/** Types the words that are asked for: "Word 7", or of several keys "Word 7 of the key of the log". */
async function confirm(page: Page, words: readonly string[]): Promise<void> {
  for (const field of await page.getByLabel(/^Word \d/).all()) {
    const [, number, ofLog] = /^Word (\d+)( of the key of the log)?/.exec(await field.evaluate(labelOf))!
    // The first four letters are enough.
    await field.fill(words[Number(number) - 1 + (ofLog === undefined ? 0 : 24)]!.slice(0, 4).toUpperCase())
  }
  await page.getByRole('button', { name: 'Finish' }).click()
}

const labelOf = (field: SVGElement | HTMLElement) => (field as HTMLInputElement).labels![0]!.textContent!

/** What the QR codes on the page say, read from the dots that are drawn. */
async function scanned(page: Page): Promise<string[]> {
  const codes = await page.$$eval('.qr', (all) =>
    all.map((one) => ({
      size: Number(one.getAttribute('viewBox')!.split(' ')[2]),
      dots: one.querySelector('path')!.getAttribute('d')!,
    })),
  )
  return codes.map(({ size, dots }) => {
    const SCALE = 4
    const width = size * SCALE
    const data = new Uint8Array(4 * width * width).fill(255)
    for (const [, x, y] of dots.matchAll(/M(\d+) (\d+)/g)) {
      for (let row = 0; row < SCALE; row++) {
        const from = 4 * ((Number(y) * SCALE + row) * width + Number(x) * SCALE)
        for (let at = from; at < from + 4 * SCALE; at += 4) data.fill(0, at, at + 3)
      }
    }
    return decodeQR({ width, height: width, data }).toLowerCase()
  })
}

/** All that the page's cache of queries and mutations holds, and what the browser keeps for it. */
async function kept(page: Page): Promise<string> {
  return page.evaluate(() => {
    interface Fiber {
      readonly memoizedProps: { readonly client?: { getQueryCache?: () => Cache; getMutationCache: () => Cache } } | null
      readonly child: Fiber | null
      readonly sibling: Fiber | null
      readonly stateNode: { readonly current: Fiber }
    }
    interface Cache {
      getAll(): { readonly state: unknown }[]
    }
    const root = document.getElementById('root') as unknown as Record<string, Fiber>
    const left = [root[Object.keys(root).find((key) => key.startsWith('__reactContainer'))!]!.stateNode.current]
    let client: NonNullable<Fiber['memoizedProps']>['client']
    for (let fiber = left.pop(); fiber !== undefined; fiber = left.pop()) {
      client ??= fiber.memoizedProps?.client?.getQueryCache && fiber.memoizedProps.client
      left.push(...[fiber.child, fiber.sibling].filter((one) => one !== null))
    }
    const states = [...client!.getQueryCache!().getAll(), ...client!.getMutationCache().getAll()].map(({ state }) => state)
    if (states.length === 0) throw new Error('The cache was not found.')
    return JSON.stringify([states, { ...localStorage }, { ...sessionStorage }, window.history.state, window.location.href])
  })
}

/** Whether a text has three words in a row, whatever stands between them. */
function tells(words: readonly string[], text: string): boolean {
  const rows = words.slice(2).map((_word, at) => words.slice(at, at + 3).join('[^a-z]+'))
  return rows.some((row) => new RegExp(row, 'i').test(text))
}

function expectNowhere(words: readonly string[], texts: readonly string[]): void {
  for (const text of texts) expect(tells(words, text)).toBe(false)
}

function filesIn(dir: string): string[] {
  return readdirSync(dir)
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
}

async function foundLedger(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Found a ledger' }).click()
  await page.getByLabel('What is the marketplace called?').fill('Orchard')
  await page.getByLabel('Passphrase').fill(OWN)
  await page.getByLabel('Once more').fill(OWN)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'A recovery sheet for' }).waitFor()
}

/** Types the words at the door of a folder without keys, and opens an account with what they signed. */
async function bringBack(dir: string, words: readonly string[]): Promise<void> {
  const { facts, running } = await startConsole(dir, ['--lock-after', '0'])
  const back = await visit(facts)
  const { page } = back
  await page.getByRole('heading', { name: 'The keys are not here' }).waitFor()
  const bring = page.getByRole('button', { name: 'Bring the keys' })
  const field = page.getByLabel('The words, in their order')
  await field.fill(words.with(9, 'orchid').join(' '))
  await page.getByText('48 words of 48').waitFor()
  await page.getByLabel(/^Passphrase(?! of)/).fill(NEW)
  await page.getByLabel('Once more').fill(NEW)
  await bring.click()
  await page.getByText('Word 10 of key 1 is not on the list of words').waitFor()
  back.forgive()
  expect(await axeFindings(page)).toEqual([])
  expect(existsSync(vaultPath(dir))).toBe(false)
  await field.fill(words.map((word, at) => `${(at % 24) + 1}. ${word}`).join('\n'))
  await bring.click()
  await page.getByRole('heading', { name: 'Treasury' }).waitFor()
  expectNowhere(words, [await kept(page), running.output(), running.errors(), ...filesIn(dir)])
  await page.getByRole('button', { name: 'New account' }).click()
  await page.getByLabel('Name').fill('Zoë')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: /^A recovery sheet for .*Zoë/ }).waitFor()
  await page.getByRole('button', { name: 'I will do it later' }).click()
  await page.getByRole('heading', { name: 'Wallet' }).waitFor()
  await page.close()
  await running.end()
}

test('founded, on paper, lost, and brought back: it signs again', async () => {
  const dir = join(folder(), 'ledger')
  const { facts, running } = await startConsole(dir, ['--lock-after', '0'])
  const seen = await visit(facts, { size: SMALLEST })
  const { page } = seen
  await foundLedger(page)
  expect(await axeFindings(page)).toEqual([])
  // It is offered again when the page is, and shows nothing without the passphrase.
  await page.reload()
  await page.getByLabel(/^Passphrase of this machine/).fill('not this one')
  await page.keyboard.press('Enter')
  await page.getByText('This passphrase does not open the keys.').waitFor()
  seen.forgive()
  expect(await page.locator('.sheet').count()).toBe(0)
  const words = await showSheet(page, OWN)
  expect(words).toHaveLength(48)
  expect(await axeFindings(page)).toEqual([])
  const spoken = [words.slice(0, 24).join(' '), words.slice(24).join(' ')]
  expect(await scanned(page)).toEqual(spoken)
  expect(tells(words, await page.locator('.sheet').innerText())).toBe(true)
  expectNowhere(words, [await kept(page), running.output(), running.errors(), ...filesIn(dir)])
  // A page that is left takes the words with it.
  await page.evaluate(() => window.dispatchEvent(new Event('pagehide')))
  await page.getByText('The words were taken off the screen.').waitFor()
  expect(await page.locator('.sheet').count()).toBe(0)
  expect(await showSheet(page, OWN)).toEqual(words)
  await page.getByRole('button', { name: 'I have it on paper' }).click()
  expect(await axeFindings(page)).toEqual([])
  for (const field of await page.getByLabel(/^Word \d/).all()) await field.fill('zoo zoo')
  await page.getByRole('button', { name: 'Finish' }).click()
  await page.getByText('That is not what the sheet says there.').first().waitFor()
  await confirm(page, words)
  await page.getByRole('heading', { name: 'Treasury' }).waitFor()
  await page.getByText('You have your recovery sheet.').waitFor()
  expectNowhere(words, [await kept(page), await page.content(), running.output(), running.errors(), ...filesIn(dir)])
  await page.close()
  await running.end()
  // The keys are lost, and the passphrase with them.
  rmSync(vaultPath(dir))
  await bringBack(dir, words)
  expect(await auditOf(dir)).toMatchObject({ ok: true, size: 2 })
})

test('the sheet on paper: alone, black on white, on one page; and reminded of until it is there', async () => {
  const { page } = await openMarket('Bob', { scheme: 'dark' })
  await page.getByRole('link', { name: 'Keys & devices' }).click()
  await page.getByRole('link', { name: 'Make the recovery sheet' }).click()
  const words = await showSheet(page, PASSPHRASE)
  expect(await axeFindings(page)).toEqual([])
  await page.evaluate(() => {
    window.print = () => document.body.setAttribute('data-printed', 'yes')
  })
  await page.getByRole('button', { name: 'Print' }).click()
  expect(await page.locator('body').getAttribute('data-printed')).toBe('yes')
  await page.emulateMedia({ media: 'print' })
  expect(await page.getByRole('button').filter({ visible: true }).count()).toBe(0)
  expect(await page.getByRole('heading', { level: 1 }).isVisible()).toBe(false)
  const colour = (selector: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((one) => getComputedStyle(one).color)
  expect(await colour('.sheet-words li')).toBe('rgb(0, 0, 0)')
  const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true })
  expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)).toHaveLength(1)
  await page.emulateMedia({ media: 'screen' })
  await page.getByRole('button', { name: 'I have it on paper' }).click()
  await page.getByRole('button', { name: 'See the sheet again' }).click()
  expect(await wordsOn(page)).toEqual(words)
  await page.getByRole('button', { name: 'Hide the words' }).click()
  await page.getByRole('button', { name: 'Back', exact: true }).click()
  await page.getByRole('link', { name: 'Make the recovery sheet' }).waitFor()
  await command(page, 'Recovery sheet')
  await showSheet(page, PASSPHRASE)
  await page.getByRole('button', { name: 'I have it on paper' }).click()
  await confirm(page, words)
  await page.getByRole('heading', { name: 'Keys & devices' }).waitFor()
  await page.getByText('One key carries this account').waitFor()
  await expect.poll(() => page.getByRole('link', { name: 'Make the recovery sheet' }).count(), EVENTUALLY).toBe(0)
})

test('a backup without keys, and keys in a file: brought at the door, and beside others', async () => {
  const market = await marketCopy()
  const backup = join(market.dir, '..', 'without.backup')
  await ok(cli(market.dir, ['backup', backup]))
  const file = join(market.dir, '..', 'some.keys')
  const other = join(market.dir, '..', 'bob.keys')
  const env = { NIMLEDGER_FILE_PASSPHRASE: 'of the file' }
  await ok(cli(market.dir, ['keys', 'export', file, '--account', 'operator', '--account', 'sequencer'], { env }))
  await ok(cli(market.dir, ['keys', 'export', other, '--account', 'Bob'], { env }))
  const { facts } = await startConsole(join(folder(), 'ledger'), ['--lock-after', '0'])
  const seen = await visit(facts)
  const { page } = seen
  await page.getByRole('button', { name: 'Restore a backup' }).click()
  await page.getByLabel('The backup').fill(backup)
  await page.getByLabel('Its keys are elsewhere').click()
  await page.getByLabel('In a file of keys').click()
  await page.locator('input[type=file]').setInputFiles(file)
  await page.getByLabel('Passphrase of the file').fill('of the file')
  await page.getByLabel(/^Passphrase(?! of)/).fill(NEW)
  await page.getByLabel('Once more').fill(NEW)
  expect(await axeFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Restore a backup' }).click()
  await page.getByRole('heading', { name: 'Treasury' }).waitFor()
  await page.getByRole('button', { name: /^Account:/ }).click()
  await page.getByRole('menuitem', { name: 'Bring keys back' }).click()
  await page.getByLabel('In a file of keys').click()
  await page.locator('input[type=file]').setInputFiles(other)
  await page.getByLabel('Passphrase of the file').fill('wrong')
  await page.getByRole('button', { name: 'Bring the keys' }).click()
  await page.getByText('The passphrase does not open the keys').waitFor()
  seen.forgive()
  expect(await axeFindings(page)).toEqual([])
  await page.getByLabel('Passphrase of the file').fill('of the file')
  await page.keyboard.press('Enter')
  await page.getByText('1 key brought back').waitFor()
  await page.getByRole('button', { name: /^Account:/ }).click()
  await page.getByRole('menuitem', { name: 'Bob' }).click()
  await page.getByRole('heading', { name: 'Wallet' }).waitFor()
})
