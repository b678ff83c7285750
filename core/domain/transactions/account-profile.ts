import { z } from 'zod'
import { defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { accounts } from '../state.ts'

/** Changes the name by which an account is shown. Its id, keys and books stay. */
export const accountProfile = defineTransaction({
  type: 'account.profile',
  signer: 'account',
  body: z.strictObject({ name: field.name }),
  reads: [],
  checks: [],
  apply: (effects) => {
    const row = accounts.at(effects.signer)
    effects.put(row, { ...effects.need(row), name: effects.body.name })
  },
  describe: ({ name }) => `Changes its name to ${name}`,
})
