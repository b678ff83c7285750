/**
 * The console's procedures, one router for the window, the browser and any other transport: a thin layer over the ledger and its
 * queries, free of any transport. The right that each needs stands beside it; the rights that a caller has come from its
 * transport (procedure.ts).
 */

import { router } from './procedure.ts'
import { account } from './routers/account.ts'
import { creator } from './routers/creator.ts'
import { desk } from './routers/desk.ts'
import { hub } from './routers/hub.ts'
import { keys } from './routers/keys.ts'
import { log } from './routers/log.ts'
import { market } from './routers/market.ts'
import { revenue } from './routers/revenue.ts'
import { sync } from './routers/sync.ts'
import { transaction } from './routers/transaction.ts'
import { treasury } from './routers/treasury.ts'
import { wallet } from './routers/wallet.ts'

export const consoleRouter = router({
  account,
  creator,
  desk,
  hub,
  keys,
  log,
  market,
  revenue,
  sync,
  transaction,
  treasury,
  wallet,
})

export type Router = typeof consoleRouter

/** Most calls in one batch, and most bytes of one request, over any transport. */
export const MAX_BATCH_CALLS = 50
export const MAX_REQUEST_BYTES = 8 * 1024 * 1024
