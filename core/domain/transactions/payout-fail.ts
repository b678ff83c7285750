import { z } from 'zod'
import { defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { giveBackPayout, notPending, payoutAccountRows, payoutRow, unknownPayout } from '../payouts.ts'

const body = z.strictObject({ payout: field.thing('pay'), reason: field.reason })
type Body = z.output<typeof body>

/** A payout that could not be made; its earnings are available again. */
export const payoutFail = defineTransaction<Body>({
  type: 'payout.fail',
  signer: 'operator',
  scope: 'issue',
  body,
  reads: [(context) => [payoutRow(context)], payoutAccountRows],
  checks: [unknownPayout('anybody'), notPending()],
  apply: (effects) => giveBackPayout(effects, 'failed'),
  describe: ({ payout, reason }) => `Gives up the payout ${payout}: ${reason}`,
})
