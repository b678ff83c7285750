/** What the hub's router asks of the program that runs it. */

import type { Tools } from '../../domain/envelope.ts'
import type { Refusal } from '../../domain/refusal.ts'
import type { Milliseconds } from '../../domain/time.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import type { Lookup } from '../../ledger/lookup.ts'
import type { StoreReader } from '../../ledger/store.ts'
import type { Failure } from '../failures.ts'

/** The ledger as it is now, for one call. */
export interface LedgerSight {
  readonly store: StoreReader
  /** The index beside it. */
  readonly lookup: Lookup
  /** The ledger's time, by its own clock. */
  readonly time: Milliseconds
}

export interface HubHost {
  readonly tools: Tools
  /** The number of entries. */
  readonly size: number
  /** The last checkpoint that was signed. */
  readonly checkpoint: Uint8Array
  /** The one that is served: with witnesses, the one that they let through; undefined while the first one waits for them. */
  readonly published: Uint8Array | undefined
  /** The last one that a quorum of witnesses cosigned, on which receipts rest where it covers the entry. */
  readonly cosigned: Uint8Array | undefined
  /** Reads one consistent state of the ledger. */
  reading<T>(read: (sight: LedgerSight) => Promise<T>): Promise<T>
  /**
   * Sequences the notes of one call in their order; each is answered once its outcome is durable. Where one finds no room, none
   * after it is taken either, since it may depend on that one.
   */
  submitAll(notes: readonly Uint8Array[]): readonly Promise<Accepted | Refusal>[]
  /** The refusal of a note, signed by the ledger: see signed-refusal.ts. Undefined where it is not signed. */
  signRefusal(note: Uint8Array, refusal: Refusal): Promise<Uint8Array | undefined>
  /** Resolves once there are more than `size` entries, or with the signal. */
  grown(size: number, signal: AbortSignal): Promise<void>
  /** Resolves once more than `size` entries are published, or with the signal. */
  publishedBeyond(size: number, signal: AbortSignal): Promise<void>
  /** Why it takes no notes now; undefined while it does. */
  readonly failure: Failure | undefined
  /** What went wrong, in a code and a sentence. */
  explain(error: unknown): Failure
}
