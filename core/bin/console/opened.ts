/**
 * What a console has while its keys are at hand: a ledger of its own (own-ledger.ts), or the mirror of a hub's
 * (mirrored-ledger.ts). What differs between the two is there; the desk does not ask which it is.
 */

import type { Draft, Sight, SyncHost } from '../../api/host.ts'
import type { Desk } from '../desk.ts'

export interface Opened {
  readonly origin: string
  /** Entries, as far as anybody was told. */
  readonly size: number
  readonly sync: SyncHost | undefined
  /** One consistent state for each call. */
  reading<T>(read: (sight: Sight) => Promise<T>): Promise<T>
  compose(draft: Draft): Promise<string>
  /** Signs and submits. A mirror throws Pending for a note that is kept and not answered yet. */
  writing<T>(write: (desk: Desk) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** What whoever opens it is told of. */
export interface Told {
  /** The log has this many entries now. */
  readonly grown: (size: number) => void
}
