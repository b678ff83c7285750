import { hash } from 'node:crypto'

/** SHA-256 by Node's OpenSSL, for whatever takes a Sha256. */
export function sha256(data: Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer')
}
