import { z } from 'zod'
import { unknownAccount } from '../credits.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { accounts } from '../state.ts'

const body = z.strictObject({ account: field.account, reason: field.reason })
type Body = z.output<typeof body>

/** Lets a frozen account sign again, with the keys that it has. */
export const accountUnfreeze = defineTransaction<Body>({
  type: 'account.unfreeze',
  signer: 'operator',
  body,
  reads: [({ body }) => [accounts.at(body.account)]],
  checks: [
    unknownAccount(),
    check('not_frozen', (context) => {
      const { account } = context.body
      return context.need(accounts.at(account)).frozen ? undefined : { account }
    }),
  ],
  apply: (effects) => {
    const row = accounts.at(effects.body.account)
    effects.put(row, { ...effects.need(row), frozen: false })
  },
  describe: ({ account, reason }) => `Unfreezes ${account}: ${reason}`,
})
