/** The console of a mirror over HTTP; its desk where other programs follow, and where there are no keys yet. */

import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startHub } from '../cli/hub-process.ts'
import { found } from '../cli/market.ts'
import { cli, expectFailed, folder, ok, PASSPHRASE, start } from '../cli/run.ts'
import { MirroredMarket } from '../console/mirror.ts'
import { httpClient, marketCopy, openDesk, serve, visit } from './console.ts'
import { failureOf } from './spec.ts'
import { syncSpec } from './sync-spec.ts'

async function clientOf(dir: string) {
  const server = await serve(openDesk(dir))
  return httpClient(server.origin, await visit(server.url)).client
}

describe('the console of a mirror over HTTP', () => syncSpec(clientOf))

describe('a mirror beside which another program runs', () => {
  it('looks on while that one follows, and takes over when it ends', async () => {
    const mirrored = await MirroredMarket.start()
    const watcher = start(mirrored.dir, ['sync', '--watch'])
    const size = await new Promise<number>((resolve) =>
      watcher.stdout!.once('data', (line: Buffer) => resolve((JSON.parse(line.toString('utf8')) as { size: number }).size)),
    )
    const client = await clientOf(mirrored.dir)
    await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
    expect(await client.sync.state.query()).toMatchObject({ size, link: { status: 'elsewhere' } })
    await ok(cli(mirrored.market.dir, ['topup', 'Bob', '2', '--provider', 'bank', '--reference', 'beside']))
    await expect.poll(async () => (await client.sync.state.query()).size, { timeout: 20_000 }).toBe(size + 1)
    watcher.kill('SIGTERM')
    await expect.poll(async () => (await client.sync.state.query()).link.status, { timeout: 20_000 }).toBe('following')
  })

  it('sends what commands put into the outbox', async () => {
    const mirrored = await MirroredMarket.start()
    const client = await clientOf(mirrored.dir)
    await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
    const body = JSON.stringify({ name: 'm', base: 'b', artifact: 'a'.repeat(64), description: '' })
    const answer = await ok(cli(mirrored.dir, ['tx', 'model.create', '--as', 'Bob', '--body', body]))
    expect(answer.status).toBe('accepted')
    expect(await client.sync.state.query()).toMatchObject({ outbox: { accepted: 1 } })
    expectFailed(await cli(mirrored.dir, ['sync']), 'locked')
    // Locked it follows nobody, and others may.
    await client.desk.lock.mutate()
    expect(await ok(cli(mirrored.dir, ['sync']))).toMatchObject({ applied: 0 })
  })

  it('lets go at once of a hub that does not answer', async () => {
    const mirrored = await MirroredMarket.start()
    const client = await clientOf(mirrored.dir)
    await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
    mirrored.freezeHub()
    const asked = client.sync.now.mutate().catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 500))
    const started = performance.now()
    await client.desk.lock.mutate()
    expect(performance.now() - started).toBeLessThan(5_000)
    await asked
    mirrored.thawHub()
    expect(await ok(cli(mirrored.dir, ['sync']))).toMatchObject({ applied: 0 })
  })
})

describe('a mirror without keys', () => {
  it('is opened with a passphrase that is chosen, which then seals what is made', async () => {
    const mirrored = await MirroredMarket.start()
    rmSync(join(mirrored.dir, 'keys.json'))
    const client = await clientOf(mirrored.dir)
    expect(await client.desk.state.query()).toMatchObject({ status: 'locked', hasKeys: false })
    expect(await client.desk.unlock.mutate({ passphrase: 'chosen here' })).toMatchObject({ status: 'open', accounts: [] })
    expect(await client.desk.openAccount.mutate({ name: 'Dora' })).toMatchObject({ status: 'accepted', type: 'account.open' })
    await client.desk.lock.mutate()
    expect(await failureOf(client.desk.unlock.mutate({ passphrase: 'another' }))).toMatchObject({ code: 'passphrase' })
    const state = await client.desk.unlock.mutate({ passphrase: 'chosen here' })
    expect(state.accounts).toMatchObject([{ label: 'Dora', name: 'Dora', role: 'user' }])
  })

  it('is made by joining, once its hub was looked at', async () => {
    const { url, market } = await MirroredMarket.start()
    const dir = join(folder(), 'joined')
    const client = await clientOf(dir)
    const hub = { url, vkey: market.vkey }
    expect(await failureOf(client.desk.examineHub.mutate({ ...hub, url: 'http://hub.example' }))).toMatchObject({ code: 'usage' })
    expect(await failureOf(client.desk.examineHub.mutate({ ...hub, vkey: 'nonsense' }))).toMatchObject({ code: 'usage' })
    expect(await failureOf(client.desk.examineHub.mutate({ ...hub, url: 'http://127.0.0.1:9' }))).toMatchObject({
      code: 'offline',
    })
    const other = (await found(join(folder(), 'other'), 'test.example/credits')).vkey
    const wrong = await failureOf(client.desk.examineHub.mutate({ ...hub, vkey: other }))
    expect(wrong).toMatchObject({ code: 'damaged', message: expect.stringContaining('not signed with this key') })
    const shown = await client.desk.examineHub.mutate(hub)
    expect(shown).toMatchObject({ ...hub, origin: 'test.example/credits', size: expect.any(Number) })
    const state = await client.desk.join.mutate({ ...hub, passphrase: 'chosen here' })
    expect(state).toMatchObject({
      status: 'open',
      kind: 'mirror',
      hasKeys: false,
      ledger: { size: shown.size, vkey: market.vkey },
    })
    expect(await ok(cli(dir, ['verify', '--vkey', market.vkey]))).toMatchObject({ ok: true, size: shown.size })
  })

  it('of a private hub takes a read token, which is kept until another one is given', async () => {
    const market = await marketCopy()
    const hub = await startHub(market.dir, ['--access', 'private'])
    const issue = async (name: string) => String((await ok(cli(market.dir, ['access', 'issue', name]))).token)
    const token = await issue('first')
    const dir = join(folder(), 'joined')
    const client = await clientOf(dir)
    const named = { url: hub.facts.listening, vkey: market.vkey }
    const denied = await failureOf(client.desk.examineHub.mutate(named))
    expect(denied).toMatchObject({ code: 'usage', message: expect.stringContaining('takes a read token. The hub') })
    const wrong = await failureOf(client.desk.examineHub.mutate({ ...named, token: `${token.slice(0, -1)}-` }))
    expect(wrong).toMatchObject({ code: 'usage', message: expect.stringContaining('The token does not open the log') })
    expect(await failureOf(client.desk.examineHub.mutate({ ...named, token: 'two words' }))).toMatchObject({ code: 'usage' })
    expect(await client.desk.examineHub.mutate({ ...named, token })).toMatchObject({ origin: 'test.example/credits' })
    const joined = await client.desk.join.mutate({ ...named, token, passphrase: 'chosen here' })
    expect(joined).toMatchObject({ status: 'open', kind: 'mirror' })
    expect(statSync(join(dir, 'hub-token')).mode & 0o777).toBe(0o600)
    // Whoever opens the folder later goes on with it, the command line too, unless it is told another one.
    await client.desk.lock.mutate()
    expect(await ok(cli(dir, ['sync']))).toMatchObject({ applied: 0 })
    await ok(cli(market.dir, ['access', 'revoke', 'first']))
    expect((await cli(dir, ['sync'])).code).toBe(2)
    await client.desk.unlock.mutate({ passphrase: 'chosen here' })
    const stopped = await client.sync.now.mutate()
    expect(stopped.link).toMatchObject({ status: 'stopped', needsToken: true })
    expect(stopped.link.failure!.message).toContain('The token does not open the log')
    expect((await client.sync.useToken.mutate({ token })).link).toMatchObject({ needsToken: true })
    expect(await failureOf(client.sync.useToken.mutate({ token: 'two words' }))).toMatchObject({ code: 'usage' })
    const later = await client.sync.useToken.mutate({ token: await issue('second') })
    expect(later.link).toMatchObject({ status: 'following' })
    expect(later.link.needsToken).toBeUndefined()
  })

  it('tells after a failure why joining did not come to its end', async () => {
    const mirrored = await MirroredMarket.start()
    const dir = join(folder(), 'joined')
    mkdirSync(dir)
    const client = await clientOf(dir)
    await mirrored.stopHub()
    const joining = { url: mirrored.url, vkey: mirrored.market.vkey, passphrase: 'chosen here' }
    expect(await failureOf(client.desk.join.mutate(joining))).toMatchObject({ code: 'offline' })
    expect(await client.desk.state.query()).toMatchObject({ status: 'locked', kind: 'mirror', failure: { code: 'offline' } })
    expect(await failureOf(client.desk.unlock.mutate({ passphrase: 'chosen here' }))).toMatchObject({ code: 'offline' })
    await mirrored.startHub()
    const state = await client.desk.unlock.mutate({ passphrase: 'chosen here' })
    expect(state).toMatchObject({ status: 'open', kind: 'mirror' })
    expect(state.failure).toBeUndefined()
  })
})

describe('a ledger of one’s own', () => {
  it('follows nobody, and says so', async () => {
    const client = await clientOf((await marketCopy()).dir)
    await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
    expect(await client.desk.state.query()).toMatchObject({ kind: 'ledger' })
    expect(await failureOf(client.sync.state.query())).toMatchObject({ code: 'missing' })
    expect(await failureOf(client.sync.now.mutate())).toMatchObject({ code: 'missing' })
  })
})
