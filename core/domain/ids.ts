/**
 * Names of things in the ledger.
 *
 *   account       nim1…        bech32m, prefix `nim`, of the first 20 bytes of SHA-256(public key the account was opened with)
 *   transaction   48 hex       8 of validUntil (Unix seconds), then the first 40 of SHA-256(the note's text), so ids sort by time
 *   thing         mdl_<32 hex> prefix and the last 32 hex of the id of the transaction that made it, known before acceptance
 */

import { bech32m } from '@scure/base'
import { assert } from '../base/assert.ts'
import { type Sha256, toHex } from '../base/bytes.ts'
import { MAX_SECONDS, type Seconds } from './time.ts'

export const ACCOUNT_PATTERN = /^nim1[02-9ac-hj-np-z]{38}$/
export const NONCE_PATTERN = /^[A-Za-z0-9_-]{22}$/
export const TRANSACTION_ID_PATTERN = /^[0-9a-f]{48}$/

/** Prefixes of things: model, listing, subscription, hold, grant, purchase (licence, feature), payout, offer, mandate. */
export type ThingPrefix = 'mdl' | 'lst' | 'sub' | 'hld' | 'grt' | 'pur' | 'pay' | 'off' | 'man'

export function accountId(sha256: Sha256, publicKey: Uint8Array): string {
  return bech32m.encode('nim', bech32m.toWords(sha256(publicKey).subarray(0, 20)))
}

/** Whether `text` is an account id with a right checksum, so that a slip of the pen is told from an unknown account. */
export function isAccountId(text: string): boolean {
  return ACCOUNT_PATTERN.test(text) && bech32m.decodeUnsafe(text as `nim1${string}`) !== undefined
}

const VALID_UNTIL_BYTES = 4
const ID_BYTES = 24
const idBytes = new Uint8Array(ID_BYTES)

/** The id of the transaction whose note has the text `textBytes`, its final newline included. */
export function transactionId(sha256: Sha256, textBytes: Uint8Array, validUntil: Seconds): string {
  assert(Number.isInteger(validUntil) && validUntil >= 0 && validUntil <= MAX_SECONDS, 'validUntil fits eight hex digits')
  const digest = sha256(textBytes)
  // Written into reused memory and decoded at once, since thousands of ids are held at a time.
  for (let i = 0; i < VALID_UNTIL_BYTES; i++) idBytes[i] = validUntil >>> (24 - 8 * i)
  for (let i = VALID_UNTIL_BYTES; i < ID_BYTES; i++) idBytes[i] = digest[i - VALID_UNTIL_BYTES]!
  return toHex(idBytes)
}

export function thingId(prefix: ThingPrefix, transactionId: string): string {
  return `${prefix}_${transactionId.slice(-32)}`
}

/** The time until which the note with this id was valid. */
export function validUntilOf(transactionId: string): Seconds {
  return Number.parseInt(transactionId.slice(0, 8), 16)
}
