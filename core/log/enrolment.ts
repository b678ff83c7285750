/**
 * Step 5 of the gate (signature.ts), asked once for a key, when it is enrolled: its point is on the curve and free of torsion, so
 * it is one of the L − 1 points of prime order.
 */

import { ed25519 } from '@noble/curves/ed25519.js'
import { isAcceptablePoint, PUBLIC_KEY_BYTES } from './signature.ts'

/** Whether a point that passed steps 1, 3 and 4 passes step 5. Hosts may pass in a quicker one than this file's. */
export type CheckPoint = (publicKey: Uint8Array) => boolean

/** Steps 1, 3, 4 and 5 for a key that is to be enrolled. */
export function isEnrollable(publicKey: Uint8Array, check: CheckPoint = isPrimeOrder): boolean {
  return publicKey.length === PUBLIC_KEY_BYTES && isAcceptablePoint(publicKey) && check(publicKey)
}

/** Step 5. It takes a scalar multiplication, about a millisecond. */
export function isPrimeOrder(publicKey: Uint8Array): boolean {
  try {
    return ed25519.Point.fromBytes(publicKey).isTorsionFree()
  } catch {
    return false // No point of the curve has this y.
  }
}
