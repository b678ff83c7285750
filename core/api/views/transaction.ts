/** Transactions: what they would do, what they did, why they were refused. */

import type { Code, RefusalData } from '../../domain/refusal.ts'
import type { Amount, Time } from './common.ts'

export interface Posting {
  /** "wallet:nim1…", "revenue:fees" … */
  readonly book: string
  readonly amount: Amount
}

/** What a transaction does to the books. */
export interface Effects {
  readonly postings: readonly Posting[]
  readonly gross?: Amount
  readonly fee?: Amount
  readonly takeHome?: Amount
  /** The id of what the entry makes: nim1…, mdl_…, lst_…, sub_… */
  readonly created?: string
  /** Of a usage batch. */
  readonly lines?: { readonly charged: number; readonly duplicates: number; readonly refused: Readonly<Record<string, number>> }
}

export interface Refused {
  readonly status: 'refused'
  readonly code: Code
  /** A sentence that a person can act on. */
  readonly message: string
  readonly data: RefusalData
}

export interface Accepted extends Effects {
  readonly status: 'accepted'
  readonly id: string
  readonly index: number
  readonly time: Time
  readonly type: string
  /** Every account book that the entry touched, after it. */
  readonly balances: Readonly<Record<string, Amount>>
  readonly repeated?: true
  /** Text and signatures, as they are in the log. */
  readonly note: string
}

/** Kept, and sent to the hub until it answers. */
export interface Queued {
  readonly status: 'queued'
  readonly id: string
  /** `accepted`: the hub took it, and its entry is not in the mirror yet. */
  readonly state: 'queued' | 'sent' | 'accepted'
  /** What is known of it, and why not more. */
  readonly message: string
}

/** What became of a note; `queued` in a mirror alone. */
export type Outcome = Accepted | Refused | Queued

/** What is known of a transaction before anybody signs it. */
interface Draft {
  /** The exact text to be signed, for `transaction.sign`. */
  readonly text: string
  readonly id: string
  readonly type: string
  readonly signer: string
  readonly validUntil: Time
  /** One sentence that says what the signer does: "Buys lst_… for 25 credits". */
  readonly summary: string
  /** Whether this machine has the signer's key. */
  readonly isSignable: boolean
  /** Names of the accounts and titles of the things that the sentence and the postings speak of. */
  readonly names: Names
}

/** What a transaction would do. */
export interface PreviewAccepted extends Draft, Effects {
  readonly status: 'preview'
  readonly balances: Readonly<Record<string, Amount>>
}

/** Why it would be refused. `draft` is missing where the body is malformed. */
export interface PreviewRefused extends Refused {
  readonly draft?: Draft
}

export type Preview = PreviewAccepted | PreviewRefused

/** Names and titles by id: accounts, models, listings. */
export type Names = Readonly<Record<string, string>>
