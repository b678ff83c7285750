/** The built window program: what every transport does, over its channel; and the window itself. */

import { describe, expect, it } from 'vitest'
import type { IpcResponse } from '../../core/api/ipc-messages.ts'
import { marketCopy } from '../api/console.ts'
import { consoleSpec, failureOf } from '../api/spec.ts'
import { end, folder, PASSPHRASE } from '../cli/run.ts'
import { bridgeOf, launch, spawnStandIn, windowClient } from './launch.ts'

describe('the console in a window', () => {
  consoleSpec(async () => {
    const market = await marketCopy()
    const { page } = await launch(market.dir)
    return { market, client: await windowClient(page), cut: undefined }
  })
})

describe('the window', () => {
  it('gives its page a bridge and nothing of Node, Electron or its own making', async () => {
    const { page } = await launch((await marketCopy()).dir)
    const world = await page.evaluate(() => {
      const all = globalThis as unknown as Record<string, unknown>
      return {
        bridge: Object.keys(all.nimledger as object).sort(),
        isFrozen: Object.isFrozen(all.nimledger),
        leaks: ['require', 'process', 'Buffer', 'module', 'ipcRenderer', 'standinSend', 'standinReceive'].filter(
          (name) => name in all,
        ),
      }
    })
    expect(world).toEqual({ bridge: ['listen', 'send'], isFrozen: true, leaks: [] })
  })

  it('has a page that may load nothing from elsewhere and run nothing that it was not built with', async () => {
    const { page } = await launch((await marketCopy()).dir)
    const answer = await page.reload()
    const policy = answer!.headers()['content-security-policy']!
    expect(policy).toContain("default-src 'none'")
    expect(policy).toMatch(/style-src 'self' 'nonce-[\w+/=]{20,}'/)
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    const blocked = await page.evaluate(async () => {
      const foreign = await fetch('https://example.com/').then(
        () => 'let through',
        () => 'blocked',
      )
      const script = document.createElement('script')
      script.textContent = 'globalThis.wasRun = true'
      document.head.append(script)
      return { foreign, inline: 'wasRun' in globalThis ? 'let through' : 'blocked' }
    })
    expect(blocked).toEqual({ foreign: 'blocked', inline: 'blocked' })
  })

  it('opens no other window', async () => {
    const { page } = await launch((await marketCopy()).dir)
    await page.evaluate(() => void window.open('https://example.com/'))
    await expect.poll(() => page.context().pages().length).toBe(1)
  })

  it('answers nothing that is not a request, and goes on', async () => {
    const { page } = await launch((await marketCopy()).dir)
    const bridge = await bridgeOf(page)
    const heard: IpcResponse[] = []
    // Its page calls, too, under larger ids.
    bridge.listen((response) => Number(response.id) < 1_000 && heard.push(response))
    const hostile: unknown[] = [
      ...[null, 7, 'call', [], {}, { kind: 'call' }],
      { kind: 'call', id: -1, type: 'query', path: 'desk.state' },
      { kind: 'call', id: 1.5, type: 'query', path: 'desk.state' },
      { kind: 'call', id: 1, type: 'delete', path: 'desk.state' },
      { kind: 'call', id: 1, type: 'query', path: 'x'.repeat(1_000) },
      { kind: 'call', id: 1, type: 'query', path: 'desk.state', input: { not: 'a text' } },
      { kind: 'call', id: 1, type: 'query', path: 'desk.state', extra: 1 },
      { kind: 'stop', id: 'all' },
      { kind: 'call', id: 1, type: 'query', path: 'desk.state', input: 'x'.repeat(9 * 1024 * 1024) },
    ]
    for (const message of hostile) bridge.send(message as never)
    bridge.send({ kind: 'call', id: 2, type: 'query', path: 'log.page', input: 'no JSON' })
    bridge.send({ kind: 'call', id: 3, type: 'query', path: '__proto__.toString' })
    bridge.send({ kind: 'call', id: 4, type: 'mutation', path: 'desk.state' })
    bridge.send({ kind: 'call', id: 5, type: 'query', path: 'desk.state' })
    await expect.poll(() => heard.map(({ id }) => id).sort(), { timeout: 40_000 }).toEqual([2, 3, 4, 5])
    expect(heard.filter((response) => 'error' in response)).toHaveLength(3)
    expect(JSON.stringify(heard)).not.toMatch(/ {4}at |node_modules/)
  })

  it('lets so many calls be under way, and no more', async () => {
    const market = await marketCopy()
    const { page } = await launch(market.dir)
    const bridge = await bridgeOf(page)
    const heard: IpcResponse[] = []
    bridge.listen((response) => Number(response.id) < 1_000 && heard.push(response))
    for (let id = 1; id <= 260; id++) bridge.send({ kind: 'call', id, type: 'subscription', path: 'desk.watch' })
    await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(260)
    // 256, those of its page included.
    expect(heard.filter((response) => 'error' in response).length).toBeGreaterThanOrEqual(4)
    expect(heard.filter((response) => 'result' in response).length).toBeGreaterThan(240)
    bridge.send({ kind: 'stop', id: 1 })
    bridge.send({ kind: 'call', id: 999, type: 'query', path: 'desk.state' })
    await expect.poll(() => heard.some(({ id }) => id === 999), { timeout: 10_000 }).toBe(true)
  })

  it('goes on with events after the one that was seen last', async () => {
    const { page } = await launch((await marketCopy()).dir)
    await (await windowClient(page)).desk.unlock.mutate({ passphrase: PASSPHRASE })
    const bridge = await bridgeOf(page)
    const seen: unknown[] = []
    bridge.listen((response) => {
      if (response.id === 77 && 'result' in response && response.result.type === 'data')
        seen.push((response.result as { id?: string }).id)
    })
    bridge.send({ kind: 'call', id: 77, type: 'subscription', path: 'log.watch', lastEventId: '5' })
    await expect.poll(() => seen.slice(0, 3), { timeout: 10_000 }).toEqual(['6', '7', '8'])
    bridge.send({ kind: 'stop', id: 77 })
  })

  it('ends what a page began when it is loaded anew', async () => {
    const { page } = await launch((await marketCopy()).dir)
    const client = await windowClient(page)
    await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
    const bridge = await bridgeOf(page)
    for (let id = 1; id <= 256; id++) bridge.send({ kind: 'call', id, type: 'subscription', path: 'desk.watch' })
    await page.reload()
    await page.waitForFunction('"nimledger" in globalThis')
    // As many places as before are free again, and the desk is as it was.
    const again = await windowClient(page)
    expect(await again.desk.state.query()).toMatchObject({ status: 'open' })
    const { size } = await again.log.checkpoint.query()
    expect(size).toBeGreaterThan(20)
  })

  it('is there once: a second instance ends at once, and the first goes on', async () => {
    const market = await marketCopy()
    const first = await launch(market.dir)
    const second = spawnStandIn(['--dir', market.dir, `--user-data-dir=${first.userData}`])
    const code = await new Promise((resolve) => second.once('exit', resolve))
    expect(code).toBe(0)
    expect(await (await windowClient(first.page)).desk.state.query()).toMatchObject({ status: 'locked' })
  })

  it('locks the keys with the screen', async () => {
    const market = await marketCopy()
    const { page, process: running } = await launch(market.dir)
    const client = await windowClient(page)
    await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
    running.kill('SIGUSR1')
    await expect.poll(async () => (await client.desk.state.query()).status, { timeout: 10_000 }).toBe('locked')
    expect(await failureOf(client.log.page.query())).toMatchObject({ code: 'locked' })
  })

  it('lets go of the ledger when it ends', async () => {
    const market = await marketCopy()
    const { page, process: running, userData } = await launch(market.dir)
    await (await windowClient(page)).desk.unlock.mutate({ passphrase: PASSPHRASE })
    expect(await end(running)).toBe(0)
    const again = await launch(market.dir, userData)
    expect(await (await windowClient(again.page)).desk.unlock.mutate({ passphrase: PASSPHRASE })).toMatchObject({
      status: 'open',
    })
  })

  it('begins in an empty folder with its doors', async () => {
    const { page } = await launch(folder())
    const client = await windowClient(page)
    expect(await client.desk.state.query()).toMatchObject({ status: 'empty', accounts: [], canRemember: false })
    expect(await failureOf(client.log.page.query())).toMatchObject({ code: 'denied' })
    const founded = await client.desk.found.mutate({ name: 'Mine', passphrase: 'a sentence of my own' })
    expect(founded).toMatchObject({ status: 'founded', state: { status: 'open', ledger: { size: 1, name: 'Mine' } } })
  })
})
