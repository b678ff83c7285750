import { z } from 'zod'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { formatCredits, formatMicros } from '../money.ts'
import { exceedsEarnings, takeEarnings } from '../payouts.ts'
import { inForce } from '../policy.ts'
import { earnings, payouts } from '../state.ts'

const body = z.strictObject({ amount: field.amount, destination: field.reference })
type Body = z.output<typeof body>

/** Asks for available earnings to be paid out; the operator pays them outside, and says so with payout.settle. */
export const payoutRequest = defineTransaction<Body>({
  type: 'payout.request',
  signer: 'account',
  body,
  creates: { prefix: 'pay', table: payouts },
  reads: [({ signer }) => [earnings.at(signer)]],
  checks: [
    check('below_minimum', (context) => {
      const { minimumPayoutMicros } = inForce(context)
      const { amount } = context.body
      if (amount >= minimumPayoutMicros) return undefined
      return { minimum: formatMicros(minimumPayoutMicros), named: formatMicros(amount) }
    }),
    exceedsEarnings(),
  ],
  apply: (effects) => {
    const { signer, created, body } = effects
    takeEarnings(effects, body.amount)
    effects.postTo(signer, 'payable', body.amount)
    const payout = { account: signer, amountMicros: body.amount, destination: body.destination }
    effects.put(payouts.at(created), { ...payout, status: 'pending' })
  },
  describe: ({ amount, destination }) => `Asks for ${formatCredits(amount)} of earnings to be paid out to ${destination}`,
})
