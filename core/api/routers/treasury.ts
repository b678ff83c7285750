/** The treasury: what was issued, what is outstanding, what the platform earned. */

import { trialBalance } from '../../ledger/queries.ts'
import { may, router } from '../procedure.ts'
import type { TreasuryView } from '../views.ts'

export const treasury = router({
  show: may('read').query(
    ({ ctx }): Promise<TreasuryView> =>
      ctx.host.reading(async ({ store }) => (await trialBalance(store, true)) as unknown as TreasuryView),
  ),
})
