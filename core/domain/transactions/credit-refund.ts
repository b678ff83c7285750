import { z } from 'zod'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { formatCredits } from '../money.ts'
import { batchPaidRows, overRefund, paidBy, paidRows, recordNamed, refund, refundedRow, whyNotRefundable } from '../refunds.ts'

const body = z.strictObject({
  entry: field.count,
  /** Of a batch, counted from 0. */
  line: field.count.optional(),
  amount: field.amount,
  reason: field.reason,
})
type Body = z.output<typeof body>

/** Gives a payment, or a line of a batch, back to its payer: in parts or in full, which ends what it bought. */
export const creditRefund = defineTransaction<Body>({
  type: 'credit.refund',
  signer: 'operator',
  scope: 'issue',
  body,
  namesEntry: ({ entry }) => entry,
  reads: [refundedRow, paidRows, batchPaidRows],
  checks: [
    check('unknown_entry', (context) => {
      const { entry } = context.body
      return recordNamed(context) === undefined ? { entry, what: 'entry' } : undefined
    }),
    check('not_refundable', (context) => {
      const because = whyNotRefundable(context)
      return because === undefined ? undefined : { because }
    }),
    overRefund((context) => paidBy(context).grossMicros),
  ],
  apply: (effects) => refund(effects, effects.signer),
  describe: ({ entry, line, amount, reason }) => {
    const paid = line === undefined ? `entry ${entry}` : `line ${line} of entry ${entry}`
    return `Refunds ${formatCredits(amount)} of ${paid} to its payer: ${reason}`
  },
})
