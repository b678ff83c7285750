/** Another passphrase for the keys: all of them or none, whatever happens, and only for who knows the old one. */

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { Vault, VaultError } from '../../core/drivers/vault.ts'
import { durationMs, killed, moments } from './killing.ts'
import { foundMarket } from './market.ts'
import { cli, copyOf, expectFailed, folder, ok, PASSPHRASE } from './run.ts'

const NEXT = 'a new passphrase'
const env = { NIMLEDGER_NEW_PASSPHRASE: NEXT }

let dir: string

beforeAll(async () => {
  dir = (await foundMarket()).dir
})

const topup = (target: string, passphrase: string) =>
  cli(target, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', passphrase, '--at', '2026-03-01T00:00:00Z'], {
    passphrase,
  })

const publicKeys = (target: string, passphrase: string) =>
  Vault.open(target, passphrase)
    .all()
    .map(({ pair, label, account }) => [Buffer.from(pair.publicKey).toString('hex'), label, account])

it('opens all keys, and the old one none', async () => {
  const twin = copyOf(dir)
  await ok(cli(twin, ['keys', 'add', 'Ada', '--label', 'phone', '--at', '2026-02-01T00:00:00Z']))
  const before = publicKeys(twin, PASSPHRASE)
  expect(await ok(cli(twin, ['passphrase'], { env }))).toEqual({ dir: twin, keys: 6 })
  expect(publicKeys(twin, NEXT)).toEqual(before)
  expect(statSync(join(twin, 'keys.json')).mode & 0o777).toBe(0o600)
  expectFailed(await topup(twin, PASSPHRASE), 'passphrase')
  expect((await topup(twin, NEXT)).json).toMatchObject({ status: 'accepted' })
  // Nothing of the old file stays: its salt would let the old passphrase be tried for ever.
  expect(readdirSync(twin).filter((name) => name.startsWith('keys'))).toEqual(['keys.json'])
})

it('is read from a file', async () => {
  const twin = copyOf(dir)
  const [old, next] = [join(folder(), 'old'), join(folder(), 'next')]
  writeFileSync(old, `${PASSPHRASE}\n`)
  writeFileSync(next, `${NEXT}\n`)
  const args = ['passphrase', '--passphrase-file', old, '--new-passphrase-file', next]
  await ok(cli(twin, args, { passphrase: undefined }))
  expect(Vault.open(twin, NEXT).all()).toHaveLength(5)
})

it('is not changed by who does not know the old one, nor to nothing, nor to the same', async () => {
  const twin = copyOf(dir)
  const before = readFileSync(join(twin, 'keys.json'))
  expectFailed(await cli(twin, ['passphrase'], { env, passphrase: 'wrong' }), 'passphrase')
  expectFailed(await cli(twin, ['passphrase'], { env, passphrase: undefined }), 'passphrase')
  expectFailed(await cli(twin, ['passphrase']), 'passphrase')
  expectFailed(await cli(twin, ['passphrase'], { env: { NIMLEDGER_NEW_PASSPHRASE: '' } }), 'passphrase')
  expectFailed(await cli(twin, ['passphrase'], { env: { NIMLEDGER_NEW_PASSPHRASE: PASSPHRASE } }), 'usage')
  expectFailed(await cli(folder(), ['passphrase'], { env }), 'usage')
  expectFailed(await cli(twin, ['passphrase'], { env, maxFileKib: 0 }), 'disk_full')
  expect(readFileSync(join(twin, 'keys.json'))).toEqual(before)
})

it('is not changed while one of the keys is damaged', async () => {
  const twin = copyOf(dir)
  const path = join(twin, 'keys.json')
  const file = JSON.parse(readFileSync(path, 'utf8')) as { keys: { label: string }[] }
  file.keys.at(-1)!.label = 'Mallory'
  writeFileSync(path, JSON.stringify(file))
  const before = readFileSync(path)
  expectFailed(await cli(twin, ['passphrase'], { env }), 'damaged')
  expect(readFileSync(path)).toEqual(before)
})

it('killed at any moment is the old one or the new one, for all keys', async () => {
  const trial = copyOf(dir)
  const wholeMs = await durationMs(trial, ['passphrase'], env)
  for (const afterMs of moments(wholeMs, 6)) {
    const twin = copyOf(dir)
    await killed(twin, ['passphrase'], afterMs, env)
    const opened = [PASSPHRASE, NEXT].filter((one) => opens(twin, one))
    expect(opened).toHaveLength(1)
    expect(Vault.open(twin, opened[0]!).all()).toHaveLength(5)
  }
})

function opens(target: string, passphrase: string): boolean {
  try {
    Vault.open(target, passphrase)
    return true
  } catch (error) {
    if (error instanceof VaultError && error.code === 'passphrase') return false
    throw error
  }
}

it('keeps a key that another program adds meanwhile, and tells who still has the old one open', () => {
  const twin = copyOf(dir)
  const [one, other] = [Vault.open(twin, PASSPHRASE), Vault.open(twin, PASSPHRASE)]
  const [key] = one.all()
  one.add([{ label: 'late', pair: key!.pair }])
  other.reseal(NEXT)
  expect(
    Vault.open(twin, NEXT)
      .all()
      .map(({ label }) => label),
  ).toContain('late')
  expect(() => one.add([{ label: 'later', pair: key!.pair }])).toThrow(expect.objectContaining({ code: 'passphrase' }))
  expect(Vault.open(twin, NEXT).all()).toHaveLength(6)
})
