/** What the hub's router asks of the program that runs it. */

import type { Refusal } from '../../domain/refusal.ts'
import type { Milliseconds } from '../../domain/time.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import type { StoreReader } from '../../ledger/store.ts'
import type { Failure } from '../failures.ts'
import type { Tools } from '../host.ts'

/** The ledger as it is now, for one call. */
export interface LedgerSight {
  readonly store: StoreReader
  /** By the ledger's own clock. */
  readonly time: Milliseconds
}

export interface HubHost {
  readonly tools: Tools
  /** The number of entries. */
  readonly size: number
  /** The signed checkpoint that is served. */
  readonly checkpoint: Uint8Array
  /** Reads one consistent state of the ledger. */
  reading<T>(read: (sight: LedgerSight) => Promise<T>): Promise<T>
  /** Answers once the outcome is durable. */
  submit(note: Uint8Array): Promise<Accepted | Refusal>
  /** Ends once there are more than `size` entries, or with the signal. */
  grown(size: number, signal: AbortSignal): Promise<void>
  /** Why it takes no notes now; undefined while it does. */
  readonly failure: Failure | undefined
  /** What went wrong, in a code and a sentence. */
  explain(error: unknown): Failure
}
