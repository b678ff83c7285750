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
  readonly keyId: string
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
  const { keyId } = signatories[0]!
  return test({ world, keyId, envelope: JSON.parse(text), transaction })
}

const signerOf = ({ world, envelope }: Asked) => world.get(state.accounts.at(envelope.signer))
const keyOf = ({ world, envelope, keyId }: Asked) => world.get(state.keys.at(envelope.signer, keyId))
const now = ({ world }: Asked) => Math.floor(world.time / 1000)

/** The common checks, written down a second time from the catalogue. */
const COMMON: Record<CommonCode, (asked: Asked) => boolean> = {
  wrong_ledger: ({ envelope }) => envelope.ledger !== ORIGIN,
  unknown_account: (asked) => signerOf(asked) === undefined,
  bad_signature: (asked) => keyOf(asked) === undefined,
  too_early: (asked) => parseSeconds(asked.envelope.made)! - now(asked) > 5 * 60,
  too_far: ({ envelope }) => parseSeconds(envelope.validUntil)! - parseSeconds(envelope.made)! > 30 * 86_400,
  expired: (asked) => now(asked) >= parseSeconds(asked.envelope.validUntil)!,
  key_scope: (asked) => {
    if (asked.transaction instanceof Malformed) return false
    const { signer, scope } = asked.transaction.definition
    if (signer === 'operator' && signerOf(asked)?.number !== 0) return true
    const scopes = keyOf(asked)?.scopes ?? []
    return !scopes.includes('all') && !(scope !== undefined && scopes.includes(scope))
  },
  frozen: (asked) => signerOf(asked)?.frozen === true,
  in_debt: (asked) => (signerOf(asked)?.receivableMicros ?? 0n) < 0n,
  exists: ({ world, transaction }) => {
    if (transaction instanceof Malformed) return false
    const { creates } = transaction.definition
    if (typeof creates !== 'object' || creates.table === undefined) return false
    return world.get(creates.table.at(thingId(creates.prefix, transaction.id))) !== undefined
  },
}
