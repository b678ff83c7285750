import { z } from 'zod'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { livingKeys } from '../key-ring.ts'
import { keyrings, keys } from '../state.ts'

const body = z.strictObject({
  key: z.string().regex(/^[0-9a-f]{8}$/, 'must be the id of a key, 8 digits of lower-case hex'),
  reason: field.reason,
})
type Body = z.output<typeof body>

/** Ends a key for ever: from the next entry on it signs nothing. One key that may sign everything and does not expire stays. */
export const keyRevoke = defineTransaction<Body>({
  type: 'key.revoke',
  signer: 'account',
  body,
  reads: [({ signer, body }) => [keys.at(signer, body.key), keyrings.at(signer)]],
  checks: [
    check('unknown_key', (context) => {
      const { signer, body } = context
      const key = context.get(keys.at(signer, body.key))
      return key === undefined || key.revoked === true ? { account: signer, key: body.key } : undefined
    }),
    check('last_key', (context) => {
      const { key } = context.body
      return livingKeys(context).some((one) => one.isMaster && one.key !== key) ? undefined : { key }
    }),
  ],
  apply: (effects) => {
    const { signer, body } = effects
    const row = keys.at(signer, body.key)
    effects.put(row, { ...effects.need(row), revoked: true })
    effects.put(keyrings.at(signer), { keys: livingKeys(effects).filter(({ key }) => key !== body.key) })
  },
  describe: ({ key, reason }) => `Revokes the key ${key}: ${reason}`,
})
