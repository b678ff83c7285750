/**
 * Ed25519 keys and signatures. tweetnacl makes keys; libsodium signs where its binary is present, three hundred times faster, and
 * tweetnacl where not. Ed25519 is deterministic, so both give the same bytes.
 */

import { createRequire } from 'node:module'
import nacl from 'tweetnacl'
import { assert } from '../../base/assert.ts'

export const SEED_BYTES = 32

export interface KeyPair {
  readonly seed: Uint8Array
  readonly publicKey: Uint8Array
  readonly sign: (message: Uint8Array) => Uint8Array
}

/** The key pair of a seed of 32 random bytes. */
export function keyPair(seed: Uint8Array): KeyPair {
  assert(seed.length === SEED_BYTES, 'a seed has 32 bytes')
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed)
  return { seed, publicKey, sign: (message) => signDetached(message, secretKey) }
}

const signDetached = chooseSigner()

function chooseSigner(): (message: Uint8Array, secretKey: Uint8Array) => Uint8Array {
  try {
    const sodium = createRequire(import.meta.url)('sodium-native') as typeof import('sodium-native').default
    return (message, secretKey) => {
      const signature = new Uint8Array(nacl.sign.signatureLength)
      sodium.crypto_sign_detached(signature, message, secretKey)
      return signature
    }
  } catch {
    return nacl.sign.detached
  }
}
