/** What creators ask: how much was earned, with what, and from whom. */

import { z } from 'zod'
import type { Tools } from '../../domain/envelope.ts'
import { formatMicros } from '../../domain/money.ts'
import { accounts, listings } from '../../domain/state.ts'
import { DAY_SECONDS, formatMilliseconds, formatSeconds, wholeSeconds } from '../../domain/time.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import { findListings, findModels, findSubscribers, readSlots } from '../../ledger/catalogue.ts'
import { readBackwards } from '../../ledger/history.ts'
import { countPayments } from '../../ledger/payments.ts'
import { describe } from '../../ledger/present.ts'
import { LoadedRows } from '../../ledger/rows.ts'
import type { Sight } from '../host.ts'
import * as input from '../inputs.ts'
import { readPayouts } from '../payouts.ts'
import { offerView, readNames, subscriptionView, sumsView } from '../present.ts'
import { may, router } from '../procedure.ts'
import { readEarnings, readPlanView } from '../standing.ts'
import type * as view from '../views.ts'

const accountForm = z.strictObject({ account: input.account })
const partForm = z.strictObject({ account: input.account, after: input.after, limit: input.limit })
const paymentsForm = z.strictObject({ account: input.account, before: input.index.optional(), limit: input.limit })

export const creator = router({
  overview: may('read')
    .input(accountForm)
    .query(({ ctx, input }): Promise<view.CreatorOverview> => ctx.host.reading((sight) => overview(sight, input.account))),
  models: may('read')
    .input(accountForm)
    .query(({ ctx, input }): Promise<view.ModelList> => ctx.host.reading((sight) => modelList(sight, input.account))),
  listings: may('read')
    .input(partForm)
    .query(
      ({ ctx, input }): Promise<view.ListingPage> =>
        ctx.host.reading(async (sight) => {
          const { store, time } = sight
          const { account, ...part } = input
          const { items, next } = await findListings(sight, wholeSeconds(time), { ...part, seller: account })
          return { size: await store.size(), listings: items.map(offerView), ...(next !== undefined && { next }) }
        }),
    ),
  earnings: may('read')
    .input(accountForm)
    .query(
      ({ ctx, input }): Promise<view.EarningsView> =>
        ctx.host.reading(({ store, time }) => readEarnings(store, input.account, time)),
    ),
  payments: may('read')
    .input(paymentsForm)
    .query(({ ctx, input }): Promise<view.PaymentPage> => ctx.host.reading((sight) => payments(ctx.host.tools, sight, input))),
  payouts: may('read')
    .input(paymentsForm)
    .query(({ ctx, input }): Promise<view.PayoutPage> => ctx.host.reading((sight) => readPayouts(ctx.host.tools, sight, input))),
  subscribers: may('read')
    .input(partForm)
    .query(
      ({ ctx, input }): Promise<view.SubscriberPage> =>
        ctx.host.reading(async (sight) => {
          const { store, time } = sight
          const { items, next } = await findSubscribers(sight, input.account, wholeSeconds(time), input)
          const rows = new LoadedRows(store)
          await rows.load(items.map(({ row }) => accounts.at(row.account)))
          const subscriptions = items.map((one) => subscriptionView(one, rows.get(accounts.at(one.row.account))?.name ?? ''))
          return { size: await store.size(), subscriptions, ...(next !== undefined && { next }) }
        }),
    ),
})

async function overview(sight: Sight, account: string): Promise<view.CreatorOverview> {
  const { store, lookup, time, revenue } = sight
  const { holdDays: _hold, releases: _releases, size, ...earnings } = await readEarnings(store, account, time)
  const sums = await revenue.of(store, account, lookup)
  const rows = new LoadedRows(store)
  await rows.load([...sums.byListing.keys()].map((listing) => listings.at(listing)))
  const { deployed, limit } = await readSlots(store, account, wholeSeconds(time))
  const plan = await readPlanView(store, account, time)
  return {
    ...sumsView(sums),
    account,
    size,
    byDay: [...sums.byDay]
      .sort(([a], [b]) => a - b)
      .map(([day, ofDay]) => ({ day: formatSeconds(day * DAY_SECONDS).slice(0, 10), ...sumsView(ofDay) })),
    byListing: [...sums.byListing]
      .sort(([, a], [, b]) => (a.grossMicros < b.grossMicros ? 1 : -1))
      .map(([listing, ofListing]) => ({ listing, title: rows.get(listings.at(listing))?.title ?? '', ...sumsView(ofListing) })),
    earnings: { total: earnings.total, available: earnings.available, pending: earnings.pending, payable: earnings.payable },
    slots: { used: deployed.length, limit },
    ...(plan && { plan }),
    subscribers: await countSubscribers(sight, account),
  }
}

async function countSubscribers(sight: Sight, account: string): Promise<Record<view.Standing, number>> {
  const counts: Record<view.Standing, number> = { active: 0, suspended: 0, lapsed: 0 }
  let after: string | undefined
  do {
    const page = await findSubscribers(sight, account, wholeSeconds(sight.time), { after, limit: input.MAX_PAGE })
    for (const { standing } of page.items) counts[standing] += 1
    after = page.next
  } while (after !== undefined)
  return counts
}

async function modelList(sight: Sight, account: string): Promise<view.ModelList> {
  const { store, time } = sight
  const now = wholeSeconds(time)
  const { models, used, limit } = await findModels(sight, account, now)
  const { items } = await findListings(sight, now, { seller: account, kind: 'model', limit: input.MAX_PAGE })
  const plan = await readPlanView(store, account, time)
  return {
    account,
    size: await store.size(),
    slots: { used, limit },
    ...(plan && { plan }),
    models: models.map(({ model, row, isDeployed, isServing }) => ({
      model,
      name: row.name,
      base: row.base,
      artifact: row.artifact,
      description: row.description,
      createdAt: formatSeconds(row.createdAt),
      isDeployed,
      isServing,
      listings: items.filter((offer) => offer.row.model === model).map(({ listing }) => listing),
    })),
  }
}

async function payments(tools: Tools, sight: Sight, asked: z.output<typeof paymentsForm>): Promise<view.PaymentPage> {
  const { store } = sight
  const { account } = asked
  const { entries, next } = await readBackwards(tools, sight, { ...asked, isPayee: true })
  const rows = new LoadedRows(store)
  const shown: view.Payment[] = []
  for (const entry of entries) shown.push(await paymentView(rows, entry, account))
  return { size: await store.size(), payments: shown, ...(next !== undefined && { next }) }
}

async function paymentView(rows: LoadedRows, entry: Accepted, account: string): Promise<view.Payment> {
  const { index, time, transaction, outcome } = entry
  const { grossMicros, feeMicros } = outcome.payment!
  const earned = outcome.postings.find((posting) => posting.book === 'earnings' && posting.account === account)
  const summary = describe(transaction)
  return {
    index,
    time: formatMilliseconds(time),
    type: transaction.definition.type,
    summary,
    ...sumsView({ grossMicros, feeMicros, payments: countPayments(outcome) }),
    earned: formatMicros(earned?.amountMicros ?? 0n),
    names: await readNames(rows, [summary, transaction.signer]),
  }
}
