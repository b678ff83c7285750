/** How an account stands: its credits, its plan, what it bought, its earnings by the time at which they become available. */

import { matured } from '../domain/aged-sum.ts'
import type { Tools } from '../domain/envelope.ts'
import { add, formatMicros } from '../domain/money.ts'
import { standing } from '../domain/paid-periods.ts'
import { platformAt } from '../domain/policy.ts'
import { type Account, accounts, earnings, planSubscriptions } from '../domain/state.ts'
import { formatMilliseconds, formatSeconds, type Milliseconds, wholeSeconds } from '../domain/time.ts'
import { type AccountOrder, findAccountsInOrder } from '../ledger/account-order.ts'
import { findAccounts, findHoldings } from '../ledger/catalogue.ts'
import type { Searched } from '../ledger/entry-search.ts'
import { readBackwards } from '../ledger/history.ts'
import { balance, readPlatform, readRow } from '../ledger/queries.ts'
import type { StoreReader } from '../ledger/store.ts'
import { missing } from './failures.ts'
import type { Sight } from './host.ts'
import { entitlementView, mandateView, planView, subscriptionView } from './present.ts'
import type { AccountDetail, AccountPage, AccountSummary, EarningsView, Holdings, PlanView, WalletView } from './views.ts'

type Moment = Pick<Sight, 'store' | 'time'>

/** An account that somebody asks about. */
export async function needAccount(store: StoreReader, account: string): Promise<Account> {
  const row = await readRow(store, accounts.at(account))
  if (row === undefined) throw missing(`There is no account ${account} on this ledger.`)
  return row
}

export async function readPlanView(store: StoreReader, account: string, time: Milliseconds): Promise<PlanView | undefined> {
  const plan = await readRow(store, planSubscriptions.at(account))
  if (plan === undefined) return undefined
  const now = wholeSeconds(time)
  const { graceDays } = platformAt(await readPlatform(store), now)
  return planView(plan, standing(plan, now, graceDays), now)
}

export async function readEarnings(store: StoreReader, account: string, time: Milliseconds): Promise<EarningsView> {
  const row = await needAccount(store, account)
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

export async function readWallet({ store, time }: Moment, account: string): Promise<WalletView> {
  const row = await needAccount(store, account)
  const { grants: _grants, ...amounts } = (await balance(store, account, time))!
  const plan = await readPlanView(store, account, time)
  return {
    ...(amounts as unknown as Omit<WalletView, 'name' | 'frozen'>),
    name: row.name,
    frozen: row.frozen,
    ...(plan && { plan }),
  }
}

type AccountsAsked = Parameters<typeof findAccounts>[1] & {
  readonly by?: AccountOrder | undefined
  readonly isDescending?: boolean
}

/** Accounts that are found by a text, with what each has. */
export async function readAccountPage(sight: Moment & Searched, asked: AccountsAsked): Promise<AccountPage> {
  const { store, time } = sight
  const { by, isDescending = false, ...part } = asked
  const { items, next, isAll } =
    by === undefined
      ? { isAll: true, ...(await findAccounts(sight, part)) }
      : await findAccountsInOrder(sight, wholeSeconds(time), { ...part, by, isDescending })
  const shown: AccountSummary[] = []
  for (const { account, row } of items) {
    const { spendable, earnings } = (await balance(store, account, time)) as Pick<AccountSummary, 'spendable' | 'earnings'>
    shown.push({ account, number: row.number, name: row.name, frozen: row.frozen, spendable, earnings })
  }
  return {
    size: await store.size(),
    accounts: shown,
    ...(next !== undefined && { next }),
    ...(!isAll && { isPartial: true as const }),
  }
}

/** Why an account is frozen stands in the newest entry that froze it. */
export async function readAccountDetail(tools: Tools, sight: Sight, account: string): Promise<AccountDetail> {
  const { store } = sight
  const { number, name, openedAt, frozen, entries } = await needAccount(store, account)
  const freezing = frozen ? await readBackwards(tools, sight, { account, type: 'account.freeze', limit: 1 }) : undefined
  const froze = freezing?.entries[0]
  return {
    ...{ account, size: await store.size(), number, name, entries },
    opened: formatSeconds(openedAt),
    ...(froze && {
      frozen: {
        time: formatMilliseconds(froze.time),
        reason: (froze.transaction.body as { readonly reason: string }).reason,
        entry: froze.index,
      },
    }),
  }
}

export async function readHoldings({ store, time }: Moment, account: string): Promise<Holdings> {
  const row = await needAccount(store, account)
  const now = wholeSeconds(time)
  const { subscriptions, entitlements, mandates } = await findHoldings(store, account, now)
  return {
    account,
    size: await store.size(),
    subscriptions: subscriptions.map((one) => subscriptionView(one, row.name)),
    entitlements: entitlements.map((one) => entitlementView(one, now)),
    mandates: mandates.map((one) => mandateView(one, now)),
  }
}
