import { z } from 'zod'
import { MAX_OUTSTANDING_MICROS } from '../../base/limits.ts'
import { outstanding } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { formatMicros } from '../money.ts'
import { accounts, references, treasury } from '../state.ts'

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
  reads: [({ body }) => [accounts.at(body.account), references.at(body.provider, body.reference)]],
  checks: [
    check('unknown_account', (context) => {
      const { account } = context.body
      return context.get(accounts.at(account)) === undefined ? { account } : undefined
    }),
    check('reference_used', (context) => {
      const { provider, reference } = context.body
      const used = context.get(references.at(provider, reference))
      return used && { provider, reference, entry: used.entry }
    }),
    check('limit', (context) => {
      const after = outstanding(context.need(treasury)) + context.body.amount
      if (after <= MAX_OUTSTANDING_MICROS) return undefined
      return { outstanding: formatMicros(after), limit: formatMicros(MAX_OUTSTANDING_MICROS) }
    }),
  ],
  apply: (effects) => {
    const { account, amount, provider, reference } = effects.body
    effects.post('issued', -amount)
    effects.credit(account, 'wallet', amount)
    effects.put(references.at(provider, reference), { entry: effects.index })
  },
  describe: ({ account, amount, provider, reference }) =>
    `Tops up ${account} by ${formatMicros(amount)} credits, paid through ${provider} (${reference})`,
})
