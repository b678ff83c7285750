/**
 * What the ledger's answers look like to programs: the JSON that scripts and the console rely on. Amounts are decimal texts of
 * credits.
 */

import { ACCOUNT_BOOKS } from '../domain/books.ts'
import { type Json, parseCanonical } from '../domain/canonical.ts'
import type { LineOutcome } from '../domain/define.ts'
import type { Transaction } from '../domain/envelope.ts'
import { formatMicros } from '../domain/money.ts'
import { type Outcome, postingBook } from '../domain/outcome.ts'
import { formatMilliseconds } from '../domain/time.ts'
import type { Accepted } from './accepted.ts'
import type { Preview } from './ledger.ts'

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

export function presentPreview({ id, type, outcome }: Preview): JsonObject {
  return { status: 'preview', id, type, ...presentEffects(outcome), balances: presentBalances(outcome) }
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

function presentEffects({ postings, payment, created, lines }: Outcome): JsonObject {
  return {
    postings: postings.map((posting) => ({ book: postingBook(posting), amount: formatMicros(posting.amountMicros) })),
    ...(payment &&
      (payment.payee !== undefined || lines !== undefined) && {
        gross: formatMicros(payment.grossMicros),
        fee: formatMicros(payment.feeMicros),
        takeHome: formatMicros(payment.grossMicros - payment.feeMicros),
      }),
    ...(lines && { lines: countLines(lines) }),
    ...(created !== undefined && { created }),
  }
}

/** Every account book that the entry touched, after it. */
function presentBalances({ postings }: Outcome): JsonObject {
  const touched = postings.filter(({ book }) => book in ACCOUNT_BOOKS)
  return Object.fromEntries(touched.map((posting) => [postingBook(posting), formatMicros(posting.balanceMicros)]))
}

interface LineCounts {
  readonly charged: number
  readonly duplicates: number
  readonly refused: { readonly [code: string]: number }
}

function countLines(lines: readonly LineOutcome[]): LineCounts & JsonObject {
  const refused: Record<string, number> = {}
  for (const line of lines) if (line.status === 'refused') refused[line.code] = (refused[line.code] ?? 0) + 1
  return {
    charged: lines.filter(({ status }) => status === 'charged').length,
    duplicates: lines.filter(({ status }) => status === 'duplicate').length,
    refused,
  }
}
