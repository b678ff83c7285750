/** The keys by which an account signs: those that may, how one is named, and which are not taken. */

import { tryFromHex } from '../base/bytes.ts'
import { isEnrollable } from '../log/enrolment.ts'
import { ED25519, keyId } from '../log/note.ts'
import { type Check, type Context, check } from './define.ts'
import { type Keyring, keyrings } from './state.ts'

/** The id under which the account signs with a public key. */
export function keyIdOf({ sha256, signer }: Context<unknown>, publicKey: string): string {
  return keyId(sha256, signer, ED25519, tryFromHex(publicKey)!)
}

/** Refuses a key of the body under which a signature could verify that nobody made with it. */
export function weakKey<Body>(keyOf: (body: Body) => string): Check<Body> {
  return check('weak_key', ({ body, isPrimeOrder }) => {
    const publicKey = keyOf(body)
    return isEnrollable(tryFromHex(publicKey)!, isPrimeOrder) ? undefined : { publicKey }
  })
}

/** The signer's keys that are neither revoked nor expired. */
export function livingKeys(context: Context<unknown>): Keyring['keys'] {
  const { keys } = context.need(keyrings.at(context.signer))
  return keys.filter(({ expires }) => expires === undefined || context.time < expires)
}
