/** A mirror's console in a browser, beside a real hub: what is signed offline arrives, and a hub that lies is shown up. */

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { formatVerifierKey } from '../../core/log/note.ts'
import { cli, folder, ok, PASSPHRASE } from '../cli/run.ts'
import { MirroredMarket } from '../console/mirror.ts'
import { startConsole } from '../console/process.ts'
import { forge } from '../ledger/forging.ts'
import { ADA, accepted, LOG_KEY, memoryHome, TestLedger } from '../ledger/support.ts'
import { TileServer } from '../sync/served.ts'
import { actAs, axeFindings, command, open, openLedger, SMALLEST, visit } from './support.ts'

/** axe finds nothing, in either colours, and nothing is wider than its window. */
async function expectSound(page: Page): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await axeFindings(page), colorScheme).toEqual([])
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0)
}

async function download(page: Page, name: RegExp): Promise<string> {
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).first().click()])
  const file = join(folder(), saved.suggestedFilename())
  await saved.saveAs(file)
  return file
}

test('offline it is kept, and with the hub it is accepted, with a receipt that others can check', async () => {
  const mirrored = await MirroredMarket.start()
  const { market } = mirrored
  const { page } = await openLedger(mirrored.dir)
  await actAs(page, 'Bob')
  await open(page, '#/sync')
  await page.getByText('Nothing was sent from here yet').waitFor()
  await page.getByText('Connected').first().waitFor()
  await expectSound(page)
  await mirrored.stopHub()
  await page.getByText('hub offline').waitFor()
  await open(page, `#/market/${market.things.dataset}`)
  await page.getByRole('radio', { name: 'Own it for ever' }).click()
  await page.getByRole('button', { name: 'Review and sign' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('The hub cannot be reached now').waitFor()
  await dialog.getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByText('Buy a dataset: kept, and on its way').waitFor()
  // Every page says so, as long as what it shows is without it.
  await page.getByText('1 transaction of yours is on the way to the hub').waitFor()
  await expectSound(page)
  await page.getByRole('link', { name: 'See it in the outbox' }).click()
  const waiting = page.getByRole('region', { name: 'On their way, the first to go first' })
  await waiting.getByText('Buys').waitFor()
  await waiting.getByText('sent, not answered').waitFor()
  await page.getByRole('alert', { name: 'The hub’s log cannot be read now' }).waitFor()
  await page.getByRole('link', { name: /Sync.*1 transaction on the way/ }).waitFor()
  await expectSound(page)
  await mirrored.startHub()
  await command(page, 'Ask the hub now')
  const answered = page.getByRole('region', { name: 'Answered, the newest first' })
  await answered.getByText('accepted').waitFor()
  await page.getByText('live', { exact: true }).waitFor()
  expect(await waiting.count()).toBe(0)
  await expectSound(page)
  const file = await download(page, /^Receipt: Buys/)
  expect(await ok(cli('', ['check', file, '--vkey', market.vkey]))).toMatchObject({ ok: true, what: 'entry' })
  await answered.getByRole('link', { name: /^Entry/ }).click()
  await page.getByText('Verified in this page').waitFor()
  // The wallet has moved with it.
  await open(page, '#/wallet')
  await page.getByRole('link', { name: 'Contracts, annotated' }).first().waitFor()
})

test('a hub that shows two histories is shown up: the evidence is on the page, and nothing more is signed for it', async () => {
  const memory = new MemoryLedger()
  const ledger = await TestLedger.found(memoryHome(memory))
  for (const note of [ledger.opening(ADA), ledger.model(ADA, 'one'), ledger.model(ADA, 'two')])
    accepted(await ledger.ledger.submit(note))
  const server = await (await TileServer.start()).publish(await openMemoryReader(memory))
  const dir = join(folder(), 'mirror')
  const vkey = formatVerifierKey(LOG_KEY)
  await ok(cli(dir, ['sync', '--hub', server.url, '--vkey', vkey]))
  const seen = await openLedger(dir)
  const { page } = seen
  await page.getByRole('heading', { name: 'Sync' }).waitFor()
  const swapped = await forge(memory, (entries) => entries.push(...entries.splice(2, 1)))
  await server.publish(await openMemoryReader(swapped))
  await page.getByRole('button', { name: 'Ask the hub now' }).click()
  await page.getByRole('alert', { name: 'This hub contradicted itself, or its own rules' }).waitFor()
  await page.getByText('Two histories').waitFor()
  await page.getByText('proof for anybody').waitFor()
  await page.getByText('stopped', { exact: true }).waitFor()
  await expectSound(page)
  const file = await download(page, /^Save the evidence/)
  expect(await ok(cli('', ['check', file, '--vkey', vkey]))).toMatchObject({ what: 'evidence', kind: 'fork', proof: true })
  await page.getByRole('button', { name: 'Open an account' }).click()
  await page.getByLabel('Name').fill('Zoë')
  await page.getByRole('button', { name: 'Make the key and open it' }).click()
  await page.getByRole('dialog').getByText('The mirror stops here').waitFor()
  seen.forgive()
  expect(existsSync(join(dir, 'keys.json'))).toBe(false)
  await page.keyboard.press('Escape')
  // The history that was there first is followed again, and the evidence stays.
  await server.publish(await openMemoryReader(memory))
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('Connected').first().waitFor()
  await page.getByText('Two histories').waitFor()
  writeFileSync(join(dir, 'evidence-0123456789abcdef.json'), 'nothing')
  await command(page, 'Sync')
  await page.reload()
  await page.getByText('A file that cannot be read').waitFor()
  expect(readFileSync(file, 'utf8')).toContain('nimledger/evidence@v1')
})

test('the door to a hub: looked at, compared, followed; then an account of one’s own', async () => {
  const mirrored = await MirroredMarket.start()
  const { market } = mirrored
  const { facts } = await startConsole(join(folder(), 'joined'), ['--lock-after', '0'])
  const seen = await visit(facts, { size: SMALLEST })
  const { page } = seen
  await page.getByRole('button', { name: 'Join a hub' }).click()
  await page.getByLabel('Address of the hub').fill('http://127.0.0.1:9')
  await page.getByLabel('Key of the log').fill(market.vkey)
  await page.getByRole('button', { name: 'Look at the hub' }).click()
  await page.getByText('offline').waitFor()
  seen.forgive()
  await expectSound(page)
  await page.getByLabel('Address of the hub').fill(mirrored.url)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Is this the log you mean?' }).waitFor()
  await page.getByText('test.example/credits').waitFor()
  expect(await page.locator('.fingerprint').innerText()).toMatch(/^(?:[0-9a-f]{4}\s+){15}[0-9a-f]{4}/)
  await expectSound(page)
  await page.getByLabel('Passphrase').fill('a lamp under seventeen bridges')
  await page.getByLabel('Once more').fill('a lamp under seventeen bridges')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Sync' }).waitFor()
  await page.getByText('Connected').first().waitFor()
  // Without an account there is nothing of anybody's to act as.
  await page.getByRole('button', { name: 'No account here' }).waitFor()
  // What only the operator can use is not there for nobody, whatever the address says.
  await open(page, '#/treasury')
  await page.getByRole('heading', { name: 'There is no such page here' }).waitFor()
  await open(page, '#/verify')
  await page.getByRole('region', { name: 'Trial balance' }).getByText('zero, as it must be').waitFor()
  expect(await page.getByRole('navigation').getByRole('link').allInnerTexts()).toEqual(['Marketplace', 'Log', 'Verify', 'Sync'])
  // What is for sale is looked at first; to buy it, an account is needed.
  await open(page, '#/market')
  await page.getByRole('link', { name: 'Contracts, annotated' }).click()
  await page.getByText('Own it for ever').waitFor()
  await expectSound(page)
  expect(await page.getByRole('button', { name: 'Review and sign' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Open an account' }).click()
  await page.getByLabel('Name').fill('Zoë')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: /^A recovery sheet for .*Zoë/ }).waitFor()
  await expectSound(page)
  await page.getByRole('button', { name: 'I will do it later' }).click()
  await page.getByRole('heading', { name: 'Wallet' }).waitFor()
  await page.getByText('No credits yet').waitFor()
  await expectSound(page)
})

test('a mirror without keys is opened with a passphrase that is chosen; a ledger of one’s own follows nobody', async () => {
  const mirrored = await MirroredMarket.start()
  rmSync(join(mirrored.dir, 'keys.json'))
  const { facts } = await startConsole(mirrored.dir, ['--lock-after', '0'])
  const { page } = await visit(facts)
  await page.getByRole('heading', { name: 'Choose a passphrase' }).waitFor()
  await expectSound(page)
  await page.getByLabel('Passphrase').fill('a lamp under seventeen bridges')
  await page.getByLabel('Once more').fill('a lamp under seventeen bridges')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Open an account' }).waitFor()
  await page.close()
  await mirrored.stopHub()
  const own = await startConsole(mirrored.market.dir, ['--lock-after', '0'], PASSPHRASE)
  const operator = await visit(own.facts)
  await operator.page.getByRole('heading', { name: 'Overview' }).waitFor()
  expect(await operator.page.getByRole('link', { name: 'Sync' }).count()).toBe(0)
  await open(operator.page, '#/sync')
  await operator.page.getByText('there is no hub to follow').waitFor()
  await expectSound(operator.page)
})
