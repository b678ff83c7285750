/**
 * What a console has while its keys are at hand: a ledger of its own (own-ledger.ts), one that another program on this machine
 * writes to (served-ledger.ts), or the mirror of a hub's (mirrored-ledger.ts). All that differs between them is there; the desk
 * does not ask which of them it is.
 */

import type { Draft, Sight, SyncHost } from '../../api/host.ts'
import type { HubState } from '../../api/views.ts'
import type { Vault } from '../../drivers/vault.ts'
import type { Desk } from '../desk.ts'

/** A ledger's folder, and the keys in it. */
export interface LedgerPlace {
  readonly dir: string
  readonly vault: Vault
  /** Of this program. */
  readonly version: string
}

export interface Opened {
  readonly origin: string
  /** How many entries there are, as far as anybody was told. */
  readonly size: number
  readonly sync: SyncHost | undefined
  readonly vault: Vault
  /** One consistent state for each call. */
  reading<T>(read: (sight: Sight) => Promise<T>): Promise<T>
  compose(draft: Draft): Promise<string>
  /** Signs and submits. A mirror throws Pending for a note that is kept and not answered yet. */
  writing<T>(write: (desk: Desk) => Promise<T>): Promise<T>
  /** How the sequencer is doing. */
  hubState(): Promise<HubState>
  /** Of a mirror: has the hub tell that to the operator, whose key is here. */
  signInToHub?(): Promise<void>
  close(): Promise<void>
}

/** What an opened ledger reports. */
export interface Told {
  /** The log now has this many entries. */
  readonly grown: (size: number) => void
}

/** What the parts of a desk share. */
export interface DeskShared {
  readonly dir: string
  /** Aborts when the desk is locked. */
  readonly signal: AbortSignal
  /** Throws KeysLocked while nothing is open. */
  opened(): Opened
  /** Says that somebody is there. */
  touch(): void
  /** Says that what pages know of the desk has changed. */
  changed(): void
  /** Attempts at the passphrase come one at a time, each as slow as the key derivation makes it. */
  attempt<T>(work: () => Promise<T>): Promise<T>
}
