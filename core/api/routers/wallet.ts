/** What an account has: credits, and what it bought with them. */

import { z } from 'zod'
import * as input from '../inputs.ts'
import { may, router } from '../procedure.ts'
import { readHoldings, readWallet } from '../standing.ts'
import type { Holdings, WalletView } from '../views.ts'

const accountForm = z.strictObject({ account: input.account })

export const wallet = router({
  show: may('read')
    .input(accountForm)
    .query(({ ctx, input }): Promise<WalletView> => ctx.host.reading((sight) => readWallet(sight, input.account))),
  holdings: may('read')
    .input(accountForm)
    .query(({ ctx, input }): Promise<Holdings> => ctx.host.reading((sight) => readHoldings(sight, input.account))),
})
