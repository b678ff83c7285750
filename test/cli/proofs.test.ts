/** Receipts, balance proofs and the scheduler, as scripts use them. */

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { foundMarket, type Market } from './market.ts'
import { type Answer, cli, folder, ok } from './run.ts'

let market: Market

beforeAll(async () => {
  market = await foundMarket()
})

const check = (file: string, vkey = market.vkey) => cli('', ['check', file, '--vkey', vkey])

describe('receipts', () => {
  it('show an entry to whoever has the vkey, with the entry beside', async () => {
    const file = join(folder(), 'five.tlog-proof')
    expect((await ok(cli(market.dir, ['prove', '5', '-o', file]))) as unknown).toEqual({ file })
    const entry = readFileSync(file.replace('.tlog-proof', '.entry'), 'utf8')
    expect(entry).toMatch(/^2026-01-02T10:00:00\.250Z\n\{"body":/)
    const checked = await check(file)
    const [logged] = (await cli(market.dir, ['log', '--from', '5', '--limit', '1'])).lines as unknown as Answer[]
    expect(checked.code).toBe(0)
    const { size } = await ok(cli(market.dir, ['status']))
    const { index, time, id, signer } = logged as Answer & { signer: string }
    expect(checked.json).toMatchObject({ ok: true, what: 'entry', origin: 'test.example/credits', size, index, time, id, signer })
  })

  it('are worth nothing when a byte differs, of the proof or of the entry beside it, or under another key', async () => {
    const file = join(folder(), 'five.tlog-proof')
    await ok(cli(market.dir, ['prove', '5', '-o', file]))
    const beside = file.replace('.tlog-proof', '.entry')
    writeFileSync(beside, readFileSync(beside, 'utf8').replace('.250Z', '.251Z'))
    const foreign = await check(file)
    expect(foreign).toMatchObject({ code: 3, json: { ok: false } })
    expect(foreign.json.message).toContain('is not the one that is proven')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('index 5', 'index 6'))
    expect(await check(file)).toMatchObject({ code: 3, json: { ok: false } })
    writeFileSync(file, text)
    const other = await foundMarket()
    expect(await check(file, other.vkey)).toMatchObject({ code: 3, json: { ok: false } })
    expect((await cli('', ['check', file])).code).toBe(2)
    expect((await check(join(folder(), 'none'))).code).toBe(2)
    expect((await check(file, 'no vkey')).code).toBe(2)
  })

  it('that another program made may have the entry beside them alone', async () => {
    const file = join(folder(), 'five.tlog-proof')
    await ok(cli(market.dir, ['prove', '5', '-o', file]))
    const whole = await check(file)
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^extra .*\n/m, ''))
    expect(await check(file)).toMatchObject({ code: 0, json: whole.json })
    const beside = file.replace('.tlog-proof', '.entry')
    const entry = readFileSync(beside)
    for (const other of ['', 'no entry', entry.toString('utf8').replace('.250Z', '.251Z')]) {
      writeFileSync(beside, other)
      expect(await check(file), other).toMatchObject({ code: 3, json: { ok: false } })
    }
    rmSync(beside)
    expect((await check(file)).json.message).toContain('none lies beside it')
  })

  it('of entries that there are, and no others', async () => {
    const { size } = await ok(cli(market.dir, ['status']))
    const file = join(folder(), 'x.tlog-proof')
    expect((await cli(market.dir, ['prove', String(size), '-o', file])).code).toBe(2)
    expect((await cli(market.dir, ['prove', '-1', '-o', file])).code).toBe(2)
    expect(existsSync(file)).toBe(false)
  })
})

describe('balance proofs', () => {
  it('show what an account had at the last closing, also later', async () => {
    const { dir, vkey, accounts } = await foundMarket()
    const before = await cli(dir, ['prove-balance', 'Ada', '-o', join(folder(), 'a')])
    expect(before).toMatchObject({ code: 2, json: { code: 'usage' } })
    expect(before.json.message).toContain('renew --until')
    const renewed = await ok(cli(dir, ['renew', '--until', '2026-01-05T00:00:00Z']))
    expect(renewed).toMatchObject({ renewed: 0, closed: 1, refused: {} })
    const balance = await ok(cli(dir, ['balance', 'Ada']))
    await ok(cli(dir, ['topup', 'Ada', '7', '--provider', 'bank', '--reference', 'later']))
    const file = join(folder(), 'ada.tlog-proof')
    expect((await ok(cli(dir, ['prove-balance', 'Ada', '-o', file]))) as unknown).toEqual({ file })
    const checked = await check(file, vkey)
    const { paid, held, earnings, payable, receivable } = balance as unknown as Record<string, string>
    const books = { wallet: paid, held, earnings, payable, receivable }
    expect(checked).toMatchObject({ code: 0, json: { ok: true, what: 'balance', account: accounts.Ada, books } })
    const text = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      text.replace(/^extra (.)/m, (_, first: string) => `extra ${first === 'e' ? 'f' : 'e'}`),
    )
    expect(await check(file, vkey)).toMatchObject({ code: 3, json: { ok: false } })
  })

  it('there is none for an account that is younger than the closing', async () => {
    const { dir } = await foundMarket()
    await ok(cli(dir, ['renew', '--until', '2026-01-05T00:00:00Z']))
    await ok(cli(dir, ['account', 'new', 'Zoe']))
    const young = await cli(dir, ['prove-balance', 'Zoe', '-o', join(folder(), 'zoe')])
    expect(young).toMatchObject({ code: 2, json: { code: 'usage' } })
    expect(young.json.message).toContain('younger')
  })
})

describe('renew', () => {
  it('renews what is due, and a second time nothing', async () => {
    const { dir } = await foundMarket()
    const first = await ok(cli(dir, ['renew', '--until', '2026-02-10T00:00:00Z']))
    expect(first.renewed).toBeGreaterThan(0)
    const log = await cli(dir, ['log', '--type', 'plan.renew'])
    expect(log.lines).toHaveLength(1)
    const again = await ok(cli(dir, ['renew', '--until', '2026-02-10T00:00:00Z']))
    expect(again).toMatchObject({ renewed: 0, closed: 0, refused: {}, size: first.size })
    expect((await cli(dir, ['verify'])).json).toMatchObject({ ok: true })
  })

  it('never goes back, and wants a time', async () => {
    const { dir } = await foundMarket()
    expect(await cli(dir, ['renew', '--until', '2025-01-01T00:00:00Z'])).toMatchObject({ code: 2, json: { code: 'usage' } })
    expect((await cli(dir, ['renew', '--until', 'tomorrow'])).code).toBe(2)
    expect((await cli(dir, ['renew'])).code).toBe(2)
  })
})
