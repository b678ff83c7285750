/** The Hub page in a browser: beside a real hub with traffic, refusals, followers and an alert; and of a hub elsewhere. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { marketCopy } from '../api/console.ts'
import { startHub } from '../cli/hub-process.ts'
import { accepted, cli, expectRefused, folder, ok } from '../cli/run.ts'
import { MirroredMarket } from '../console/mirror.ts'
import { actAs, axeFindings, command, open, openLedger, SMALLEST, WINDOW } from './support.ts'

/** axe finds nothing, in either colours and the smallest window, and no page is wider than its window. */
async function expectSound(page: Page): Promise<void> {
  for (const [colorScheme, size] of [
    ['dark', SMALLEST],
    ['light', WINDOW],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize(size)
    // Some colours go over into the others.
    await page.evaluate(async () => {
      const transitions = document.getAnimations().filter((one) => one instanceof CSSTransition)
      await Promise.allSettled(transitions.map(({ finished }) => finished))
    })
    expect(await axeFindings(page), colorScheme).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0)
  }
}

const topup = (reference: string) => ['topup', 'Bob', '1', '--provider', 'bank', '--reference', reference]

test('shows how the hub on this machine is doing, live, and what is wrong first', async () => {
  const { dir, vkey } = await marketCopy()
  const config = join(folder(), 'hub.json')
  writeFileSync(config, '{}')
  const hub = await startHub(dir, ['--config', config])
  const { page } = await openLedger(dir)
  await actAs(page, 'Operator')
  await command(page, 'Hub')
  await page.getByText(`A hub on this machine serves the ledger at ${hub.facts.listening}.`).waitFor()
  await page.getByText('Nothing was refused').waitFor()
  await page.getByText('Nobody has asked for the log yet').waitFor()
  await page.getByText('No witnesses are asked').waitFor()
  await expectSound(page)
  await accepted(cli(dir, topup('one')))
  expectRefused(await cli(dir, topup('one')), 'reference_used')
  await ok(cli(join(folder(), 'mirror'), ['sync', '--hub', hub.facts.listening, '--vkey', vkey]))
  const refusals = page.getByRole('region', { name: 'Refusals by code' })
  await refusals.getByText('nothing is paid or credited twice').waitFor()
  const followers = page.getByRole('region', { name: 'Who follows' })
  await followers.getByText('up to date').waitFor()
  await accepted(cli(dir, topup('two')))
  await followers
    .getByRole('row', { name: /nimledger.*asks/ })
    .getByRole('cell', { name: '1', exact: true })
    .waitFor()
  await page.getByText(/In the last minute [12] entr/).waitFor({ state: 'attached' })
  await page.getByText('Last hour', { exact: true }).click()
  await page.getByText('In the last hour 2 entries').waitFor({ state: 'attached' })
  writeFileSync(config, 'nonsense')
  hub.signal('SIGHUP')
  await page.getByRole('alert', { name: 'The settings could not be read again; the old ones are in force' }).waitFor()
  await expectSound(page)
  await hub.end()
  await page.getByRole('alert', { name: 'How it is doing is not known' }).waitFor()
  await page.getByText('Start it again').waitFor()
  await expectSound(page)
  await startHub(dir)
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('Nothing was refused').waitFor()
})

test('is for the operator, who signs in to a hub that a mirror follows', async () => {
  const mirrored = await MirroredMarket.start()
  const { page } = await openLedger(mirrored.dir)
  await actAs(page, 'Bob')
  await open(page, '#/hub')
  await page.getByRole('heading', { name: 'There is no such page here' }).waitFor()
  await actAs(page, 'Operator')
  await open(page, '#/hub')
  await page.getByText('The hub tells this to its operator alone').waitFor()
  await expectSound(page)
  await page.getByRole('button', { name: 'Sign in as the operator' }).click()
  await page.getByText(`The hub at ${mirrored.url}, which this mirror follows`).waitFor()
  await page.getByRole('region', { name: 'Who follows' }).getByText('listens').waitFor()
  await expectSound(page)
})
