/** A mirror beside its hub: the connection, the outbox, and what the hub was caught at. */

import type { Base64, Failure, Time } from './common.ts'
import type { Names, Refused } from './transaction.ts'

/** A hub as it appears before anybody joins it. */
export interface HubShown {
  readonly url: string
  readonly origin: string
  readonly vkey: string
  /** Entries that its checkpoint covers. */
  readonly size: number
}

/**
 * Following the hub. `connecting`: nothing is known yet · `following`: the last round went well · `offline`: the hub cannot be
 * reached, and is tried again · `elsewhere`: another program follows into this folder, and this one looks on · `stopped`: it goes
 * on only when it is asked to.
 */
export interface LinkState {
  readonly status: 'connecting' | 'following' | 'offline' | 'elsewhere' | 'stopped'
  /** When a round last succeeded, since this console was opened. */
  readonly heard?: Time
  /** Why it is offline or stopped. */
  readonly failure?: Failure
  /** Whether it stopped because the hub is private, and does not show its log for the token at hand, or without one. */
  readonly needsToken?: boolean
  /** Why notes are still on their way although the log can be read. */
  readonly undelivered?: string
  /** While entries are verified and taken. */
  readonly progress?: { readonly done: number; readonly total: number }
}

export interface SyncState {
  readonly hub: { readonly url: string; readonly vkey: string }
  readonly link: LinkState
  /** Entries of the mirror, each verified. */
  readonly size: number
  /** Entries of the log, as the hub showed it last. */
  readonly shown: number
  readonly outbox: { readonly queued: number; readonly sent: number; readonly accepted: number; readonly refused: number }
  /** How many things the hub was caught at. */
  readonly evidence: number
}

/** A note in the outbox. */
export interface OutboxItem {
  readonly id: string
  readonly state: 'queued' | 'sent' | 'accepted' | 'refused'
  readonly type: string
  readonly signer: string
  readonly summary: string
  readonly queued: Time
  readonly answered?: Time
  /** Of an accepted one: its entry, and whether that is here already. */
  readonly index?: number
  readonly mirrored?: boolean
  /** Of a refused one: why, in the hub's words, and whether it signed them. */
  readonly code?: Refused['code']
  readonly message?: string
  readonly signed?: boolean
  readonly names: Names
}

export interface OutboxPage {
  readonly notes: readonly OutboxItem[]
  /** Where the next page begins. */
  readonly next?: string
}

/** A file to keep, or to show to others: `nimledger check` tells what it shows. */
export interface ProofFile {
  readonly name: string
  readonly bytes: Base64
}

/** What the hub was caught at. */
export interface EvidenceView {
  readonly name: string
  readonly kept: Time
  readonly kind: 'fork' | 'rollback' | 'withheld' | 'altered' | 'invalid' | 'unreadable'
  readonly message: string
  /** Sizes of the tree that the hub showed before, and of the one that contradicts it. */
  readonly heldSize?: number
  readonly shownSize?: number
  /** Whether the file alone shows it to anybody; otherwise it rests on this mirror's word. */
  readonly isProof: boolean
}
