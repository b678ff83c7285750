/** People with fixed keys, the same in every sequence, and public keys that no account may have. */

import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { bech32m } from '@scure/base'

export interface Actor {
  readonly name: string
  readonly publicKey: string
  readonly account: string
}

/** The account id of the contract: bech32m, prefix nim, of the first 20 bytes of the key's SHA-256. */
export function accountOf(publicKey: string): string {
  const digest = createHash('sha256').update(Buffer.from(publicKey, 'hex')).digest()
  return bech32m.encode('nim', bech32m.toWords(digest.subarray(0, 20)))
}

function actor(name: string): Actor {
  const seed = createHash('sha256').update(`model test ${name}`).digest()
  const publicKey = Buffer.from(ed25519.getPublicKey(seed)).toString('hex')
  return { name, publicKey, account: accountOf(publicKey) }
}

function withKey(name: string, publicKey: string): Actor {
  return { name, publicKey, account: accountOf(publicKey) }
}

export const OPERATOR = actor('operator')
export const SEQUENCER = actor('sequencer')
export const CITIZENS = ['ada', 'bea', 'cyd', 'dan', 'eve', 'fay', 'gus', 'hal', 'ivy'].map(actor)
/** Nobody ever opens an account for these. */
export const STRANGERS = ['yan', 'zoe'].map(actor)

/** The identity, a point of order 8, no point of the curve (y = 2), and a y that is not reduced. */
export const WEAK = [
  withKey('identity', `01${'00'.repeat(31)}`),
  withKey('order eight', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
  withKey('off the curve', `02${'00'.repeat(31)}`),
  withKey('not reduced', `ee${'ff'.repeat(30)}7f`),
]

/** Keys that accounts add to their first one; several accounts may have the same. */
export const SPARE_KEYS = Array.from({ length: 44 }, (_, i) => actor(`spare ${i}`).publicKey)
export const SEQUENCERS = ['second sequencer', 'third sequencer'].map(actor)
