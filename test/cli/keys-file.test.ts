/** Keys in a file of their own: exported, imported elsewhere, and what is refused so that none is lost or mistaken. */

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { listKeys, Vault } from '../../core/drivers/vault.ts'
import { durationMs, killed, moments } from './killing.ts'
import { foundMarket, type Market, sealFileCheaply } from './market.ts'
import { cli, copyOf, expectFailed, folder, ok, PASSPHRASE } from './run.ts'

const AT = '2026-03-01T00:00:00Z'

let market: Market
let dir: string
let file: string

beforeAll(async () => {
  market = await foundMarket()
  dir = market.dir
  file = join(folder(), 'keys.export')
  expect(await ok(cli(dir, ['keys', 'export', file]))).toEqual({ file, keys: 5 })
  sealFileCheaply(file)
})

const labels = (place: string) => listKeys(place).map(({ label }) => label)

/** The same ledger on a machine without keys. */
async function bare(): Promise<string> {
  const backup = join(folder(), 'ledger.backup')
  await ok(cli(dir, ['backup', backup]))
  const place = join(folder(), 'bare')
  await ok(cli(place, ['restore', backup]))
  return place
}

describe('exported keys', () => {
  it('sign where they are imported', async () => {
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const place = await bare()
    expect(await ok(cli(place, ['keys', 'import', file]))).toMatchObject({ file, imported: 5, alreadyHere: 0 })
    expect(labels(place)).toEqual(labels(dir))
    const topup = await cli(place, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'elsewhere', '--at', AT])
    expect(topup.json, topup.stdout).toMatchObject({ status: 'accepted' })
    // Once more is no harm.
    expect(await ok(cli(place, ['keys', 'import', file]))).toMatchObject({ imported: 0, alreadyHere: 5 })
    expect(labels(place)).toEqual(labels(dir))
  })

  it('are those that were asked for, by name or id', async () => {
    const place = folder()
    const twin = copyOf(dir)
    await ok(cli(twin, ['keys', 'add', 'Ada', '--label', 'phone', '--at', AT]))
    const exported = async (name: string, ...accounts: string[]) => {
      const target = join(place, name)
      await ok(cli(twin, ['keys', 'export', target, ...accounts.flatMap((one) => ['--account', one])]))
      return Vault.openFile(target, PASSPHRASE)
        .all()
        .map(({ label }) => label)
    }
    expect(await exported('ada', 'Ada')).toEqual(['Ada', 'phone'])
    expect(await exported('id', market.accounts.Bob!, 'sequencer')).toEqual(['sequencer', 'Bob'])
    expectFailed(await cli(twin, ['keys', 'export', join(place, 'x'), '--account', 'Nobody']), 'usage')
    expect(existsSync(join(place, 'x'))).toBe(false)
  })

  it('have a passphrase of their own where one is given', async () => {
    const target = join(folder(), 'own')
    const env = { NIMLEDGER_FILE_PASSPHRASE: 'of the file' }
    await ok(cli(dir, ['keys', 'export', target], { env }))
    const place = join(folder(), 'new')
    expectFailed(await cli(place, ['keys', 'import', target]), 'passphrase')
    expectFailed(await cli(place, ['keys', 'import', target], { env: { NIMLEDGER_FILE_PASSPHRASE: 'wrong' } }), 'passphrase')
    expect(existsSync(join(place, 'keys.json'))).toBe(false)
    const secret = join(folder(), 'secret')
    writeFileSync(secret, 'of the file\n')
    await ok(cli(place, ['keys', 'import', target, '--file-passphrase-file', secret], { passphrase: 'of the machine' }))
    expect(Vault.open(place, 'of the machine').all()).toHaveLength(5)
  })
})

describe('what is refused', () => {
  it('an export over a file, without keys, or with a wrong passphrase', async () => {
    const before = readFileSync(file)
    expectFailed(await cli(dir, ['keys', 'export', file]), 'usage')
    expect(readFileSync(file)).toEqual(before)
    const target = join(folder(), 'x')
    expectFailed(await cli(folder(), ['keys', 'export', target]), 'usage')
    expectFailed(await cli(dir, ['keys', 'export', target], { passphrase: 'wrong' }), 'passphrase')
    expect(existsSync(target)).toBe(false)
  })

  it('a name that stands for another account here, until it is given another', async () => {
    const other = (await foundMarket()).dir
    const before = readFileSync(join(other, 'keys.json'))
    const run = await cli(other, ['keys', 'import', file])
    expectFailed(run, 'usage')
    expect(run.json.message).toContain('operator')
    expect(readFileSync(join(other, 'keys.json'))).toEqual(before)
    const renames = ['operator', 'Ada', 'Bob', 'Chiara'].flatMap((name) => ['--rename', `${name}=${name} there`])
    expect(await ok(cli(other, ['keys', 'import', file, ...renames]))).toMatchObject({ imported: 5 })
    expect(labels(other)).toContain('Ada there')
    expect(Vault.open(other, PASSPHRASE).all()).toHaveLength(10)
    expectFailed(await cli(other, ['keys', 'import', file, '--rename', 'Ada']), 'usage')
  })

  it('a file that is damaged, whatever of it, as a whole', async () => {
    const parsed = JSON.parse(readFileSync(file, 'utf8')) as { keys: { label: string; sealed: string; publicKey: string }[] }
    const last = parsed.keys.at(-1)!
    const damages = [
      JSON.stringify({ ...parsed, keys: [...parsed.keys.slice(0, -1), { ...last, label: 'Mallory' }] }),
      JSON.stringify({ ...parsed, keys: [...parsed.keys.slice(0, -1), { ...last, sealed: `00${last.sealed.slice(2)}` }] }),
      JSON.stringify({ ...parsed, keys: [...parsed.keys.slice(0, -1), { ...last, publicKey: parsed.keys[0]!.publicKey }] }),
      JSON.stringify({ ...parsed, version: 2 }),
      'no keys',
    ]
    for (const content of damages) {
      const target = join(folder(), 'damaged')
      writeFileSync(target, content)
      const place = join(folder(), 'new')
      expectFailed(await cli(place, ['keys', 'import', target]), 'damaged', 'passphrase')
      expect(existsSync(join(place, 'keys.json'))).toBe(false)
    }
    expectFailed(await cli(folder(), ['keys', 'import', join(folder(), 'none')]), 'usage')
  })
})

it('an import that is killed took all keys or none', async () => {
  const wholeMs = await durationMs(await bare(), ['keys', 'import', file])
  for (const afterMs of moments(wholeMs, 3)) {
    const place = await bare()
    await killed(place, ['keys', 'import', file], afterMs)
    expect([0, 5]).toContain(listKeys(place).length)
    await ok(cli(place, ['keys', 'import', file]))
    expect(Vault.open(place, PASSPHRASE).all()).toHaveLength(5)
  }
})
