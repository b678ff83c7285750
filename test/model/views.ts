/**
 * Compares what the rows mean at the ledger's time with what the model makes of history: entitlements, usage, streams, earnings.
 */

import { counted, use } from '../../core/domain/mandates.ts'
import { ZERO } from '../../core/domain/money.ts'
import * as state from '../../core/domain/state.ts'
import { limitOf } from './history.ts'
import type { TestLedger } from './ledger.ts'
import { type Model, UNITS } from './model.ts'

type Usage = { readonly [unit in (typeof UNITS)[number]]: number }
type Same = (kind: string, actual: unknown, expected: unknown) => void

export function compareViews(ledger: TestLedger, model: Model, same: Same): void {
  if (model.genesis === undefined) return
  const time = Math.floor(ledger.time / 1000)
  model.accounts().forEach((account, number) => {
    same('number of an account', ledger.get(state.accountNumbers.at(number))?.account, account)
    same('deployed models', ledger.get(state.deployments.at(account))?.models ?? [], model.deployed(account))
    const plan = model.plan(account)
    const row = ledger.get(state.planSubscriptions.at(account))
    same(
      'plan',
      row && [row.plan, row.modelLimit, row.start, row.end],
      plan && [plan.name, plan.modelLimit, plan.start, plan.end],
    )
    compareEarnings(ledger, model, account, time, same)
    for (const listing of model.all('listing.publish')) {
      const id = `lst_${listing.id.slice(-32)}`
      compareUsage(ledger, model, account, id, time, same)
      compareEntitlements(ledger, model, account, id, same)
    }
  })
}

function compareEarnings(ledger: TestLedger, model: Model, account: string, time: number, same: Same): void {
  const row = ledger.get(state.earnings.at(account)) ?? { availableMicros: 0n, days: [] }
  const actual = new Map<string, bigint>()
  const expected = new Map<string, bigint>()
  const add = (sums: Map<string, bigint>, from: number, amount: bigint) => {
    const key = from <= time ? 'available' : String(from)
    sums.set(key, (sums.get(key) ?? 0n) + amount)
  }
  add(actual, 0, row.availableMicros)
  for (const { availableFrom, amountMicros } of row.days) add(actual, availableFrom, amountMicros)
  add(expected, 0, 0n)
  for (const [from, amount] of model.earningsByDay(account)) if (amount > 0n) add(expected, from, amount)
  same('earnings by day', actual, expected)
}

function compareUsage(ledger: TestLedger, model: Model, account: string, listing: string, time: number, same: Same): void {
  const mandate = model.mandate(account, listing)
  const holder = ledger.get(state.mandateHolders.at(account, listing))
  const row = holder && ledger.get(state.mandates.at(holder.mandate))
  const expected = mandate && [limitOf(mandate).amount, limitOf(mandate).per, model.mandateUsed(account, listing, time)]
  same('mandate', row && [row.limitMicros, row.per, counted(row.per, use(row, time, ZERO))], expected)

  const subscriber = ledger.get(state.subscribers.at(account, listing))
  const paid = subscriber && ledger.get(state.subscriptions.at(subscriber.subscription))
  const subscription = model.subscription(account, listing)
  same('subscription', paid && [paid.start, paid.end], subscription && [subscription.start, subscription.end])

  if (paid && subscription && time < subscription.end) {
    const included = model.listing(listing)!.body.included as Usage | undefined
    const used = UNITS.map((unit, i) => {
      const charged = model.unitsCharged(account, listing, subscription.index, i)
      return Number(charged < (included?.[unit] ?? 0) ? charged : (included?.[unit] ?? 0))
    })
    same(
      'included units used',
      UNITS.map((unit) => paid.used[unit]),
      used,
    )
  }

  const streams = ledger.get(state.streams.at(account, listing))?.streams ?? []
  const known = [...model.streams(account, listing)].map((stream): [string, number] => [
    stream,
    model.lastLine(account, { listing, stream }),
  ])
  same('streams', new Map(streams.map(({ stream, last }) => [stream, last])), new Map(known))
}

function compareEntitlements(ledger: TestLedger, model: Model, account: string, listing: string, same: Same): void {
  const { body } = model.listing(listing)!
  if (body.kind === 'dataset') {
    const bought = model.all('dataset.purchase', account).some((event) => event.body.listing === listing)
    same('purchase', ledger.get(state.purchases.at(account, listing)) !== undefined, bought)
    const licences = (body.licences ?? []) as readonly object[]
    licences.forEach((_, licence) => {
      const end = model.entitlementEnd('dataset.license', account, listing, licence)
      same('licence', ledger.get(state.licences.at(account, listing, licence))?.end, end)
    })
  }
  if (body.kind === 'feature') {
    const row = ledger.get(state.features.at(account, listing))
    const bought = model.all('feature.purchase', account).some((event) => event.body.listing === listing)
    same('feature', row !== undefined, bought)
    if (body.days !== undefined) same('end of a feature', row?.end, model.entitlementEnd('feature.purchase', account, listing))
  }
}
