/**
 * Canonical JSON (RFC 8785), narrowed to what a ledger may hold: objects, arrays, strings, booleans and integers up to 2⁵³−1; no
 * null, no fraction, no duplicate key, no lone surrogate, at most eight levels deep.
 *
 *   {"amount":"25","terms":1}      keys in order of their UTF-16 code units, no white space, the shortest escapes
 *
 * A received text is taken only if it equals the canonical form of what it parses to, so one value has one text and one
 * signature.
 */

import serialize from 'canonicalize'
import { assert } from '../base/assert.ts'
import { MAX_JSON_DEPTH } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'

export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json }

/** The canonical text of a value. Throws for what RFC 8785 cannot write (undefined, NaN, a lone surrogate). */
export function canonicalize(value: Json): string {
  const text = serialize(value)
  assert(typeof text === 'string', 'a canonical value is JSON')
  return text
}

/** The value of a canonical text, or why it is not one. */
export function parseCanonical(text: string): Json | Malformed {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return new Malformed('the text is not JSON')
  }
  if (isPlainlyCanonical(text, value)) return value as Json
  const fault = findFault(value, MAX_JSON_DEPTH)
  if (fault !== undefined) return new Malformed(fault)
  const isCanonical = canonicalize(value as Json) === text
  return isCanonical ? (value as Json) : new Malformed('the text is not in canonical form (RFC 8785)')
}

/**
 * Settles most texts at a fraction of the cost. JSON.stringify writes strings and integers as RFC 8785 does, and keys in the
 * order in which an object has them; where nothing is escaped and the text is well-formed, so is every string in it. Texts with
 * an escape, and keys like "10" that an object enumerates in an order of its own, go the long way.
 */
function isPlainlyCanonical(text: string, value: unknown): boolean {
  const hasPlainStrings = !text.includes('\\') && text.isWellFormed()
  return hasPlainStrings && isPlain(value, MAX_JSON_DEPTH) && JSON.stringify(value) === text
}

/** Whether it holds nothing but what a ledger may hold, strings aside, and its keys are in order. */
function isPlain(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (value === null || depth === 0) return false
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth - 1)) return false
    return true
  }
  let previous: string | undefined
  for (const key in value) {
    if (previous !== undefined && previous >= key) return false
    if (!isPlain((value as Record<string, unknown>)[key], depth - 1)) return false
    previous = key
  }
  return true
}

/** What in a parsed value a ledger may not hold, at most `depth` levels deep; undefined where there is nothing. */
export function findFault(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : 'a string holds a lone surrogate'
    case 'number':
      return Number.isSafeInteger(value) ? undefined : 'a number is not an integer up to 2^53-1'
    case 'boolean':
      return undefined
  }
  if (value === null) return 'there is a null'
  if (depth === 0) return `it is nested more than ${MAX_JSON_DEPTH} levels deep`
  if (Array.isArray(value)) return findFaultIn(value, depth - 1)
  const keys = Object.keys(value as object)
  if (!keys.every((key) => key.isWellFormed())) return 'a key holds a lone surrogate'
  return findFaultIn(Object.values(value as object), depth - 1)
}

function findFaultIn(items: readonly unknown[], depth: number): string | undefined {
  for (const item of items) {
    const fault = findFault(item, depth)
    if (fault !== undefined) return fault
  }
  return undefined
}
