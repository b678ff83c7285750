/** Searching a long log: the index that is made beside the ledger changes how long it takes, and nothing else. */

import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { RIGHTS } from '../../core/api/procedure.ts'
import { consoleRouter } from '../../core/api/router.ts'
import { ConsoleDesk } from '../../core/bin/console/console-desk.ts'
import { micros } from './exact-money.ts'
import { foundMarket, type Market } from './market.ts'
import { type Answer, auditOf, cli, copyOf, folder, PASSPHRASE, type Run } from './run.ts'

const SIZE = 1_100

let market: Market
let all: readonly Answer[]

beforeAll(async () => {
  market = await foundMarket(SIZE)
  all = (await cli(market.dir, ['log'])).lines
  expect(all).toHaveLength(SIZE)
  expect(readdirSync(market.dir)).not.toContain('index.db')
})

function isOf(account: string): (entry: Answer) => boolean {
  return ({ signer, postings }) => signer === account || postings.some(({ book }) => book.endsWith(account))
}

/** What an entry moved: here no payment is larger than its largest posting. */
function amountOf({ postings }: Answer): bigint {
  const amounts = postings.map(({ amount }) => micros(amount.replace('-', '')))
  return amounts.reduce((most, amount) => (amount > most ? amount : most), 0n)
}

function indexesOf({ lines }: Run): unknown[] {
  return lines.map(({ index }) => index)
}

describe('log', () => {
  it('finds by account, type, time and amount what is in the log', async () => {
    const bob = market.accounts.Bob!
    const later = all[1]!.time
    expect(later > all[0]!.time).toBe(true)
    const asked: [string[], (entry: Answer) => boolean][] = [
      [['--account', bob, '--limit', '7'], isOf(bob)],
      [['--type', 'usage.batch'], ({ type }) => type === 'usage.batch'],
      [['--account', bob, '--type', 'feature.purchase'], (entry) => isOf(bob)(entry) && entry.type === 'feature.purchase'],
      [['--until', later], ({ time }) => time < later],
      [
        ['--since', later, '--type', 'credit.topup', '--limit', '9'],
        ({ type, time }) => type === 'credit.topup' && time >= later,
      ],
      [['--min', '19', '--max', '25'], (entry) => amountOf(entry) >= micros('19') && amountOf(entry) <= micros('25')],
    ]
    for (const [args, isWanted] of asked) {
      const run = await cli(market.dir, ['log', ...args])
      const limit = args.includes('--limit') ? Number(args.at(-1)) : SIZE
      expect(run.code).toBe(0)
      expect(indexesOf(run), args.join(' ')).toEqual(
        all
          .filter(isWanted)
          .slice(0, limit)
          .map(({ index }) => index),
      )
    }
    expect(existsSync(join(market.dir, 'index.db'))).toBe(true)
    expect(await auditOf(market.dir)).toMatchObject({ ok: true })
  })

  it('answers the same where no index can be made', async () => {
    const dir = copyOf(market.dir)
    for (const name of readdirSync(dir)) if (name.startsWith('index.db')) rmSync(join(dir, name))
    mkdirSync(join(dir, 'index.db'))
    const run = await cli(dir, ['log', '--account', market.accounts.Ada!])
    expect(indexesOf(run)).toEqual(all.filter(isOf(market.accounts.Ada!)).map(({ index }) => index))
    const doctor = await cli(dir, ['doctor'])
    expect(doctor.code).not.toBe(4)
  })
})

it('the console makes the index follow in a thread of its own, and finds the same before and after', async () => {
  const dir = folder()
  for (const name of readdirSync(market.dir))
    if (!name.startsWith('index.db')) copyFileSync(join(market.dir, name), join(dir, name))
  const desk = new ConsoleDesk({ dir, version: '0.0.0', lockAfterMinutes: 0 })
  await desk.unlock(PASSPHRASE)
  const caller = consoleRouter.createCaller({ host: desk, rights: () => RIGHTS[desk.status] })
  const ask = async () => [
    await caller.log.page({ account: market.accounts.Ada!, limit: 5 }),
    await caller.log.page({ type: 'usage.batch' }),
    await caller.log.page({ minAmount: '19', maxAmount: '25', since: all[3]!.time.replace(/\.\d+/, ''), limit: 100 }),
    await caller.creator.overview({ account: market.accounts.Ada! }),
    await caller.creator.payments({ account: market.accounts.Ada!, limit: 2 }),
    await caller.market.search({ text: 'law', maxPrice: '3' }),
    await caller.market.search({ maxPrice: '2.999999' }),
    await caller.account.list({ text: 'bo' }),
  ]
  const before = await ask()
  await vi.waitFor(async () => expect(await desk.reading(async ({ lookup }) => lookup.size)).toBe(SIZE), {
    timeout: 30_000,
    interval: 100,
  })
  expect(await ask()).toEqual(before)
  expect(before[2]).toMatchObject({ entries: expect.arrayContaining([expect.objectContaining({ type: 'plan.subscribe' })]) })
  expect(before[5]).toMatchObject({ listings: [{ title: 'Law 7B' }] })
  expect(before[6]).toMatchObject({ listings: [] })
  await desk.close()
})
