/** A ledger that another command is writing, and a disk that is full: the right exit code, and a ledger that goes on after it. */

import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import { foundMarket, type Market } from './market.ts'
import {
  auditOf,
  cli,
  copyOf,
  expectFailed,
  expectNoStack,
  expectOneValue,
  expectRefused,
  folder,
  stateOf,
  TRACE,
} from './run.ts'
import { topup } from './untouched.ts'

let market: Market
let dir: string
let before: Awaited<ReturnType<typeof stateOf>>

beforeAll(async () => {
  market = await foundMarket()
  dir = market.dir
  before = await stateOf(dir)
})

describe('a ledger that is in use', () => {
  it('is locked for writers and open for readers', async () => {
    const twin = copyOf(dir)
    const writer = await openSqliteWriter(twin)
    try {
      const [write, mistyped, init, balance, verify] = await Promise.all([
        topup(twin, '1'),
        cli(twin, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'bad'], { passphrase: 'open barley' }),
        cli(twin, ['init']),
        cli(twin, ['balance', 'Bob']),
        cli(twin, ['verify']),
      ])
      expectFailed(write, 'locked')
      // The keys are opened before the lock is taken, so that opening them, which is slow, holds nobody up.
      expectFailed(mistyped, 'passphrase')
      expect([1, 4]).toContain(init.code)
      expectNoStack(init)
      expect([balance.code, verify.code]).toEqual([0, 0])
    } finally {
      await writer.close()
    }
    expect((await topup(twin, '1')).code).toBe(0)
    expect((await stateOf(twin)).size).toBe(before.size + 1)
  })

  it('lets writers wait for each other', async () => {
    const twin = copyOf(dir)
    const runs = await Promise.all([1, 2, 3, 4].map((number) => topup(twin, '1', `at once ${number}`)))
    for (const run of runs) expect(run.code, run.stdout).toBe(0)
    expect(new Set(runs.map(({ json }) => json.index)).size).toBe(4)
    expect(await stateOf(twin)).toMatchObject({ ok: true, size: before.size + 4 })
  })
})

describe('a full disk', () => {
  it('ends a command in 4, and leaves a ledger that verifies and goes on', async () => {
    const limits = [1, 33, 64]
    for (const maxFileKib of limits) {
      const twin = copyOf(dir)
      const args = ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'full']
      const run = await cli(twin, args, { maxFileKib })
      expectNoStack(run)
      if (run.code !== 0) expectFailed(run, 'disk_full')
      const state = await stateOf(twin)
      expect(state.ok, `${maxFileKib} KiB`).toBe(true)
      // What was answered is there; what was not may be, and then its reference is used.
      if (run.code === 0) expect(state.size).toBe(before.size + 1)
      const again = await cli(twin, args)
      if (state.size === before.size) expect(again.json.status, again.stdout).toBe('accepted')
      else expectRefused(again, 'reference_used')
      expect((await stateOf(twin)).size).toBe(before.size + 1)
    }
  })

  it('stops an import, which then goes on and charges nothing twice', async () => {
    const twin = copyOf(dir)
    const args = ['usage', 'import', TRACE, '--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada']
    const stopped = await cli(twin, args, { maxFileKib: 300 })
    expectFailed(stopped, 'disk_full')
    const after = await auditOf(twin)
    expect(after.ok).toBe(true)
    const taken = after.size - before.size
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThan(20)
    const resumed = await cli(twin, args)
    expectOneValue(resumed)
    expect(resumed.json).toMatchObject({ lines: 19_366, alreadyCharged: taken * 1_000, charged: 19_366 - taken * 1_000 })
    expect((await stateOf(twin)).size).toBe(before.size + 20)
  })

  it('ends an export in 4, and never in a file that is cut off and 0', async () => {
    const target = folder()
    const whole = await cli(dir, ['export', 'jsonl', join(target, 'whole')])
    const size = statSync(join(target, 'whole')).size
    expect(whole.code).toBe(0)
    // Also where only the very last line does not fit.
    const limits = [4, Math.floor((size - 1) / 1_024)]
    for (const maxFileKib of limits) {
      const run = await cli(dir, ['export', 'jsonl', join(target, `cut-${maxFileKib}`)], { maxFileKib })
      expect(run.code, `${maxFileKib} KiB of ${size} bytes: ${run.stdout}`).toBe(4)
      expectFailed(run, 'disk_full')
    }
    mkdirSync(join(target, 'tiles'))
    expectFailed(await cli(dir, ['export', 'tiles', join(target, 'tiles')], { maxFileKib: 4 }), 'disk_full')
  })
})
