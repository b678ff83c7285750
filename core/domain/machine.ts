/**
 * The machine that runs transactions on the state: common checks, the type's own checks in their order, then its effects. It
 * enforces what no type may forget: postings sum to zero, no book leaves its range, the exact fee, plan limits, scopes, the bound
 * on credits outstanding.
 *
 *   authenticate    which public keys must have signed            → keys, or wrong_ledger · unknown_account · bad_signature
 *   (the gate checks the signatures, many at once, elsewhere)
 *   rowsToRead      which rows a round of reading needs
 *   execute         checks and effects on the rows read            → an outcome and the changed rows, or a refusal
 *
 * Pure: the same transactions at the same times give the same rows everywhere, which is what a replay proves.
 */

import { type Sha256, tryFromHex } from '../base/bytes.ts'
import { MAX_CLOCK_LEAD_SECONDS, MAX_VALIDITY_SECONDS } from '../base/limits.ts'
import { ED25519, keyId } from '../log/note.ts'
import { payerRows, settledPurse } from './credits.ts'
import type { Scope } from './define.ts'
import type { SignedTransaction, Transaction } from './envelope.ts'
import { formatMicros } from './money.ts'
import { type Refusal, refuse } from './refusal.ts'
import { type Execution, Run } from './run.ts'
import * as state from './state.ts'
import type { RowKey } from './table.ts'
import { formatMilliseconds, formatSeconds, type Milliseconds, type Seconds, wholeSeconds } from './time.ts'
import { createdRow, type Moment, type Rows, type Signatory, type Signing, type View } from './view.ts'

/** Somebody whose signature must verify. */
export interface Signer extends Signatory {
  /** As hex. */
  readonly publicKey: string
}

/** The one type that a ledger which is not founded takes. */
const GENESIS = 'ledger.genesis'

/** The rows that authenticate looks at. */
export function authenticationRows(transaction: SignedTransaction): readonly RowKey[] {
  const rows: RowKey[] = [state.platform]
  for (const { name, keyId } of transaction.signatures) rows.push(state.accounts.at(name), state.keys.at(name, keyId))
  return rows
}

/** Whose keys must have made the transaction's signatures. The signatures themselves are not checked here. */
export function authenticate(sha256: Sha256, transaction: SignedTransaction, rows: Rows): readonly Signer[] | Refusal {
  const { definition, signatures } = transaction
  const origin = rows.get(state.platform)?.origin
  if (origin === undefined ? definition.type !== GENESIS : origin !== transaction.ledger) {
    return refuse('wrong_ledger', { named: transaction.ledger, ledger: origin ?? 'not founded yet' })
  }
  if (definition.publicKey !== undefined) {
    const publicKey = definition.publicKey(transaction.body as never)
    const { name, keyId: named } = signatures[0]!
    const isNamed = named === keyId(sha256, name, ED25519, tryFromHex(publicKey)!)
    if (!isNamed) return refuse('bad_signature', { account: name, key: named })
    return [{ account: name, keyId: named, publicKey }]
  }
  for (const { name } of signatures) {
    if (rows.get(state.accounts.at(name)) === undefined) return refuse('unknown_account', { account: name })
  }
  const signers = new Array<Signer>(signatures.length)
  for (let i = 0; i < signatures.length; i++) {
    const { name, keyId: named } = signatures[i]!
    const key = rows.get(state.keys.at(name, named))
    if (key === undefined || key.revoked === true) return refuse('bad_signature', { account: name, key: named })
    signers[i] = { account: name, keyId: named, publicKey: key.publicKey }
  }
  return signers
}

/** Refusals of the envelope at a time; nothing here depends on the state. */
function checkTimes(transaction: Transaction, time: Milliseconds): Refusal | undefined {
  const { made, validUntil } = transaction
  const now = wholeSeconds(time)
  if (made > now + MAX_CLOCK_LEAD_SECONDS)
    return refuse('too_early', { made: formatSeconds(made), time: formatMilliseconds(time) })
  if (validUntil > made + MAX_VALIDITY_SECONDS) {
    return refuse('too_far', { made: formatSeconds(made), validUntil: formatSeconds(validUntil) })
  }
  if (now >= validUntil) return refuse('expired', { validUntil: formatSeconds(validUntil), time: formatMilliseconds(time) })
  return undefined
}

/** How many rounds of reading a transaction takes. */
export function roundsOf({ definition }: Transaction): number {
  return Math.max(1, definition.reads.length)
}

/**
 * The rows to load for a round of reading, given those of the rounds before, which the view sees. A transaction may be executed
 * once every round's rows are there.
 */
export function rowsToRead(view: View, signatories: readonly Signing[], round: number): readonly RowKey[] {
  const { definition, signer } = view
  const own = definition.reads[round]?.(view) ?? []
  if (round > 0) return own
  const keys: RowKey[] = [state.platform, state.treasury, ...payerRows(signer)]
  for (const { account, keyId } of signatories) {
    if (account !== signer) keys.push(state.accounts.at(account))
    if (keyId !== undefined) keys.push(state.keys.at(account, keyId))
  }
  const created = createdRow(view)
  if (created !== undefined) keys.push(created)
  const named = definition.namesEntry?.(view.body)
  if (named !== undefined) keys.push(state.entryRecords.at(named))
  keys.push(...own)
  return keys
}

/**
 * Runs a transaction whose signatures were checked. `signatories` are those who signed, in order; none for a type that opens the
 * account which signs it. A preview names those who would sign, without keys, or nobody: then the signer alone.
 */
export function execute(
  sha256: Sha256,
  transaction: Transaction,
  signatories: readonly Signing[],
  rows: Rows,
  moment: Moment,
): Execution | Refusal {
  const untimely = checkTimes(transaction, moment.time)
  if (untimely !== undefined) return untimely
  const run = new Run(sha256, transaction, signatories, rows, moment)
  const common = checkSigners(transaction, signatories, run)
  if (common !== undefined) return common
  for (const { code, test } of transaction.definition.checks) {
    const data = test(run)
    if (data !== undefined) return refuse(code, data)
  }
  // From here on nothing refuses: what goes wrong is a broken invariant and stops the core.
  transaction.definition.apply(run)
  return run.finish()
}

function checkSigners(transaction: Transaction, signatories: readonly Signing[], view: View): Refusal | undefined {
  const { definition, signer } = transaction
  if (definition.publicKey === undefined) {
    for (const account of view.signers) {
      if (view.get(state.accounts.at(account)) === undefined) return refuse('unknown_account', { account })
    }
    const refusal = checkScopes(transaction, signatories, view) ?? checkFrozen(view)
    if (refusal !== undefined) return refusal
    const { spends } = definition
    if (typeof spends === 'function' ? spends(view as never) : spends) {
      const { owedMicros } = settledPurse(view, signer)
      if (owedMicros > 0n) return refuse('in_debt', { account: signer, owes: formatMicros(owedMicros) })
    }
  }
  const row = createdRow(view)
  return row !== undefined && view.get(row) !== undefined ? refuse('exists', { thing: view.created }) : undefined
}

function checkScopes(transaction: Transaction, signatories: readonly Signing[], view: View): Refusal | undefined {
  const { definition, signer } = transaction
  const { type } = definition
  if (definition.signer === 'operator' && !isOperator(view, signer)) {
    return refuse('key_scope', { key: signatories[0]?.keyId ?? signer, type, needs: 'the operator' })
  }
  for (let i = 0; i < signatories.length; i++) {
    const { account, keyId } = signatories[i]!
    if (keyId === undefined) continue
    const key = view.need(state.keys.at(account, keyId))
    const scope = i === 0 ? definition.scope : definition.cosigned
    const needs = missingScope(transaction, { key, scope, isOperator: isOperator(view, account) }, view.time)
    if (needs !== undefined) return refuse('key_scope', { key: keyId, type, needs })
  }
  return undefined
}

function isOperator(view: View, account: string): boolean {
  return view.need(state.accounts.at(account)).number === 0
}

interface KeyUse {
  readonly key: state.Key
  readonly scope: Scope | undefined
  readonly isOperator: boolean
}

/** What a key lacks to sign this transaction; undefined where it suffices. */
function missingScope({ definition, body }: Transaction, { key, scope, isOperator }: KeyUse, time: Seconds): string | undefined {
  if (key.expires !== undefined && time >= key.expires) return 'a key that has not expired'
  if (key.scopes.includes('all')) return undefined
  const sufficient = [scope, ...(isOperator ? [definition.operatorScope] : [])].filter((one) => one !== undefined)
  if (!sufficient.some((one) => key.scopes.includes(one))) return `scope ${sufficient[0] ?? 'all'}`
  const { listing } = body as { readonly listing?: string }
  const isListed = key.listings === undefined || listing === undefined || key.listings.includes(listing)
  return isListed || scope !== 'spend' ? undefined : `a key with ${listing} among its listings`
}

function checkFrozen(view: View): Refusal | undefined {
  for (const account of view.signers) {
    if (view.need(state.accounts.at(account)).frozen) return refuse('frozen', { account })
  }
  return undefined
}
