/** The vault: several keys of one label, keys that were added to an account, and what is noticed of a file changed by hand. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { toHex } from '../../core/base/bytes.ts'
import { keyPair } from '../../core/drivers/sodium/signer.ts'
import { listKeys, Vault } from '../../core/drivers/vault.ts'
import { temporaryFolder } from './folders.ts'

const pair = (byte: number) => keyPair(new Uint8Array(32).fill(byte))
const PAIRS = [pair(1), pair(2), pair(3), pair(4)] as const
const [ADA, SEQUENCER, NEXT, PHONE] = PAIRS
const ACCOUNT = 'nim1aaa'

function filled(dir: string): Vault {
  const vault = Vault.create(dir, 'secret')
  vault.add([
    { label: 'Ada', pair: ADA },
    { label: 'sequencer', pair: SEQUENCER },
  ])
  vault.add([{ label: 'sequencer', pair: NEXT }])
  // A label that is the sequencer's, of a key that is an account's.
  vault.add([{ label: 'sequencer', account: ACCOUNT, pair: PHONE }])
  return vault
}

const seeds = (pairs: readonly { readonly seed: Uint8Array }[]) => pairs.map(({ seed }) => toHex(seed))

test('keeps several keys of one label, and apart from them those of accounts', () => {
  const dir = temporaryFolder()
  filled(dir)
  const vault = Vault.open(dir, 'secret')
  expect(seeds(vault.keys('sequencer'))).toEqual(seeds([SEQUENCER, NEXT]))
  expect(seeds([vault.key('sequencer')!])).toEqual(seeds([SEQUENCER]))
  expect(PAIRS.map(({ publicKey }) => toHex(vault.pair(publicKey)!.seed))).toEqual(seeds(PAIRS))
  expect(vault.pair(pair(9).publicKey)).toBeUndefined()
  expect(listKeys(dir).map(({ label, account }) => [label, account])).toEqual([
    ...[['Ada', undefined] as const, ['sequencer', undefined] as const, ['sequencer', undefined] as const],
    ['sequencer', ACCOUNT],
  ])
})

test('forgets a key that was not used, and no other', () => {
  const dir = temporaryFolder()
  filled(dir).remove(NEXT.publicKey)
  const vault = Vault.open(dir, 'secret')
  expect(seeds(vault.keys('sequencer'))).toEqual(seeds([SEQUENCER]))
  expect(vault.pair(PHONE.publicKey)).toBeDefined()
})

test.each([
  ['another account', { account: 'nim1bbb' }],
  ['no account', { account: undefined }],
  ['another label', { label: 'Ada' }],
])('a key that was moved to %s is noticed', (_what, change) => {
  const dir = temporaryFolder()
  filled(dir)
  const path = join(dir, 'keys.json')
  const file = JSON.parse(readFileSync(path, 'utf8')) as { keys: object[] }
  file.keys[3] = { ...file.keys[3], ...change }
  writeFileSync(path, JSON.stringify(file))
  const vault = Vault.open(dir, 'secret')
  expect(() => vault.pair(PHONE.publicKey)).toThrow(expect.objectContaining({ code: 'damaged' }))
  expect(vault.pair(ADA.publicKey)).toBeDefined()
})
