/** The vault: keys sealed under a passphrase, kept by whichever program adds them. */

import { spawn } from 'node:child_process'
import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { keyPair } from '../../core/drivers/sodium/signer.ts'
import { listKeys, Vault } from '../../core/drivers/vault.ts'
import { temporaryFolder } from '../ledger/homes.ts'

const PASSPHRASE = 'open sesame'
const pair = (number: number) => keyPair(new Uint8Array(32).fill(number))

it('opens aside as it opens at once, and says what is wrong with a passphrase', async () => {
  const dir = temporaryFolder()
  Vault.create(dir, PASSPHRASE).add([{ label: 'Ada', pair: pair(1) }])
  const vault = await Vault.unlock(dir, PASSPHRASE)
  expect(vault.key('Ada')?.publicKey).toEqual(pair(1).publicKey)
  expect(vault.key('Bob')).toBeUndefined()
  await expect(Vault.unlock(dir, 'wrong')).rejects.toMatchObject({ code: 'passphrase' })
  await expect(Vault.unlock(temporaryFolder(), PASSPHRASE)).rejects.toMatchObject({ code: 'missing' })
})

it('sees the keys that another program added meanwhile, and keeps them', () => {
  const dir = temporaryFolder()
  const first = Vault.create(dir, PASSPHRASE)
  first.add([{ label: 'Ada', pair: pair(1) }])
  const second = Vault.open(dir, PASSPHRASE)
  second.add([{ label: 'Bob', pair: pair(2) }])
  expect(first.key('Bob')?.publicKey).toEqual(pair(2).publicKey)
  first.add([{ label: 'Cyd', pair: pair(3) }])
  expect(listKeys(dir).map(({ label }) => label)).toEqual(['Ada', 'Bob', 'Cyd'])
})

it('loses none of those that programs add at the same time', async () => {
  const dir = temporaryFolder()
  Vault.create(dir, PASSPHRASE).add([{ label: 'first', pair: pair(1) }])
  const vaults = new URL('../../core/drivers/vault.ts', import.meta.url).href
  const signers = new URL('../../core/drivers/sodium/signer.ts', import.meta.url).href
  const program = (name: string) => `
    const { Vault } = await import('${vaults}')
    const { keyPair } = await import('${signers}')
    const vault = Vault.open('${dir}', '${PASSPHRASE}')
    for (let i = 0; i < 25; i++) vault.add([{ label: '${name}' + i, pair: keyPair(new Uint8Array(32).fill(i)) }])`
  const codes = await Promise.all(
    ['a', 'b', 'c'].map(
      (name) =>
        new Promise((resolve) => {
          const child = spawn(process.execPath, ['--input-type=module', '-e', program(name)], { stdio: 'inherit' })
          child.on('close', resolve)
        }),
    ),
  )
  expect(codes).toEqual([0, 0, 0])
  expect(new Set(listKeys(dir).map(({ label }) => label)).size).toBe(76)
  expect(readdirSync(dir)).toEqual(['keys.json'])
})

it('is not kept waiting by a program that was killed', () => {
  const dir = temporaryFolder()
  const vault = Vault.create(dir, PASSPHRASE)
  writeFileSync(join(dir, 'keys.json.busy'), '')
  const before = new Date(Date.now() - 60_000)
  utimesSync(join(dir, 'keys.json.busy'), before, before)
  vault.add([{ label: 'Ada', pair: pair(1) }])
  expect(listKeys(dir).map(({ label }) => label)).toEqual(['Ada'])
})
