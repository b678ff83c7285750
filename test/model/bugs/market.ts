/** Bugs in plans, listings, subscriptions and what is bought. */

import type { Bug } from '../ledger.ts'
import { inApply, onPut, onRow, type Row, withoutCheck, withSwappedChecks } from './plant.ts'

const DAY = 86_400

const SALES = [
  ...['subscription.start', 'dataset.purchase', 'dataset.license', 'feature.purchase'],
  ...['usage.mandate', 'hold.open', 'query.charge'],
]

const last = (row: Row, field: string) => (row[field] as Row[]).at(-1)!

/** A row of paid periods whose last one is changed. */
function withLast(row: Row, field: string, change: (one: Row) => Row): Row {
  return { ...row, [field]: (row[field] as Row[]).map((one, i, all) => (i === all.length - 1 ? change(one) : one)) }
}

/** Plans and subscriptions whose last period ends at another time. */
function ending(row: Row, end: number): Row {
  return { ...withLast(row, 'periods', (one) => ({ ...one, end })), end }
}

export const planBugs: Readonly<Record<string, Bug>> = {
  'a plan has room for one more model': onPut('plan.subscribe', 'plan', (row) =>
    withLast(row, 'periods', (one) => ({ ...one, modelLimit: (one.modelLimit as number) + 1 })),
  ),
  'the plan limit is not checked': withoutCheck('model.deploy', 'plan_limit'),
  'a plan is not needed to publish': withoutCheck('listing.publish', 'plan_required'),
  'a grace day too many': onRow(['plan.subscribe', 'subscription.start'], 'platform', (row) => ({
    ...row,
    graceDays: (row.graceDays as number) + 1,
  })),
  'a plan is active in its last second plus one': onRow(['model.deploy', 'listing.publish'], 'plan', (row) =>
    ending(row, (row.end as number) + 1),
  ),
  'grace is free': onRow(['model.deploy', 'listing.publish', 'subscription.start', 'usage.batch'], 'plan', (row) =>
    ending(row, (row.end as number) + 7 * DAY),
  ),
  'a month from the 31st runs over': onPut('plan.subscribe', 'plan', (row) => {
    const date = new Date((last(row, 'periods').start as number) * 1000)
    date.setUTCMonth(date.getUTCMonth() + 1)
    return row.period === 'month' ? ending(row, date.getTime() / 1000) : row
  }),
  'the day of the first period is forgotten': onPut('plan.renew', 'plan', (row, { before }) =>
    row.anchor === before!.anchor ? { ...row, anchor: last(row, 'periods').start } : row,
  ),
  'an upgrade mints: what was refunded is credited': onRow(['plan.change'], 'plan', (row) => ({
    ...row,
    periods: (row.periods as Row[]).map((one) => ({ ...one, refundedMicros: 0n })),
  })),
  'an upgrade mints: a period is credited as if it had not begun': onRow(['plan.change'], 'plan', (row, { time }) => {
    const period = last(row, 'periods')
    const length = (period.end as number) - (period.start as number)
    return time < (row.end as number) ? { ...row, periods: [{ ...period, start: time, end: time + length }] } : row
  }),
  'a plan renews twice': withoutCheck('plan.renew', 'not_due'),
  'a cancelled plan renews': withoutCheck('plan.renew', 'cancelled'),
  'a plan renews above the price signed': withoutCheck('plan.renew', 'no_mandate'),
  'a lapsed plan renews': withoutCheck('plan.renew', 'lapsed'),
  'a frozen account’s plan renews': withoutCheck('plan.renew', 'frozen'),
  'a downgrade is forgotten': onPut('plan.change', 'plan', ({ next: _next, ...row }) => row),
  'an offer is open to everybody': onRow(['plan.subscribe', 'plan.change'], 'offer', (row, { signer }) => ({
    ...row,
    account: signer,
  })),
  'an offer may be small': withoutCheck('plan.offer', 'limit'),
}

export const marketBugs: Readonly<Record<string, Bug>> = {
  'a month is 30 days': onPut('subscription.start', 'subscription', (row) =>
    row.period === 'month' ? ending(row, (last(row, 'periods').start as number) + 30 * DAY) : row,
  ),
  'own listings are sold': withoutCheck('dataset.purchase', 'own_listing'),
  'the price is not checked': withoutCheck('feature.purchase', 'price_changed'),
  'the terms are not checked': withoutCheck('usage.mandate', 'terms_changed'),
  'old terms are honoured for an eighth day': onRow(SALES, 'terms', (row) =>
    row.supersededAt === undefined ? row : { ...row, supersededAt: (row.supersededAt as number) + DAY },
  ),
  'a dataset is bought twice': withoutCheck('dataset.purchase', 'already_owned'),
  'a suspended model is sold': withoutCheck('subscription.start', 'not_for_sale'),
  'what was withdrawn is sold': onRow(SALES, 'listing', (row) => ({
    ...row,
    withdrawn: false,
  })),
  'anybody withdraws a listing': withoutCheck('listing.withdraw', 'not_owner'),
  'an update drops what it does not name': onPut(
    'listing.update',
    'terms',
    ({ query: _query, licences: _licences, ...row }) => row,
  ),
  'own_listing is tested before not_for_sale': withSwappedChecks('subscription.start', 'not_for_sale', 'own_listing'),
  'price_changed is tested after exceeds_credits': withSwappedChecks('dataset.license', 'price_changed', 'exceeds_credits'),
  'a licence bought again begins anew': onPut('dataset.license', 'licence', (row, { time }) =>
    withLast(row, 'pieces', (one) => ({ ...one, start: time, end: time + (one.end as number) - (one.start as number) })),
  ),
  'redeploying keeps the old rank': onPut('model.deploy', 'deployments', (row) => ({
    models: (row.models as string[]).toReversed(),
  })),
  'a subscription renews twice': withoutCheck('subscription.renew', 'not_due'),
  'a cancelled subscription renews': withoutCheck('subscription.renew', 'cancelled'),
  'a subscription renews above the price signed': withoutCheck('subscription.renew', 'no_mandate'),
  'a renewal ahead runs from its own time': onPut('subscription.renew', 'subscription', (row, { time }) => {
    const { start, end } = last(row, 'periods') as { start: number; end: number }
    return ending(row, time + end - start)
  }),
  'whoever cancels goes on for the grace': onPut('subscription.cancel', 'subscription', (row) => ({ ...row, cancelled: false })),
  'a full refund ends nothing': inApply(
    (effects) => ({
      put: (key: { readonly table: { readonly name: string } }, row: unknown) => {
        if (!['subscription', 'plan', 'licence', 'purchase', 'feature'].includes(key.table.name)) effects.put(key as never, row)
      },
    }),
    'credit.refund',
  ),
}
