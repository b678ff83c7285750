/**
 * How a transaction type is written: one file, one call of defineTransaction, everything about the type in it. The machine
 * (machine.ts) runs it; what no type may forget is enforced there, not here.
 */

import type { z } from 'zod'
import { assert } from '../base/assert.ts'
import type { Sha256 } from '../base/bytes.ts'
import { MAX_READ_ROUNDS } from '../base/limits.ts'
import type { AccountBook, PlatformBook } from './books.ts'
import type { ThingPrefix } from './ids.ts'
import type { Micros } from './money.ts'
import { CODES, type Code, type RefusalData } from './refusal.ts'
import type { RowKey, Table } from './state.ts'
import type { Seconds } from './time.ts'

/** What a key may sign besides everything (`all`). */
type Scope = 'spend' | 'meter' | 'issue' | 'schedule'

/** What a type sees of the ledger: its transaction, the time, and the rows that it declared. */
export interface Context<Body> {
  readonly id: string
  readonly body: Body
  readonly signer: string
  /** The entry's time, cut to whole seconds. */
  readonly time: Seconds
  /** The entry's index. */
  readonly index: number
  /** The id of what the entry makes, for types with `creates`; empty for others. */
  readonly created: string
  readonly sha256: Sha256
  /** The row, or undefined where there is none. Throws InvariantError for a row that was not declared. */
  get<Row>(key: RowKey<Row>): Row | undefined
  /** The row that the checks before have found to exist. */
  need<Row>(key: RowKey<Row>): Row
}

/** What became of one line of a usage batch. */
export type LineOutcome =
  | { readonly status: 'charged'; readonly grossMicros: Micros; readonly feeMicros: Micros }
  | { readonly status: 'duplicate' }
  | { readonly status: 'refused'; readonly code: Code }

/** What a type may do once all its checks have passed. Nothing here can refuse any more. */
export interface Effects<Body> extends Context<Body> {
  put<Row>(key: RowKey<Row>, row: Row): void
  post(book: PlatformBook, amountMicros: bigint): void
  postTo(account: string, book: AccountBook, amountMicros: bigint): void
  /** Credits reach an account: they first cover what it owes. Returns what is left of them for the book. */
  credit(account: string, book: 'wallet' | 'earnings', amountMicros: Micros): Micros
  /**
   * A payment from a user to a creator: the only way by which the platform's fee is taken. It needs payerRows and payeeRows.
   * Returns the fee.
   */
  pay(payer: string, payee: string, grossMicros: Micros): Micros
  recordLines(lines: readonly LineOutcome[]): void
}

export interface Check<Body> {
  readonly code: Code
  /** Data for the refusal where the transaction must be refused; undefined where it passes. */
  readonly test: (context: Context<Body>) => RefusalData | undefined
}

type Read<Body> = (context: Context<Body>) => readonly RowKey[]

export interface Definition<Body = never> {
  readonly type: string
  /** Who may sign: the operator, any account for itself, or the owner of a key that its body names and no account has yet. */
  readonly signer: 'operator' | 'account' | 'founder'
  /** The scope that suffices where the key has not `all`. */
  readonly scope?: Scope
  /** A second signature stands below the first. */
  readonly cosigned?: true
  /** The signer's wallet pays, so an account in debt may not. */
  readonly spends?: true
  readonly body: z.ZodType<Body>
  /** What is wrong with the envelope and body together, as the end of "…: <fault>." */
  readonly malformed?: (parts: { body: Body; signer: string; ledger: string; sha256: Sha256 }) => string | undefined
  /** The key named by the body of a `founder` type, as hex. */
  readonly publicKey?: (body: Body) => string
  /**
   * What the entry makes: the signer's account, or a thing with an id of its own (`exists` is refused), or one that is only
   * named.
   */
  readonly creates?: 'account' | { readonly prefix: ThingPrefix; readonly table?: Table<unknown> }
  /** The rows it reads, in at most three rounds; each sees the rows of the rounds before. */
  readonly reads: readonly Read<Body>[]
  /** Its own refusals, in order of precedence. */
  readonly checks: readonly Check<Body>[]
  readonly apply: (effects: Effects<Body>) => void
  /** One sentence that says what the signer does, shown before signing, by the command line and in the log. */
  readonly describe: (body: Body, signer: string) => string
}

export function defineTransaction<Body>(definition: Definition<Body>): Definition {
  assert(definition.reads.length <= MAX_READ_ROUNDS, `${definition.type} reads in at most ${MAX_READ_ROUNDS} rounds`)
  const unknown = definition.checks.find(({ code }) => !CODES.includes(code))
  assert(unknown === undefined, `${definition.type} refuses with known codes`)
  return definition as unknown as Definition
}

/** A check that refuses with what `test` returns. */
export function check<Body>(code: Code, test: Check<Body>['test']): Check<Body> {
  return { code, test }
}
