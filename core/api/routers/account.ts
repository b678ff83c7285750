/** The accounts of the ledger, found by name, and what they have. */

import { z } from 'zod'
import * as input from '../inputs.ts'
import { may, router } from '../procedure.ts'
import { readAccountPage } from '../standing.ts'
import type { AccountPage } from '../views.ts'

const searchForm = z.strictObject({ text: input.text.optional(), after: input.after, limit: input.limit })

export const account = router({
  list: may('read')
    .input(searchForm.prefault({}))
    .query(({ ctx, input }): Promise<AccountPage> => ctx.host.reading((sight) => readAccountPage(sight, input))),
})
