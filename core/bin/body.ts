/**
 * Bodies as people and scripts write them: any JSON text, which is then signed in canonical form. What the canonical form would
 * silently change (a key given twice, a number too large) is refused instead, so that nobody signs anything but what he wrote.
 */

import { MAX_JSON_DEPTH, MAX_NOTE_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { findFault, type Json } from '../domain/canonical.ts'
import { quoted } from '../domain/text.ts'

export function parseBody(text: string): Json | Malformed {
  if (Buffer.byteLength(text) > MAX_NOTE_BYTES) return new Malformed(`the body has more than ${MAX_NOTE_BYTES} bytes`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return new Malformed(`the body is not JSON; it reads ${quoted(text)}`)
  }
  // The envelope is one level above the body.
  const fault = findFault(value, MAX_JSON_DEPTH - 1)
  if (fault !== undefined) return new Malformed(fault)
  if (countKeys(value) !== writtenKeys(text)) return new Malformed('one key is written twice in an object of the body')
  return value as Json
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const items = Object.values(value)
  return (Array.isArray(value) ? 0 : items.length) + items.reduce((sum: number, item) => sum + countKeys(item), 0)
}

/** In a JSON text, a string before a colon is a key. */
function writtenKeys(text: string): number {
  let keys = 0
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) keys += 1
  return keys
}
