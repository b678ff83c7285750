/**
 * An entry of the log: the acceptance line, then the note as it was received.
 *
 *   2026-11-22T08:31:09.123Z\n
 *   {"body":{…},…}\n
 *   \n
 *   — nim1… <base64>\n
 *
 * Without its first line it is the note, ready for any note verifier.
 */

import { assert } from '../base/assert.ts'
import { sharedBytes, tryUtf8Decode, utf8 } from '../base/bytes.ts'
import { MAX_ENTRY_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { formatMilliseconds, type Milliseconds, parseMilliseconds } from '../domain/time.ts'

const ACCEPTANCE_LINE_BYTES = '2026-11-22T08:31:09.123Z\n'.length

export interface Entry {
  /** The sequencer's acceptance time. */
  readonly time: Milliseconds
  readonly note: Uint8Array
}

export function formatEntry({ time, note }: Entry): Uint8Array {
  const line = acceptanceLine(time)
  const bytes = sharedBytes(line.length + note.length)
  bytes.set(line)
  bytes.set(note, line.length)
  assert(bytes.length <= MAX_ENTRY_BYTES, `an entry has at most ${MAX_ENTRY_BYTES} bytes`)
  return bytes
}

/** Many entries are accepted in one millisecond; its line is made once. */
let lastLine: { readonly time: Milliseconds; readonly bytes: Uint8Array } = { time: -1, bytes: new Uint8Array() }

function acceptanceLine(time: Milliseconds): Uint8Array {
  if (time !== lastLine.time) lastLine = { time, bytes: utf8(`${formatMilliseconds(time)}\n`) }
  return lastLine.bytes
}

export function parseEntry(bytes: Uint8Array): Entry | Malformed {
  if (bytes.length > MAX_ENTRY_BYTES) return new Malformed(`the entry has more than ${MAX_ENTRY_BYTES} bytes`)
  const line = tryUtf8Decode(bytes.subarray(0, ACCEPTANCE_LINE_BYTES))
  const time = line?.endsWith('\n') ? parseMilliseconds(line.slice(0, -1)) : undefined
  if (time === undefined) return new Malformed('the entry does not begin with its acceptance time')
  return { time, note: bytes.subarray(ACCEPTANCE_LINE_BYTES) }
}
