import { z } from 'zod'
import { tryFromHex } from '../../base/bytes.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { accountId } from '../ids.ts'
import { weakKey } from '../key-ring.ts'
import { newAccountRows, openAccount } from '../new-account.ts'
import { accounts, sequencerKeys } from '../state.ts'

const body = z.strictObject({ publicKey: field.publicKey, name: field.name })
type Body = z.output<typeof body>

/** Opens an account, signed by the very key it is opened with: whoever holds the key needs nobody's leave. */
export const accountOpen = defineTransaction<Body>({
  type: 'account.open',
  signer: 'founder',
  body,
  malformed: ({ body, signer, sha256 }) =>
    accountId(sha256, tryFromHex(body.publicKey)!) === signer ? undefined : 'the signer is not the account of the public key',
  publicKey: (body) => body.publicKey,
  creates: 'account',
  reads: [({ body }) => [sequencerKeys.at(body.publicKey)], (context) => newAccountRows(context, context.body.publicKey)],
  checks: [
    weakKey(({ publicKey }) => publicKey),
    check('exists', (context) => {
      const { body, signer } = context
      if (context.get(sequencerKeys.at(body.publicKey)) !== undefined) return { thing: 'This key, as a sequencer key,' }
      return context.get(accounts.at(signer)) === undefined ? undefined : { thing: `The account ${signer}` }
    }),
  ],
  apply: (effects) => openAccount(effects, effects.body),
  describe: ({ name }) => `Opens an account in the name of ${name}`,
})
