/**
 * The hub's procedures: what accounts and their programs ask of the ledger over the network. A thin layer over the ledger and its
 * queries, free of any transport. The right that each needs stands beside it; the rights that a caller has come from its access
 * (procedure.ts).
 */

import { access } from './access.ts'
import { account } from './account.ts'
import { log } from './log.ts'
import { router } from './procedure.ts'
import { status } from './status.ts'
import { transaction } from './transaction.ts'

export const hubRouter = router({ access, account, log, status, transaction })

export type HubRouter = typeof hubRouter
