/** Whose time counts: that of a manual clock as it is given, that of the system clock as it is. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { foundMarket, START } from './market.ts'
import { accepted, cli, expectFailed, folder, ok, stateOf } from './run.ts'

let dir: string

beforeAll(async () => {
  dir = (await foundMarket()).dir
})

describe('times', () => {
  it('of a manual clock are as they were given, and never go back', async () => {
    const topup = (at: string, reference: string) =>
      cli(dir, ['topup', 'Ada', '1', '--provider', 'clock', '--reference', reference, '--at', at])
    expect((await accepted(topup('2026-01-06T09:30:00.123456Z', 'a'))).time).toBe('2026-01-06T09:30:00.123Z')
    // RFC 3339 lets its letters be small, and has offsets.
    expect((await accepted(topup('2026-01-06t09:30:01z', 'small'))).time).toBe('2026-01-06T09:30:01.000Z')
    expect((await accepted(topup('2026-01-06T10:30:02+01:00', 'offset'))).time).toBe('2026-01-06T09:30:02.000Z')
    const before = await stateOf(dir)
    const runs = await Promise.all(
      [
        '2026-01-06T09:30:01.999Z',
        '2026-01-06T09:30',
        'tomorrow',
        '2026-02-30T00:00:00Z',
        '2026-02-03T24:00:00Z',
        '2026-13-01T00:00:00Z',
        '9999-01-01T00:00:00Z',
        '',
      ].map((at) => topup(at, 'b')),
    )
    for (const [i, run] of runs.entries()) {
      expect(run.code, `${i}: ${run.stdout}`).toBe(2)
      expectFailed(run, 'usage')
    }
    expect(await stateOf(dir)).toEqual(before)
  })

  it('of the system clock cannot be given', async () => {
    const system = join(folder(), 'ledger')
    expectFailed(await cli(system, ['init', '--at', START]), 'usage')
    expect(existsSync(system)).toBe(false)
    const before = Date.now()
    await ok(cli(system, ['init']))
    const opened = await ok(cli(system, ['account', 'new', 'Ada']))
    expect(opened.account).toMatch(/^nim1/)
    const [early, log, balance] = await Promise.all([
      cli(system, ['account', 'new', 'Bob', '--at', '2100-01-01T00:00:00Z']),
      cli(system, ['log']),
      cli(system, ['balance', 'Ada', '--at', '2100-01-01T00:00:00Z']),
    ])
    expectFailed(early, 'usage')
    expectFailed(balance, 'usage')
    for (const { time } of log.lines) expect(Math.abs(Date.parse(time) - before)).toBeLessThan(60_000)
    expect((await stateOf(system)).size).toBe(2)
  })
})
