/** The first steps of a user: the demonstration, and folders named from where npm was called. */

import { spawn } from 'node:child_process'
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { rules } from '../../core/domain/transactions/index.ts'
import { foundMarket } from './market.ts'
import { cli, collect, expectFailed, expectRefused, folder, ok, ROOT, stateOf } from './run.ts'

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
    expect(first.stdout).toMatch(/^Charged 19366 of 19366 lines of gateway-1, in 20 entries$/m)
    expect(first.stdout).toMatch(/^ok {2}\d+ entries and \d+ signatures verified in \S+ s$/m)
    expect(first.stdout).toMatch(/^ +sum +0$/m)
    expect(first.stdout).toMatch(/^Next: npm start -- --dir \S+$/m)
    expect(first.stdout).toMatch(/^Its keys are sealed under the passphrase "demo"\.$/m)
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

  it('needs neither a home folder nor a current one where it is told the ledger', async () => {
    // As for a user of a container whom the system's list of users does not have.
    const nowhere = `import os from 'node:os'; import { syncBuiltinESMExports } from 'node:module';
      const fail = () => { throw Object.assign(new Error('ENOENT'), { code: 'ERR_SYSTEM_ERROR' }) };
      Object.assign(os, { homedir: fail, userInfo: fail }); syncBuiltinESMExports()`
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(nowhere)}`, XDG_DATA_HOME: '' }
    expect((await cli(dir, ['status'], { env })).json.dir).toBe(dir)
    const unnamed = await cli('', ['status'], { env })
    expectFailed(unnamed, 'usage')
    expect(unnamed.json.message).toContain('--dir')
    expect((await cli('', ['--help'], { env, plain: true })).code).toBe(0)
    const gone = folder()
    const left = ['bash', '-c', 'cd "$1" && rmdir "$1" && shift && exec "$@"', 'bash', gone, process.execPath]
    const child = spawn(left[0]!, [...left.slice(1), join(ROOT, 'core/bin/cli.ts'), '--dir', dir, '--json', 'status'])
    expect((await collect(child)).json.dir).toBe(dir)
  })

  it('takes no folder for data that is not absolute', async () => {
    const env = { XDG_DATA_HOME: 'relative', HOME: folder() }
    const { message } = (await cli('', ['status'], { env, isAlone: true })).json
    if (process.platform === 'linux') expect(message).toContain(join(env.HOME, '.local/share/nimledger'))
    expect(message).not.toContain('relative')
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
