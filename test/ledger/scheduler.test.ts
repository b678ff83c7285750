/** The scheduler does what is due at its time, once, however often and late it runs, and whatever ends it in the middle. */

import { describe, expect, test } from 'vitest'
import type { Json } from '../../core/domain/canonical.ts'
import { closing, planSubscriptions, type Subscription, subscriptions } from '../../core/domain/state.ts'
import { formatSeconds, type Seconds, wholeSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { Lookup } from '../../core/ledger/lookup.ts'
import { readLog, readRow } from '../../core/ledger/queries.ts'
import { runThrough, type Schedulable, type ScheduleReport, Scheduler } from '../../core/ledger/scheduler.ts'
import { homes } from './homes.ts'
import { type Marketplace, openMarketplace } from './marketplace.ts'
import { ADA, BOB, CYD, DAY, FOUNDED, OPERATOR, TestLedger } from './support.ts'

const at = (text: string): Seconds => Date.parse(text) / 1000

class Interrupted extends Error {}

function scheduleOf(test: TestLedger, mayGoOn: () => boolean = () => true): Schedulable {
  return {
    reader: test.store,
    get size() {
      return test.ledger.size
    },
    summary: (time) => test.ledger.summary(time),
    submit: (type: string, body: Json, time) => {
      if (!mayGoOn()) throw new Interrupted()
      test.time = Math.max(time * 1000, test.time)
      return test.submit(OPERATOR, type, body)
    },
  }
}

async function run(test: TestLedger, until: string, mayGoOn?: () => boolean): Promise<ScheduleReport> {
  const report: ScheduleReport = { renewed: 0, closed: 0, refused: {} }
  await runThrough(await Scheduler.open(scheduleOf(test, mayGoOn)), wholeSeconds(test.time), at(until), report)
  return report
}

async function opened(
  make: (typeof homes)[number]['make'],
): Promise<{ test: TestLedger; sold: Marketplace; subscription: string }> {
  const test = await TestLedger.found(await make())
  const sold = await openMarketplace(test)
  const body = { listing: sold.api, terms: 1, period: 'month', price: '10' }
  const subscription = (await test.accept(BOB, 'subscription.start', body)).outcome.created!
  return { test, sold, subscription }
}

async function typesFrom(test: TestLedger, from: number): Promise<string[]> {
  const types: string[] = []
  for await (const { transaction, time } of readLog(
    { rules, sha256 },
    { store: test.store, lookup: Lookup.none() },
    { from, limit: 10_000 },
  )) {
    types.push(`${transaction.definition.type} ${formatSeconds(wholeSeconds(time))}`)
  }
  return types
}

describe.each(homes)('a ledger on $kind', ({ make }) => {
  test('renews a day before the end and closes the books after each day on which something happened', async () => {
    const { test } = await opened(make)
    const before = test.ledger.size
    expect(await run(test, '2026-03-05T00:00:00Z')).toEqual({ renewed: 4, closed: 3, refused: {} })
    expect(await typesFrom(test, before)).toEqual([
      'period.close 2026-01-02T00:00:00Z',
      'plan.renew 2026-01-31T00:00:00Z',
      'subscription.renew 2026-01-31T00:00:00Z',
      'period.close 2026-02-01T00:00:00Z',
      'plan.renew 2026-02-28T00:00:00Z',
      'subscription.renew 2026-02-28T00:00:00Z',
      'period.close 2026-03-01T00:00:00Z',
    ])
    expect(await test.audit()).toMatchObject({ ok: true })
  })

  test('run twice, or late, it does nothing twice', async () => {
    const { test } = await opened(make)
    await run(test, '2026-02-05T00:00:00Z')
    const { size } = test.ledger
    expect(await run(test, '2026-02-05T00:00:00Z')).toEqual({ renewed: 0, closed: 0, refused: {} })
    expect(test.ledger.size).toBe(size)
  })

  test('ended in the middle, at every step, it comes to the same when it runs again', async () => {
    const until = '2026-03-05T00:00:00Z'
    const whole = await opened(make)
    const from = whole.test.ledger.size
    await run(whole.test, until)
    const expected = await typesFrom(whole.test, from)
    const { test } = await opened(make)
    for (let steps = 1; steps < expected.length; steps++) {
      let left = 1
      await expect(run(test, until, () => left-- > 0)).rejects.toThrow(Interrupted)
      await test.reopen()
    }
    await run(test, until)
    expect(await typesFrom(test, from)).toEqual(expected)
  })

  test('after a long sleep: one period for what is in its grace, nothing for what lapsed, one closing', async () => {
    const { test, subscription } = await opened(make)
    // Two months and three days later, the plan and the subscription lapsed long ago.
    test.time = FOUNDED + 62 * DAY
    const report: ScheduleReport = { renewed: 0, closed: 0, refused: {} }
    const scheduler = await Scheduler.open(scheduleOf(test))
    await scheduler.run(wholeSeconds(test.time), report)
    expect(report).toEqual({ renewed: 0, closed: 1, refused: {} })
    expect(await scheduler.nextDue()).toBeUndefined()
    const row = (await readRow<Subscription>(test.store, subscriptions.at(subscription)))!
    expect(row.end).toBe(at('2026-02-01T00:00:00Z'))
  })

  test('in its grace, a period begins when it is paid', async () => {
    const { test, subscription } = await opened(make)
    test.time = Date.parse('2026-02-03T10:00:00Z')
    const report: ScheduleReport = { renewed: 0, closed: 0, refused: {} }
    await (await Scheduler.open(scheduleOf(test))).run(wholeSeconds(test.time), report)
    expect(report).toMatchObject({ renewed: 2, closed: 1 })
    const row = (await readRow<Subscription>(test.store, subscriptions.at(subscription)))!
    expect(row.end).toBe(at('2026-03-03T10:00:00Z'))
  })

  test('who cannot pay is asked once a day until it lapses, and renewed as soon as he can', async () => {
    const { test, sold } = await opened(make)
    // Cyd has 250; a top-up is spent on datasets until 5 are left.
    await test.accept(CYD, 'subscription.start', { listing: sold.api, terms: 1, period: 'week', price: '3' })
    await test.accept(CYD, 'dataset.purchase', { listing: sold.dataset, terms: 1, price: '25' })
    const feature = { kind: 'feature', title: 'All', description: 'Everything', price: '221', days: 30 }
    const { created } = (await test.accept(ADA, 'listing.publish', feature)).outcome
    await test.accept(CYD, 'feature.purchase', { listing: created!, terms: 1, price: '221' })
    const report = await run(test, '2026-01-10T00:00:00Z')
    // Due from 7 January: refused on the 7th, 8th, 9th and 10th.
    expect(report.refused).toEqual({ exceeds_credits: 4 })
    await test.ledger.submit(test.topup(CYD, '10'))
    expect(await run(test, '2026-01-11T00:00:00Z')).toMatchObject({ renewed: 1, refused: {} })
  })

  test('what was cancelled is left alone', async () => {
    const { test, subscription } = await opened(make)
    await test.accept(BOB, 'subscription.cancel', { subscription })
    await test.accept(ADA, 'plan.cancel', {})
    expect(await run(test, '2026-04-01T00:00:00Z')).toEqual({ renewed: 0, closed: 1, refused: {} })
    expect((await readRow(test.store, planSubscriptions.at(ADA.account)))!.cancelled).toBe(true)
  })

  test('a closing by hand shortly before midnight delays the next one, and nothing waits for ever', async () => {
    const { test } = await opened(make)
    test.time = Date.parse('2026-01-01T23:30:00Z')
    const now = wholeSeconds(test.time)
    const body = { end: formatSeconds(now), size: test.ledger.size, ...(await test.ledger.summary(now)) }
    await test.accept(OPERATOR, 'period.close', body as never)
    await test.accept(BOB, 'account.profile', { name: 'Bobby' })
    const report = await run(test, '2026-01-03T00:00:00Z')
    expect(report.closed).toBe(1)
    expect((await readRow(test.store, closing))!.time).toBe(at('2026-01-02T01:00:00Z'))
  })
})
