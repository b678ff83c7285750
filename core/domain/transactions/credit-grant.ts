import { z } from 'zod'
import { MAX_LOTS } from '../../base/limits.ts'
import { exceedsOutstanding, payerRows, settledPurse, unknownAccount } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { formatCredits } from '../money.ts'
import { referenceRow, referenceUsed, useReference } from '../references.ts'
import { formatSeconds } from '../time.ts'

const body = z.strictObject({
  account: field.account,
  amount: field.amount,
  expiresAt: field.time,
  reason: field.reason,
  provider: field.provider,
  reference: field.reference,
})
type Body = z.output<typeof body>

/** Free credits, a lot of their own: they burn before paid ones and expire. */
export const creditGrant = defineTransaction<Body>({
  type: 'credit.grant',
  signer: 'operator',
  scope: 'issue',
  body,
  creates: { prefix: 'grt' },
  reads: [(context) => [...payerRows(context.body.account), referenceRow(context)]],
  checks: [
    unknownAccount(),
    referenceUsed(),
    check('bad_expiry', ({ body: { expiresAt }, time }) =>
      expiresAt > time ? undefined : { expires: formatSeconds(expiresAt), time: formatSeconds(time) },
    ),
    check('too_many', (context) => {
      // A lot is live until it expires, even when nothing is left in it: what was taken from it may come back.
      const live = settledPurse(context, context.body.account).wallet.lots.length
      return live < MAX_LOTS ? undefined : { what: 'grants of this account that have not expired', limit: MAX_LOTS }
    }),
    exceedsOutstanding(),
  ],
  apply: (effects) => {
    const { account, amount, expiresAt } = effects.body
    effects.post('promotions', -amount)
    effects.grant(account, { entry: effects.index, grant: effects.created, expiresAt, remainingMicros: amount })
    useReference(effects)
  },
  describe: ({ account, amount, expiresAt, reason }) =>
    `Grants ${account} ${formatCredits(amount)} until ${formatSeconds(expiresAt)}: ${reason}`,
})
