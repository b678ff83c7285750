/** A long log: any of them is a scroll away, few of them are in the page, and new ones push nothing away. */

import type { Locator } from 'playwright-core'
import { expect, test } from 'vitest'
import { compose, writing } from '../../core/bin/desk.ts'
import { OPERATOR } from '../../core/bin/place.ts'
import { signNote } from '../../core/log/note.ts'
import { marketCopy } from '../api/console.ts'
import { type Market, placeOf } from '../cli/market.ts'
import { actAs, EVENTUALLY, open, openLedger } from './support.ts'

/** As many as are made in good time; the list draws a hundred thousand in the same way. */
const SIZE = 30_000
const shown = (count: number) => count.toLocaleString('en')
/** Notes handed in at once. */
const BATCH = 2_000
const MOST_ROWS = 80
/** On a machine that is busy with other tests; a list that draws all of its rows takes seconds. */
const SLOWEST_FRAME_MS = 500

/** The market, and top-ups until the log has this size. */
async function longMarket(): Promise<Market> {
  const market = await marketCopy()
  await writing(placeOf(market.dir, '2026-01-03T00:00:00Z'), async (desk) => {
    const account = desk.account('Bob')
    const operator = await desk.signer(OPERATOR)
    while (desk.ledger.size < SIZE) {
      const first = desk.ledger.size
      const notes = Array.from({ length: Math.min(BATCH, SIZE - first) }, (_, at) => {
        const body = { account, amount: '0.000001', provider: 'bank', reference: `entry ${first + at}` }
        return signNote(compose(desk.platform.origin, desk.time, { signer: operator.name, type: 'credit.topup', body }), [
          operator,
        ])
      })
      await Promise.all(notes.map((note) => desk.ledger.submit(note)))
    }
  })
  return market
}

/** How long a frame takes while the list is scrolled and every row is drawn anew. */
function medianFrameMs(list: Locator): Promise<number> {
  return list.evaluate(async (box) => {
    const frames: number[] = []
    let before = performance.now()
    for (let frame = 0; frame < 120; frame++) {
      box.scrollBy(0, 700)
      await new Promise(requestAnimationFrame)
      frames.push(performance.now() - before)
      before = performance.now()
    }
    return frames.toSorted((a, b) => a - b)[Math.floor(frames.length / 2)]!
  })
}

test('is scrolled through, jumped into, and grows', async () => {
  const market = await longMarket()
  const { page } = await openLedger(market.dir)
  await actAs(page, 'Bob')
  await open(page, '#/log')
  await page
    .getByText(`${shown(SIZE)} entries`)
    .first()
    .waitFor()
  const list = page.getByRole('region', { name: 'Entries, the newest first' })
  const entry = (index: number) => page.getByRole('link', { name: `Entry ${shown(index)}`, exact: true })
  await entry(SIZE - 1).waitFor()
  // To the middle, to the end, and back: each place is filled in, and only what is near is in the page.
  for (const [share, index] of [
    [0.5, SIZE / 2],
    [1, 0],
    [0.25, (SIZE * 3) / 4],
  ] as const) {
    await list.evaluate((box, to) => box.scrollTo(0, (box.scrollHeight - box.clientHeight) * to), share)
    await entry(index).waitFor()
    await page
      .locator('.log-row', { has: entry(index) })
      .getByText(index === 0 ? 'ledger.genesis' : 'credit.topup')
      .waitFor()
    expect(await page.locator('.log-row').count()).toBeLessThan(MOST_ROWS)
  }
  expect(await medianFrameMs(list)).toBeLessThan(SLOWEST_FRAME_MS)
  // What is being read stays where it is when an entry comes.
  await list.evaluate((box) => box.scrollTo(0, 44 * 1_000))
  await entry(SIZE - 1 - 1_000).waitFor()
  const place = async () => Math.round((await entry(SIZE - 1 - 1_005).boundingBox())!.y)
  const where = await place()
  const other = await page.context().newPage()
  await other.goto(page.url())
  await open(other, `#/market/${market.things.feature}`)
  await other.getByRole('button', { name: 'Review and sign' }).click()
  await other.getByRole('button', { name: 'Sign and submit' }).click()
  await page
    .getByText(`${shown(SIZE + 1)} entries`)
    .first()
    .waitFor()
  await expect.poll(place, EVENTUALLY).toBe(where)
  await page
    .getByLabel('Go to entry')
    .first()
    .fill(shown(SIZE / 2))
  await page.keyboard.press('Enter')
  await page
    .getByRole('dialog', { name: `Entry ${shown(SIZE / 2)}` })
    .getByText('Verified in this page')
    .waitFor()
})
