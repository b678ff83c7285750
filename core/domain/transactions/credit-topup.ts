import { z } from 'zod'
import { exceedsOutstanding, payerRows, unknownAccount } from '../credits.ts'
import { defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { formatCredits } from '../money.ts'
import { referenceRow, referenceUsed, useReference } from '../references.ts'

const body = z.strictObject({
  account: field.account,
  amount: field.amount,
  provider: field.provider,
  reference: field.reference,
})
type Body = z.output<typeof body>

/** Credits that somebody paid for outside: the provider's reference is used once and for ever, so one payment credits once. */
export const creditTopup = defineTransaction<Body>({
  type: 'credit.topup',
  signer: 'operator',
  scope: 'issue',
  body,
  reads: [(context) => [...payerRows(context.body.account), referenceRow(context)]],
  checks: [unknownAccount(), referenceUsed(), exceedsOutstanding()],
  apply: (effects) => {
    const { account, amount } = effects.body
    effects.post('issued', -amount)
    effects.give(account, [{ amountMicros: amount }])
    useReference(effects)
  },
  describe: ({ account, amount, provider, reference }) =>
    `Tops up ${account} by ${formatCredits(amount)}, paid through ${provider} (${reference})`,
})
