/** How a sequencer is doing, as a console tells its operator: of itself, of the hub beside it, of the hub that it follows. */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { HubView } from '../../core/api/views.ts'
import { type RunningHub, startHub } from '../cli/hub-process.ts'
import { accepted, cli, expectRefused, folder, ok, PASSPHRASE, start } from '../cli/run.ts'
import { MirroredMarket } from '../console/mirror.ts'
import { type Client, httpClient, marketCopy, openDesk, serve, visit } from './console.ts'
import { failureOf } from './spec.ts'

const EVENTUALLY = { timeout: 20_000, interval: 200 }

async function openClient(dir: string): Promise<Client> {
  const server = await serve(openDesk(dir))
  const { client } = httpClient(server.origin, await visit(server.url))
  await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
  return client
}

const topup = (reference: string, amount = '1') => ['topup', 'Bob', amount, '--provider', 'bank', '--reference', reference]

async function viewOf(client: Client): Promise<HubView> {
  const { view, failure } = await client.hub.state.query()
  if (view === undefined) throw new Error(`Nothing was told: ${failure?.message}`)
  return view
}

/** A stream of events from a hub, read until the test ends. */
async function watchHub({ facts }: RunningHub, path: string): Promise<() => Promise<void>> {
  const ending = new AbortController()
  const response = await fetch(`${facts.listening}/trpc/${path}`, {
    headers: { accept: 'text/event-stream', 'user-agent': 'watcher/1' },
    signal: ending.signal,
  })
  const reading = (async () => {
    for await (const _part of response.body!);
  })().catch(() => {})
  return async () => {
    ending.abort()
    await reading
  }
}

describe('a console that writes by itself', () => {
  it('tells how it is doing, and that there is no hub', async () => {
    const { dir } = await marketCopy()
    const client = await openClient(dir)
    const before = await viewOf(client)
    expect(before).toMatchObject({ program: 'console', queue: { notes: 0 }, followers: [], alerts: [] })
    expect(before.scheduler.off).toBeTypeOf('string')
    expect(before).not.toHaveProperty('witnesses')
    await accepted(cli(dir, topup('one')))
    expectRefused(await cli(dir, topup('one')), 'reference_used')
    // A second that is under way is not told yet.
    await expect.poll(async () => (await viewOf(client)).pace.seconds.reduce((a, b) => a + b), EVENTUALLY).toBe(1)
    const after = await viewOf(client)
    expect(after.notes).toEqual({ accepted: 1, repeated: 0, refused: { reference_used: 1 }, failed: {} })
    expect(after.log.entries).toBe(before.log.entries + 1)
    expect(after.pace.seconds).toHaveLength(60)
    expect(after.pace.minutes.at(-1)).toBe(1)
    const { book, guard, free } = after.storage
    for (const bytes of [book, guard, free]) expect(bytes).toBeGreaterThan(4_096)
    expect((await client.hub.state.query()).where).toBe('here')
    expect(await failureOf(client.hub.signIn.mutate())).toMatchObject({ code: 'usage' })
  })
})

describe('a console beside a hub', () => {
  it('works through the hub, sees what others bring, and tells how the hub is doing', async () => {
    const { dir } = await marketCopy()
    const hub = await startHub(dir)
    const client = await openClient(dir)
    const state = await client.hub.state.query()
    expect(state).toMatchObject({ where: 'beside', view: { program: 'hub', listening: hub.facts.listening, access: 'public' } })
    const { size } = hub.facts
    await accepted(cli(dir, topup('beside')))
    await expect.poll(async () => (await client.log.page.query({ limit: 1 })).size, EVENTUALLY).toBe(size + 1)
    expect(await client.desk.openAccount.mutate({ name: 'Dora' })).toMatchObject({ status: 'accepted', index: size + 1 })
    // What was done here is seen at once.
    expect((await client.log.page.query({ limit: 1 })).size).toBe(size + 2)
    expectRefused(await cli(dir, topup('beside')), 'reference_used')
    const { notes, log } = await viewOf(client)
    expect(notes).toMatchObject({ accepted: 2, refused: { reference_used: 1 } })
    expect(log).toMatchObject({ entries: size + 2, published: size + 2 })
  })

  it('goes on reading when the hub ends, says what to do, and is there again with the hub', async () => {
    const { dir } = await marketCopy()
    const hub = await startHub(dir)
    const client = await openClient(dir)
    await hub.end()
    expect(await client.hub.state.query()).toMatchObject({ where: 'beside', failure: { code: 'offline' } })
    expect(await failureOf(client.desk.openAccount.mutate({ name: 'Dora' }))).toMatchObject({
      code: 'offline',
      message: expect.stringContaining('Start it again'),
    })
    expect((await client.log.page.query({ limit: 1 })).size).toBe(hub.facts.size)
    await startHub(dir)
    await expect.poll(async () => (await client.desk.openAccount.mutate({ name: 'Dora' })).status, EVENTUALLY).toBe('accepted')
  })

  it('writes by itself once it is unlocked again after the hub', async () => {
    const { dir } = await marketCopy()
    const hub = await startHub(dir)
    const client = await openClient(dir)
    await hub.end()
    await client.desk.lock.mutate()
    await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
    expect((await client.hub.state.query()).where).toBe('here')
  })

  it('tells who follows the hub and how far they are', async () => {
    const { dir, vkey } = await marketCopy()
    const hub = await startHub(dir)
    const client = await openClient(dir)
    const mirror = join(folder(), 'mirror')
    await ok(cli(mirror, ['sync', '--hub', hub.facts.listening, '--vkey', vkey]))
    const { size } = hub.facts
    const followerOf = async (program: string) => (await viewOf(client)).followers.find((one) => one.program === program)
    expect(await followerOf('nimledger')).toMatchObject({ address: '127.0.0.1', streams: 0, told: size, read: size })
    const leave = await watchHub(hub, `log.watch?input=${encodeURIComponent('{"after":0}')}`)
    await expect.poll(() => followerOf('watcher/1'), EVENTUALLY).toMatchObject({ streams: 1, told: size, read: size })
    await accepted(cli(dir, topup('followed')))
    await expect.poll(() => followerOf('watcher/1'), EVENTUALLY).toMatchObject({ read: size + 1 })
    // The mirror has not asked since: it is behind.
    expect(await followerOf('nimledger')).toMatchObject({ read: size })
    expect((await viewOf(client)).streams).toBe(1)
    await leave()
    await expect.poll(() => followerOf('watcher/1'), EVENTUALLY).toMatchObject({ streams: 0, read: size + 1 })
    const watching = start(mirror, ['sync', '--watch'])
    await expect.poll(() => followerOf('nimledger'), EVENTUALLY).toMatchObject({ streams: 1, read: size + 1 })
    watching.kill('SIGTERM')
  })
})

describe('a console whose mirror follows a hub', () => {
  it('is told by the hub only with the operator’s key or a token for its figures', async () => {
    const mirrored = await MirroredMarket.start()
    const client = await openClient(mirrored.dir)
    const url = mirrored.url
    expect(await client.hub.state.query()).toEqual({
      ...{ where: 'afar', url, canSignIn: true },
      failure: { code: 'missing', message: expect.any(String) },
    })
    expect(await client.hub.signIn.mutate()).toMatchObject({ where: 'afar', url, view: { program: 'hub', access: 'public' } })
    const { followers } = await viewOf(client)
    expect(followers).toContainEqual(expect.objectContaining({ program: 'nimledger', streams: 1 }))
    // The hub forgets whom it knew when it is started anew, and is shown the key again.
    await mirrored.stopHub()
    expect(await client.hub.state.query()).toMatchObject({ where: 'afar', failure: { code: 'offline' } })
    await mirrored.startHub()
    expect(await client.hub.state.query()).toMatchObject({ view: { program: 'hub' } })
    await client.desk.lock.mutate()
    await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
    expect(await client.hub.state.query()).toMatchObject({ canSignIn: true })
  })

  it('without the operator’s key has nothing to show to the hub', async () => {
    const mirrored = await MirroredMarket.start()
    rmSync(join(mirrored.dir, 'keys.json'))
    const client = await openClient(mirrored.dir)
    const { canSignIn, failure } = await client.hub.state.query()
    expect([canSignIn, failure?.code]).toEqual([undefined, 'missing'])
    expect(await failureOf(client.hub.signIn.mutate())).toMatchObject({ code: 'usage' })
    const { token } = await ok(cli(mirrored.market.dir, ['access', 'issue', 'office', '--scope', 'metrics']))
    await client.sync.useToken.mutate({ token: String(token) })
    expect(await client.hub.state.query()).toMatchObject({ view: { program: 'hub' } })
  })
})
