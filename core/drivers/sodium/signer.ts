/**
 * Ed25519 keys and signatures: libsodium where its binary is present, more than a hundred times as fast, and tweetnacl otherwise.
 * Keys follow from their seeds and signatures from keys and messages, so both give the same bytes.
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
  library ??= chooseLibrary()
  const { keysOf, sign } = library
  const { publicKey, secretKey } = keysOf(seed)
  return { seed, publicKey, sign: (message) => sign(message, secretKey) }
}

interface Ed25519 {
  keysOf(seed: Uint8Array): { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array }
  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array
}

/** Chosen with the first key: most commands only read. */
let library: Ed25519 | undefined

function chooseLibrary(): Ed25519 {
  try {
    const sodium = createRequire(import.meta.url)('sodium-native') as typeof import('sodium-native').default
    return {
      keysOf: (seed) => {
        const publicKey = new Uint8Array(nacl.sign.publicKeyLength)
        const secretKey = new Uint8Array(nacl.sign.secretKeyLength)
        sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed)
        return { publicKey, secretKey }
      },
      sign: (message, secretKey) => {
        const signature = new Uint8Array(nacl.sign.signatureLength)
        sodium.crypto_sign_detached(signature, message, secretKey)
        return signature
      },
    }
  } catch {
    return { keysOf: (seed) => nacl.sign.keyPair.fromSeed(seed), sign: nacl.sign.detached }
  }
}
