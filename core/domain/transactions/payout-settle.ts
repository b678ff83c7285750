import { z } from 'zod'
import { defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { notPending, payoutAccountRows, payoutRow, settlePayout, unknownPayout } from '../payouts.ts'
import { referenceRow, referenceUsed, useReference } from '../references.ts'

const body = z.strictObject({ payout: field.thing('pay'), provider: field.provider, reference: field.reference })
type Body = z.output<typeof body>

/** A payout that was made outside: its credits are redeemed. */
export const payoutSettle = defineTransaction<Body>({
  type: 'payout.settle',
  signer: 'operator',
  scope: 'issue',
  body,
  reads: [(context) => [payoutRow(context), referenceRow(context)], payoutAccountRows],
  checks: [unknownPayout('anybody'), notPending(), referenceUsed()],
  apply: (effects) => {
    settlePayout(effects)
    useReference(effects)
  },
  describe: ({ payout, provider, reference }) => `Settles the payout ${payout}, made through ${provider} (${reference})`,
})
