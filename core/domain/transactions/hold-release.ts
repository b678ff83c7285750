import { z } from 'zod'
import { payerRows } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { holdChecks, holdOf, holdRow } from '../holds.ts'
import { ZERO } from '../money.ts'
import { listings } from '../state.ts'
import { formatSeconds } from '../time.ts'

const body = z.strictObject({ hold: field.thing('hld') })
type Body = z.output<typeof body>

/** Gives all of a hold back before it expires. */
export const holdRelease = defineTransaction<Body>({
  type: 'hold.release',
  signer: 'account',
  scope: 'meter',
  body,
  reads: [
    (context) => [holdRow(context)],
    (context) => {
      const hold = context.get(holdRow(context))
      return hold === undefined ? [] : [listings.at(hold.listing), ...payerRows(hold.account)]
    },
  ],
  checks: [
    ...holdChecks<Body>('hold.release'),
    check('not_open', (context) => {
      const { hold } = context.body
      const { isClosed, expiresAt } = holdOf(context)
      if (isClosed) return { hold, because: 'it was captured or released' }
      return context.time < expiresAt ? undefined : { hold, because: `it expired at ${formatSeconds(expiresAt)}` }
    }),
  ],
  apply: (effects) => {
    const { hold: id } = effects.body
    const hold = holdOf(effects)
    effects.release(hold.account, { kind: 'holds', id }, ZERO)
    effects.put(holdRow(effects), { ...hold, isClosed: true })
  },
  describe: ({ hold }) => `Gives all of the hold ${hold} back to its payer`,
})
