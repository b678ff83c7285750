import { z } from 'zod'
import { tryFromHex } from '../../base/bytes.ts'
import { check, defineTransaction } from '../define.ts'
import * as field from '../fields.ts'
import { accountId } from '../ids.ts'
import { MAX_FEE_BPS, ZERO } from '../money.ts'
import { newAccountRows, openAccount } from '../new-account.ts'
import { hasTwins, MAX_POLICY_DAYS, plans, plansOf, policy, policyOf } from '../policy-fields.ts'
import { platform, sequencerKeys, treasury } from '../state.ts'

const days = field.count.max(MAX_POLICY_DAYS)

/** Founds the ledger: entry 0, signed by the operator's key, which opens account number 0. */
export const ledgerGenesis = defineTransaction({
  type: 'ledger.genesis',
  signer: 'founder',
  body: z.strictObject({
    origin: field.origin,
    name: field.name,
    operatorKey: field.publicKey,
    sequencerKey: field.publicKey,
    clock: z.enum(['system', 'manual']),
    feeBps: field.count.max(MAX_FEE_BPS),
    plans,
    policy: policy.extend({ earningsHoldDays: days, graceDays: days }),
  }),
  malformed: ({ body, signer, ledger, sha256 }) => {
    if (body.origin !== ledger) return 'the body founds another ledger than the envelope names'
    if (accountId(sha256, tryFromHex(body.operatorKey)!) !== signer) return 'the signer is not the account of the operator key'
    if (body.operatorKey === body.sequencerKey) return 'the sequencer key is the operator key'
    return hasTwins(body.plans) ? 'two plans have one name' : undefined
  },
  publicKey: (body) => body.operatorKey,
  sequencerKey: (body) => body.sequencerKey,
  creates: 'account',
  reads: [({ body }) => [sequencerKeys.at(body.sequencerKey)], (context) => newAccountRows(context, context.body.operatorKey)],
  checks: [check('already_founded', (context) => (context.get(platform) === undefined ? undefined : {}))],
  apply: (effects) => {
    const { body, signer } = effects
    effects.put(platform, {
      origin: body.origin,
      name: body.name,
      operator: signer,
      sequencerKey: body.sequencerKey,
      retiredKeys: [],
      clock: body.clock,
      feeBps: body.feeBps,
      plans: plansOf(body.plans),
      ...policyOf(body.policy),
      pending: [],
      accounts: 0,
    })
    effects.put(treasury, {
      issuedMicros: ZERO,
      promotionsMicros: ZERO,
      feesMicros: ZERO,
      plansMicros: ZERO,
      redeemedMicros: ZERO,
      receivablesMicros: ZERO,
    })
    effects.put(sequencerKeys.at(body.sequencerKey), { entry: effects.index })
    openAccount(effects, { name: body.name, publicKey: body.operatorKey })
  },
  describe: (body) => `Founds the ledger ${body.origin}, ${body.name}`,
})
