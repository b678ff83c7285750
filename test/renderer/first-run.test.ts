/** From an empty folder into the console: the demonstration, a ledger of one's own, and the lock. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { marketCopy } from '../api/console.ts'
import { auditOf, cli, folder, PASSPHRASE } from '../cli/run.ts'
import { startConsole } from '../console/process.ts'
import { axeFindings, command, EVENTUALLY, visit } from './support.ts'

test('the demonstration: one door, and its figures are there', async () => {
  const dir = join(folder(), 'ledger')
  const { facts } = await startConsole(dir, ['--lock-after', '0'])
  const { page } = await visit(facts)
  await page.getByRole('heading', { name: 'A ledger that anybody can check' }).waitFor()
  expect(await axeFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Try the demo' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  const figures = page.locator('.figures')
  await figures.getByText('200.257829').waitFor()
  expect(await figures.innerText()).toMatch(
    /Gross earned\s+200\.257829[\s\S]*Platform fee, now 15 %\s+30\.038674[\s\S]*Take-home\s+170\.219155/,
  )
  expect(await figures.innerText()).toMatch(/Model slots\s+3 of 3/)
  await page.getByText('demonstration').waitFor()
  await page.reload()
  await figures.getByText('200.257829').waitFor()
})

test('a ledger of one’s own: a passphrase that is worth it, and then the treasury', async () => {
  const dir = join(folder(), 'ledger')
  const { facts, running } = await startConsole(dir, ['--lock-after', '0'])
  const { page } = await visit(facts)
  await page.getByRole('button', { name: 'Found a ledger' }).click()
  const passphrase = page.getByLabel('Passphrase')
  const create = page.getByRole('button', { name: 'Make the keys and found it' })
  await page.getByLabel('What is the marketplace called?').fill('Orchard <b>&')
  await passphrase.fill('password')
  await page.getByLabel('Once more').fill('passwort')
  await create.click()
  await page.getByText('Too easy to guess').waitFor()
  await page.getByText('The two are not the same.').waitFor()
  expect(await axeFindings(page)).toEqual([])
  expect(existsSync(join(dir, 'keys.json'))).toBe(false)
  await passphrase.fill('a lamp under seventeen bridges')
  await page.getByText('Strength: strong').waitFor()
  await page.getByLabel('Once more').fill('a lamp under seventeen bridges')
  await create.click()
  await page.getByRole('button', { name: 'I will do it later' }).click()
  await page.getByRole('heading', { name: 'Treasury' }).waitFor()
  await page.locator('.brand').getByText('Orchard <b>&').waitFor()
  await page.getByText('No top-ups yet').waitFor()
  await page.getByRole('heading', { name: 'What to do next' }).waitFor()
  expect(await page.getByRole('img', { name: 'To do' }).count()).toBe(4)
  expect(await axeFindings(page)).toEqual([])
  // The next thing to do, from the same page: an account, and credits for it.
  await page.getByRole('button', { name: /^Account:/ }).click()
  await page.getByRole('menuitem', { name: 'New account' }).click()
  await page.getByLabel('Name').fill('Zoë')
  await page.getByRole('button', { name: 'Make the key and open it' }).click()
  await page.getByRole('button', { name: 'I will do it later' }).click()
  await page.getByRole('heading', { name: 'Wallet' }).waitFor()
  await page.getByText('No credits yet').waitFor()
  await page.getByRole('link', { name: 'Get credits' }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: 'Top up as the operator' }).click()
  await page.getByLabel('Amount').fill('12.345678')
  await page.getByLabel('Payment reference').fill('transfer 1')
  await page.getByRole('button', { name: 'Review and sign' }).click()
  await page.getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByText('Top up: accepted').waitFor()
  await page.locator('.figures').getByText('12.345678').waitFor()
  await page.close()
  expect(await running.end()).toBe(0)
  expect(await auditOf(dir)).toMatchObject({ ok: true, size: 3 })
})

test('a locked vault: nothing is shown until the passphrase is right', async () => {
  const market = await marketCopy()
  const { facts } = await startConsole(market.dir, ['--lock-after', '0'])
  const seen = await visit(facts)
  const { page } = seen
  await page.getByRole('heading', { name: 'The keys are locked' }).waitFor()
  expect(await axeFindings(page)).toEqual([])
  expect(await page.getByText('Law 7B').count()).toBe(0)
  const passphrase = page.getByLabel('Passphrase')
  await passphrase.fill('not this one')
  await page.keyboard.press('Enter')
  await page.getByText('This passphrase does not open the vault.').waitFor()
  // The browser itself reports the status of that answer.
  seen.forgive()
  await passphrase.fill(PASSPHRASE)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  // Locked again in one tab, it is locked in the other.
  const second = await seen.another()
  await second.getByRole('heading', { name: 'Overview' }).waitFor()
  // A question that is under way when the keys are locked is refused, which the browser reports.
  for (const one of [page, second]) await expect.poll(() => one.locator('[aria-busy]').count(), EVENTUALLY).toBe(0)
  await command(page, 'Lock the keys')
  for (const one of [page, second]) await one.getByRole('heading', { name: 'The keys are locked' }).waitFor()
  expect(await second.getByText('Law 7B').count()).toBe(0)
})

test('a backup: restored, audited, and opened with its own passphrase; without keys it says where they come from', async () => {
  const market = await marketCopy()
  const backup = join(market.dir, '..', 'with keys.backup')
  expect((await cli(market.dir, ['backup', backup, '--with-keys'])).code).toBe(0)
  const without = join(market.dir, '..', 'without.backup')
  expect((await cli(market.dir, ['backup', without])).code).toBe(0)
  const restore = async (dir: string) => {
    const { facts } = await startConsole(dir, ['--lock-after', '0'])
    const seen = await visit(facts)
    const give = async (file: string) => {
      await seen.page.getByRole('button', { name: 'Restore a backup' }).click()
      await seen.page.getByLabel('The backup').fill(file)
      expect(await axeFindings(seen.page)).toEqual([])
      await seen.page.keyboard.press('Enter')
    }
    return { ...seen, give }
  }
  const dir = join(folder(), 'ledger')
  const { page, give, forgive } = await restore(dir)
  await give(`${backup}.missing`)
  await page.getByText('does not exist').waitFor()
  // The browser itself reports the status of that answer.
  forgive()
  await give(backup)
  await page.getByRole('heading', { name: 'The keys are locked' }).waitFor()
  await page.getByLabel('Passphrase').fill(PASSPHRASE)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  expect(await auditOf(dir)).toMatchObject({ ok: true })
  const other = await restore(join(folder(), 'ledger'))
  await other.give(without)
  await other.page.getByRole('heading', { name: 'The keys are not here' }).waitFor()
  expect(await axeFindings(other.page)).toEqual([])
})
