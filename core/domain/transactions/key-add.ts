import { z } from 'zod'
import { MAX_KEY_LISTINGS, MAX_KEYS } from '../../base/limits.ts'
import { check, defineTransaction, SCOPES } from '../define.ts'
import * as field from '../fields.ts'
import { keyIdOf, livingKeys, weakKey } from '../key-ring.ts'
import { formatCredits } from '../money.ts'
import { keyrings, keys, sequencerKeys } from '../state.ts'
import { formatSeconds } from '../time.ts'

const distinct = (items: readonly string[]) => new Set(items).size === items.length

const body = z.strictObject({
  publicKey: field.publicKey,
  scopes: z.array(z.enum(SCOPES)).min(1, 'must name a scope').refine(distinct, 'must name each scope once'),
  label: field.name,
  budget: z.strictObject({ amount: field.amount, per: z.enum(['day', 'month']) }).optional(),
  listings: z
    .array(field.thing('lst'))
    .min(1, 'must name a listing, or be left out')
    .max(MAX_KEY_LISTINGS, `must be at most ${MAX_KEY_LISTINGS} listings`)
    .refine(distinct, 'must name each listing once')
    .optional(),
  expires: field.time.optional(),
})
type Body = z.output<typeof body>

function limitsOf({ budget, listings, expires }: Body): string {
  const limits = [
    budget && `up to ${formatCredits(budget.amount)} a ${budget.per}`,
    listings && `for ${listings.join(', ')}`,
    expires !== undefined && `until ${formatSeconds(expires)}`,
  ]
  return limits
    .filter((limit) => typeof limit === 'string')
    .map((limit) => `, ${limit}`)
    .join('')
}

/** Lets another key sign for the account, within its scopes and limits, from the next entry on. */
export const keyAdd = defineTransaction<Body>({
  type: 'key.add',
  signer: 'account',
  body,
  malformed: ({ body: { scopes, budget, listings } }) => {
    if (budget === undefined && listings === undefined) return undefined
    const isLimitable = scopes.includes('spend') && !scopes.includes('all')
    return isLimitable ? undefined : 'a budget and listings limit a key with scope spend and without scope all'
  },
  reads: [
    (context) => {
      const { signer, body } = context
      return [keys.at(signer, keyIdOf(context, body.publicKey)), keyrings.at(signer), sequencerKeys.at(body.publicKey)]
    },
  ],
  checks: [
    weakKey(({ publicKey }) => publicKey),
    check('exists', (context) => {
      const { signer, body } = context
      if (context.get(sequencerKeys.at(body.publicKey)) !== undefined) return { thing: 'This key, as a sequencer key,' }
      const key = keyIdOf(context, body.publicKey)
      return context.get(keys.at(signer, key)) === undefined ? undefined : { thing: `The key ${key} of ${signer}` }
    }),
    check('too_many', (context) =>
      livingKeys(context).length < MAX_KEYS ? undefined : { what: 'keys of this account', limit: MAX_KEYS },
    ),
  ],
  apply: (effects) => {
    const { signer, time, body } = effects
    const { publicKey, scopes, label, budget, listings, expires } = body
    const key = keyIdOf(effects, publicKey)
    const until = expires === undefined ? {} : { expires }
    effects.put(keys.at(signer, key), {
      publicKey,
      scopes,
      addedAt: time,
      label,
      ...until,
      ...(listings && { listings }),
      ...(budget && { budget: { amountMicros: budget.amount, per: budget.per } }),
    })
    const isMaster = scopes.includes('all') && expires === undefined
    effects.put(keyrings.at(signer), { keys: [...livingKeys(effects), { key, isMaster, ...until }] })
  },
  describe: (body) => `Adds the key ${body.label}, which may sign ${body.scopes.join(', ')}${limitsOf(body)}`,
})
