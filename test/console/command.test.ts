/** nimledger console and npm start, as processes. */

import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { marketCopy } from '../api/console.ts'
import { failureOf } from '../api/spec.ts'
import { accepted, auditOf, cli, expectFailed, folder, PASSPHRASE, ROOT } from '../cli/run.ts'
import { clientOf, printed, startConsole, startStart } from './process.ts'

const topup = (reference: string) => ['topup', 'Bob', '1', '--provider', 'bank', '--reference', reference]

describe('nimledger console', () => {
  it('says in one line where it is, serves, and ends when it is told to', async () => {
    const market = await marketCopy()
    const { running, facts } = await startConsole(market.dir, [], PASSPHRASE)
    const { size } = await auditOf(market.dir)
    expect(facts).toEqual({
      listening: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      origin: 'test.example/credits',
      vkey: market.vkey,
      size,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/open\?token=[\w-]{43}$/),
    })
    expect(running.output().trimEnd().split('\n')).toHaveLength(1)
    const client = await clientOf(facts)
    expect(await client.desk.state.query()).toMatchObject({ status: 'open' })
    // Other programs' commands go through it.
    await accepted(cli(market.dir, topup('beside')))
    expect((await client.log.page.query({ limit: 1 })).entries[0]).toMatchObject({ type: 'credit.topup', index: size })
    expect(await running.end()).toBe(0)
    expect(running.errors()).toBe('')
    await accepted(cli(market.dir, topup('after')))
    expect(await auditOf(market.dir)).toMatchObject({ ok: true, size: size + 2 })
  })

  it('ends on an interrupt while somebody watches, at once', async () => {
    const market = await marketCopy()
    const { running, facts } = await startConsole(market.dir, [], PASSPHRASE)
    const client = await clientOf(facts)
    const events: unknown[] = []
    const { unsubscribe } = client.log.watch.subscribe({ after: 0 }, { onData: (event) => events.push(event) })
    await expect.poll(() => events.length, { timeout: 10_000 }).toBeGreaterThan(10)
    const started = performance.now()
    expect(await running.end('SIGINT')).toBe(0)
    expect(performance.now() - started).toBeLessThan(2_500)
    unsubscribe()
  })

  it('starts locked without the passphrase, and not at all with a wrong one', async () => {
    const market = await marketCopy()
    const { facts } = await startConsole(market.dir)
    expect(facts).toMatchObject({ vkey: market.vkey })
    const client = await clientOf(facts)
    expect(await failureOf(client.log.page.query())).toMatchObject({ code: 'locked' })
    await accepted(cli(market.dir, topup('while it is locked')))
    await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
    await accepted(cli(market.dir, topup('while it is open')))
    expectFailed(await cli(market.dir, ['console'], { passphrase: 'wrong' }), 'passphrase')
    // There is one writer: another console that opens the same ledger writes through it.
    const beside = await clientOf((await startConsole(market.dir, [], PASSPHRASE)).facts)
    expect(await beside.hub.state.query()).toMatchObject({ where: 'beside', view: { program: 'console' } })
    expect(await beside.desk.openAccount.mutate({ name: 'Dora' })).toMatchObject({ status: 'accepted' })
    expect((await client.desk.state.query()).accounts.map(({ label }) => label)).toContain('Dora')
  })

  it('serves an empty folder, where everything begins', async () => {
    const { facts } = await startConsole(folder())
    expect(Object.keys(facts)).toEqual(['listening', 'url'])
    expect(await (await clientOf(facts)).desk.state.query()).toMatchObject({ status: 'empty' })
  })

  it('listens on this machine only', async () => {
    const dir = folder()
    for (const address of [
      '0.0.0.0:0',
      '192.168.1.1:80',
      '[::]:0',
      'example.com:80',
      '127.0.0.1',
      '127.0.0.1:70000',
      ':80',
      'x',
    ]) {
      expectFailed(await cli(dir, ['console', '--listen', address]), 'usage')
    }
    const { facts } = await startConsole(dir, ['--listen', 'localhost:0'])
    expect(facts.listening).toMatch(/^http:\/\/localhost:\d+$/)
    const taken = new URL(facts.listening).port
    const second = await cli(dir, ['console', '--listen', `localhost:${taken}`])
    expectFailed(second, 'busy')
    expect(second.json.message).toContain(taken)
  })
})

describe('npm start', () => {
  it('shows the console in the browser where there is no window, in clear words, and ends cleanly', async () => {
    const dir = join(folder(), 'ledger')
    const running = startStart(['--dir', dir])
    const [url] = await printed(running, /http:\/\/127\.0\.0\.1:\d+\/open\?token=\S+/)
    expect(running.output()).toMatch(/^There is no display for a window\. The same console opens in a browser\.$/m)
    const client = await clientOf({ listening: new URL(url).origin, url })
    expect(await client.desk.tryDemo.mutate()).toMatchObject({ status: 'open', isDemo: true })
    expect(await running.end()).toBe(0)
    expect(running.errors()).toBe('')
    expect(await auditOf(dir)).toMatchObject({ ok: true })
    // The demonstration opens by itself from now on.
    const again = startStart(['--dir', dir])
    const [next] = await printed(again, /http:\/\/127\.0\.0\.1:\d+\/open\?token=\S+/)
    const { status } = await (await clientOf({ listening: new URL(next).origin, url: next })).desk.state.query()
    expect(status).toBe('open')
    expect(await again.end('SIGINT')).toBe(0)
  })

  it('shows a window where there is a binary for it, and ends with it', async () => {
    const made = folder()
    const binary = join(made, 'electron')
    writeFileSync(binary, `#!/bin/sh\nprintf '%s\\n' "$@" > "${made}/arguments"\nexit 3\n`)
    chmodSync(binary, 0o755)
    const running = startStart(['--dir', made], { ELECTRON_EXEC_PATH: binary })
    const code = await new Promise((resolve) => running.child.once('close', resolve))
    expect(code).toBe(3)
    expect(readFileSync(join(made, 'arguments'), 'utf8').trim().split('\n')).toEqual([`${ROOT}/`, '--dir', made])
  })

  it('says so where ELECTRON_EXEC_PATH names nothing', async () => {
    const running = startStart(['--dir', folder()], { ELECTRON_EXEC_PATH: join(folder(), 'nothing') })
    await printed(running, /ELECTRON_EXEC_PATH names .*, which does not exist\. The same console opens in a browser\./)
    await printed(running, /http:\/\/127\.0\.0\.1:\d+\/open\?token=\S+/)
    expect(await running.end()).toBe(0)
  })

  it('refuses what it does not know', async () => {
    const running = startStart(['--nonsense'])
    const code = await new Promise((resolve) => running.child.once('close', resolve))
    expect(code).toBe(2)
    expect(running.errors()).toMatch(/^npm start takes --dir DIR/)
  })
})
