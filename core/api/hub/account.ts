/** An account: what it has, what it bought, what it earned, and the entries that concern it. */

import { z } from 'zod'
import { wholeSeconds } from '../../domain/time.ts'
import { readBackwards } from '../../ledger/history.ts'
import { presentKey } from '../../ledger/present.ts'
import { readKeys } from '../../ledger/queries.ts'
import * as input from '../inputs.ts'
import { entryViews } from '../present.ts'
import { needAccount, readAccountPage, readEarnings, readHoldings, readWallet } from '../standing.ts'
import type * as view from '../views.ts'
import type { LedgerSight } from './host.ts'
import { type HubContext, may, requireAccount, router } from './procedure.ts'
import { entryFor, shownOf } from './sight.ts'

const accountForm = z.strictObject({ account: input.account })
const entriesForm = z.strictObject({
  account: input.account,
  before: input.index.optional(),
  limit: input.limit,
  type: input.type.optional(),
})
const listForm = z.strictObject({ text: input.text.optional(), after: input.after, limit: input.limit })

/** A procedure about one account, for whoever may see it. */
const about = may('own')
  .input(accountForm)
  .use(async ({ ctx, input, next }) => {
    await requireAccount(ctx, input.account)
    return next()
  })

export const account = router({
  show: about.query(({ ctx, input }) => ctx.host.reading((sight) => show(sight, input.account))),
  wallet: about.query(
    ({ ctx, input }): Promise<view.WalletView> => ctx.host.reading((sight) => readWallet(sight, input.account)),
  ),
  holdings: about.query(
    ({ ctx, input }): Promise<view.Holdings> => ctx.host.reading((sight) => readHoldings(sight, input.account)),
  ),
  earnings: about.query(
    ({ ctx, input }): Promise<view.EarningsView> =>
      ctx.host.reading(({ store, time }) => readEarnings(store, input.account, time)),
  ),
  entries: may('own')
    .input(entriesForm)
    .query(async ({ ctx, input }): Promise<view.LogPage> => {
      await requireAccount(ctx, input.account)
      return entries(ctx, input)
    }),
  list: may('read')
    .input(listForm.prefault({}))
    .query(({ ctx, input }): Promise<view.AccountPage> => ctx.host.reading((sight) => readAccountPage(sight, input))),
})

async function show({ store, time }: LedgerSight, account: string) {
  const row = await needAccount(store, account)
  const keys = await readKeys(store, account)
  return {
    account,
    name: row.name,
    number: row.number,
    frozen: row.frozen,
    size: await store.size(),
    keys: keys.map(({ keyId, key }) => presentKey(keyId, key, wholeSeconds(time))),
  }
}

async function entries({ host, caller }: HubContext, asked: z.output<typeof entriesForm>): Promise<view.LogPage> {
  const asking = await caller()
  return host.reading(async (sight) => {
    const { store } = sight
    const { entries: found, next } = await readBackwards(host.tools, sight, asked)
    const views = await entryViews(store, found)
    const shown = found.map((entry, i) => entryFor(asking, shownOf(entry, views[i]!)))
    const entries = shown.filter((entry) => entry !== undefined)
    return { size: await store.size(), entries, ...(next !== undefined && { next }) }
  })
}
