/** The log: entries, pages of them, one with its proof; checkpoints and audits. */

import type { Json } from '../../domain/canonical.ts'
import type { Scope } from '../../domain/define.ts'
import type { Code } from '../../domain/refusal.ts'
import type { AuditReport } from '../../ledger/audit.ts'
import type { Amount, Base64, Time } from './common.ts'
import type { UsageCounts } from './market.ts'
import type { Effects, Names } from './transaction.ts'

/** An entry of the log, described. */
export interface Entry extends Effects {
  readonly index: number
  readonly time: Time
  readonly type: string
  readonly signer: string
  readonly id: string
  readonly summary: string
  readonly names: Names
}

/** A page of the log, the newest entry first. */
export interface LogPage {
  /** Entries in the whole log. */
  readonly size: number
  readonly entries: readonly Entry[]
  /** Give this as `before` for the next page; undefined where there is none. */
  readonly next?: number
}

export interface CreditEntry extends Entry {
  /** The entry that it gives back, in full or in part. */
  readonly undoes?: number
}

/** What was done with credits, the newest first. */
export interface CreditPage {
  readonly size: number
  readonly entries: readonly CreditEntry[]
  readonly next?: number
}

/** Entries from an index on, in order, whatever they are: for a list that is scrolled to any place. */
export interface LogRange {
  readonly size: number
  readonly entries: readonly Entry[]
}

export interface EntrySignature {
  readonly name: string
  readonly keyId: string
  readonly signature: Base64
  /** The key as the ledger has it, in hex: what the signature verifies with. */
  readonly publicKey?: string
  /** What its owner calls it. */
  readonly label?: string
  /** What it may sign now. */
  readonly scopes?: readonly Scope[]
  readonly isRevoked?: true
}

/** One entry with everything that a reader needs to check it without trusting this program. */
export interface EntryDetail extends Entry {
  readonly body: Json
  readonly balances: Readonly<Record<string, Amount>>
  /** The signed note, verbatim. */
  readonly note: string
  /** The entry's bytes, of which the leaf hash is taken. */
  readonly bytes: Base64
  readonly signatures: readonly EntrySignature[]
  /** A C2SP tlog-proof: index, inclusion proof and the signed checkpoint. Verify with core/log/proof.ts and the log's vkey. */
  readonly proof: Base64
  readonly vkey: string
  /** Of a payment or a top-up: what was given back of it, or charged back. */
  readonly undone?: Amount
}

/** A part of the lines of a batch of calls, in order. */
export interface LinePage {
  readonly size: number
  readonly lines: readonly LineView[]
  /** Give this as `after` for the next part; undefined where there is none. */
  readonly next?: number
}

export interface LineView {
  /** Counted from 0. */
  readonly line: number
  readonly payer: string
  readonly name: string
  readonly usage: UsageCounts
  readonly reference?: string
  readonly status: 'charged' | 'refused' | 'duplicate'
  /** Why it was refused. */
  readonly code?: Code
  /** Of a line that was charged. */
  readonly gross?: Amount
  /** What was given back of it. */
  readonly refunded?: Amount
}

export interface CheckpointView {
  readonly size: number
  readonly vkey: string
  /** The signed note. */
  readonly checkpoint: Base64
}

/** A key of the log, and when it signed its checkpoints. */
export interface KeyTermView {
  /** The entry that named it. */
  readonly entry: number
  readonly since: Time
  /** The entry that named the next key, when it did, and until when this one signed beside it. */
  readonly replaced?: { readonly entry: number; readonly time: Time; readonly until: Time }
}

/**
 * Whose a signature is. `log`: a key of this log, in force at the checkpoint's size · `earlier`, `later`: a key of this log that
 * was replaced before, or named after · `given`, `witness`: a log's or a witness's key that the reader knows from elsewhere ·
 * `unknown`: nothing can be said of it.
 */
export interface FoundSignature {
  readonly name: string
  readonly keyId: string
  readonly by: 'log' | 'earlier' | 'later' | 'given' | 'witness' | 'unknown'
  readonly isValid?: boolean
  readonly vkey?: string
  readonly term?: KeyTermView
  /** When a witness says that it saw the checkpoint. */
  readonly time?: Time
}

export interface FoundCheckpoint {
  /** `own`: the newest of this ledger; the others are what the file was that it came in. */
  readonly from: 'own' | 'checkpoint' | 'proof' | 'evidence'
  readonly origin: string
  readonly size: number
  readonly root: Base64
  readonly signatures: readonly FoundSignature[]
  readonly trust: 'signed' | 'out_of_force' | 'failed' | 'unsigned'
  /** Whether its tree is that of as many entries here; `larger`: it has more than are here. */
  readonly standing: 'same' | 'other' | 'larger' | 'another_log'
  /** When the last entry that it covers was accepted, where it is of this log and covers any. */
  readonly last?: Time
}

/** Two checkpoints and what they come to: core/sync/comparison.ts tells what each verdict means. */
export interface ComparisonView {
  /** Entries that the newest checkpoint of this ledger covers. */
  readonly size: number
  readonly first: FoundCheckpoint
  readonly second: FoundCheckpoint
  readonly verdict: 'unsigned' | 'different_logs' | 'contradict' | 'foreign' | 'same' | 'extends' | 'unknown'
  /** The hashes that prove that the larger tree begins with the smaller. */
  readonly path?: readonly Base64[]
  /** That a log signed two histories, as a file, and the keys with which others check it. */
  readonly evidence?: { readonly name: string; readonly bytes: Base64; readonly vkeys: readonly string[] }
}

/** What `log.export` sends; the file is there for `log.exportPart` until the subscription ends. */
export type ExportEvent =
  | { readonly what: 'progress'; readonly done: number; readonly total: number }
  | { readonly what: 'file'; readonly id: string; readonly name: string; readonly bytes: number; readonly entries: number }

/** What `log.verify` sends; the report comes last. */
export type VerifyEvent =
  | { readonly what: 'progress'; readonly done: number; readonly total: number }
  | { readonly what: 'report'; readonly report: AuditReport; readonly seconds: number }
