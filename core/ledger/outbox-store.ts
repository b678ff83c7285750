/** Where signed notes wait for their hub, and where the answers to them are kept: what the outbox asks of a store. */

import type { Json } from '../domain/canonical.ts'
import type { Milliseconds } from '../domain/time.ts'

/**
 * `queued`: kept, and never sent. `sent`: handed to the network at least once, so that only the hub can tell what became of it.
 * `accepted` and `refused`: answered.
 */
export const OUTBOX_STATES = ['queued', 'sent', 'accepted', 'refused'] as const
export type OutboxState = (typeof OUTBOX_STATES)[number]

/** Why a hub refused, in its own words. */
export interface RemoteRefusal {
  readonly code: string
  readonly message: string
  readonly data: { readonly [field: string]: Json }
}

export type OutboxAnswer =
  /** The receipt was verified: a .tlog-proof with the entry in it. */
  | { readonly status: 'accepted'; readonly index: number; readonly receipt: Uint8Array }
  | { readonly status: 'refused'; readonly refusal: RemoteRefusal; readonly statement: Uint8Array | undefined }

export interface OutboxNote {
  /** The transaction's id. */
  readonly id: string
  readonly note: Uint8Array
  readonly state: OutboxState
  readonly queued: Milliseconds
  readonly answered?: Milliseconds
  readonly answer?: OutboxAnswer
  /** The mirror beside the outbox has the entry. */
  readonly isMirrored: boolean
}

/** The hub whose outbox it is. */
export interface OutboxHub {
  readonly url: string
  readonly vkey: string
}

/** Every change is durable when its promise resolves, and whole: a process that is killed leaves the state before or after. */
export interface OutboxStore {
  /** The hub that was named last; undefined where none was yet. */
  hub(): Promise<OutboxHub | undefined>
  nameHub(hub: OutboxHub): Promise<void>
  /** Keeps a note, after those that are there. One that is there already stays as it is. */
  put(id: string, note: Uint8Array, time: Milliseconds): Promise<void>
  find(id: string): Promise<OutboxNote | undefined>
  /** Up to `limit` notes in these states, or in any, in the order in which they were put in, after the one of an id. */
  list(states: readonly OutboxState[] | undefined, after: string | undefined, limit: number): Promise<OutboxNote[]>
  /** The same backwards from the last one: the notes before the one of an id. */
  listBack(states: readonly OutboxState[] | undefined, before: string | undefined, limit: number): Promise<OutboxNote[]>
  /** Accepted notes of which the mirror has not shown the entry yet, as `list` has them. */
  unmirrored(after: string | undefined, limit: number): Promise<OutboxNote[]>
  counts(): Promise<Readonly<Record<OutboxState, number>>>
  /** Marks notes that are about to be sent. */
  markSent(ids: readonly string[]): Promise<void>
  /** Keeps answers, all of them or none. */
  settle(answers: ReadonlyMap<string, OutboxAnswer>, time: Milliseconds): Promise<void>
  /** Marks accepted notes whose entries the mirror has. */
  markMirrored(ids: readonly string[]): Promise<void>
  /** Forgets a note that is answered, or was never sent; false where there is none to forget. */
  drop(id: string): Promise<boolean>
  /** What is wrong with the store itself, in sentences. */
  defects(): Promise<readonly string[]>
  close(): Promise<void>
}

/** Of what is under way, no more than this is taken into account in a preview. */
const MAX_UNDER_WAY = 100

/**
 * Notes whose entries the mirror does not have yet, in the order in which the hub gets them: first those that it has accepted.
 */
export async function notesUnderWay(outbox: OutboxStore): Promise<Uint8Array[]> {
  const accepted = await outbox.unmirrored(undefined, MAX_UNDER_WAY)
  const waiting = await outbox.list(['queued', 'sent'], undefined, MAX_UNDER_WAY)
  return [...accepted, ...waiting].map(({ note }) => note)
}
