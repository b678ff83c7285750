/** What a ledger hands out: tiles that verify alone, lines that parse. It holds every type of entry, and 19 366 real calls. */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { reading } from '../../core/bin/place.ts'
import { foundMarket, placeOf } from './market.ts'
import { type Answer, auditOf, cli, copyOf, expectFailed, expectNoStack, folder, ok, stateOf, TRACE } from './run.ts'

const place = folder()
let dir: string
let vkey: string

const file = (name: string) => join(place, name)

beforeAll(async () => {
  const market = await foundMarket()
  dir = market.dir
  vkey = market.vkey
  await ok(cli(dir, ['usage', 'import', TRACE, '--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada']))
  // A note, but no checkpoint.
  const body = JSON.stringify({ account: market.accounts.Bob, amount: '1', provider: 'bank', reference: 'tr_1' })
  await ok(cli(dir, ['tx', 'sign', 'credit.topup', '--as', 'operator', '--body', body, '-o', file('n1')]))
})

describe('what everybody can see and check', () => {
  it('exports tiles that verify alone, against a checkpoint from before as well', async () => {
    const twin = copyOf(dir)
    const old = file('old-checkpoint')
    await ok(cli(twin, ['export', 'tiles', file('tiles-before')]))
    cpSync(join(file('tiles-before'), 'checkpoint'), old)
    await ok(cli(twin, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'later']))
    const exported = await ok(cli(twin, ['export', 'tiles', file('tiles')]))
    expect(exported.target).toBe(file('tiles'))
    const size = (await stateOf(twin)).size
    expect(exported.entries).toBe(size)
    expect(existsSync(join(file('tiles'), `tile/0/000.p/${size}`))).toBe(true)
    expect(existsSync(join(file('tiles'), `tile/entries/000.p/${size}`))).toBe(true)
    const [alone, keyed, older, newer, forked] = await Promise.all([
      cli('', ['verify', file('tiles')]),
      cli('', ['verify', file('tiles'), '--vkey', vkey, '--old', old]),
      cli(twin, ['verify', '--old', old]),
      cli(dir, ['verify', '--old', join(file('tiles'), 'checkpoint')]),
      cli(dir, ['verify', '--old', file('n1')]),
    ])
    for (const run of [alone, keyed, older]) expect([run.json.ok, run.code], run.stdout).toEqual([true, 0])
    expect(alone.json.root).toBe((await stateOf(twin)).root)
    // A ledger that is shorter than a checkpoint it signed is not the whole ledger.
    expect([newer.json.ok, newer.code]).toEqual([false, 3])
    expect([forked.json.ok, forked.code]).toEqual([false, 3])
  })

  it('finds any change in exported tiles', async () => {
    const folderOf = (name: string) => {
      const copy = join(folder(), name)
      cpSync(file('tiles'), copy, { recursive: true })
      return copy
    }
    const size = (await auditOf(dir)).size + 1
    const damage = async (path: string, offset: number, index?: number) => {
      const copy = folderOf('tiles')
      const bytes = readFileSync(join(copy, path))
      bytes[offset]! ^= 1
      writeFileSync(join(copy, path), bytes)
      const run = await cli('', ['verify', copy])
      expectNoStack(run)
      expect(run.code, `${path} ${offset}: ${run.stdout}`).toBe(3)
      if (index !== undefined) expect(run.json.defects[0]).toMatchObject({ index })
    }
    await Promise.all([
      damage(`tile/entries/000.p/${size}`, 40, 0),
      damage(`tile/entries/000.p/${size}`, 1),
      damage(`tile/0/000.p/${size}`, 5 * 32),
      damage('checkpoint', 30),
    ])
  })

  it('tells as a defect what of exported tiles is missing or cut off', async () => {
    const size = (await auditOf(dir)).size + 1
    const [bundle, hashes] = [`tile/entries/000.p/${size}`, `tile/0/000.p/${size}`]
    const lost: ((copy: string) => void)[] = [
      (copy) => rmSync(join(copy, 'checkpoint')),
      (copy) => rmSync(join(copy, 'tile'), { recursive: true }),
      (copy) => rmSync(join(copy, bundle)),
      (copy) => rmSync(join(copy, hashes)),
      (copy) => truncateSync(join(copy, bundle), 1_000),
      (copy) => truncateSync(join(copy, 'checkpoint'), 10),
    ]
    const runs = await Promise.all(
      lost.map((lose) => {
        const copy = join(folder(), 'tiles')
        cpSync(file('tiles'), copy, { recursive: true })
        lose(copy)
        return cli('', ['verify', copy])
      }),
    )
    for (const [i, run] of runs.entries()) {
      expectNoStack(run)
      expect([run.code, run.json.ok, run.json.defects.length], `${i}: ${run.stdout}`).toEqual([3, false, 1])
    }
  })

  it('exports lines that parse, whose notes are those of the log', async () => {
    const exported = await ok(cli(dir, ['export', 'jsonl', file('log.jsonl')]))
    const lines = readFileSync(file('log.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer)
    expect(lines).toHaveLength(exported.entries as number)
    const stored = await reading(placeOf(dir), (store) => store.entries(0, 1_000))
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
    expect(lines.map(({ time, note }) => `${time}\n${note}`)).toEqual(stored.map(({ bytes }) => text(bytes)))
    expect(lines.map(({ index }) => index)).toEqual(stored.map((_, i) => i))
  })
})

describe('exports that are one file', () => {
  it.each(['jsonl', 'csv', 'hledger', 'beancount'])('%s says where it went and has every entry', async (format) => {
    const { size } = await stateOf(dir)
    const target = file(`whole.${format}`)
    expect(await ok(cli(dir, ['export', format, target]))).toEqual({ target, files: 1, entries: size })
    const text = readFileSync(target, 'utf8')
    const ids = (await ok(cli(dir, ['export', 'jsonl', file('ids')]))) && readFileSync(file('ids'), 'utf8')
    for (const line of ids.trimEnd().split('\n')) expect(text).toContain((JSON.parse(line) as Answer).id)
    // The same ledger gives the same file.
    await ok(cli(dir, ['export', format, file('again')]))
    expect(readFileSync(file('again'), 'utf8')).toBe(text)
  })

  it('are there whole or as they were before', async () => {
    const target = folder()
    const kept = join(target, 'kept')
    writeFileSync(kept, 'as it was')
    mkdirSync(join(target, 'a folder'))
    expectFailed(await cli(dir, ['export', 'hledger', kept], { maxFileKib: 4 }), 'disk_full')
    expect(readFileSync(kept, 'utf8')).toBe('as it was')
    const wrong = await Promise.all([
      cli(dir, ['export', 'csv', join(target, 'a folder')]),
      cli(dir, ['export', 'csv', join(target, 'none', 'x')]),
      cli(dir, ['export', 'csv', join(kept, 'x')]),
      cli(dir, ['export', 'csv', '-']),
      cli(dir, ['export', 'ledger', join(target, 'x')]),
    ])
    for (const run of wrong) {
      expectFailed(run, 'usage')
      expect(run.json.message).not.toContain('.new')
    }
    expect(wrong[1]!.json.message).toBe(`There is no folder ${join(target, 'none')}.`)
    expect((await cli(dir, ['export', 'tiles', kept])).json.message).toBe(`${kept} is a file; tiles go into a folder.`)
    expect(readdirSync(target).sort()).toEqual(['a folder', 'kept'])
    await ok(cli(dir, ['export', 'csv', kept]))
    expect(readFileSync(kept, 'utf8')).toMatch(/^index,time,/)
  })

  it.skipIf(process.platform === 'win32')('go into no device', async () => {
    expectFailed(await cli(dir, ['export', 'csv', '/dev/null']), 'usage')
    expect(existsSync('/dev/null.new')).toBe(false)
  })
})
