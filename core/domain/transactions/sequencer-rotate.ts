import { z } from 'zod'
import { tryFromHex } from '../../base/bytes.ts'
import { MAX_RETIRED_KEYS, RETIRED_KEY_SECONDS } from '../../base/limits.ts'
import { type Context, check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { accountId } from '../ids.ts'
import { weakKey } from '../key-ring.ts'
import { accounts, platform, sequencerKeys } from '../state.ts'

const body = z.strictObject({ sequencerKey: field.publicKey })
type Body = z.output<typeof body>

/** The account that was opened with the key, if one was. */
function accountOf({ sha256, body }: Context<Body>): string {
  return accountId(sha256, tryFromHex(body.sequencerKey)!)
}

/**
 * Gives the log another key, which signs every checkpoint from this entry on. For 30 days the old key signs them as well, so that
 * those who know only the old one have time to learn of the new one.
 */
export const sequencerRotate = defineTransaction<Body>({
  type: 'sequencer.rotate',
  signer: 'operator',
  sequencerKey: (body) => body.sequencerKey,
  body,
  reads: [(context) => [sequencerKeys.at(context.body.sequencerKey), accounts.at(accountOf(context))]],
  checks: [
    weakKey(({ sequencerKey }) => sequencerKey),
    check('exists', (context) => {
      const named = context.get(sequencerKeys.at(context.body.sequencerKey))
      if (named !== undefined) return { thing: `This sequencer key, named in entry ${named.entry},` }
      const account = accountOf(context)
      return context.get(accounts.at(account)) === undefined ? undefined : { thing: `The account ${account} of this key` }
    }),
  ],
  apply: (effects) => {
    const { time, index, body } = effects
    const row = effects.need(platform)
    const signing = row.retiredKeys.filter(({ until }) => time < until)
    const retired = [...signing, { publicKey: row.sequencerKey, until: time + RETIRED_KEY_SECONDS }]
    effects.put(platform, { ...row, sequencerKey: body.sequencerKey, retiredKeys: retired.slice(-MAX_RETIRED_KEYS) })
    effects.put(sequencerKeys.at(body.sequencerKey), { entry: index })
  },
  describe: ({ sequencerKey }) => `Gives the log the key ${sequencerKey} for its checkpoints`,
})
