/** What an account has: credits, and what it bought with them. */

import { z } from 'zod'
import { accounts } from '../../domain/state.ts'
import { wholeSeconds } from '../../domain/time.ts'
import { findHoldings } from '../../ledger/catalogue.ts'
import { balance, readRow } from '../../ledger/queries.ts'
import type { Sight } from '../host.ts'
import * as input from '../inputs.ts'
import { entitlementView, mandateView, subscriptionView } from '../present.ts'
import { may, missing, router } from '../procedure.ts'
import { readPlanView } from '../standing.ts'
import type { Holdings, WalletView } from '../views.ts'

const accountForm = z.strictObject({ account: input.account })

export const wallet = router({
  show: may('read')
    .input(accountForm)
    .query(({ ctx, input }): Promise<WalletView> => ctx.host.reading((sight) => walletView(sight, input.account))),
  holdings: may('read')
    .input(accountForm)
    .query(({ ctx, input }): Promise<Holdings> => ctx.host.reading((sight) => holdings(sight, input.account))),
})

async function walletView({ store, time }: Sight, account: string): Promise<WalletView> {
  const row = await readRow(store, accounts.at(account))
  const held = await balance(store, account, time)
  if (row === undefined || held === undefined) throw missing(`There is no account ${account} on this ledger.`)
  const { grants: _grants, ...amounts } = held
  const plan = await readPlanView(store, account, time)
  return {
    ...(amounts as unknown as Omit<WalletView, 'name' | 'frozen'>),
    name: row.name,
    frozen: row.frozen,
    ...(plan && { plan }),
  }
}

async function holdings({ store, time }: Sight, account: string): Promise<Holdings> {
  const row = await readRow(store, accounts.at(account))
  if (row === undefined) throw missing(`There is no account ${account} on this ledger.`)
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
