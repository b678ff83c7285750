/** A private hub's console in a browser: it is joined with a read token, and followed with another one once that is revoked. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { marketCopy } from '../api/console.ts'
import { startHub } from '../cli/hub-process.ts'
import { cli, folder, ok } from '../cli/run.ts'
import { startConsole } from '../console/process.ts'
import { axeFindings, open, visit } from './support.ts'

test('is joined with a read token, and asks for another one when that is over', async () => {
  const market = await marketCopy()
  const hub = await startHub(market.dir, ['--access', 'private'])
  const issue = async (name: string) => String((await ok(cli(market.dir, ['access', 'issue', name]))).token)
  const dir = join(folder(), 'joined')
  mkdirSync(dir)
  const { facts } = await startConsole(dir, ['--lock-after', '0'])
  const seen = await visit(facts)
  const { page } = seen
  await page.getByRole('button', { name: 'Join a hub' }).click()
  await page.getByLabel('Address of the hub').fill(hub.facts.listening)
  await page.getByLabel('Key of the log').fill(market.vkey)
  await page.getByRole('button', { name: 'Look at the hub' }).click()
  await page.getByText('The log is private: to follow it takes a read token.').waitFor()
  seen.forgive()
  const token = page.getByLabel(/^Read token/)
  await token.fill(await issue('first'))
  expect(await token.getAttribute('type')).toBe('password')
  expect(await axeFindings(page)).toEqual([])
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Is this the log you mean?' }).waitFor()
  await page.getByLabel('Passphrase').fill('a lamp under seventeen bridges')
  await page.getByLabel('Once more').fill('a lamp under seventeen bridges')
  await page.getByRole('button', { name: /follow this hub/ }).click()
  await page.getByText('Connected').first().waitFor()
  expect(await token.count()).toBe(0)
  await ok(cli(market.dir, ['access', 'revoke', 'first']))
  await open(page, '#/sync')
  await page.getByRole('button', { name: 'Ask the hub now' }).click()
  await page.getByText('The token does not open the log').waitFor()
  await token.fill('nothing good')
  await page.getByRole('button', { name: 'Go on with this token' }).click()
  await page.getByText('this is no read token').waitFor()
  seen.forgive()
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await axeFindings(page), colorScheme).toEqual([])
  }
  await token.fill(await issue('second'))
  await page.keyboard.press('Enter')
  await page.getByText('Connected').first().waitFor()
  await token.waitFor({ state: 'detached' })
})
