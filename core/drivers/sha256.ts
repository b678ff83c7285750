import { hash } from 'node:crypto'
import { sharedBytes } from '../base/bytes.ts'

const DIGEST_BYTES = 32

/**
 * SHA-256 by Node's OpenSSL, for whatever takes a Sha256. Node makes a text of a digest in half the time that it takes to make a
 * Buffer, whose memory lies outside the heap. Most digests are needed for a while only, so they share memory.
 */
export function sha256(data: Uint8Array): Uint8Array {
  const text = hash('sha256', data, 'binary')
  const digest = sharedBytes(DIGEST_BYTES)
  for (let i = 0; i < DIGEST_BYTES; i++) digest[i] = text.charCodeAt(i)
  return digest
}
