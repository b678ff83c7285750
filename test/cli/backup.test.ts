/** Backups: made while another program writes, killed, on a full disk, over other files; and what is in them. */

import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../core/drivers/sha256.ts'
import { createVerifier } from '../../core/drivers/sodium/verifier.ts'
import { openBackup } from '../../core/drivers/sqlite/backup.ts'
import { checkCopy } from '../../core/ledger/tree.ts'
import { durationMs, killed, moments } from './killing.ts'
import { foundMarket, type Market, ORIGIN } from './market.ts'
import { auditOf, cli, collect, copyOf, expectFailed, folder, ok, start, stateOf, TRACE } from './run.ts'
import { changingEntries, flipEntry, withDatabase } from './tampering.ts'

let market: Market
let dir: string
let size: number

beforeAll(async () => {
  market = await foundMarket()
  dir = market.dir
  size = (await stateOf(dir)).size
})

async function sizeOfBackup(file: string): Promise<number> {
  const copy = openBackup(file)
  const verifier = createVerifier()
  try {
    await checkCopy(sha256, copy, verifier)
    return await copy.size()
  } finally {
    await copy.close()
    await verifier.close()
  }
}

describe('a backup', () => {
  it('is one file that only its owner reads, and brings the ledger back', async () => {
    const place = folder()
    const file = join(place, 'ledger.backup')
    const made = await ok(cli(dir, ['backup', file]))
    expect(made).toEqual({ file, origin: ORIGIN, size, checkpointSize: size, bytes: statSync(file).size, keys: 0 })
    expect(readdirSync(place)).toEqual(['ledger.backup'])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const restored = await ok(cli(join(place, 'back'), ['restore', file, '--vkey', market.vkey]))
    expect(restored).toMatchObject({ origin: ORIGIN, vkey: market.vkey, size, guard: 'new', keys: 0, source: file })
    expect(await stateOf(join(place, 'back'))).toEqual(await stateOf(dir))
  })

  it('replaces an older one, and no other file', async () => {
    const place = folder()
    const file = join(place, 'ledger.backup')
    const twin = copyOf(dir)
    await ok(cli(twin, ['backup', file]))
    await ok(cli(twin, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'after']))
    await ok(cli(twin, ['backup', file]))
    expect(await sizeOfBackup(file)).toBe(size + 1)
    const other = join(place, 'other')
    writeFileSync(other, 'mine')
    const own = ['ledger.db', 'checkpoint.db', 'lock.db', 'keys.json'].map((name) => join(twin, name))
    for (const path of [other, ...own, place, join(place, 'none', 'x')]) expectFailed(await cli(twin, ['backup', path]), 'usage')
    expect(readFileSync(other, 'utf8')).toBe('mine')
    expect(readdirSync(place).sort()).toEqual(['ledger.backup', 'other'])
    expect(await stateOf(twin)).toMatchObject({ ok: true, size: size + 1 })
  })

  it('put in the place of a book by hand is not taken for one', async () => {
    const twin = copyOf(dir)
    const file = join(folder(), 'ledger.backup')
    await ok(cli(twin, ['backup', file]))
    for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm']) rmSync(join(twin, name), { force: true })
    writeFileSync(join(twin, 'ledger.db'), readFileSync(file))
    expectFailed(await cli(twin, ['status']), 'damaged')
  })

  it('has the keys where that was asked for, sealed, and only if the passphrase opens them', async () => {
    const file = join(folder(), 'ledger.backup')
    expectFailed(await cli(dir, ['backup', file, '--with-keys'], { passphrase: 'wrong' }), 'passphrase')
    expectFailed(await cli(dir, ['backup', file, '--with-keys'], { passphrase: undefined }), 'passphrase')
    expect(await ok(cli(dir, ['backup', file, '--with-keys']))).toMatchObject({ keys: 5 })
    expect(readFileSync(file).includes('"sealed"')).toBe(true)
    const back = join(folder(), 'back')
    expect(await ok(cli(back, ['restore', file]))).toMatchObject({ keys: 5 })
    expect(readFileSync(join(back, 'keys.json'))).toEqual(readFileSync(join(dir, 'keys.json')))
    expect(readFileSync(join(back, 'ledger.db')).includes('"sealed"')).toBe(false)
    const topup = await cli(back, [
      'topup',
      'Bob',
      '1',
      '--provider',
      'bank',
      '--reference',
      'back',
      '--at',
      '2026-02-01T00:00:00Z',
    ])
    expect(topup.json, topup.stdout).toMatchObject({ status: 'accepted', index: size })
    const without = join(folder(), 'ledger.backup')
    await ok(cli(dir, ['backup', without], { passphrase: undefined }))
    expect(readFileSync(without).includes('"sealed"')).toBe(false)
  })

  it('is made while an import runs, each a ledger as it was at one moment', async () => {
    const twin = copyOf(dir)
    const place = folder()
    const args = ['usage', 'import', TRACE, '--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada']
    const running = { is: true }
    const imported = collect(start(twin, args)).finally(() => {
      running.is = false
    })
    const files: string[] = []
    while (running.is) {
      files.push(join(place, `backup-${files.length}`))
      await ok(cli(twin, ['backup', files.at(-1)!]))
    }
    expect((await imported).json).toMatchObject({ charged: 19_366 })
    files.push(join(place, 'last'))
    await ok(cli(twin, ['backup', files.at(-1)!]))
    const sizes: number[] = []
    for (const file of files) sizes.push(await sizeOfBackup(file))
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b))
    expect(sizes[0]).toBeLessThan(size + 20)
    expect(sizes.at(-1)).toBe(size + 20)
    // The whole audit of the first, which ends in the middle of the import.
    await ok(cli(join(place, 'back'), ['restore', files[0]!]))
    expect(await stateOf(join(place, 'back'))).toMatchObject({ ok: true, size: sizes[0] })
  })
})

describe('a backup that does not succeed', () => {
  it('killed at any moment leaves the one before or the new one', async () => {
    const twin = copyOf(dir)
    const file = join(folder(), 'ledger.backup')
    const wholeMs = await durationMs(twin, ['backup', file])
    await ok(cli(twin, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'more']))
    for (const afterMs of moments(wholeMs, 8)) {
      await killed(twin, ['backup', file], afterMs)
      expect([size, size + 1]).toContain(await sizeOfBackup(file))
    }
    await ok(cli(twin, ['backup', file]))
    expect(await sizeOfBackup(file)).toBe(size + 1)
    expect(readdirSync(join(file, '..'))).toEqual(['ledger.backup'])
  })

  it('on a full disk ends in 4 and leaves the one before, and nothing else', async () => {
    const place = folder()
    const file = join(place, 'ledger.backup')
    const { bytes } = await ok(cli(dir, ['backup', file]))
    const before = readFileSync(file)
    for (const maxFileKib of [1, 33, Math.floor((bytes as number) / 1024) - 1]) {
      expectFailed(await cli(dir, ['backup', file], { maxFileKib }), 'disk_full')
      expectFailed(await cli(dir, ['backup', join(place, 'new')], { maxFileKib }), 'disk_full')
    }
    expect(readdirSync(place)).toEqual(['ledger.backup'])
    expect(readFileSync(file).equals(before)).toBe(true)
    expect((await auditOf(dir)).ok).toBe(true)
  })

  it('of a book that is damaged is not made', async () => {
    const twin = copyOf(dir)
    withDatabase(twin, 'ledger.db', (database) => changingEntries(database, () => flipEntry(database, 7, 'bytes', -20)))
    const place = folder()
    expectFailed(await cli(twin, ['backup', join(place, 'x')]), 'damaged')
    expect(readdirSync(place)).toEqual([])
  })

  it('of nothing is not made', async () => {
    const place = folder()
    expectFailed(await cli(join(place, 'none'), ['backup', join(place, 'x')]), 'usage')
    expectFailed(await cli(dir, ['backup']), 'usage')
    expect(readdirSync(place)).toEqual([])
  })
})
