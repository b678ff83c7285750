/** Values as SQLite stores them, and as the ledger has them. What the schema rules out is damage: it throws StoreError. */

import { Buffer } from 'node:buffer'
import { assert } from '../../base/assert.ts'
import type { DatabaseKind } from './database.ts'
import { damaged } from './errors.ts'

/** The 24 bytes of a transaction's id. */
export function idBytes(id: string): Uint8Array {
  const bytes = Buffer.from(id, 'hex')
  assert(id.length === 48 && bytes.length === 24, () => `a transaction's id is 48 hex digits, not ${id}`)
  return bytes
}

export function isSafe(value: unknown): value is bigint {
  return typeof value === 'bigint' && BigInt.asIntN(54, value) === value
}

/** Names a value in the sentence that rejects it; a function where the name is put together for each of many. */
type What = string | (() => string)

/** A stored integer. */
export function integerOf(kind: DatabaseKind, value: unknown, what: What): number {
  if (!isSafe(value)) throw damaged(kind.file, `${nameOf(what)} is not an integer that a ledger can have`)
  return Number(value)
}

/** Stored bytes as a plain array. */
export function bytesOf(kind: DatabaseKind, value: unknown, what: What): Uint8Array {
  if (!(value instanceof Uint8Array)) throw damaged(kind.file, `${nameOf(what)} is not stored as bytes`)
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

export function textOf(kind: DatabaseKind, value: unknown, what: What): string {
  if (typeof value !== 'string') throw damaged(kind.file, `${nameOf(what)} is not stored as text`)
  return value
}

function nameOf(what: What): string {
  return typeof what === 'string' ? what : what()
}
