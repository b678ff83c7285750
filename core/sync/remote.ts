/**
 * What others serve: a log, as mirrors and audits read it, which is the static resources of c2sp.org/tlog-tiles, wherever they
 * are served; and a hub, which takes notes. The length of every answer is bounded by its kind; what it says is for the reader to
 * verify.
 */

import type { Json } from '../domain/canonical.ts'
import { StoreError } from '../ledger/store.ts'

export interface RemoteLog {
  /** Where it is, for people. */
  readonly name: string
  /** The signed checkpoint, as it is served now. */
  checkpoint(): Promise<Uint8Array>
  /** A tile's hashes: exactly `width` of them. */
  tile(level: number, number: number, width: number): Promise<Uint8Array>
  /** A bundle of `width` entries or more, not taken apart yet. */
  bundle(number: number, width: number): Promise<Uint8Array>
  /** The same log, asked past every cache and over connections that are soon others. */
  afresh(): RemoteLog
}

/** What each reason below means for whoever needs the resource. */
const CODES = {
  offline: 'offline',
  unwitnessed: 'offline',
  denied: 'denied',
  not_found: 'damaged',
  too_large: 'damaged',
} as const satisfies Record<string, StoreError['code']>

/**
 * Why a resource of a remote log cannot be had. `offline`: there was no answer, or not in time, not whole, or not as a log
 * answers; another attempt may succeed. `unwitnessed`: those who have to have cosigned have not done so yet. `denied`: the caller
 * may not have it. `not_found`: it is not served. `too_large`: what is served cannot be it.
 */
export class RemoteError extends StoreError {
  readonly reason: keyof typeof CODES

  constructor(reason: RemoteError['reason'], message: string, options?: ErrorOptions) {
    super(CODES[reason], message, options)
    this.reason = reason
  }
}

/** What a hub answered to one note; the caller has to verify it. */
export type RemoteAnswer =
  | { readonly status: 'accepted'; readonly index: number; readonly receipt: Uint8Array | undefined }
  | {
      readonly status: 'refused'
      readonly code: string
      readonly message: string
      readonly data: { readonly [field: string]: Json }
      /** The refusal with the hub's signature. */
      readonly statement: Uint8Array | undefined
    }
  | { readonly status: 'failed'; readonly code: string; readonly message: string }

/** A hub that takes notes. */
export interface RemoteHub {
  /** Where it is, for people. */
  readonly name: string
  /**
   * Returns an answer for each note, in their order, which is the order in which they are sequenced. Throws RemoteError where the
   * hub answered none of them: then nothing is known of any.
   */
  submit(notes: readonly Uint8Array[]): Promise<RemoteAnswer[]>
}

/** A hub has too much to do; it may have said when to ask again. */
export class HubBusy extends RemoteError {
  readonly afterMs: number | undefined

  constructor(message: string, afterMs: number | undefined) {
    super('offline', message)
    this.afterMs = afterMs
  }
}
