/** What calls cost an account, what is set aside for those under way, and what its keys may still spend. */

import { formatMicros } from '../domain/money.ts'
import { listings } from '../domain/state.ts'
import { DAY_SECONDS, dayOf, formatSeconds, MAX_SECONDS, type Seconds, wholeSeconds } from '../domain/time.ts'
import { findBudgets, findHolds } from '../ledger/allowances.ts'
import type { CallSums } from '../ledger/calls.ts'
import { LoadedRows } from '../ledger/rows.ts'
import { readSpending } from '../ledger/spending.ts'
import type { Sight } from './host.ts'
import { needAccount } from './standing.ts'
import type { AllowanceView, CallCost, SpendingView } from './views.ts'

interface Asked {
  readonly account: string
  /** The beginnings of UTC days: from the first on, and before the second. */
  readonly from?: Seconds | undefined
  readonly to?: Seconds | undefined
}

export async function readSpendingView(sight: Sight, { account, from = 0, to = MAX_SECONDS }: Asked): Promise<SpendingView> {
  const { store } = sight
  await needAccount(store, account)
  const { byDay, byListing, ...total } = await readSpending(sight, account, { from: dayOf(from), to: dayOf(to) })
  const rows = new LoadedRows(store)
  await rows.load([...byListing.keys()].map((listing) => listings.at(listing)))
  return {
    account,
    size: await store.size(),
    ...costView(total),
    byDay: Array.from(byDay, ([day, sums]) => ({ day: formatSeconds(day * DAY_SECONDS).slice(0, 10), ...costView(sums) })),
    byListing: [...byListing]
      .sort(([, a], [, b]) => (a.costMicros < b.costMicros ? 1 : -1))
      .map(([listing, sums]) => ({ listing, title: rows.get(listings.at(listing))?.title ?? '', ...costView(sums) })),
  }
}

function costView({ costMicros, calls }: CallSums): CallCost {
  return { cost: formatMicros(costMicros), calls }
}

export async function readAllowances({ store, time }: Sight, account: string): Promise<AllowanceView> {
  await needAccount(store, account)
  const now = wholeSeconds(time)
  const [holds, budgets] = [await findHolds(store, account, now), await findBudgets(store, account, now)]
  return {
    account,
    size: await store.size(),
    holds: holds.map(({ amountMicros, expiresAt, ...hold }) => ({
      ...hold,
      amount: formatMicros(amountMicros),
      expires: formatSeconds(expiresAt),
    })),
    budgets: budgets.map(({ keyId, label = '', expires, limitMicros, per, usedMicros }) => ({
      keyId,
      label,
      limit: formatMicros(limitMicros),
      per,
      used: formatMicros(usedMicros),
      ...(expires !== undefined && { expires: formatSeconds(expires) }),
    })),
  }
}
