/** The keys by which an account signs. */

import type { Scope } from '../../domain/define.ts'
import type { Window } from '../../domain/state.ts'
import type { Amount, Names, Time } from '../views.ts'

export interface KeyView {
  /** Its id: 8 digits of hex. */
  readonly key: string
  /** Absent for the key that the account was opened with. */
  readonly label?: string
  /** The key under the account's name, for other programs. */
  readonly vkey: string
  readonly addedAt: Time
  readonly scopes: readonly Scope[]
  /** `spent`: in the running day or month of UTC. */
  readonly budget?: { readonly amount: Amount; readonly per: Window; readonly spent: Amount }
  /** The listings for which it may spend; all where absent. */
  readonly listings?: readonly string[]
  readonly expires?: Time
  readonly revoked?: true
  /** Its private key is on this machine. */
  readonly isHere: boolean
  /** The one that must stay: no other one may sign everything without an end. */
  readonly isLastMaster: boolean
  /** The newest entry that it signed, among those that were looked at. */
  readonly used?: { readonly index: number; readonly time: Time }
}

export interface KeyPage {
  readonly account: string
  readonly size: number
  /** How many may sign at a time. */
  readonly limit: number
  /** Those that may sign, the one that the account was opened with first, the others as they were added. */
  readonly keys: readonly KeyView[]
  /** Revoked and expired ones, those that were added last first; the oldest are left out where there are many. */
  readonly ended: readonly KeyView[]
  /** Of the account's newest entries, where uses were looked for. */
  readonly looked: { readonly entries: number; readonly isAll: boolean }
  /** Titles of the listings. */
  readonly names: Names
}

export interface NewKey {
  readonly publicKey: string
}

/** All that brings an account's keys back, in the open: for paper, and never to be kept by a program. */
export interface RecoverySheet {
  readonly account: string
  readonly name: string
  /** What the ledger is called. */
  readonly ledger: string
  readonly origin: string
  /** Of the log. */
  readonly vkey: string
  /** The hub that is followed, where there is one. */
  readonly hub?: string
  readonly made: Time
  /** Those of the account, and last that of the log, where it is written on this machine. */
  readonly keys: readonly SheetKey[]
}

export interface SheetKey {
  readonly what: 'account' | 'log'
  /** Its id. */
  readonly key: string
  /** Absent for the key that the account was opened with. */
  readonly label?: string
  readonly words: readonly string[]
}

/** What became of keys that were brought from elsewhere. */
export interface KeysTaken {
  readonly imported: number
  readonly alreadyHere: number
  /** What the imported ones are called here. */
  readonly names: readonly string[]
}
