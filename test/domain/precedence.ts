/**
 * Whether a code would refuse a transaction, were it asked alone. With it a case that claims "this code wins over that one" is
 * proven to be about their order: the later one applies too.
 */

import { assert } from '../../core/base/assert.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { parseTransaction, type Transaction } from '../../core/domain/envelope.ts'
import { thingId } from '../../core/domain/ids.ts'
import type { COMMON_CODES } from '../../core/domain/refusal.ts'
import * as state from '../../core/domain/state.ts'
import { parseSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import type { Signatory } from '../../core/domain/view.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { ORIGIN, type World } from '../support/world.ts'

/** What a common code can be asked about, of a malformed transaction too. */
interface Asked {
  readonly world: World
  readonly signatories: readonly Signatory[]
  readonly envelope: { readonly ledger: string; readonly signer: string; readonly made: string; readonly validUntil: string }
  readonly transaction: Transaction | Malformed
}

type CommonCode = Exclude<(typeof COMMON_CODES)[number], 'malformed' | 'stale'> | 'exists'

export function appliesToo(world: World, code: string, text: string, signatories: readonly Signatory[]): boolean {
  const transaction = parseTransaction(rules, sha256, text)
  if (!(transaction instanceof Malformed)) {
    const own = transaction.definition.checks.find((check) => check.code === code)
    if (own !== undefined) return own.test(world.context(transaction, signatories)) !== undefined
  }
  const test = COMMON[code as CommonCode]
  assert(test !== undefined, `${code} can be asked alone`)
  return test({ world, signatories, envelope: JSON.parse(text), transaction })
}

const signerOf = ({ world, envelope }: Asked) => world.get(state.accounts.at(envelope.signer))
const accountsOf = ({ world, signatories }: Asked) => signatories.map(({ account }) => world.get(state.accounts.at(account)))
const keysOf = ({ world, signatories }: Asked) =>
  signatories.map(({ account, keyId }) => world.get(state.keys.at(account, keyId)))
const now = ({ world }: Asked) => Math.floor(world.time / 1000)

/** The common checks, written down a second time from the catalogue. */
const COMMON: Record<CommonCode, (asked: Asked) => boolean> = {
  wrong_ledger: ({ envelope }) => envelope.ledger !== ORIGIN,
  unknown_account: (asked) => accountsOf(asked).includes(undefined),
  bad_signature: (asked) => keysOf(asked).some((key) => key === undefined || key.revoked === true),
  too_early: (asked) => parseSeconds(asked.envelope.made)! - now(asked) > 5 * 60,
  too_far: ({ envelope }) => parseSeconds(envelope.validUntil)! - parseSeconds(envelope.made)! > 30 * 86_400,
  expired: (asked) => now(asked) >= parseSeconds(asked.envelope.validUntil)!,
  key_scope: (asked) => {
    const { transaction } = asked
    if (transaction instanceof Malformed) return false
    const { signer, scope, operatorScope, cosigned } = transaction.definition
    if (signer === 'operator' && signerOf(asked)?.number !== 0) return true
    const { listing } = transaction.body as { readonly listing?: string }
    return keysOf(asked).some((key, i) => {
      const { scopes = [], expires = Number.POSITIVE_INFINITY, listings } = key ?? {}
      if (now(asked) >= expires) return true
      if (scopes.includes('all')) return false
      const sufficient = i > 0 ? [cosigned] : [scope, signerOf(asked)?.number === 0 ? operatorScope : undefined]
      if (!sufficient.some((one) => one !== undefined && scopes.includes(one))) return true
      return i === 0 && scope === 'spend' && listings !== undefined && !listings.includes(listing!)
    })
  },
  frozen: (asked) => accountsOf(asked).some((account) => account?.frozen === true),
  in_debt: (asked) => (signerOf(asked)?.receivableMicros ?? 0n) < 0n,
  exists: ({ world, transaction }) => {
    if (transaction instanceof Malformed) return false
    const { creates } = transaction.definition
    if (typeof creates !== 'object' || creates.table === undefined) return false
    return world.get(creates.table.at(thingId(creates.prefix, transaction.id))) !== undefined
  },
}
