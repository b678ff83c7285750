/**
 * Signature checks as one flat buffer, so that a batch crosses to a worker by transfer, without being copied object by object:
 *
 *   for each check   public key 32 · signature 64 · message length 4, little-endian · message
 */

import { assert } from '../../base/assert.ts'
import type { SignatureCheck } from '../../ledger/verifier.ts'
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type VerifySignature, verifyGated } from '../../log/signature.ts'

const HEAD_BYTES = PUBLIC_KEY_BYTES + SIGNATURE_BYTES + 4

/** Whether a check has the lengths that a flat buffer holds; any other fails the gate in any case. */
export function isPackable({ publicKey, signature }: SignatureCheck): boolean {
  return publicKey.length === PUBLIC_KEY_BYTES && signature.length === SIGNATURE_BYTES
}

export function packChecks(checks: readonly SignatureCheck[]): Uint8Array<ArrayBuffer> {
  const total = checks.reduce((sum, { message }) => sum + HEAD_BYTES + message.length, 0)
  const packed = new Uint8Array(total)
  const view = new DataView(packed.buffer)
  let offset = 0
  for (const check of checks) {
    assert(isPackable(check), 'only checks of the right lengths are packed')
    packed.set(check.publicKey, offset)
    packed.set(check.signature, offset + PUBLIC_KEY_BYTES)
    view.setUint32(offset + HEAD_BYTES - 4, check.message.length, true)
    packed.set(check.message, offset + HEAD_BYTES)
    offset += HEAD_BYTES + check.message.length
  }
  return packed
}

/** Runs the checks of a flat buffer in order: 1 for each valid signature, 0 for each other. */
export function verifyPacked(verify: VerifySignature, packed: Uint8Array, count: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(packed.buffer, packed.byteOffset)
  const valid = new Uint8Array(count)
  let offset = 0
  for (let i = 0; i < count; i++) {
    const publicKey = packed.subarray(offset, offset + PUBLIC_KEY_BYTES)
    const signature = packed.subarray(offset + PUBLIC_KEY_BYTES, offset + PUBLIC_KEY_BYTES + SIGNATURE_BYTES)
    const end = offset + HEAD_BYTES + view.getUint32(offset + HEAD_BYTES - 4, true)
    valid[i] = verifyGated(verify, publicKey, packed.subarray(offset + HEAD_BYTES, end), signature) ? 1 : 0
    offset = end
  }
  assert(offset === packed.length, 'a flat buffer holds exactly its checks')
  return valid
}
