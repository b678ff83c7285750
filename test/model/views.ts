/**
 * Compares what the rows mean at the ledger's time with what the model makes of history: keys, wallets and what is set aside,
 * plans, subscriptions, entitlements, usage, streams, earnings and revenue.
 */

import { matured } from '../../core/domain/aged-sum.ts'
import { usedIn, usedWith } from '../../core/domain/mandates.ts'
import { ZERO } from '../../core/domain/money.ts'
import * as state from '../../core/domain/state.ts'
import type { Seconds } from '../../core/domain/time.ts'
import { DAY, midnight } from './catalogue/calendar.ts'
import type { Fields } from './catalogue/form.ts'
import { sum, thing } from './catalogue/history.ts'
import { keyId, keysOf, spentBy } from './catalogue/keys.ts'
import { currentTerms, deployed, isWithdrawn, listingOf, versions } from './catalogue/listings.ts'
import { limitOf, mandateOf, mandateUsed } from './catalogue/mandates.ts'
import { includedIn, lastLine, streamsOf, UNITS, unitsUsed } from './catalogue/metering.ts'
import type { Model } from './catalogue/model.ts'
import { earningsOf } from './catalogue/payouts.ts'
import { planOf } from './catalogue/plans.ts'
import { latestSubscription, ownsForEver, periodOf, piecesOf, subscriptionOf } from './catalogue/subscriptions.ts'
import { heldSlices, slices } from './catalogue/wallet.ts'
import type { TestLedger } from './ledger.ts'

type Same = (kind: string, actual: unknown, expected: unknown) => void

interface Sight {
  readonly ledger: TestLedger
  readonly model: Model
  readonly time: Seconds
  readonly same: Same
}

export function compareViews(ledger: TestLedger, model: Model, same: Same): void {
  if (model.genesis === undefined) return
  const sight = { ledger, model, time: Math.floor(ledger.time / 1000) as Seconds, same }
  model.accounts().forEach((account, number) => {
    same('number of an account', ledger.get(state.accountNumbers.at(number))?.account, account)
    same('deployed models', ledger.get(state.deployments.at(account))?.models ?? [], deployed(model, account))
    compareKeys(sight, account)
    compareWallet(sight, account)
    comparePlan(sight, account)
    compareEarnings(sight, account)
    for (const listing of model.all('listing.publish')) {
      compareUsage(sight, account, thing('lst', listing))
      compareSubscription(sight, account, thing('lst', listing))
      compareEntitlements(sight, account, thing('lst', listing))
    }
  })
  for (const listing of model.all('listing.publish')) {
    const row = ledger.get(state.listings.at(thing('lst', listing)))!
    same('listing', [row.version, row.withdrawn], [versions(model, listing).length, isWithdrawn(model, listing)])
  }
  compareRevenue(sight)
}

function compareKeys({ ledger, model, time, same }: Sight, account: string): void {
  for (const { publicKey, isRevoked, body } of keysOf(model, account)) {
    const row = ledger.get(state.keys.at(account, keyId(account, publicKey)))!
    same('key', [row.publicKey, row.revoked === true], [publicKey, isRevoked])
    const budget = body.budget as Fields | undefined
    if (budget === undefined) continue
    const { per } = row.budget!
    const day = new Date(time * 1000)
    const month = (day.getUTCFullYear() - 1970) * 12 + day.getUTCMonth()
    const isCurrent = row.spent?.window === (per === 'day' ? Math.floor(time / DAY) : month)
    const spent = isCurrent ? row.spent!.amountMicros : 0n
    same('what a key spent', spent, spentBy(model, { account, publicKey }, per, time))
  }
}

/** Grants in the order in which they burn, and what is set aside, as it was before anything is settled. */
function compareWallet({ ledger, model, same }: Sight, account: string): void {
  const row = ledger.get(state.wallets.at(account))
  const lots = (row?.lots ?? []).filter(({ remainingMicros }) => remainingMicros > 0n)
  const expected = slices(model, account).filter(({ origin }) => origin !== 'paid')
  same(
    'grants in a wallet',
    lots.map(({ grant, remainingMicros }) => [grant, remainingMicros]),
    expected.map(({ origin, amount }) => [origin, amount]),
  )
  const held = (id: string) => sum(heldSlices(model, account, id).map(({ amount }) => amount))
  const aside = [...(row?.holds ?? []), ...(row?.reserves ?? [])]
  for (const { id, amountMicros } of aside) same('set aside', amountMicros, held(id))
  same('set aside in all', sum(aside.map(({ amountMicros }) => amountMicros)), model.balance('held', account))
}

function comparePlan({ ledger, model, same }: Sight, account: string): void {
  const plan = planOf(model, account)
  const row = ledger.get(state.planSubscriptions.at(account))
  same(
    'plan',
    row && [row.end, row.cancelled, row.priceMicros, row.next?.plan, row.next?.priceMicros],
    plan && [plan.end, plan.isCancelled, plan.signed, plan.scheduled?.name, plan.scheduled?.price],
  )
}

function compareEarnings({ ledger, model, time, same }: Sight, account: string): void {
  const row = matured(ledger.get(state.earnings.at(account)), time)
  const actual = new Map<string, bigint>([['available', row.availableMicros]])
  for (const { availableFrom, amountMicros } of row.days) {
    actual.set(String(availableFrom), (actual.get(String(availableFrom)) ?? 0n) + amountMicros)
  }
  const expected = new Map<string, bigint>([['available', 0n]])
  for (const { from, amount } of earningsOf(model, account)) {
    const key = from <= time ? 'available' : String(from)
    expected.set(key, (expected.get(key) ?? 0n) + amount)
  }
  same('earnings by day', withoutNothing(actual), withoutNothing(expected))
}

function withoutNothing(sums: ReadonlyMap<string, bigint>): Map<string, bigint> {
  return new Map([...sums].filter(([, amount]) => amount !== 0n))
}

function compareRevenue({ ledger, model, time, same }: Sight): void {
  for (const book of ['fees', 'plans'] as const) {
    const row = matured(ledger.get(state.revenue.at(book)), time)
    const days = [...model.parts(`revenue:${book}`)].map(([day, amount]) => ({ from: midnight(Number(day)) + 31 * DAY, amount }))
    const expected = sum(days.filter(({ from }) => from <= time).map(({ amount }) => amount))
    same('revenue that can be withdrawn', row.availableMicros, expected)
  }
}

function compareUsage({ ledger, model, time, same }: Sight, account: string, listing: string): void {
  const mandate = mandateOf(model, account, listing)
  const holder = ledger.get(state.mandateHolders.at(account, listing))
  const row = holder && ledger.get(state.mandates.at(holder.mandate))
  const expected = mandate && [limitOf(mandate).amount, limitOf(mandate).per, mandateUsed(model, account, listing, time)]
  same('mandate', row && [row.limitMicros, row.per, usedIn(row.per, usedWith(row, time, ZERO))], expected)

  const streams = ledger.get(state.streams.at(account, listing))?.streams ?? []
  const known = [...streamsOf(model, account, listing)].map((stream): [string, number] => [
    stream,
    lastLine(model, account, { listing, stream }),
  ])
  same('streams', new Map(streams.map(({ stream, last }) => [stream, last])), new Map(known))
}

function compareSubscription({ ledger, model, time, same }: Sight, account: string, listing: string): void {
  const subscriber = ledger.get(state.subscribers.at(account, listing))
  const row = subscriber && ledger.get(state.subscriptions.at(subscriber.subscription))
  const started = latestSubscription(model, account, listing)
  const running = started && subscriptionOf(model, started)
  same(
    'subscription',
    row && [row.end, row.cancelled, row.priceMicros],
    running && [running.end, running.isCancelled, running.signed],
  )
  const period = periodOf(model, account, listing, time)
  if (row === undefined || period === undefined || row.usedFrom !== period.start) return
  const included = includedIn(model, account, listing, period.index)
  const used = UNITS.map((_, unit) => {
    const charged = unitsUsed(model, account, listing, period.index, unit)
    return Number(charged < included[unit]! ? charged : included[unit]!)
  })
  same(
    'included units used',
    UNITS.map((unit) => row.used[unit]),
    used,
  )
}

function compareEntitlements({ ledger, model, time, same }: Sight, account: string, id: string): void {
  const listing = listingOf(model, id)!
  const runs = (row: state.Entitlement | undefined) => {
    const piece = row?.pieces.at(-1)
    return piece !== undefined && (piece.end === undefined || piece.end > time)
  }
  const endOf = (type: string, licence?: number) => {
    const choice = licence === undefined ? { listing: id } : { listing: id, licence }
    const end = piecesOf(model, type, account, choice).at(-1)?.end
    return end !== undefined && end > time ? end : undefined
  }
  if (listing.body.kind === 'dataset') {
    const purchase = ledger.get(state.purchases.at(account, id))
    same('purchase', runs(purchase), ownsForEver(model, 'dataset.purchase', account, { listing: id }))
    const licences = versions(model, listing).map(({ terms }) => ((terms.licences as readonly object[]) ?? []).length)
    for (let licence = 0; licence < Math.max(...licences); licence++) {
      const row = ledger.get(state.licences.at(account, id, licence))
      same('licence', runs(row) ? row!.pieces.at(-1)!.end : undefined, endOf('dataset.license', licence))
    }
  }
  if (listing.body.kind === 'feature') {
    const row = ledger.get(state.features.at(account, id))
    const isForEver = ownsForEver(model, 'feature.purchase', account, { listing: id })
    same('feature', runs(row) && row!.pieces.some(({ end }) => end === undefined), isForEver)
    if (currentTerms(model, listing).days !== undefined && !isForEver) {
      same('end of a feature', runs(row) ? row!.pieces.at(-1)!.end : undefined, endOf('feature.purchase'))
    }
  }
}
