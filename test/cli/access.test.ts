/** Read tokens and signing in, as an operator, an auditor and an account meet them on the command line. */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { found } from './market.ts'
import { cli, expectFailed, expectRefused, folder, ok, start } from './run.ts'

let dir: string
let hub: ChildProcess
let url: string
let vkey: string

beforeAll(async () => {
  dir = join(folder(), 'ledger')
  await found(dir, 'hub.example/credits')
  hub = start(dir, ['hub', '--listen', '127.0.0.1:0', '--access', 'private', '--log-level', 'silent'])
  for await (const line of createInterface(hub.stdout!)) {
    ;({ listening: url, vkey } = JSON.parse(line) as { listening: string; vkey: string })
    break
  }
  await ok(cli(dir, ['account', 'new', 'Ada']))
})

afterAll(async () => {
  const ended = once(hub, 'exit')
  hub.kill('SIGTERM')
  expect((await ended)[0]).toBe(0)
})

const get = async (path: string, token?: string) =>
  (await fetch(`${url}${path}`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })).status

describe('access', () => {
  it('issues a token that a hub takes at once, and revokes it as fast', async () => {
    const issued = await ok(cli(dir, ['access', 'issue', 'auditor']))
    expect(issued).toEqual({
      ...{ id: expect.any(String), name: 'auditor', scope: 'log', created: expect.any(String), token: expect.any(String) },
    })
    const { token, ...told } = issued as unknown as { token: string }
    expect(await ok(cli(dir, ['access', 'list']))).toEqual({ tokens: [told] })
    const mirror = join(folder(), 'mirror')
    const sync = (env: Record<string, string>) => cli(mirror, ['sync', '--hub', url, '--vkey', vkey], { env })
    expect(await ok(sync({ NIMLEDGER_TOKEN: token }))).toMatchObject({ size: 2, applied: 2 })
    expectFailed(await sync({}), 'usage')
    expect(await ok(cli(dir, ['access', 'revoke', 'auditor']))).toEqual({ revoked: told })
    expectFailed(await sync({ NIMLEDGER_TOKEN: token }), 'usage')
    expect(await ok(cli(dir, ['access', 'list']))).toEqual({ tokens: [] })
  })

  it('issues one for figures alone, into a file, until a time', async () => {
    const file = join(folder(), 'token')
    const issued = await ok(
      cli(dir, ['access', 'issue', 'prometheus', '--scope', 'metrics', '--expires', '2099-01-01T00:00:00Z', '-o', file]),
    )
    expect(issued).toMatchObject({ scope: 'metrics', expires: '2099-01-01T00:00:00Z', file })
    expect(issued).not.toHaveProperty('token')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const token = readFileSync(file, 'utf8').trim()
    expect([await get('/metrics', token), await get('/checkpoint', token), await get('/metrics')]).toEqual([200, 403, 401])
  })

  it('signs in as an account, which then sees what is its own', async () => {
    const { token, account } = (await ok(
      cli(dir, ['access', 'sign-in', '--hub', url, '--vkey', vkey, '--as', 'Ada']),
    )) as unknown as Record<string, string>
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const wallet = await fetch(`${url}/trpc/account.wallet`, { method: 'POST', headers, body: JSON.stringify({ account }) })
    expect(await wallet.json()).toMatchObject({ result: { data: { spendable: '0' } } })
    expect([await get('/checkpoint', token), await get('/tile/0/000.p/2', token)]).toEqual([200, 403])
    const plain = await cli(dir, ['access', 'sign-in', '--hub', url, '--vkey', vkey, '--as', 'operator'], { plain: true })
    expect(plain.stdout).toMatch(/^nim_own_\S+\n$/)
  })

  it('tells whoever cannot read the log what to ask its operator for', async () => {
    const hubOf = ['--hub', url, '--vkey', vkey]
    const own = join(folder(), 'own')
    await found(own, 'own.example/credits')
    await ok(cli(own, ['account', 'new', 'Bo']))
    const signedIn = await ok(cli(dir, ['access', 'sign-in', ...hubOf, '--as', 'Ada']))
    const commands = [
      ['sync', ...hubOf],
      ['sync', '--watch', ...hubOf],
      ['join', '--from', own, ...hubOf],
      ['verify', url, '--vkey', vkey],
    ]
    for (const [token, says] of [
      [undefined, 'The log is private'],
      [(signedIn as unknown as { token: string }).token, 'The token does not open the log.'],
    ] as const)
      for (const args of commands) {
        const run = await cli(join(folder(), 'new'), args, token === undefined ? {} : { env: { NIMLEDGER_TOKEN: token } })
        expectFailed(run, 'usage')
        expect(run.json.message, args.join(' ')).toContain(says)
        expect(run.json.message).toContain('nimledger access issue')
      }
  })

  it('keeps what is signed in a mirror that lost its token, which is no fault of the hub', async () => {
    const mirror = join(folder(), 'mirror')
    const { token } = (await ok(cli(dir, ['access', 'issue', 'Cy']))) as unknown as { token: string }
    const env = { NIMLEDGER_TOKEN: token }
    await ok(cli(mirror, ['sync', '--hub', url, '--vkey', vkey], { env }))
    await ok(cli(mirror, ['account', 'new', 'Cy'], { env }))
    await ok(cli(dir, ['access', 'revoke', 'Cy']))
    const rename = ['tx', 'account.profile', '--as', 'Cy', '--body', '{"name":"Cyrus"}']
    expect(await ok(cli(mirror, rename, { env }))).toMatchObject({ status: 'sent' })
    expectFailed(await cli(mirror, ['sync', '--watch'], { env }), 'usage')
    expect(readdirSync(mirror).filter((name) => name.startsWith('evidence'))).toEqual([])
    const next = (await ok(cli(dir, ['access', 'issue', 'Cy']))) as unknown as { token: string }
    const synced = await ok(cli(mirror, ['sync'], { env: { NIMLEDGER_TOKEN: next.token } }))
    expect(synced).toMatchObject({ outbox: { queued: 0, sent: 0, accepted: 2 } })
  })

  it('tells an account that is not on the ledger', async () => {
    const elsewhere = join(folder(), 'other')
    await found(elsewhere, 'hub.example/credits')
    await ok(cli(elsewhere, ['account', 'new', 'Eve']))
    expectRefused(await cli(elsewhere, ['access', 'sign-in', '--hub', url, '--vkey', vkey, '--as', 'Eve']), 'bad_signature')
  })

  it('says what is wrong', async () => {
    await ok(cli(dir, ['access', 'issue', 'twice']))
    const wrong = [
      ['access', 'issue', 'twice'],
      ['access', 'issue', 'a b'],
      ['access', 'issue', 'new', '--scope', 'all'],
      ['access', 'issue', 'new', '--expires', '2020-01-01T00:00:00Z'],
      ['access', 'revoke', 'nobody'],
      ['access', 'sign-in', '--as', 'Ada'],
      ['access', 'sign-in', '--hub', 'http://hub.example', '--vkey', vkey, '--as', 'Ada'],
      ['access', 'sign-in', '--hub', url, '--vkey', vkey, '--as', 'Nobody'],
      ['hub', '--access', 'secret'],
      ['hub', '--names', 'hub.example:80'],
      ['hub', '--proxies', 'hub.example'],
      ['hub', '--requests-per-second', '-1'],
    ]
    for (const args of wrong) {
      const run = await cli(dir, args)
      expect(run.json, args.join(' ')).toMatchObject({ status: 'failed', code: 'usage' })
      expect(run.code).toBe(2)
    }
    const empty = folder()
    expectFailed(await cli(empty, ['access', 'issue', 'auditor']), 'usage')
    const damaged = join(folder(), 'damaged')
    await found(damaged, 'damaged.example/credits')
    writeFileSync(join(damaged, 'access.json'), '{')
    expectFailed(await cli(damaged, ['access', 'list']), 'damaged')
  })
})
