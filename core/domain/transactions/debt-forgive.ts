import { z } from 'zod'
import { payerRows, settledPurse, unknownAccount } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { formatCredits, formatMicros } from '../money.ts'

const body = z.strictObject({ account: field.account, amount: field.amount, reason: field.reason })
type Body = z.output<typeof body>

/** The operator bears what an account owes, or a part of it. */
export const debtForgive = defineTransaction<Body>({
  type: 'debt.forgive',
  signer: 'operator',
  body,
  reads: [({ body }) => payerRows(body.account)],
  checks: [
    unknownAccount(),
    check('exceeds_debt', (context) => {
      const { account, amount } = context.body
      const { owedMicros } = settledPurse(context, account)
      return amount <= owedMicros ? undefined : { account, owes: formatMicros(owedMicros), named: formatMicros(amount) }
    }),
  ],
  apply: (effects) => {
    const { account, amount } = effects.body
    effects.postTo(account, 'receivable', amount)
    effects.post('promotions', -amount)
  },
  describe: ({ account, amount, reason }) => `Forgives ${account} ${formatCredits(amount)} of its debt: ${reason}`,
})
