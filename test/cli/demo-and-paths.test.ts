/** The first steps of a user: the demonstration, and folders named from where npm was called. */

import { spawn } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { rules } from '../../core/domain/transactions/index.ts'
import { foundMarket } from './market.ts'
import { cli, collect, expectRefused, folder, ok, ROOT, stateOf } from './run.ts'

let dir: string

beforeAll(async () => {
  dir = (await foundMarket()).dir
})

describe('the demonstration, and paths', () => {
  it('tells a year of a marketplace, with every transaction type in it, that verifies, once', async () => {
    const demo = join(folder(), 'demo')
    const founded = await ok(cli(demo, ['demo'], { passphrase: undefined }))
    const state = await stateOf(demo)
    expect(state.ok).toBe(true)
    const log = await cli(demo, ['log'])
    const types = new Set(log.lines.map(({ type }) => type))
    expect([...types].sort()).toEqual([...rules.get(1)!.keys()].sort())
    // A year and a day's trace, told in order, with the key of the log changed on the way.
    const times = log.lines.map(({ time }) => time)
    expect([times.at(0), times.at(-1)]).toEqual(['2023-11-15T09:00:00.000Z', '2024-11-15T00:00:00.000Z'])
    expect((await ok(cli(demo, ['status']))).vkey).toBe(founded.vkey)
    expect(founded.vkey).toMatch(/^demo\./)
    expectRefused(await cli(demo, ['demo'], { passphrase: undefined }), 'already_founded')
    expect(await stateOf(demo)).toEqual(state)
  })

  it('bills the real trace in it, verifies it and shows its books; again it charges nothing', async () => {
    const demo = join(folder(), 'demo')
    const first = await cli(demo, ['demo', '--trace'], { passphrase: undefined, plain: true })
    expect(first.code, first.stderr).toBe(0)
    expect(first.stdout).toMatch(/^Founded the demonstration in /)
    expect(first.stdout).toMatch(/charged +19366$/m)
    expect(first.stdout).toMatch(/^Verified \d+ entries and \d+ signatures in \S+ s: ok$/m)
    expect(first.stdout).toMatch(/^ +sum +0$/m)
    const again = await ok(cli(demo, ['demo', '--trace'], { passphrase: undefined }))
    expect(again).toMatchObject({ lines: 19_366, charged: 0, alreadyCharged: 19_366, gross: '0' })
  })

  it('comes the same through the installed command, which finds a Node that is new enough', async () => {
    for (const args of [['status'], ['balance', 'Nobody']]) {
      const child = spawn(process.execPath, [join(ROOT, 'core/bin/nimledger.cjs'), '--dir', dir, '--json', ...args])
      const [installed, direct] = await Promise.all([collect(child), cli(dir, args)])
      expect([installed.code, installed.stdout]).toEqual([direct.code, direct.stdout])
    }
  })

  it('resolves relative paths against where npm was called', async () => {
    const caller = folder()
    mkdirSync(join(caller, 'here'))
    cpSync(dir, join(caller, 'here/ledger'), { recursive: true })
    const env = { INIT_CWD: join(caller, 'here') }
    const exported = await cli('ledger', ['export', 'jsonl', '../out.jsonl'], { env })
    expect(exported.code, exported.stdout).toBe(0)
    expect(exported.json.target).toBe(join(caller, 'out.jsonl'))
    const [verified, outside] = await Promise.all([
      cli('', ['verify', './ledger'], { env }),
      cli('ledger', ['status'], { cwd: join(caller, 'here') }),
    ])
    expect([verified.code, outside.code]).toEqual([0, 0])
  })
})
