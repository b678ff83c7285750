/** How an account stands: its plan, its model slots, its earnings by the moment at which they become available. */

import { matured } from '../domain/aged-sum.ts'
import { add, formatMicros } from '../domain/money.ts'
import { standing } from '../domain/paid-periods.ts'
import { platformAt } from '../domain/policy.ts'
import { accounts, earnings, planSubscriptions } from '../domain/state.ts'
import { formatSeconds, type Milliseconds, wholeSeconds } from '../domain/time.ts'
import { readPlatform, readRow } from '../ledger/queries.ts'
import type { StoreReader } from '../ledger/store.ts'
import { planView } from './present.ts'
import { missing } from './procedure.ts'
import type { EarningsView, PlanView } from './views.ts'

export async function readPlanView(store: StoreReader, account: string, time: Milliseconds): Promise<PlanView | undefined> {
  const plan = await readRow(store, planSubscriptions.at(account))
  if (plan === undefined) return undefined
  const now = wholeSeconds(time)
  const { graceDays } = platformAt(await readPlatform(store), now)
  return planView(plan, standing(plan, now, graceDays), now)
}

export async function readEarnings(store: StoreReader, account: string, time: Milliseconds): Promise<EarningsView> {
  const row = await readRow(store, accounts.at(account))
  if (row === undefined) throw missing(`There is no account ${account} on this ledger.`)
  const { availableMicros, days } = matured(await readRow(store, earnings.at(account)), wholeSeconds(time))
  return {
    account,
    size: await store.size(),
    holdDays: platformAt(await readPlatform(store), wholeSeconds(time)).earningsHoldDays,
    total: formatMicros(row.earningsMicros),
    available: formatMicros(availableMicros),
    pending: formatMicros(add(...days.map(({ amountMicros }) => amountMicros))),
    payable: formatMicros(row.payableMicros),
    releases: days.map(({ availableFrom, amountMicros }) => ({
      availableFrom: formatSeconds(availableFrom),
      amount: formatMicros(amountMicros),
    })),
  }
}
