import { settledPurse } from '../credits.ts'
import { defineTransaction } from '../define.ts'
import { formatCredits, micros } from '../money.ts'
import { paidIn } from '../purse.ts'
import { referenceUsed, useReference } from '../references.ts'
import { countRefund, overRefund } from '../refunds.ts'
import { type TopupUndone, topupOf, topupRows, topupUndone, unknownTopup } from '../topups.ts'

/** A top-up whose money was taken back: its account's paid credits go, and what is missing the account owes. */
export const creditChargeback = defineTransaction<TopupUndone>({
  type: 'credit.chargeback',
  signer: 'operator',
  scope: 'issue',
  body: topupUndone,
  namesEntry: ({ entry }) => entry,
  reads: topupRows,
  checks: [unknownTopup(), referenceUsed(), overRefund((context) => topupOf(context).amount)],
  apply: (effects) => {
    const { account } = topupOf(effects)
    const { amount } = effects.body
    const paidMicros = paidIn(settledPurse(effects, account))
    const takenMicros = paidMicros < amount ? paidMicros : amount
    if (takenMicros > 0n) effects.takePaid(account, takenMicros)
    effects.postTo(account, 'receivable', micros(takenMicros - amount))
    effects.post('issued', amount)
    countRefund(effects, account)
    useReference(effects)
  },
  describe: ({ entry, amount, provider, reference }) =>
    `Charges back ${formatCredits(amount)} of the top-up in entry ${entry}, as ${provider} did (${reference})`,
})
