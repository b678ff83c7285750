/**
 * What the router asks of the program that runs it: the command line's console, Electron's main process, a test. The router
 * itself knows no folder, no passphrase file, no key and no clock.
 */

import type { Json } from '../domain/canonical.ts'
import type { Tools } from '../domain/envelope.ts'
import type { Micros } from '../domain/money.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Milliseconds, Seconds } from '../domain/time.ts'
import type { Accepted } from '../ledger/accepted.ts'
import type { AuditReport } from '../ledger/audit.ts'
import type { Deposits } from '../ledger/deposits.ts'
import type { Lookup } from '../ledger/lookup.ts'
import type { OutboxNote, OutboxStore } from '../ledger/outbox-store.ts'
import type { Revenue } from '../ledger/revenue.ts'
import type { Period } from '../ledger/statement.ts'
import type { StoreReader } from '../ledger/store.ts'
import type { LogTrust } from '../log/checkpoint.ts'
import type { VerifierKey } from '../log/note.ts'
import type { VerifySignature } from '../log/signature.ts'
import type { DeskEvent, DeskState, FailureCode, HubShown, HubState, KeysTaken, LinkState, RecoverySheet } from './views.ts'

/** A ledger as it is now, for one call. */
export interface Sight {
  readonly store: StoreReader
  /** The index beside it. */
  readonly lookup: Lookup
  /** The ledger's time, by its own clock. */
  readonly time: Milliseconds
  /** Shared by all calls, so that the log is folded once. */
  readonly revenue: Revenue
  readonly deposits: Deposits
}

export interface Founding {
  readonly name: string
  readonly origin?: string | undefined
  readonly passphrase: string
}

/** A transaction before it is made into a text to sign. */
export interface Draft {
  readonly signer: string
  readonly type: string
  readonly body: Json
  readonly validUntil?: Seconds | undefined
}

/** A hub to join, as the user names it. */
export interface HubNamed {
  readonly url: string
  readonly vkey: string
  /** A read token of its operator, where it is private. */
  readonly token?: string | undefined
}

/** Where keys come from that are brought to this machine: the words of a sheet, or the text of a file of keys. */
export type KeySource = { readonly words: string } | { readonly file: string; readonly passphrase: string }

/** Keys for a folder that has none, and the passphrase that will seal them. */
export interface FirstKeys {
  readonly source: KeySource
  readonly passphrase: string
}

/** A note that is kept, and sent until it is answered. */
export interface Queued {
  readonly status: 'queued'
  readonly kept: OutboxNote
  /** What is known of it, and why no more. */
  readonly message: string
}

/** What a mirror knows of its hub, and of the notes on their way there. */
export interface SyncHost {
  readonly hub: HubNamed
  readonly outbox: OutboxStore
  link(): LinkState
  /** Entries of the mirror, and of the log as the hub showed it last. */
  sizes(): Promise<{ readonly size: number; readonly shown: number }>
  /** The newest evidence first. */
  evidence(): readonly { readonly name: string; readonly kept: Milliseconds; readonly bytes: Uint8Array }[]
  /** Whose signatures count. */
  trust(): Promise<LogTrust>
  /** The witnesses whose cosignatures the mirror demands. */
  witnesses(): readonly VerifierKey[]
  /** Makes a round now. Resolves when it is done; throws what the round threw. */
  now(): Promise<void>
  /** From now on asks the hub with this read token. */
  useToken(token: string): void
  /** Is called when a note was taken out, or something else was done that watchers should see. */
  touched(): void
  /** Resolves with the next change, or with the signal. */
  changed(signal: AbortSignal): Promise<void>
}

/** A statement as a file. */
export interface StatementAsked {
  readonly account: string
  readonly period: Period
  readonly format: 'csv' | 'pdf'
}

/** How the log is written for other programs. */
export const EXPORT_FORMATS = ['tiles', 'jsonl', 'csv', 'hledger', 'beancount'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** An export as a file of this machine, which is there until it is let go. */
export interface ExportedFile {
  readonly id: string
  /** What whoever saves it may call it. */
  readonly name: string
  readonly entries: number
  readonly bytes: number
  release(): Promise<void>
}

/** A text, a number, or an amount in microcredits. */
export type SpreadsheetCell = string | number | bigint

/** The keys of this machine. */
export interface HostKeys {
  /** Whether one of the account's is here. */
  has(account: string): boolean
  /** The ids of an account's keys whose private keys are here. */
  here(account: string): ReadonlySet<string>
  /** Makes and seals another key for an account, under a label, and resolves with its public key in hex. */
  make(account: string, label: string): Promise<string>
  /** The keys of an account, or all of this machine, in a file sealed under the passphrase, which must be that of the keys. */
  file(passphrase: string, account: string | undefined): Promise<Uint8Array>
  /** The sheet of an account's keys with their words, for whoever knows the passphrase of the keys. */
  sheet(account: string, passphrase: string): Promise<RecoverySheet>
  /** Says of an account's sheet that it is kept, or was put off. */
  markSheet(account: string, as: 'kept' | 'missing'): Promise<void>
  /** Takes keys beside those that are unlocked. */
  bring(source: KeySource): Promise<KeysTaken>
}

/** What is written to be saved, beside everything else. */
export interface HostFiles {
  statement(asked: StatementAsked): Promise<Uint8Array>
  /** What went in and out outside the ledger, as CSV. */
  deposits(period: Period): Promise<Uint8Array>
  /** The log for other programs. */
  exportLog(format: ExportFormat, signal: AbortSignal, progress: (done: number, total: number) => void): Promise<ExportedFile>
  /** Bytes of an exported file from a place on, at most as many. */
  exportedPart(id: string, from: number, lengthBytes: number): Promise<Uint8Array>
  /** Rows as a text that spreadsheets open. */
  spreadsheet(rows: readonly (readonly SpreadsheetCell[])[]): string
}

/** What the person at this machine told the console, kept in the folder. */
export interface HostSettings {
  /** What an account should have at least. */
  leastBalance(account: string): Micros | undefined
  /** Without an amount it is forgotten. */
  setLeastBalance(account: string, amountMicros: Micros | undefined): void
}

export interface ConsoleHost {
  readonly keys: HostKeys
  readonly files: HostFiles
  readonly settings: HostSettings
  readonly tools: Tools
  /** Whether a signature of Ed25519 is one, behind the gate of core/log/signature.ts. */
  readonly verify: VerifySignature
  readonly status: DeskState['status']
  state(): Promise<DeskState>
  /** Changes from now on, until the signal. */
  watch(signal: AbortSignal): AsyncIterable<DeskEvent>
  /** Founds the demonstration in an empty folder, bills its trace, and opens it. */
  tryDemo(): Promise<void>
  found(founding: Founding): Promise<Refusal | undefined>
  /** Asks a hub for its checkpoint, and checks that it is signed with the key. */
  examineHub(hub: HubNamed): Promise<HubShown>
  /** Makes a mirror of the hub in an empty folder, verified to the last entry, and opens it. */
  join(hub: HubNamed, passphrase: string): Promise<void>
  /**
   * Brings a ledger back from a backup on this machine into an empty folder, audited. Its own passphrase opens it then, or it is
   * opened with keys that are brought with it.
   */
  restore(file: string, keys?: FirstKeys): Promise<void>
  unlock(passphrase: string): Promise<void>
  /** Keeps the passphrase that unlocked in the system's keychain, where there is one; with undefined, removes it from there. */
  remember(passphrase: string | undefined): Promise<void>
  /** Takes keys while none are unlocked, and unlocks. */
  bringFirstKeys(keys: FirstKeys): Promise<void>
  lock(): Promise<void>
  /** Says that somebody is there, so that the desk does not lock itself for a while. */
  touch(): void
  /** Makes a key under a name, and opens an account with it. */
  openAccount(name: string): Promise<Accepted | Refusal | Queued>
  /** Reads one consistent state of the ledger. */
  reading<T>(read: (sight: Sight) => Promise<T>): Promise<T>
  /** The text of a new transaction, made now. */
  compose(draft: Draft): Promise<string>
  /** Signs a text with keys of this machine, in the order of the accounts, and submits it. */
  sign(text: string, accounts: readonly string[]): Promise<Accepted | Refusal | Queued>
  /** Resolves once the outcome is durable. */
  submit(note: Uint8Array): Promise<Accepted | Refusal | Queued>
  /** Undefined where the folder has the ledger itself. */
  readonly sync: SyncHost | undefined
  /** How the sequencer of this ledger is doing. */
  hubState(): Promise<HubState>
  /** Shows the hub that is followed that the operator's key is here, so that it tells how it is doing. */
  signInToHub(): Promise<void>
  /** Resolves with the next entry after `size` entries, or with the signal. */
  grown(size: number, signal: AbortSignal): Promise<void>
  /** The full audit, in parallel with everything else. */
  audit(signal: AbortSignal, progress: (done: number, total: number) => void): Promise<AuditReport>
  /** What went wrong, in a code and a sentence. */
  explain(error: unknown): { readonly code: FailureCode; readonly message: string }
}
