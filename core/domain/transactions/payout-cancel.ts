import { z } from 'zod'
import { defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { giveBackPayout, notPending, payoutAccountRows, payoutRow, unknownPayout } from '../payouts.ts'

const body = z.strictObject({ payout: field.thing('pay') })
type Body = z.output<typeof body>

/** Calls off one's own payout that was not made yet; its earnings are available again. */
export const payoutCancel = defineTransaction<Body>({
  type: 'payout.cancel',
  signer: 'account',
  body,
  reads: [(context) => [payoutRow(context)], payoutAccountRows],
  checks: [unknownPayout('signer'), notPending()],
  apply: (effects) => giveBackPayout(effects, 'cancelled'),
  describe: ({ payout }) => `Calls off the payout ${payout}`,
})
