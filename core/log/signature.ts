/**
 * The gate: which Ed25519 signatures are looked at, at all, before a verifier decides.
 *
 * Ed25519 (RFC 8032) verifiers agree on honest signatures and disagree on hostile ones: on S not reduced, on points encoded in
 * two ways, on points of small order, on the cofactor. In a log that many programs check, a signature that one of them accepts
 * and another refuses splits the readers. So every program of this project asks the same questions first:
 *
 *   1. the key has 32 bytes and the signature, R || S, has 64
 *   2. S < L, the order of the group
 *   3. the key A and R are encoded canonically: y < p, and no −0 for x
 *   4. neither A nor R is one of the 8 points of small order
 *   5. once, when a key is enrolled: A is on the curve and free of torsion (enrolment.ts)
 *
 * and only then the cofactorless equation [S]B = R + [k]A, by whatever verifier the runtime has. Behind the gate these agree.
 *
 *     verifyGated(verify, publicKey, message, signature)     where `verify` is libsodium's, OpenSSL's or WebCrypto's
 *
 * What is compared here is public, so nothing needs constant time.
 */
import { assert } from '../base/assert.ts'
import { tryFromHex, utf8 } from '../base/bytes.ts'

/** A cofactorless Ed25519 verifier. Hosts pass in theirs; it is called for input that passed the gate. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64

/** L = 2^252 + 27742317777372353535851937790883648493, little-endian as S is. */
const GROUP_ORDER = bytesOf('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

/** p = 2^255 − 19, little-endian as y is. */
const FIELD_PRIME = bytesOf('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')

/**
 * The y of the points of small order, without the sign of x: 0 (order 4), 1 (the identity), p − 1 (order 2) and the two of order
 * 8. With either sign these are the 8 points' encodings, and for y = 1 and y = p − 1, where x is 0, also the two encodings with
 * −0.
 */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(bytesOf)

/** Steps 1 to 4. Neither allocates nor computes on the curve: it runs for every signature that arrives. */
export function passesGate(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    publicKey.length === PUBLIC_KEY_BYTES &&
    signature.length === SIGNATURE_BYTES &&
    isBelow(signature, 32, GROUP_ORDER, 0xff) &&
    isAcceptablePoint(publicKey) &&
    isAcceptablePoint(signature)
  )
}

/** Whether `signature` passes the gate and then the verifier. Every verification of the project goes through here. */
export function verifyGated(verify: VerifySignature, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return passesGate(publicKey, signature) && verify(publicKey, message, signature)
}

/** Steps 3 and 4 for the point in the first 32 bytes, which may still not be on the curve. */
export function isAcceptablePoint(bytes: Uint8Array): boolean {
  if (!isBelow(bytes, 0, FIELD_PRIME, 0x7f)) return false
  for (const y of SMALL_ORDER_Y) if (hasY(bytes, y)) return false
  return true
}

/**
 * Whether the little-endian number in the 32 bytes at `offset` is below `bound`; `topMask` clears the bits that are not part of
 * the number.
 */
function isBelow(bytes: Uint8Array, offset: number, bound: Uint8Array, topMask: number): boolean {
  for (let i = 31; i >= 0; i--) {
    const byte = i === 31 ? bytes[offset + i]! & topMask : bytes[offset + i]!
    if (byte !== bound[i]) return byte < bound[i]!
  }
  return false
}

/** Whether the point in the first 32 bytes has this y, whatever the sign of its x, which is the topmost bit. */
function hasY(bytes: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < 31; i++) if (bytes[i] !== y[i]) return false
  return (bytes[31]! & 0x7f) === y[31]
}

function bytesOf(hex: string): Uint8Array {
  const bytes = tryFromHex(hex)
  assert(bytes !== undefined, 'a constant of this file is not hex')
  return bytes
}

/** A question with its known answer; `message` is text. */
interface KnownAnswer {
  readonly name: string
  readonly publicKey: string
  readonly message: string
  readonly signature: string
  readonly valid: boolean
  /** The gate refuses it, whatever a verifier would say. */
  readonly isGated?: true
}

/**
 * What gate and verifier together must answer; every verifier is asked at the start. The last two have a key with a part of order
 * 8: in one the cofactored equation holds and the cofactorless one fails, in the other both hold. They pass the gate, since only
 * enrolment looks for torsion, and reveal verifiers that must not be used here.
 */
export const KNOWN_ANSWERS: readonly KnownAnswer[] = [
  {
    name: 'RFC 8032 section 7.1, test 1',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    valid: true,
  },
  {
    name: 'RFC 8032 section 7.1, test 2',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: 'r',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    valid: true,
  },
  {
    name: 'test 2 with another message',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: 's',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    valid: false,
  },
  {
    name: 'test 2 with L added to S',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: 'r',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69daf52db7415978abc61b2c2eb6aeebfca0387b2eaeb4302aeeb00d291612bb0c10',
    valid: false,
    isGated: true,
  },
  {
    name: 'key and R are the identity, S is 0',
    publicKey: '0100000000000000000000000000000000000000000000000000000000000000',
    message: '',
    signature:
      '01000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
    valid: false,
    isGated: true,
  },
  {
    name: 'key encoded as y = p + 3',
    publicKey: 'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    message: 'r',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    valid: false,
    isGated: true,
  },
  {
    name: 'test 2 with an R of order 8',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: 'r',
    signature:
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    valid: false,
    isGated: true,
  },
  {
    name: 'key of mixed order, valid with the cofactor only',
    publicKey: '06c16db84fbbe0cd0762135ccafcac1cf66d1c458c2c5dad3c076fd7187bbbbf',
    message: 'known answer 0',
    signature:
      'ed3acba56ea3177d2ff980e1fa958e5de7a209002fb87612f7566b520edac4cb2f8c11365e078bb4489bf491e6112e4924a0d51156494aeea3f05abae498190d',
    valid: false,
  },
  {
    name: 'key of mixed order, valid either way',
    publicKey: '06c16db84fbbe0cd0762135ccafcac1cf66d1c458c2c5dad3c076fd7187bbbbf',
    message: 'known answer 2',
    signature:
      'ed3acba56ea3177d2ff980e1fa958e5de7a209002fb87612f7566b520edac4cbf7c689da93137f16936201ef44d101bbf78f6fef87be01a8d354f383199a0d0b',
    valid: true,
  },
]

/** Whether the gate, and `verify` behind it, give every known answer. A verifier that does not must not be used. */
export function selfTest(verify: VerifySignature): boolean {
  return KNOWN_ANSWERS.every(({ publicKey: key, message, signature: signed, valid, isGated = false }) => {
    const [publicKey, signature] = [bytesOf(key), bytesOf(signed)]
    return passesGate(publicKey, signature) !== isGated && verifyGated(verify, publicKey, utf8(message), signature) === valid
  })
}
