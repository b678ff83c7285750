/**
 * A log that somebody else serves, as mirrors and audits read it: the static resources of c2sp.org/tlog-tiles, whatever carries
 * them. Every answer is bounded by what its kind may be; what it says is for the reader to verify.
 */

import { StoreError } from '../ledger/store.ts'

export interface RemoteLog {
  /** Where it is, for people. */
  readonly name: string
  /** The signed checkpoint, as it is served now. */
  checkpoint(): Promise<Uint8Array>
  /** A tile's hashes: exactly `width` of them. */
  tile(level: number, number: number, width: number): Promise<Uint8Array>
  /** A bundle of `width` entries, not taken apart yet. */
  bundle(number: number, width: number): Promise<Uint8Array>
}

/**
 * Why a resource of a remote log cannot be had. `offline`: nobody answered, or not in time, not whole, or not as a log would;
 * another time may do. `not_found`: it is not served. `too_large`: what is served cannot be it.
 */
export class RemoteError extends StoreError {
  readonly reason: 'offline' | 'not_found' | 'too_large'

  constructor(reason: RemoteError['reason'], message: string, options?: ErrorOptions) {
    super(reason === 'offline' ? 'offline' : 'damaged', message, options)
    this.reason = reason
  }
}
