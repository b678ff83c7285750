/** Keys and devices: one is added, limited or pasted, revoked, backed up; and what is refused says why. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { publicKeyHex } from '../../core/bin/desk.ts'
import { newKeyPair } from '../../core/bin/founding.ts'
import { vkeyOf } from '../../core/bin/local-keys.ts'
import { NEW_KEY, publicKeyIn, termsOf } from '../../renderer/screens/keys/key-draft.ts'
import { accepted, cli, folder, ok, PASSPHRASE } from '../cli/run.ts'
import { axeFindings, command, EVENTUALLY, open, openMarket } from './support.ts'

const living = (page: Page) => page.getByRole('region', { name: 'Keys that sign', exact: true })
const rowOf = (page: Page, label: string) => living(page).locator('tbody tr', { hasText: label })

async function signed(page: Page, says: string): Promise<void> {
  await page.getByText(says).waitFor()
  await page.getByRole('button', { name: 'Sign and submit' }).click()
  await page.getByRole('dialog').first().waitFor({ state: 'detached' })
}

async function keysOf(dir: string, name: string) {
  return (await ok(cli(dir, ['account', 'show', name]))).keys as { label?: string; revoked?: true; isHere?: true }[]
}

test.each(['light', 'dark'] as const)(
  'a device is added with the keyboard alone, and the old one revoked, %s',
  async (scheme) => {
    const { page, market } = await openMarket('Bob', { scheme })
    await open(page, '#/keys')
    await page.getByText('One key carries this account').waitFor()
    await rowOf(page, 'First key').getByText('must stay').waitFor()
    expect(await page.getByRole('button', { name: /^Revoke/ }).count()).toBe(0)
    expect(await axeFindings(page)).toEqual([])
    await command(page, 'Add a device or key')
    const name = page.getByLabel('What it is called')
    await expect.poll(() => name.evaluate((field) => field === document.activeElement), EVENTUALLY).toBe(true)
    expect(await axeFindings(page)).toEqual([])
    await page.keyboard.type('laptop')
    await page.keyboard.press('Enter')
    await page.getByText('the key laptop, which may sign all').waitFor()
    expect(await axeFindings(page)).toEqual([])
    await page.locator('button:focus', { hasText: 'Sign and submit' }).waitFor()
    await page.keyboard.press('Enter')
    await rowOf(page, 'laptop').getByText('on this machine').waitFor()
    await page.getByText('One key carries this account').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: /^Revoke: .*First key/ }).click()
    await page.getByLabel('Reason').fill('the old telephone')
    await page.getByRole('button', { name: 'Review and sign' }).click()
    await signed(page, 'From the next entry on it signs nothing.')
    const ended = page.getByRole('region', { name: 'Keys that sign no more' })
    await ended.getByText('revoked').waitFor()
    await rowOf(page, 'laptop').getByText('must stay').waitFor()
    expect(await axeFindings(page)).toEqual([])
    expect(await keysOf(market.dir, 'Bob')).toMatchObject([{ revoked: true }, { label: 'laptop', isHere: true }])
    // The account goes on with the key that it has.
    await accepted(cli(market.dir, ['tx', 'account.profile', '--as', 'Bob', '--body', '{"name":"Robert"}']))
  },
)

test('a key of another machine is added with limits; the same again is refused, with the reason', async () => {
  const { page, market } = await openMarket('Bob')
  const vkey = vkeyOf(market.accounts.Bob!, newKeyPair().publicKey)
  const fill = async () => {
    await open(page, '#/keys/add')
    await page.getByLabel('What it is called').fill('shop')
    await page.getByLabel('It was made elsewhere').check()
    const review = page.getByRole('button', { name: 'Review and sign' })
    await page.getByLabel('Public key').fill(vkey.slice(0, -3))
    await page.getByText('This is no public key').waitFor()
    expect(await review.isDisabled()).toBe(true)
    await page.getByLabel('Public key').fill(vkey)
    await page.getByLabel('Only some things').check()
    await page.getByLabel('Budget', { exact: true }).fill('40')
    await page.getByRole('combobox', { name: 'Only these listings' }).fill('contracts')
    await page.getByRole('option', { name: /Contracts, annotated/ }).click()
    await page.getByLabel('Last day (UTC)').fill('2030-12-31')
    expect(await axeFindings(page)).toEqual([])
    await review.click()
  }
  await fill()
  await signed(page, 'which may sign spend')
  const row = rowOf(page, 'shop')
  await row.getByText('0.00 of 40.00 used this month').waitFor()
  await row.getByText('Contracts, annotated').waitFor()
  await row.getByText('never').waitFor()
  expect(await row.getByText('on this machine').count()).toBe(0)
  const [, shop] = await keysOf(market.dir, 'Bob')
  expect(shop).toMatchObject({ label: 'shop', scopes: ['spend'], vkey, expires: '2031-01-01T00:00:00Z' })
  await fill()
  await page.getByText('The ledger would refuse this').waitFor()
  await page.getByText('exists already').waitFor()
  expect(await page.getByRole('button', { name: 'Sign and submit' }).count()).toBe(0)
  expect(await axeFindings(page)).toEqual([])
  // Whatever was filled in is still there.
  await page.keyboard.press('Escape')
  expect(await page.getByLabel('Public key').inputValue()).toBe(vkey)
})

test('keys are backed up into a file that another machine imports', async () => {
  const { page, forgive } = await openMarket('Bob')
  await command(page, 'Back up keys')
  const passphrase = page.getByRole('textbox', { name: 'Passphrase of this machine’s keys' })
  await passphrase.fill('wrong')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('passphrase', { exact: true }).waitFor()
  forgive()
  expect(await axeFindings(page)).toEqual([])
  await passphrase.fill(PASSPHRASE)
  const coming = page.waitForEvent('download')
  await page.keyboard.press('Enter')
  const file = await coming
  expect(file.suggestedFilename()).toBe('nimledger-keys.json')
  const taken = join(folder(), 'taken.json')
  await file.saveAs(taken)
  expect(JSON.parse(readFileSync(taken, 'utf8'))).toMatchObject({ version: 1, keys: [{ label: 'Bob' }] })
  expect(await ok(cli(folder(), ['keys', 'import', taken]))).toMatchObject({ imported: 1, names: ['Bob'] })
})

test('a draft is signed as it was filled in, and not before it is whole', () => {
  const now = '2026-01-31T12:00:00.000Z'
  const draft = { ...NEW_KEY, label: ' phone ' }
  expect(termsOf(NEW_KEY, now)).toBeUndefined()
  expect(termsOf(draft, now)).toEqual({ label: 'phone', scopes: ['all'] })
  expect(termsOf({ ...draft, lastDay: '2026-01-31' }, now)).toMatchObject({ expires: '2026-02-01T00:00:00Z' })
  expect(termsOf({ ...draft, lastDay: '2026-01-30' }, now)).toBeUndefined()
  expect(termsOf({ ...draft, place: 'elsewhere' }, now)).toBeUndefined()
  const some = { ...draft, power: 'some', budget: '1,000.50', listings: ['lst_1'] } as const
  const limits = { budget: { amount: '1000.5', per: 'month' }, listings: ['lst_1'] }
  expect(termsOf(some, now)).toEqual({ label: 'phone', scopes: ['spend'], ...limits })
  // Budget and listings limit what is spent, and nothing else.
  expect(termsOf({ ...some, scopes: ['meter'] }, now)).toEqual({ label: 'phone', scopes: ['meter'] })
  expect(termsOf({ ...some, scopes: [] }, now)).toBeUndefined()
  for (const budget of ['0', 'ten', '-1']) expect(termsOf({ ...some, budget }, now)).toBeUndefined()
})

test('a public key is read in hex or from a vkey, and nothing else is', () => {
  const pair = newKeyPair()
  const hex = publicKeyHex(pair)
  const vkey = vkeyOf('some.where/else', pair.publicKey)
  for (const text of [hex, ` ${hex.toUpperCase()}\n`, vkey, ` ${vkey} `]) expect(publicKeyIn(text)).toBe(hex)
  for (const text of ['', hex.slice(2), vkey.replace('some', 'any'), `PRIVATE+KEY+${vkey}`])
    expect(publicKeyIn(text)).toBeUndefined()
})
