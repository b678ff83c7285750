import { z } from 'zod'
import { defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { formatCredits } from '../money.ts'
import { exceedsEarnings, takeEarnings } from '../payouts.ts'
import { earnings } from '../state.ts'

const body = z.strictObject({ amount: field.amount })
type Body = z.output<typeof body>

/** A creator spends what it earned: available earnings become paid credits of its own wallet, without a fee. */
export const earningsMove = defineTransaction<Body>({
  type: 'earnings.move',
  signer: 'account',
  body,
  reads: [({ signer }) => [earnings.at(signer)]],
  checks: [exceedsEarnings()],
  apply: (effects) => {
    const { signer, body } = effects
    takeEarnings(effects, body.amount)
    effects.give(signer, [{ amountMicros: body.amount }])
  },
  describe: ({ amount }) => `Moves ${formatCredits(amount)} of available earnings to the own wallet`,
})
