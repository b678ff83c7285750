import { z } from 'zod'
import { unknownAccount } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { accounts } from '../state.ts'

const body = z.strictObject({ account: field.account, reason: field.reason })
type Body = z.output<typeof body>

/** Stops an account from signing anything. What is owed to it still reaches it, and its open holds can be captured. */
export const accountFreeze = defineTransaction<Body>({
  type: 'account.freeze',
  signer: 'operator',
  body,
  malformed: ({ body, signer }) =>
    body.account === signer ? 'an account does not freeze itself, and the operator cannot be frozen' : undefined,
  reads: [({ body }) => [accounts.at(body.account)]],
  checks: [
    unknownAccount(),
    check('already_frozen', (context) => {
      const { account } = context.body
      return context.need(accounts.at(account)).frozen ? { account } : undefined
    }),
  ],
  apply: (effects) => {
    const row = accounts.at(effects.body.account)
    effects.put(row, { ...effects.need(row), frozen: true })
  },
  describe: ({ account, reason }) => `Freezes ${account}: ${reason}`,
})
