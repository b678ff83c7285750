/** Bytes and their text forms, for pages and for Node alike: nothing here imports a runtime's own module. */

/**
 * A SHA-256 function, which keeps nothing of what it is given. Hosts pass in theirs (node:crypto in the core, another in a
 * page), so that the lower layers stay pure.
 */
export type Sha256 = (data: Uint8Array) => Uint8Array

const encoder = new TextEncoder()
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The text of well-formed UTF-8, a byte order mark kept as it is; undefined where the bytes are not UTF-8. */
export function tryUtf8Decode(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    return undefined
  }
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const total = parts.reduce((sum, part) => sum + part.length, 0)
  const joined = new Uint8Array(total)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/**
 * Room for a few short-lived bytes. Many such pieces share one block of memory, since a block for each would take several times
 * as much and cost more to make than to fill. The whole block stays for as long as anybody holds a piece of it, so bytes that
 * live long have memory of their own.
 */
export function sharedBytes(length: number): Uint8Array {
  if (taken + length > shared.byteLength) {
    shared = new ArrayBuffer(Math.max(length, SHARED_BYTES))
    taken = 0
  }
  taken += length
  return new Uint8Array(shared, taken - length, length)
}

const SHARED_BYTES = 128 * 1024
let shared = new ArrayBuffer()
let taken = 0

/** A copy in shared memory of the bytes from `start` up to, not including, `end`. */
export function sharedCopy(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = sharedBytes(end - start)
  // A few bytes are copied in less time than it takes to make the view that `set` needs.
  for (let i = 0; i < copy.length; i++) copy[i] = bytes[start + i]!
  return copy
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** The character codes of the digits. */
const HEX_CODES = utf8('0123456789abcdef')
/** Ids, keys and hashes are no longer than this. */
const MAX_SHORT_BYTES = 64
const hexCodes = new Uint8Array(2 * MAX_SHORT_BYTES)
/** The room for the digits of so many bytes. */
const hexViews: (Uint8Array | undefined)[] = Array.from({ length: MAX_SHORT_BYTES + 1 })

/**
 * The hex of the bytes from `start` up to, not including, `end`. Takes a range, because cutting the bytes out first would take
 * longer.
 */
export function toHex(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const length = end - start
  if (length > MAX_SHORT_BYTES) return longHex(bytes.subarray(start, end))
  // Decoded at once: a text that is built bit by bit is kept as a tree of its parts, which is large and slow to read.
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i]!
    hexCodes[2 * i] = HEX_CODES[byte >> 4]!
    hexCodes[2 * i + 1] = HEX_CODES[byte & 15]!
  }
  const codes = hexViews[length] ?? hexCodes.subarray(0, 2 * length)
  hexViews[length] = codes
  return strictDecoder.decode(codes)
}

function longHex(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += MAX_SHORT_BYTES) text += toHex(bytes, i, Math.min(i + MAX_SHORT_BYTES, bytes.length))
  return text
}

/** Bytes of lower-case hex; undefined for anything else. */
export function tryFromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    const high = hexValue(text.charCodeAt(2 * i))
    const low = hexValue(text.charCodeAt(2 * i + 1))
    if (high < 0 || low < 0) return undefined
    bytes[i] = high * 16 + low
  }
  return bytes
}

/** The value of a digit's character code; -1 where it is no digit of lower-case hex. */
function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : -1
}

/** RFC 4648 section 4 base64, padded. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let from = 0; from < bytes.length; from += MAX_ARGUMENTS) {
    // Any list of numbers will do, whatever the types say.
    const part = bytes.subarray(from, from + MAX_ARGUMENTS) as unknown as number[]
    binary += String.fromCharCode.apply(null, part)
  }
  return btoa(binary)
}

/** That any JavaScript engine takes in a call. */
const MAX_ARGUMENTS = 4_096

/**
 * Bytes of padded, canonical RFC 4648 section 4 base64; undefined for anything else (white space, missing padding, stray bits).
 */
export function tryFromBase64(text: string): Uint8Array | undefined {
  const digits = utf8(text)
  const bytes = new Uint8Array(Math.ceil(digits.length / 4) * 3)
  const length = decodeBase64(digits, 0, digits.length, bytes)
  return length === undefined ? undefined : bytes.slice(0, length)
}

const BASE64_ALPHABET = utf8('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const PADDING = 0x3d
/** The values of the alphabet's character codes; -1 for all others. */
const BASE64_VALUES = new Int8Array(256).fill(-1)
BASE64_ALPHABET.forEach((code, value) => {
  BASE64_VALUES[code] = value
})

/**
 * Decodes the base64 digits from `start` up to, not including, `end` into the front of `room`, which must have three bytes for
 * every four digits. Returns how many bytes that are; undefined where the digits are not padded, canonical base64.
 */
export function decodeBase64(text: Uint8Array, start: number, end: number, room: Uint8Array): number | undefined {
  if ((end - start) % 4 !== 0) return undefined
  const padding = end === start || text[end - 1] !== PADDING ? 0 : text[end - 2] === PADDING ? 2 : 1
  const whole = padding === 0 ? end : end - 4
  let at = 0
  for (let i = start; i < whole; i += 4) {
    const first = BASE64_VALUES[text[i]!]!
    const second = BASE64_VALUES[text[i + 1]!]!
    const third = BASE64_VALUES[text[i + 2]!]!
    const fourth = BASE64_VALUES[text[i + 3]!]!
    if ((first | second | third | fourth) < 0) return undefined
    room[at++] = (first << 2) | (second >> 4)
    room[at++] = (second << 4) | (third >> 2)
    room[at++] = (third << 6) | fourth
  }
  if (padding === 0) return at
  const first = BASE64_VALUES[text[whole]!]!
  const second = BASE64_VALUES[text[whole + 1]!]!
  const third = padding === 2 ? 0 : BASE64_VALUES[text[whole + 2]!]!
  // Bits that belong to no byte are zero, so that the bytes have one spelling.
  const strayBits = padding === 2 ? second & 0x0f : third & 0x03
  if ((first | second | third) < 0 || strayBits !== 0) return undefined
  room[at++] = (first << 2) | (second >> 4)
  if (padding === 1) room[at++] = (second << 4) | (third >> 2)
  return at
}
