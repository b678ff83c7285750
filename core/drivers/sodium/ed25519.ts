/**
 * Ed25519 verification by libsodium (sodium-native), or by node:crypto where its binary is missing: both without cofactor, and
 * behind the gate both give the same answers on hostile signatures. Neither is trusted before it has passed a self-test of known
 * answers.
 */

import { createPublicKey, type KeyObject, verify as verifyWithNode } from 'node:crypto'
import { createRequire } from 'node:module'
import { assert } from '../../base/assert.ts'
import { toHex } from '../../base/bytes.ts'
import { selfTest, type VerifySignature } from '../../log/signature.ts'

/** KeyObjects kept for node:crypto: making one costs as much as verifying. */
const MAX_KEPT_KEYS = 10_000

/** The quickest verifier that this machine has, without the gate. */
export function chooseVerifier(): VerifySignature {
  const chosen = sodiumVerifier() ?? nodeVerifier()
  assert(selfTest(chosen), 'the Ed25519 verifier gives the known answers')
  return chosen
}

/** libsodium, where the platform has its binary. */
export function sodiumVerifier(): VerifySignature | undefined {
  const sodium = loadSodium()
  return sodium && ((publicKey, message, signature) => sodium.crypto_sign_verify_detached(signature, message, publicKey))
}

/** The library; undefined where the platform has no binary of it. */
export function loadSodium(): typeof import('sodium-native').default | undefined {
  try {
    return createRequire(import.meta.url)('sodium-native')
  } catch {
    // Its substitute gives the same answers, more slowly.
    return undefined
  }
}

/** Node's OpenSSL. */
export function nodeVerifier(): VerifySignature {
  const kept = new Map<string, KeyObject>()
  return (publicKey, message, signature) => {
    const name = toHex(publicKey)
    let key = kept.get(name)
    if (key === undefined) {
      if (kept.size >= MAX_KEPT_KEYS) kept.clear()
      const x = Buffer.from(publicKey).toString('base64url')
      key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
      kept.set(name, key)
    }
    return verifyWithNode(null, message, key, signature)
  }
}
