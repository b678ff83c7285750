/** What becomes of an account's credits: what burns first, what they are spent on, what is due, and how long they last. */

import { payerRows, settledPurse } from '../domain/credits.ts'
import type { Tools } from '../domain/envelope.ts'
import { add, formatMicros, type Micros } from '../domain/money.ts'
import { type Purse, paidIn, spendableIn } from '../domain/purse.ts'
import { listings } from '../domain/state.ts'
import { DAY_SECONDS, dayOf, formatSeconds, type Seconds, wholeSeconds } from '../domain/time.ts'
import { findHolds } from '../ledger/allowances.ts'
import { findHoldings } from '../ledger/catalogue.ts'
import { type Forecast, forecast, type Pace } from '../ledger/forecast.ts'
import { readRange } from '../ledger/history.ts'
import { type Outgoings, readOutgoings } from '../ledger/outgoings.ts'
import { presentBody } from '../ledger/present.ts'
import { rowsAt } from '../ledger/queries.ts'
import { findRenewals, type NextRenewal } from '../ledger/renewing.ts'
import { LoadedRows } from '../ledger/rows.ts'
import type { StoreReader } from '../ledger/store.ts'
import type { Sight } from './host.ts'
import { needAccount } from './standing.ts'
import type { AlertView, BurnView, GrantView, LastsView, OutlookView, RenewalView, ReservationView } from './views.ts'

/** Days of UTC, today among them, over which spending is looked at. */
const BURN_DAYS = 30
/** Renewals as far ahead as this have to be covered. */
const ALERT_DAYS = 30

export async function readOutlook(tools: Tools, sight: Sight, account: string): Promise<OutlookView> {
  const { store } = sight
  const { openedAt } = await needAccount(store, account)
  const now = wholeSeconds(sight.time)
  const purse = await readPurse(store, account, now)
  const from = Math.max(dayOf(now) - BURN_DAYS + 1, dayOf(openedAt)) * DAY_SECONDS
  const outgoings = await readOutgoings(tools, sight, account, from)
  const renewals = await findRenewals(store, account, now)
  const { totalMicros, renewingMicros } = outgoings
  const seconds = Math.max(now - from, DAY_SECONDS)
  // What renews is counted when it is due.
  const foretold = forecast(
    now,
    { paidMicros: paidIn(purse), lots: purse.wallet.lots },
    pace(totalMicros - renewingMicros, seconds),
    renewals,
  )
  const isKnown = purse.owedMicros === 0n && (totalMicros > 0n || renewals.length > 0)
  return {
    account,
    size: await store.size(),
    paid: formatMicros(paidIn(purse)),
    grants: await grantViews(tools, store, purse, foretold),
    held: await reservationViews(store, account, now),
    burn: await burnView(store, outgoings, { from, days: dayOf(now) - dayOf(from) + 1, ...pace(totalMicros, seconds) }),
    renewals: renewals.map(renewalView),
    ...(isKnown && { lasts: lastsView(foretold, now) }),
  }
}

/** The alert that a balance is low: below what its owner wants there to be, or below the renewals that come next. */
export async function readAlert({ store, time }: Sight, account: string, leastMicros: Micros | undefined): Promise<AlertView> {
  await needAccount(store, account)
  const now = wholeSeconds(time)
  const spendableMicros = spendableIn(await readPurse(store, account, now))
  const due = (await findRenewals(store, account, now)).filter(({ at }) => at <= now + ALERT_DAYS * DAY_SECONDS)
  const dueMicros = add(...due.map(({ priceMicros }) => priceMicros))
  return {
    account,
    size: await store.size(),
    spendable: formatMicros(spendableMicros),
    ...(leastMicros !== undefined && { least: formatMicros(leastMicros) }),
    renewals: { count: due.length, price: formatMicros(dueMicros), days: ALERT_DAYS },
    isBelowLeast: leastMicros !== undefined && spendableMicros < leastMicros,
    isBelowRenewals: spendableMicros < dueMicros,
  }
}

async function readPurse(store: StoreReader, account: string, now: Seconds): Promise<Purse> {
  const rows = new LoadedRows(store)
  await rows.load(payerRows(account))
  return settledPurse(rowsAt(rows, now), account)
}

/** An account that was given back more than it spent has no pace. */
function pace(micros: bigint, seconds: Seconds): Pace {
  return { micros: micros > 0n ? micros : 0n, seconds }
}

/** In the order in which they burn; those that are used up are left out. */
async function grantViews(tools: Tools, store: StoreReader, { wallet }: Purse, { lostMicros }: Forecast<NextRenewal>) {
  const views: GrantView[] = []
  for (const [at, { entry, grant, remainingMicros, expiresAt }] of wallet.lots.entries()) {
    if (remainingMicros === 0n) continue
    const [made] = await readRange(tools, store, entry, 1)
    const { reason, amount } = presentBody(made!.transaction) as unknown as Pick<GrantView, 'reason' | 'amount'>
    const [remaining, lost] = [formatMicros(remainingMicros), formatMicros(lostMicros[at]!)]
    views.push({ grant, entry, reason, amount, remaining, lost, expires: formatSeconds(expiresAt) })
  }
  return views
}

/** What is set aside, those that end soonest first. */
async function reservationViews(store: StoreReader, account: string, now: Seconds): Promise<ReservationView[]> {
  const holds = (await findHolds(store, account, now)).map(({ hold, listing, title, amountMicros, expiresAt }) => ({
    ...{ id: hold, kind: 'hold' as const, listing, title, micros: amountMicros, ends: expiresAt },
  }))
  const mandates = (await findHoldings(store, account, now)).mandates.map(({ mandate, row, title, reserveMicros }) => ({
    ...{ id: mandate, kind: 'mandate' as const, listing: row.listing, title, micros: reserveMicros, ends: row.expires },
  }))
  return [...holds, ...mandates]
    .filter(({ micros }) => micros > 0n)
    .sort((a, b) => a.ends - b.ends)
    .map(({ micros, ends, ...one }) => ({ ...one, amount: formatMicros(micros), until: formatSeconds(ends) }))
}

interface Burn extends Pace {
  readonly from: Seconds
  readonly days: number
}

async function burnView(store: StoreReader, { byListing, totalMicros }: Outgoings, burn: Burn): Promise<BurnView> {
  const named = [...byListing.keys()].filter((listing) => listing !== undefined)
  const rows = new LoadedRows(store)
  await rows.load(named.map((listing) => listings.at(listing)))
  const spent = [...byListing].filter(([, micros]) => micros !== 0n).sort(([, a], [, b]) => (a < b ? 1 : -1))
  return {
    from: formatSeconds(burn.from),
    days: burn.days,
    spent: formatMicros(totalMicros),
    perDay: formatMicros((burn.micros * BigInt(DAY_SECONDS)) / BigInt(burn.seconds)),
    byListing: spent.map(([listing, micros]) => ({
      ...(listing !== undefined && { listing, title: rows.get(listings.at(listing))?.title ?? '' }),
      spent: formatMicros(micros),
    })),
  }
}

function renewalView({ listing, title, priceMicros, period, at }: NextRenewal): RenewalView {
  return { ...(listing !== undefined && { listing }), title, price: formatMicros(priceMicros), period, at: formatSeconds(at) }
}

function lastsView({ until, unpaid, renewedMicros }: Forecast<NextRenewal>, now: Seconds): LastsView {
  return {
    ...(until !== undefined && { until: formatSeconds(until), days: Math.floor((until - now) / DAY_SECONDS) }),
    ...(unpaid && { unpaid: renewalView(unpaid) }),
    renewed: formatMicros(renewedMicros),
  }
}
