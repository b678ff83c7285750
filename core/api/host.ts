/**
 * What the router asks of the program that runs it: the command line's console, Electron's main process, a test. The router
 * itself knows no folder, no passphrase file, no key and no clock.
 */

import type { Sha256 } from '../base/bytes.ts'
import type { Json } from '../domain/canonical.ts'
import type { Rules } from '../domain/envelope.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Milliseconds, Seconds } from '../domain/time.ts'
import type { Accepted } from '../ledger/accepted.ts'
import type { AuditReport } from '../ledger/audit.ts'
import type { Lookup } from '../ledger/lookup.ts'
import type { OutboxNote, OutboxStore } from '../ledger/outbox-store.ts'
import type { Revenue } from '../ledger/revenue.ts'
import type { StoreReader } from '../ledger/store.ts'
import type { LogTrust } from '../log/checkpoint.ts'
import type { DeskEvent, DeskState, FailureCode, HubShown, LinkState } from './views.ts'

/** What is the same for every ledger. */
export interface Tools {
  readonly rules: Rules
  readonly sha256: Sha256
}

/** A ledger as it is now, for one call. */
export interface Sight {
  readonly store: StoreReader
  /** The index beside it. */
  readonly lookup: Lookup
  /** By the ledger's own clock. */
  readonly time: Milliseconds
  /** Folds the log once for all calls. */
  readonly revenue: Revenue
}

export interface Founding {
  readonly name: string
  readonly origin?: string | undefined
  readonly passphrase: string
}

/** What a transaction is to say. */
export interface Draft {
  readonly signer: string
  readonly type: string
  readonly body: Json
  readonly validUntil?: Seconds | undefined
}

/** A hub to join, as whoever asks names it. */
export interface HubNamed {
  readonly url: string
  readonly vkey: string
  /** A read token of its operator, where it is private. */
  readonly token?: string | undefined
}

/** A note that is kept, and sent until it is answered. */
export interface Queued {
  readonly status: 'queued'
  readonly kept: OutboxNote
  /** What is known of it, and why no more. */
  readonly message: string
}

/** What a mirror shows of its hub, and of the notes on their way there. */
export interface SyncHost {
  readonly hub: HubNamed
  readonly outbox: OutboxStore
  link(): LinkState
  /** Entries of the mirror, and of the log as the hub showed it last. */
  sizes(): Promise<{ readonly size: number; readonly shown: number }>
  /** The newest first. */
  evidence(): readonly { readonly name: string; readonly kept: Milliseconds; readonly bytes: Uint8Array }[]
  /** Whose signatures count. */
  trust(): Promise<LogTrust>
  /** A round now; it ends with what came of it, and throws what the round did. */
  now(): Promise<void>
  /** Asks the hub with this read token from now on. */
  useToken(token: string): void
  /** A note was taken out, or another thing done that whoever looks should see. */
  touched(): void
  /** Ends with the next change, or with the signal. */
  changed(signal: AbortSignal): Promise<void>
}

export interface ConsoleHost {
  readonly tools: Tools
  readonly status: DeskState['status']
  state(): Promise<DeskState>
  /** What changes from now on, until the signal. */
  watch(signal: AbortSignal): AsyncIterable<DeskEvent>
  /** Founds the demonstration in an empty folder, bills its trace, and opens it. */
  tryDemo(): Promise<void>
  found(founding: Founding): Promise<Refusal | undefined>
  /** Asks a hub for its checkpoint, and checks that it is signed with the key. */
  examineHub(hub: HubNamed): Promise<HubShown>
  /** Makes a mirror of the hub in an empty folder, verified to the last entry, and opens it. */
  join(hub: HubNamed, passphrase: string): Promise<void>
  unlock(passphrase: string): Promise<void>
  /** Keeps the passphrase that unlocked in the system's keychain, where there is one; undefined takes it away. */
  remember(passphrase: string | undefined): Promise<void>
  lock(): Promise<void>
  /** Somebody is there: it does not lock itself for a while. */
  touch(): void
  /** Makes a key under a name, and opens an account with it. */
  openAccount(name: string): Promise<Accepted | Refusal | Queued>
  /** Reads one consistent state of the ledger. */
  reading<T>(read: (sight: Sight) => Promise<T>): Promise<T>
  /** The text of a new transaction, made now. */
  compose(draft: Draft): Promise<string>
  hasKey(account: string): boolean
  /** Signs a text with keys of this machine, in the order of the accounts, and submits it. */
  sign(text: string, accounts: readonly string[]): Promise<Accepted | Refusal | Queued>
  /** Answers once the outcome is durable. */
  submit(note: Uint8Array): Promise<Accepted | Refusal | Queued>
  /** Undefined where the folder has the ledger itself. */
  readonly sync: SyncHost | undefined
  /** Ends with the next entry after `size` entries, or with the signal. */
  grown(size: number, signal: AbortSignal): Promise<void>
  /** The full audit, beside everything else. */
  audit(signal: AbortSignal, progress: (done: number, total: number) => void): Promise<AuditReport>
  /** What went wrong, in a code and a sentence. */
  explain(error: unknown): { readonly code: FailureCode; readonly message: string }
}
