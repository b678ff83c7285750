/** Previews: what a transaction would do, before anybody has signed it. A preview changes nothing. */

import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, parseTransaction, type Tools, type Transaction, wrongSignatures } from '../domain/envelope.ts'
import { authenticate, authenticationRows, execute } from '../domain/machine.ts'
import type { Outcome } from '../domain/outcome.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { accounts, keys, platform } from '../domain/state.ts'
import { type Milliseconds, wholeSeconds } from '../domain/time.ts'
import { type Moment, signatoriesOf } from '../domain/view.ts'
import { readRecord } from './accepted.ts'
import { Closing } from './closing.ts'
import { declaredRows } from './prefetch.ts'
import { LoadedRows } from './rows.ts'
import type { StoreReader } from './store.ts'

export interface Preview {
  readonly status: 'preview'
  readonly transaction: Transaction
  readonly outcome: Outcome
}

interface PreviewTerms {
  /** The key of the signer's account that would sign, where it is known. */
  readonly keyId?: string | undefined
  /** The account that would sign below. */
  readonly cosigner?: string | undefined
  /** Signed notes that are on their way, in order: they count as if they were in the ledger, as far as it would accept them. */
  readonly underWay?: readonly Uint8Array[] | undefined
}

/**
 * What an unsigned text would do to the ledger at a time: the path of a transaction without signatures and without its last
 * steps.
 */
export async function preview(
  tools: Tools,
  store: StoreReader,
  text: string,
  time: Milliseconds,
  { keyId, cosigner, underWay = [] }: PreviewTerms = {},
): Promise<Preview | Refusal> {
  const { rules, sha256 } = tools
  const transaction = parseTransaction(rules, sha256, text)
  if (transaction instanceof Malformed) return refuse('malformed', { reason: transaction.reason })
  const miscounted = cosigner === undefined ? undefined : wrongSignatures(transaction, 2)
  if (miscounted !== undefined) return refuse('malformed', { reason: miscounted.reason })
  const rows = new LoadedRows(store, (index) => readRecord(tools, store, index))
  const size = await store.size()
  const index = size + (await applyAll(tools, rows, underWay, { index: size, time }))
  const { signer } = transaction
  const named = keyId === undefined ? [] : [keys.at(signer, keyId)]
  await rows.load([platform, accounts.at(signer), ...named])
  const origin = rows.get(platform)?.origin
  if (origin !== transaction.ledger) return refuse('wrong_ledger', { named: transaction.ledger, ledger: origin ?? '' })
  const isKnown = rows.get(accounts.at(signer)) !== undefined
  const isUnusable = named.some((row) => rows.get(row) === undefined || rows.get(row)!.revoked === true)
  if (isKnown && isUnusable) return refuse('bad_signature', { account: signer, key: keyId! })
  const isClosing = transaction.definition.needsSummary === true
  const summary = isClosing ? await new Closing({ sha256, store }).summary(size, wholeSeconds(time)) : undefined
  const moment = { index, time, ...(summary && { summary }) }
  const first = { account: signer, ...(keyId !== undefined && isKnown && { keyId }) }
  const below = cosigner === undefined ? [] : [{ account: cosigner }]
  const signers = keyId === undefined && cosigner === undefined ? [] : [first, ...below]
  const signatories = signatoriesOf(transaction, signers)
  const view = await declaredRows(sha256, transaction, signatories, rows, moment)
  const result = execute(sha256, transaction, signatories, view, moment)
  if (result.status === 'refused') return result
  return { status: 'preview', transaction, outcome: result.outcome }
}

/** Applies to `rows` those of the notes that the ledger would accept one after the other; returns how many. */
async function applyAll(
  { rules, sha256 }: Tools,
  rows: LoadedRows,
  notes: readonly Uint8Array[],
  { index, time }: Moment,
): Promise<number> {
  let count = 0
  for (const note of notes) {
    const transaction = parseSignedTransaction(rules, sha256, note)
    if (transaction instanceof Malformed || transaction.definition.needsSummary === true) continue
    await rows.load(authenticationRows(transaction))
    const signers = authenticate(sha256, transaction, rows)
    if ('status' in signers) continue
    const moment = { index: index + count, time }
    const signatories = signatoriesOf(transaction, signers)
    const declared = await declaredRows(sha256, transaction, signatories, rows, moment)
    const result = execute(sha256, transaction, signatories, declared, moment)
    if (result.status === 'refused') continue
    rows.apply(result.changes, declared)
    rows.remember(moment.index, { transaction, outcome: result.outcome })
    count += 1
  }
  return count
}
