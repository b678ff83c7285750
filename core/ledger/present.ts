/**
 * What the ledger's answers look like to programs: the JSON that scripts and the console rely on. Amounts are decimal texts of
 * credits.
 */

import { Malformed } from '../base/malformed.ts'
import { ACCOUNT_BOOKS } from '../domain/books.ts'
import { type Json, parseCanonical } from '../domain/canonical.ts'
import type { LineOutcome } from '../domain/define.ts'
import { parseSignedTransaction, type Tools, type Transaction } from '../domain/envelope.ts'
import { spentWith } from '../domain/key-limits.ts'
import { formatMicros, ZERO } from '../domain/money.ts'
import { type Outcome, type Payment, postingBook } from '../domain/outcome.ts'
import type { Key } from '../domain/state.ts'
import { formatMilliseconds, formatSeconds, type Seconds } from '../domain/time.ts'
import type { Accepted } from './accepted.ts'
import type { OutboxNote } from './outbox-store.ts'
import type { Preview } from './preview.ts'
import { StoreError } from './store.ts'

export type JsonObject = { readonly [field: string]: Json }

export function presentAccepted(accepted: Accepted): JsonObject {
  const { transaction, index, time, outcome, note, repeated } = accepted
  return {
    status: 'accepted',
    id: transaction.id,
    index,
    time: formatMilliseconds(time),
    type: transaction.definition.type,
    ...presentEffects(outcome),
    balances: presentBalances(outcome),
    ...(repeated && { repeated }),
    note: new TextDecoder().decode(note),
  }
}

export function presentPreview({ transaction, outcome }: Preview): JsonObject {
  const { id, definition } = transaction
  return { status: 'preview', id, type: definition.type, ...presentEffects(outcome), balances: presentBalances(outcome) }
}

/** An entry as the log shows it. */
export function presentEntry({ index, time, transaction, outcome }: Accepted): JsonObject {
  const { id, signer, definition } = transaction
  return {
    index,
    time: formatMilliseconds(time),
    type: definition.type,
    signer,
    id,
    summary: describe(transaction),
    ...presentEffects(outcome),
  }
}

/** The sentence that says what a transaction does. */
export function describe(transaction: Transaction): string {
  return transaction.definition.describe(transaction.body as never, transaction.signer)
}

/** The body as it was signed. */
export function presentBody(transaction: Transaction): Json {
  return (parseCanonical(transaction.text.slice(0, -1)) as JsonObject).body!
}

/** A note in the outbox, and what became of it. */
export function presentKept(tools: Tools, kept: OutboxNote): JsonObject {
  const { id, note, state, queued, answered, answer, isMirrored } = kept
  const transaction = parseSignedTransaction(tools.rules, tools.sha256, note)
  if (transaction instanceof Malformed) throw new StoreError('damaged', `The transaction ${id} in the outbox is damaged.`)
  const { signer, definition } = transaction
  return {
    id,
    state,
    type: definition.type,
    signer,
    summary: describe(transaction),
    queued: formatMilliseconds(queued),
    ...(answered !== undefined && { answered: formatMilliseconds(answered) }),
    ...(answer?.status === 'accepted' && { index: answer.index, mirrored: isMirrored }),
    ...(answer?.status === 'refused' && { ...answer.refusal, signed: answer.statement !== undefined }),
  }
}

/** A key of an account, with what is spent of its budget in the running day or month. */
export function presentKey(keyId: string, key: Key, time: Seconds): JsonObject {
  const { label, scopes, budget, listings, expires, revoked } = key
  const spent = spentWith(key, time, ZERO)
  return {
    key: keyId,
    ...(label !== undefined && { label }),
    scopes: [...scopes],
    ...(budget && {
      budget: { amount: formatMicros(budget.amountMicros), per: budget.per, spent: formatMicros(spent!.amountMicros) },
    }),
    ...(listings && { listings: [...listings] }),
    ...(expires !== undefined && { expires: formatSeconds(expires) }),
    ...(revoked && { revoked }),
  }
}

/** The payment, where it was made to a creator; one for a plan is the platform's, and has no take-home. */
export function creatorPayment({ payment, lines }: Outcome): Payment | undefined {
  return payment?.payee !== undefined || lines !== undefined ? payment : undefined
}

function presentEffects(outcome: Outcome): JsonObject {
  const { postings, created, lines } = outcome
  const payment = creatorPayment(outcome)
  return {
    postings: postings.map((posting) => ({ book: postingBook(posting), amount: formatMicros(posting.amountMicros) })),
    ...(payment && {
      gross: formatMicros(payment.grossMicros),
      fee: formatMicros(payment.feeMicros),
      takeHome: formatMicros(payment.grossMicros - payment.feeMicros),
    }),
    ...(lines && { lines: countLines(lines) }),
    ...(created !== undefined && { created }),
  }
}

/** The balance of every account book that the entry touched, after it. */
function presentBalances({ postings }: Outcome): JsonObject {
  const touched = postings.filter(({ book }) => book in ACCOUNT_BOOKS)
  return Object.fromEntries(touched.map((posting) => [postingBook(posting), formatMicros(posting.balanceMicros)]))
}

/** A type and not an interface, so that it passes as JSON. */
export type LineCounts = {
  readonly charged: number
  readonly duplicates: number
  readonly refused: { readonly [code: string]: number }
}

export function countLines(lines: readonly LineOutcome[]): LineCounts {
  const refused: Record<string, number> = {}
  for (const line of lines) if (line.status === 'refused') refused[line.code] = (refused[line.code] ?? 0) + 1
  return {
    charged: lines.filter(({ status }) => status === 'charged').length,
    duplicates: lines.filter(({ status }) => status === 'duplicate').length,
    refused,
  }
}
