/** The log: entries, pages of them, one with its proof; checkpoints and audits. */

import type { Json } from '../../domain/canonical.ts'
import type { AuditReport } from '../../ledger/audit.ts'
import type { Amount, Base64, Time } from './common.ts'
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
}

export interface CheckpointView {
  readonly size: number
  readonly vkey: string
  /** The signed note. */
  readonly checkpoint: Base64
}

/** What `log.verify` sends; the report comes last. */
export type VerifyEvent =
  | { readonly what: 'progress'; readonly done: number; readonly total: number }
  | { readonly what: 'report'; readonly report: AuditReport; readonly seconds: number }
