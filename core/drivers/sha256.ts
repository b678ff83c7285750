import { hash } from 'node:crypto'
import { sharedBytes } from '../base/bytes.ts'

const DIGEST_BYTES = 32

/**
 * SHA-256 by Node's OpenSSL, for everything that takes a Sha256. Node makes a string of a digest in half the time that a Buffer
 * takes, whose memory lies outside the heap. Most digests are needed only briefly, so they share memory.
 */
export function sha256(data: Uint8Array): Uint8Array {
  const text = hash('sha256', data, 'binary')
  const digest = sharedBytes(DIGEST_BYTES)
  for (let i = 0; i < DIGEST_BYTES; i++) digest[i] = text.charCodeAt(i)
  return digest
}
