/** The operator's list of accounts: what each has, in exact order of whatever is asked for. */

import { expect, test } from 'vitest'
import { marketCopy } from '../api/console.ts'
import { accepted, cli } from '../cli/run.ts'
import { actAs, EVENTUALLY, open, openLedger } from './support.ts'

test('accounts are listed in the order of their opening, with what they have, and sorted by any of it', async () => {
  const { dir, accounts } = await marketCopy()
  const freeze = JSON.stringify({ account: accounts.Chiara, reason: 'asked for' })
  await accepted(cli(dir, ['tx', 'account.freeze', '--as', 'operator', '--body', freeze]))
  // More than one digit, so that an order of texts would be another one.
  await accepted(cli(dir, ['topup', 'Chiara', '1000', '--provider', 'bank', '--reference', 'more']))
  const { page } = await openLedger(dir)
  await actAs(page, 'Operator')
  await open(page, '#/accounts')
  const table = page.getByRole('region', { name: 'Accounts' })
  const column = (number: number) => table.locator(`tbody td:nth-child(${number})`).allInnerTexts()
  const plain = (texts: readonly string[]) => texts.map((text) => text.replace(/[\s,]/g, '').replace(/\.?0*$/, ''))
  const names = async () => (await column(2)).map((text) => text.split('\n')[0])
  await expect.poll(names, EVENTUALLY).toEqual(['Test', 'Ada', 'Bob', 'Chiara'])
  const held: Record<string, string>[] = []
  for (const name of ['operator', 'Ada', 'Bob', 'Chiara']) held.push((await cli(dir, ['balance', name])).json as never)
  expect(plain(await column(4))).toEqual(held.map(({ spendable }) => spendable))
  expect(plain(await column(5))).toEqual(held.map(({ earnings }) => earnings))
  await expect.poll(() => table.getByText('frozen').count()).toBe(1)
  expect(await table.locator('tr', { hasText: 'frozen' }).innerText()).toContain('Chiara')
  await table.getByRole('button', { name: 'Spendable' }).click()
  await expect.poll(names).toEqual(['Chiara', 'Bob', 'Ada', 'Test'])
  await table.getByRole('button', { name: 'Spendable' }).click()
  await expect.poll(names).toEqual(['Test', 'Ada', 'Bob', 'Chiara'])
  await table.getByRole('button', { name: 'Name' }).click()
  await expect.poll(names).toEqual(['Ada', 'Bob', 'Chiara', 'Test'])
})
