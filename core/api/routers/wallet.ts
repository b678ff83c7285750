/** What an account has: credits, and what it bought with them. */

import { z } from 'zod'
import { toBase64 } from '../../base/bytes.ts'
import * as field from '../../domain/fields.ts'
import * as input from '../inputs.ts'
import { readAlert, readOutlook } from '../outlook.ts'
import { may, router } from '../procedure.ts'
import { readHoldings, readWallet } from '../standing.ts'
import { readAllowances, readSpendingView } from '../usage.ts'
import type { AlertView, AllowanceView, FileView, Holdings, OutlookView, SpendingView, WalletView } from '../views.ts'

const accountForm = z.strictObject({ account: input.account })

const statementForm = z.strictObject({
  account: input.account,
  /** Entries then or later, and before. */
  from: input.time.optional(),
  to: input.time.optional(),
  format: z.enum(['csv', 'pdf']),
})

const spendingForm = z.strictObject({
  account: input.account,
  /** Calls of that day or later, and of days before. */
  from: input.startOfDay.optional(),
  to: input.startOfDay.optional(),
})

const SECOND_MS = 1_000

export const wallet = router({
  show: may('read')
    .input(accountForm)
    .query(({ ctx, input }): Promise<WalletView> => ctx.host.reading((sight) => readWallet(sight, input.account))),
  statement: may('read')
    .input(statementForm)
    .query(async ({ ctx, input: { account, from, to, format } }): Promise<FileView> => {
      const period = { from: from && from * SECOND_MS, to: to && to * SECOND_MS }
      const bytes = await ctx.host.files.statement({ account, period, format })
      return { bytes: toBase64(bytes) }
    }),
  outlook: may('read')
    .input(accountForm)
    .query(
      ({ ctx, input }): Promise<OutlookView> => ctx.host.reading((sight) => readOutlook(ctx.host.tools, sight, input.account)),
    ),
  alert: may('read')
    .input(accountForm)
    .query(
      ({ ctx: { host }, input: { account } }): Promise<AlertView> =>
        host.reading((sight) => readAlert(sight, account, host.settings.leastBalance(account))),
    ),
  /** What there should be at least in an account, for this console to say when there is less; without one it is forgotten. */
  setAlert: may('sign')
    .input(z.strictObject({ account: input.account, least: field.amount.optional() }))
    .mutation(({ ctx, input }): void => ctx.host.settings.setLeastBalance(input.account, input.least)),
  holdings: may('read')
    .input(accountForm)
    .query(({ ctx, input }): Promise<Holdings> => ctx.host.reading((sight) => readHoldings(sight, input.account))),
  spending: may('read')
    .input(spendingForm)
    .query(({ ctx, input }): Promise<SpendingView> => ctx.host.reading((sight) => readSpendingView(sight, input))),
  allowances: may('read')
    .input(accountForm)
    .query(({ ctx, input }): Promise<AllowanceView> => ctx.host.reading((sight) => readAllowances(sight, input.account))),
})
