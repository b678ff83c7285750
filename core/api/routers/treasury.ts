/** The treasury: what was issued, what is outstanding, what the platform earned, and the payouts that wait. */

import { z } from 'zod'
import { toBase64 } from '../../base/bytes.ts'
import { readBackwards } from '../../ledger/history.ts'
import { trialBalance } from '../../ledger/queries.ts'
import { readDeposits } from '../deposits.ts'
import * as input from '../inputs.ts'
import { readPendingPayouts } from '../payouts.ts'
import { entryViews } from '../present.ts'
import { may, router } from '../procedure.ts'
import type { CreditEntry, CreditPage, DepositsView, FileView, PayoutPage, TreasuryView } from '../views.ts'

const SECOND_MS = 1_000

/** What the operator does with credits. */
const CREDIT_TYPES = [
  'credit.topup',
  'credit.grant',
  'credit.return',
  'credit.refund',
  'credit.chargeback',
  'debt.forgive',
] as const

const entriesForm = z.strictObject({ type: z.enum(CREDIT_TYPES), before: input.index.optional(), limit: input.limit })

export const treasury = router({
  /** Entries of one of these types, the newest first, with the entries that they give back. */
  entries: may('read')
    .input(entriesForm)
    .query(
      ({ ctx, input }): Promise<CreditPage> =>
        ctx.host.reading(async (sight) => {
          const { store } = sight
          const { entries, next } = await readBackwards(ctx.host.tools, sight, input)
          const views = await entryViews(store, entries)
          const shown = views.map((view, at): CreditEntry => {
            const { definition, body } = entries[at]!.transaction
            const undoes = definition.namesEntry?.(body as never)
            return { ...view, ...(undoes !== undefined && { undoes }) }
          })
          return { size: await store.size(), entries: shown, ...(next !== undefined && { next }) }
        }),
    ),
  show: may('read').query(
    ({ ctx }): Promise<TreasuryView> =>
      ctx.host.reading(async ({ store }) => (await trialBalance(store, true)) as unknown as TreasuryView),
  ),
  deposits: may('read').query(
    ({ ctx }): Promise<DepositsView> => ctx.host.reading((sight) => readDeposits(ctx.host.tools, sight)),
  ),
  depositsFile: may('read')
    .input(z.strictObject({ from: input.time.optional(), to: input.time.optional() }))
    .query(async ({ ctx, input: { from, to } }): Promise<FileView> => {
      const bytes = await ctx.host.files.deposits({ from: from && from * SECOND_MS, to: to && to * SECOND_MS })
      return { bytes: toBase64(bytes) }
    }),
  payouts: may('read').query(
    ({ ctx }): Promise<PayoutPage> => ctx.host.reading((sight) => readPendingPayouts(ctx.host.tools, sight)),
  ),
})
