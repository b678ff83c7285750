/** Keys in words: written with the passphrase alone, taken where they are lost, and what is said of words that are none. */

import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { wordsOf } from '../../core/drivers/recovery-words.ts'
import { listKeys, Vault } from '../../core/drivers/vault.ts'
import { foundMarket, type Market } from './market.ts'
import { accepted, cli, copyOf, expectFailed, folder, ok, PASSPHRASE } from './run.ts'

const AT = '2026-03-01T00:00:00Z'

let market: Market
let dir: string

beforeAll(async () => {
  market = await foundMarket()
  dir = market.dir
})

const named = (place: string) => listKeys(place).map(({ label, account }) => [label, account])
const wordsIn = (place: string, name: string) => wordsOf(Vault.open(place, PASSPHRASE).key(name)!.seed).join(' ')

/** The same ledger on a machine without keys. */
async function bare(of = dir): Promise<string> {
  const backup = join(folder(), 'ledger.backup')
  await ok(cli(of, ['backup', backup]))
  const place = join(folder(), 'bare')
  await ok(cli(place, ['restore', backup]))
  return place
}

describe('exported words', () => {
  it('bring keys back under their names in the ledger, and they sign', async () => {
    const twin = copyOf(dir)
    await ok(cli(twin, ['keys', 'add', 'Ada', '--label', 'phone', '--scope', 'all', '--at', AT]))
    const { stdout } = await cli(twin, ['keys', 'export', '--words'], { plain: true })
    expect(stdout).toContain(`# "Ada", ${market.accounts.Ada}\n${wordsIn(twin, 'Ada')}\n`)
    const place = await bare(twin)
    const taken = await ok(cli(place, ['keys', 'import', '--words', '-'], { stdin: stdout, passphrase: 'another one' }))
    expect(taken).toMatchObject({ file: '-', imported: 6, alreadyHere: 0 })
    expect(named(place)).toEqual(named(twin))
    const topup = ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'elsewhere', '--at', AT]
    await accepted(cli(place, topup, { passphrase: 'another one' }))
    // Once more is no harm.
    const again = await ok(cli(place, ['keys', 'import', '--words', '-'], { stdin: stdout, passphrase: 'another one' }))
    expect(again).toMatchObject({ imported: 0, alreadyHere: 6 })
  })

  it('are written into a file for its owner alone, which replaces nothing', async () => {
    const file = join(folder(), 'words.txt')
    const export_ = ['keys', 'export', file, '--words', '--account', 'Bob', '--account', 'sequencer']
    const told = await cli(dir, export_)
    expect(told.json).toEqual({ file, keys: 2 })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const text = readFileSync(file, 'utf8')
    expect(text.match(/^[a-z ]+$/gm)).toEqual([wordsIn(dir, 'sequencer'), wordsIn(dir, 'Bob')])
    expectFailed(await cli(dir, export_), 'usage')
    const place = await bare()
    expect(await ok(cli(place, ['keys', 'import', file, '--words']))).toMatchObject({ imported: 2, names: ['sequencer', 'Bob'] })
  })

  it('are told with --json only where words are asked for', async () => {
    const { json } = await cli(dir, ['keys', 'export', '--words', '--account', 'Bob'])
    const { Bob: account } = market.accounts
    const publicKey = expect.stringMatching(/^[0-9a-f]{64}$/)
    expect(json).toEqual({ keys: [{ label: 'Bob', account, publicKey, words: wordsIn(dir, 'Bob') }] })
    const sealed = await cli(dir, ['keys', 'export', join(folder(), 'sealed')])
    expect(sealed.stdout + sealed.stderr).not.toContain(wordsIn(dir, 'Bob').split(' ').slice(0, 3).join(' '))
  })

  it('take the passphrase', async () => {
    const run = await cli(dir, ['keys', 'export', '--words'], { passphrase: 'wrong' })
    expectFailed(run, 'passphrase')
    expectFailed(await cli(dir, ['keys', 'export', '--words'], { passphrase: undefined }), 'passphrase')
    expectFailed(await cli(dir, ['keys', 'export']), 'usage')
    expectFailed(await cli(dir, ['keys', 'export', '--words', '--file-passphrase-file', 'x']), 'usage')
    expectFailed(await cli(dir, ['keys', 'import', 'x', '--name', 'me']), 'usage')
  })
})

describe('words of a key', () => {
  it('that no ledger here knows are taken under a name that is given', async () => {
    const stdin = wordsIn(dir, 'Bob')
    const place = folder()
    const import_ = ['keys', 'import', '--words', '-']
    const run = await cli(place, import_, { stdin })
    expectFailed(run, 'usage')
    expect(run.json.message).toContain('--name')
    expect(listKeys(place)).toEqual([])
    expect(await ok(cli(place, [...import_, '--name', 'me'], { stdin }))).toMatchObject({ imported: 1, names: ['me'] })
    const two = `${stdin}\n${wordsIn(dir, 'Ada')}`
    expectFailed(await cli(folder(), [...import_, '--name', 'me'], { stdin: two }), 'usage')
  })

  it('that are none are refused, without a word of them', async () => {
    const words = wordsIn(dir, 'Bob').split(' ')
    const file = join(folder(), 'words')
    for (const [text, says] of [
      [words.slice(1).join(' '), 'these are 23'],
      [words.with(4, 'nowordatall').join(' '), 'Word 5 is not on the list'],
      [words.with(0, words[1]!).with(1, words[0]!).join(' '), 'no key'],
    ] as const) {
      writeFileSync(file, text)
      const run = await cli(copyOf(dir), ['keys', 'import', '--words', file])
      expectFailed(run, 'usage')
      expect(run.json.message).toContain(says)
      expect(run.stdout + run.stderr).not.toContain('nowordatall')
      expect(run.stdout + run.stderr).not.toContain(words.slice(6, 9).join(' '))
    }
    expectFailed(await cli(dir, ['keys', 'import', '--words', join(folder(), 'none')]), 'usage')
  })
})
