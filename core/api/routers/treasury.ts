/** The treasury: what was issued, what is outstanding, what the platform earned, and the payouts that wait. */

import { trialBalance } from '../../ledger/queries.ts'
import { readPendingPayouts } from '../payouts.ts'
import { may, router } from '../procedure.ts'
import type { PayoutPage, TreasuryView } from '../views.ts'

export const treasury = router({
  show: may('read').query(
    ({ ctx }): Promise<TreasuryView> =>
      ctx.host.reading(async ({ store }) => (await trialBalance(store, true)) as unknown as TreasuryView),
  ),
  payouts: may('read').query(
    ({ ctx }): Promise<PayoutPage> => ctx.host.reading((sight) => readPendingPayouts(ctx.host.tools, sight)),
  ),
})
