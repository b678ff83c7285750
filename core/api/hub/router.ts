/**
 * The hub's procedures: what accounts and their programs ask of the ledger over the network. Thin over the ledger and its
 * queries, free of any transport. What each needs stands beside it; what a caller has, access tells (procedure.ts).
 */

import { access } from './access.ts'
import { account } from './account.ts'
import { log } from './log.ts'
import { router } from './procedure.ts'
import { transaction } from './transaction.ts'

export const hubRouter = router({ access, account, log, transaction })

export type HubRouter = typeof hubRouter
