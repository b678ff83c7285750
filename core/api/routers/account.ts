/** The accounts of the ledger, found by name, and what they have. */

import { z } from 'zod'
import { ACCOUNT_ORDERS } from '../../ledger/account-order.ts'
import * as input from '../inputs.ts'
import { readOffers } from '../offers.ts'
import { may, router } from '../procedure.ts'
import { readAccountDetail, readAccountPage } from '../standing.ts'
import type { AccountDetail, AccountPage, OfferPage } from '../views.ts'

const searchForm = z.strictObject({
  text: input.text.optional(),
  /** Without it, in the order of ids. */
  by: z.enum(ACCOUNT_ORDERS).optional(),
  isDescending: z.boolean().default(false),
  after: input.after,
  limit: input.limit,
})

const offersForm = z.strictObject({
  account: input.account.optional(),
  before: input.index.optional(),
  limit: input.limit,
})

export const account = router({
  list: may('read')
    .input(searchForm.prefault({}))
    .query(({ ctx, input }): Promise<AccountPage> => ctx.host.reading((sight) => readAccountPage(sight, input))),
  show: may('read')
    .input(z.strictObject({ account: input.account }))
    .query(
      ({ ctx, input }): Promise<AccountDetail> =>
        ctx.host.reading((sight) => readAccountDetail(ctx.host.tools, sight, input.account)),
    ),
  /** Corporate offers, of one account where asked. */
  offers: may('read')
    .input(offersForm.prefault({}))
    .query(({ ctx, input }): Promise<OfferPage> => ctx.host.reading((sight) => readOffers(ctx.host.tools, sight, input))),
})
