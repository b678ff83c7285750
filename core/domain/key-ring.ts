/** The keys by which an account signs: those that may, and how one is named. */

import { tryFromHex } from '../base/bytes.ts'
import { ED25519, keyId } from '../log/note.ts'
import type { Context } from './define.ts'
import { type Keyring, keyrings } from './state.ts'

/** The id under which the account signs with a public key. */
export function keyIdOf({ sha256, signer }: Context<unknown>, publicKey: string): string {
  return keyId(sha256, signer, ED25519, tryFromHex(publicKey)!)
}

/** The signer's keys that are neither revoked nor expired. */
export function livingKeys(context: Context<unknown>): Keyring['keys'] {
  const { keys } = context.need(keyrings.at(context.signer))
  return keys.filter(({ expires }) => expires === undefined || context.time < expires)
}
