/**
 * How a transaction type is written: one file, one call of defineTransaction, everything about the type in it. The machine
 * (machine.ts) runs it; what no type may forget is enforced there, not here.
 */

import type { z } from 'zod'
import { assert } from '../base/assert.ts'
import type { Sha256 } from '../base/bytes.ts'
import { MAX_READ_ROUNDS } from '../base/limits.ts'
import type { CheckPoint } from '../log/enrolment.ts'
import type { AccountBook, PlatformBook } from './books.ts'
import type { ThingPrefix } from './ids.ts'
import type { Micros } from './money.ts'
import { CODES, type Code, type RefusalData } from './refusal.ts'
import type { Lot, Slice } from './state.ts'
import type { StateSummary } from './state-root.ts'
import type { RowKey, Table } from './table.ts'
import type { Seconds } from './time.ts'

/** What a key may sign: everything (`all`), or what a type asks of it. */
export const SCOPES = ['all', 'spend', 'meter', 'issue', 'schedule'] as const
export type Scope = (typeof SCOPES)[number]

/** What a type sees of the ledger: its transaction, the time, and the rows that it declared. */
export interface Context<Body> {
  readonly id: string
  readonly body: Body
  readonly signer: string
  /** The entry's time, cut to whole seconds. */
  readonly time: Seconds
  /** The entry's index. */
  readonly index: number
  /** The id of what the entry makes, for types with `creates`; empty for other types. */
  readonly created: string
  /** The id of the signer's key; undefined in a preview, where nobody has signed yet. */
  readonly keyId: string | undefined
  /** The accounts that signed, the signer first; a preview may know the signer alone. */
  readonly signers: readonly string[]
  /** The state of all books before the entry, for types that ask for it. */
  readonly summary: StateSummary | undefined
  readonly sha256: Sha256
  /** For weakKey (key-ring.ts). */
  readonly isPrimeOrder: CheckPoint
  /** The row, or undefined where there is none. Throws InvariantError for a row that was not declared. */
  get<Row>(key: RowKey<Row>): Row | undefined
  /** The row, which the checks before have found to exist. */
  need<Row>(key: RowKey<Row>): Row
}

/** What became of one line of a usage batch. */
export type LineOutcome =
  | {
      readonly status: 'charged'
      readonly grossMicros: Micros
      readonly feeMicros: Micros
      /** What it was paid with, in the order in which it burned; what they leave of the gross were paid credits. */
      readonly slices: readonly Slice[]
    }
  | { readonly status: 'duplicate' }
  | { readonly status: 'refused'; readonly code: Code }

/** Credits set aside under the id of a hold or of a mandate. */
export interface Aside {
  readonly kind: 'holds' | 'reserves'
  readonly id: string
}

/** What a type may do once all its checks have passed. Nothing here can refuse any more. */
export interface Effects<Body> extends Context<Body> {
  put<Row>(key: RowKey<Row>, row: Row): void
  remove(key: RowKey): void
  post(book: PlatformBook, amountMicros: bigint): void
  postTo(account: string, book: AccountBook, amountMicros: bigint): void
  /** Credits leave a wallet, grants first. Everything that moves a wallet needs payerRows and settles it before. */
  take(account: string, amountMicros: Micros): Slice[]
  /** Paid credits leave a wallet. */
  takePaid(account: string, amountMicros: Micros): void
  /** Credits come (back) to a wallet, slice by slice; they first cover what the account owes. */
  give(account: string, slices: readonly Slice[]): void
  grant(account: string, lot: Lot): void
  /** Sets credits aside until a time. */
  setAside(account: string, aside: Aside, amountMicros: Micros, endsAt: Seconds): void
  /** Ends what was set aside: takes a part of it and gives the rest back. */
  release(account: string, aside: Aside, takenMicros: Micros): Slice[]
  /** Takes a part of what is set aside, which goes on with the rest. */
  draw(account: string, aside: Aside, amountMicros: Micros): Slice[]
  /** Changes when what was set aside comes back; where that time has come, it comes back at once. */
  moveEnd(account: string, aside: Aside, endsAt: Seconds): void
  /** Earnings reach a creator: they first cover what the account owes. Returns what is left of them for the book. */
  earn(account: string, amountMicros: Micros): Micros
  /** Platform revenue, which ages from now on. */
  collect(kind: 'fees' | 'plans', amountMicros: Micros): void
  /**
   * A payment from a user to a creator: the only way by which the platform's fee is taken. It needs payeeRows, and payerRows
   * unless `slices` were taken already.
   */
  pay(payer: string, payee: string, grossMicros: Micros, slices?: readonly Slice[]): PaymentFigures
  /** A payment from a user to the platform for a plan. It needs payerRows and planRevenueRows. */
  payPlatform(payer: string, amountMicros: Micros): void
  /** Payments of many accounts to one creator. It needs payeeRows. */
  takings(payee: string): Takings
  recordLines(lines: readonly LineOutcome[]): void
}

/** Payments to one creator, each with its own fee as `pay` takes it, which are posted together. */
export interface Takings {
  /** Counts a payment, whose credits are taken by the caller; returns its fee. */
  add(grossMicros: Micros): Micros
  /** Posts the first payment, after its credits were taken: so the creator's postings stand behind the first payer's. */
  begin(): void
  /** Posts the sum of all other payments; called once. */
  settle(): void
}

export interface PaymentFigures {
  readonly feeMicros: Micros
  readonly slices: readonly Slice[]
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
  /** The scope that suffices for a key without `all`. */
  readonly scope?: Scope
  /** The scope that suffices for the operator's key, for types that others sign with `all`. */
  readonly operatorScope?: Scope
  /** A second signature stands below the first; this scope suffices for its key. */
  readonly cosigned?: Scope
  /** The signer's wallet pays, so an account in debt may not. */
  readonly spends?: true | ((context: Context<Body>) => boolean)
  /** The index of an entry of the log that the body names: the type can read it as entryRecords.at(index). */
  readonly namesEntry?: (body: Body) => number
  /** It looks at the state of all books before it, so it is sequenced alone. */
  readonly needsSummary?: true
  readonly body: z.ZodType<Body>
  /** What is wrong with the envelope and body together, as the end of "…: <fault>." */
  readonly malformed?: (parts: { body: Body; signer: string; ledger: string; sha256: Sha256 }) => string | undefined
  /** The key named by the body of a `founder` type, as hex. */
  readonly publicKey?: (body: Body) => string
  /** The key that signs the log's checkpoints from the entry on, as hex. A sequencer takes no entry that names another's key. */
  readonly sequencerKey?: (body: Body) => string
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
