import { plural } from '../../base/plural.ts'
import { settledPurse, shortfall } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import { formatMicros, ZERO } from '../money.ts'
import { paidIn } from '../purse.ts'
import { referenceUsed, useReference } from '../references.ts'
import { countRefund, overRefund } from '../refunds.ts'
import { type TopupUndone, topupOf, topupRows, topupUndone, unknownTopup } from '../topups.ts'

/** Unspent paid credits of a top-up are taken back; outside the ledger the money goes back to whoever bought them. */
export const creditReturn = defineTransaction<TopupUndone>({
  type: 'credit.return',
  signer: 'operator',
  scope: 'issue',
  body: topupUndone,
  namesEntry: ({ entry }) => entry,
  reads: topupRows,
  checks: [
    unknownTopup(),
    referenceUsed(),
    overRefund((context) => topupOf(context).amount),
    check('exceeds_credits', (context) => {
      const purse = settledPurse(context, topupOf(context).account)
      return shortfall(context.body.amount, purse.owedMicros > 0n ? ZERO : paidIn(purse))
    }),
  ],
  apply: (effects) => {
    const { account } = topupOf(effects)
    const { amount } = effects.body
    effects.takePaid(account, amount)
    effects.post('issued', amount)
    countRefund(effects, account)
    useReference(effects)
  },
  describe: ({ entry, amount, provider, reference }) => {
    const unspent = plural(formatMicros(amount), 'unspent credit')
    return `Returns ${unspent} of the top-up in entry ${entry}, through ${provider} (${reference})`
  },
})
