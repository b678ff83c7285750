/** Values as SQLite stores them, and as the ledger has them. What the schema rules out is damage: it throws StoreError. */

import { assert } from '../../base/assert.ts'
import { tryFromHex } from '../../base/bytes.ts'
import type { DatabaseKind } from './database.ts'
import { damaged } from './errors.ts'

/** The 24 bytes of a transaction's id. */
export function idBytes(id: string): Uint8Array {
  const bytes = tryFromHex(id)
  assert(bytes?.length === 24, () => `a transaction's id is 48 hex digits, not ${id}`)
  return bytes
}

export function isSafe(value: unknown): value is bigint {
  return typeof value === 'bigint' && BigInt.asIntN(54, value) === value
}

/** A stored integer; `what` names it in the sentence that says it is none. */
export function integerOf(kind: DatabaseKind, value: unknown, what: string): number {
  if (!isSafe(value)) throw damaged(kind.file, `${what} is not an integer that a ledger can have`)
  return Number(value)
}

/** Stored bytes as a plain array. */
export function bytesOf(kind: DatabaseKind, value: unknown, what: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw damaged(kind.file, `${what} is not stored as bytes`)
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

export function textOf(kind: DatabaseKind, value: unknown, what: string): string {
  if (typeof value !== 'string') throw damaged(kind.file, `${what} is not stored as text`)
  return value
}
