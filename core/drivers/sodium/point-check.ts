/** The check of a key that is to be enrolled, core/log/enrolment.ts, by libsodium: twenty times as quick as in JavaScript. */

import { assert } from '../../base/assert.ts'
import { tryFromHex } from '../../base/bytes.ts'
import { type CheckPoint, isPrimeOrder } from '../../log/enrolment.ts'
import { KNOWN_ANSWERS } from '../../log/signature.ts'
import { loadSodium } from './ed25519.ts'

let chosen: CheckPoint | undefined

/**
 * The quickest check of a key's point that this machine has, to be used behind the gate. It is chosen when the first key is
 * checked: most programs never check one.
 */
export const checkPoint: CheckPoint = (publicKey) => {
  chosen ??= choosePointCheck()
  return chosen(publicKey)
}

function choosePointCheck(): CheckPoint {
  const check = sodiumPointCheck() ?? isPrimeOrder
  // The first is an honest key; the last has a part of order 8.
  const [honest, mixed] = [KNOWN_ANSWERS[0]!, KNOWN_ANSWERS.at(-1)!].map(({ publicKey }) => tryFromHex(publicKey)!)
  assert(check(honest!) && !check(mixed!), 'the check of points gives the known answers')
  return check
}

/** libsodium, where the platform has its binary. */
export function sodiumPointCheck(): CheckPoint | undefined {
  const sodium = loadSodium()
  return sodium && ((publicKey) => sodium.crypto_core_ed25519_is_valid_point(publicKey))
}
