import { z } from 'zod'
import { matured, withoutAvailable } from '../aged-sum.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { formatCredits, formatMicros } from '../money.ts'
import { referenceRow, referenceUsed, useReference } from '../references.ts'
import { revenue } from '../state.ts'

const body = z.strictObject({
  book: z.enum(['fees', 'plans']),
  amount: field.amount,
  provider: field.provider,
  reference: field.reference,
})
type Body = z.output<typeof body>

/** The operator takes out revenue that is old enough for refunds to be rare. */
export const revenueWithdraw = defineTransaction<Body>({
  type: 'revenue.withdraw',
  signer: 'operator',
  body,
  reads: [(context) => [revenue.at(context.body.book), referenceRow(context)]],
  checks: [
    check('exceeds_revenue', (context) => {
      const { book, amount } = context.body
      const { availableMicros } = matured(context.get(revenue.at(book)), context.time)
      return amount <= availableMicros ? undefined : { needed: formatMicros(amount), available: formatMicros(availableMicros) }
    }),
    referenceUsed(),
  ],
  apply: (effects) => {
    const { book, amount } = effects.body
    const row = revenue.at(book)
    effects.put(row, withoutAvailable(effects.get(row), amount, effects.time))
    effects.post(`revenue:${book}`, -amount)
    effects.post('redeemed', amount)
    useReference(effects)
  },
  describe: ({ book, amount, provider, reference }) =>
    `Withdraws ${formatCredits(amount)} of revenue from ${book} through ${provider} (${reference})`,
})
