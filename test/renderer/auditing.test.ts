/** The Verify page in a browser: receipts under an earlier key, two checkpoints, exports; by files that are dropped. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { marketCopy } from '../api/console.ts'
import { forkOf, rotate } from '../cli/forking.ts'
import { cli, folder, ok } from '../cli/run.ts'
import { actAs, axeFindings, command, open, openLedger, type Visit } from './support.ts'

/** Drops a file onto an element, as from the system's own windows. */
async function drop(page: Page, target: Locator, name: string, content: Uint8Array): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    ([file, bytes]) => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([new Uint8Array(bytes)], file))
      return transfer
    },
    [name, [...content]] as const,
  )
  await target.dispatchEvent('drop', { dataTransfer })
}

async function saved(page: Page, button: Locator): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()])
  const file = join(folder(), download.suggestedFilename())
  await download.saveAs(file)
  return file
}

async function expectSound(page: Page): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await axeFindings(page), colorScheme).toEqual([])
  }
}

/** What is no checkpoint, or is not signed, is said to be so. */
async function expectFaults(seen: Visit & { readonly fork: Uint8Array }): Promise<void> {
  const { page, fork } = seen
  const first = page.getByLabel('First', { exact: true })
  const compare = page.getByRole('button', { name: 'Compare', exact: true })
  await first.fill('hello')
  await compare.click()
  await page.getByRole('alert').getByText('That is no signed checkpoint').waitFor()
  seen.forgive()
  await first.fill(Buffer.from(fork).toString().replace('\n15\n', '\n14\n'))
  await compare.click()
  await page.getByText('The first is not signed by the log').waitFor()
  await page.getByText('Does not verify:').waitFor()
}

/** What is saved is what the command line writes. */
async function expectExport(page: Page, dir: string): Promise<void> {
  await command(page, 'Export the log')
  const csv = join(folder(), 'log.csv')
  await ok(cli(dir, ['export', 'csv', csv]))
  const file = await saved(page, page.getByRole('button', { name: 'Save: CSV' }))
  expect(file).toContain('test.example-credits-24.csv')
  expect(readFileSync(file).equals(readFileSync(csv))).toBe(true)
  await page.getByText('test.example-credits-24.csv is saved.').waitFor()
  expect(await axeFindings(page)).toEqual([])
}

test('receipts, checkpoints and exports', async () => {
  const market = await marketCopy()
  const receipt = join(folder(), 'receipt.tlog-proof')
  await ok(cli(market.dir, ['prove', '7', '-o', receipt]))
  const [fork, unlike] = [await forkOf(market, 15), await forkOf(market, 12)]
  const rotated = await rotate(market)
  const seen = await openLedger(market.dir)
  const { page } = seen
  await actAs(page, 'Bob')
  await open(page, '#/verify')

  // A receipt that was given before the log took another key.
  await drop(page, page.locator('.drop'), 'receipt.tlog-proof', readFileSync(receipt))
  await page.getByText('Verified in this page').waitFor()
  await page.getByText('It is signed under an earlier key of the log').waitFor()
  await page
    .getByRole('link', { name: `Entry ${rotated.index}`, exact: true })
    .first()
    .waitFor()

  await command(page, 'Compare two checkpoints')
  await page.locator('.given textarea:focus').waitFor()
  const [first, second] = [page.getByLabel('First', { exact: true }), page.getByLabel('Second', { exact: true })]
  const compare = page.getByRole('button', { name: 'Compare', exact: true })
  await expect.poll(() => compare.isDisabled()).toBe(true)
  await drop(page, page.locator('.given').first(), 'receipt.tlog-proof', readFileSync(receipt))
  await compare.click()
  await page.getByText('Both are of this log').waitFor()
  await page.getByText('this ledger, now').waitFor()
  await page.getByText(`The root of the first ${rotated.index} entries here`).waitFor()
  await expectSound(page)

  // Two histories, pasted as a browser shows them; the file convinces others.
  await first.fill(Buffer.from(fork).toString().trimEnd())
  await compare.click()
  await page.getByText('They contradict each other: two histories').waitFor()
  await expectSound(page)
  const evidence = await saved(page, page.getByRole('button', { name: 'Save the evidence' }))
  const [, ...words] = (await page.getByRole('region', { name: 'The command that checks' }).innerText()).split(' ')
  const given = words.map((word) => (word.endsWith('.json') ? evidence : word))
  expect(await ok(cli('', given))).toMatchObject({ what: 'evidence', kind: 'fork', proof: true })
  await second.fill(Buffer.from(unlike).toString())
  await compare.click()
  await page.getByText('Neither is of this log').waitFor()
  await second.fill('')
  await drop(page, page.locator('.given').first(), 'evidence.json', readFileSync(evidence))
  await compare.click()
  await page.getByText('They contradict each other: two histories').waitFor()

  await expectFaults({ ...seen, fork })
  await expectExport(page, market.dir)
})
