/**
 * The vault: several keys of one label, keys that were added to an account, another passphrase, files of exported keys, and what
 * is noticed of a file changed by hand.
 */

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

interface Stored {
  readonly version: number
  readonly kdf: { readonly name: string; readonly cost: number; readonly salt: string }
  readonly keys: readonly Record<string, string>[]
}

test('another passphrase means another salt, and every key sealed anew under its name', () => {
  const dir = temporaryFolder()
  const vault = filled(dir)
  const path = join(dir, 'keys.json')
  const before = JSON.parse(readFileSync(path, 'utf8')) as Stored
  vault.reseal('another')
  const after = JSON.parse(readFileSync(path, 'utf8')) as Stored
  expect(after.kdf).toMatchObject({ name: 'scrypt', cost: 131_072, blockSize: 8, parallelization: 1 })
  expect(after.kdf.salt).not.toBe(before.kdf.salt)
  const open = ({ label, account, publicKey }: Record<string, string>) => [label, account, publicKey]
  expect(after.keys.map(open)).toEqual(before.keys.map(open))
  for (const [i, { sealed, nonce }] of after.keys.entries()) {
    expect(sealed).not.toBe(before.keys[i]!.sealed)
    expect(nonce).not.toBe(before.keys[i]!.nonce)
  }
  // The one who changed it goes on; so does whoever knows the new one; nobody else.
  expect(seeds(vault.keys('sequencer'))).toEqual(seeds([SEQUENCER, NEXT]))
  expect(
    seeds(
      Vault.open(dir, 'another')
        .all()
        .map((key) => key.pair),
    ),
  ).toEqual(seeds(PAIRS))
  expect(() => Vault.open(dir, 'secret')).toThrow(expect.objectContaining({ code: 'passphrase' }))
})

test('a file of exported keys is a vault by another name', () => {
  const dir = temporaryFolder()
  const path = join(dir, 'taken along')
  Vault.createFile(path, 'secret').add(filled(dir).all())
  const { version, keys } = JSON.parse(readFileSync(path, 'utf8')) as Stored
  expect(version).toBe(1)
  expect(keys.map((key) => Object.keys(key).sort().join())).toEqual([
    ...Array.from({ length: 3 }, () => 'label,nonce,publicKey,sealed'),
    'account,label,nonce,publicKey,sealed',
  ])
  expect(readFileSync(path, 'utf8')).not.toContain(toHex(ADA.seed))
  expect(
    seeds(
      Vault.openFile(path, 'secret')
        .all()
        .map((key) => key.pair),
    ),
  ).toEqual(seeds(PAIRS))
})
