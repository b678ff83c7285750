/** The accounts of the ledger, found by name. */

import { z } from 'zod'
import { findAccounts } from '../../ledger/catalogue.ts'
import * as input from '../inputs.ts'
import { may, router } from '../procedure.ts'
import type { AccountPage } from '../views.ts'

const searchForm = z.strictObject({ text: input.text.optional(), after: input.after, limit: input.limit })

export const account = router({
  list: may('read')
    .input(searchForm.prefault({}))
    .query(
      ({ ctx, input }): Promise<AccountPage> =>
        ctx.host.reading(async (sight) => {
          const { store } = sight
          const { items, next } = await findAccounts(sight, input)
          const found = items.map(({ account, row }) => ({ account, number: row.number, name: row.name }))
          return { size: await store.size(), accounts: found, ...(next !== undefined && { next }) }
        }),
    ),
})
