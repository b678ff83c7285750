/** How the desk stands. */

import type { Period } from '../../domain/time.ts'
import type { Amount, Failure, Time } from './common.ts'

export type Role = 'operator' | 'creator' | 'user'

/** An account whose key this machine has. */
export interface LocalAccount {
  readonly account: string
  /** The name that this machine has for it. */
  readonly label: string
  /** Its name on the ledger; undefined while its opening was not accepted. */
  readonly name?: string
  readonly role: Role
  /** Its recovery sheet, where a key is here that one is for: `due` to be offered before anything else, not made, or kept. */
  readonly sheet?: 'due' | 'missing' | 'kept'
}

export interface PlanOffer {
  readonly plan: string
  readonly modelLimit: number
  readonly price: Amount
  readonly period: Period
}

/** What everybody may know of the ledger. */
export interface LedgerView {
  readonly origin: string
  readonly name: string
  readonly vkey: string
  readonly operator: string
  readonly clock: 'system' | 'manual'
  /** The ledger's time now, by its own clock. */
  readonly time: Time
  readonly size: number
  readonly accounts: number
  readonly feeBps: number
  readonly plans: readonly PlanOffer[]
  readonly policy: {
    readonly minimumPayout: Amount
    readonly earningsHoldDays: number
    readonly graceDays: number
    readonly creditNote: string
  }
}

/**
 * How the desk stands. `empty`: the folder has no ledger yet. `founding`: a ledger is being made, or a hub joined. `locked`: it
 * needs the passphrase. `open`: keys are at hand and the ledger is open to write, or the mirror follows its hub.
 */
export interface DeskState {
  readonly status: 'empty' | 'founding' | 'locked' | 'open'
  readonly dir: string
  readonly version: string
  /** What the folder has: the ledger itself, or a mirror of a hub's. */
  readonly kind?: 'ledger' | 'mirror'
  /** Whether there are keys that the passphrase opens; a mirror may have none yet, and then the passphrase is chosen. */
  readonly hasKeys: boolean
  /** While it is being made. */
  readonly task?: MakingTask
  /** Why the last attempt to make one failed. */
  readonly failure?: Failure
  /** Whether it is the demonstration, whose passphrase is "demo" unless its user gave another. */
  readonly isDemo: boolean
  /** Minutes without `desk.touch` or a signature after which it locks itself; 0 where it never does. */
  readonly lockAfterMinutes: number
  /** Whether the system can keep the passphrase, so that it is not asked for at the next start. */
  readonly canRemember: boolean
  /** While it is open. */
  readonly ledger?: LedgerView
  readonly accounts: readonly LocalAccount[]
}

export type MakingTask = 'demo' | 'found' | 'join' | 'restore'

/** What `desk.watch` sends: the state after a change, or the progress of long work. */
export type DeskEvent =
  | { readonly what: 'state'; readonly status: DeskState['status'] }
  | { readonly what: 'progress'; readonly task: MakingTask; readonly done: number; readonly total: number }
