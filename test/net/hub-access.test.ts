/** Who may read what of a hub, over HTTP: by route, by procedure, by account, and for how long. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hubRouter } from '../../core/api/hub/router.ts'
import { readHubAnswer } from '../../core/api/hub-view.ts'
import { toBase64 } from '../../core/base/bytes.ts'
import { issueReadToken, revokeReadToken } from '../../core/drivers/read-tokens.ts'
import { signNote } from '../../core/log/note.ts'
import { ADA, BOB, MODEL, OPERATOR, person, signerAs } from '../ledger/support.ts'
import { TestHub } from './hub.ts'

const NOW = Date.UTC(2026, 0, 2)

function issue({ folder }: TestHub, scope: 'log' | 'metrics' = 'log', name: string = scope): string {
  return issueReadToken(folder, { name, scope }, NOW)!.token
}

const LOG = ['/tile/0/000.p/5', '/tile/entries/000.p/5', '/tile/0/000.p/1', '/tile/entries/000.p/1']

async function statuses(hub: TestHub, paths: readonly string[], token?: string): Promise<number[]> {
  return Promise.all(paths.map(async (path) => (await hub.ask(path, { token })).status))
}

describe('a public hub', () => {
  test('is read by anyone, and by whoever has a token', async () => {
    const hub = await TestHub.start()
    for (const token of [undefined, issue(hub), issue(hub, 'metrics'), await hub.signIn(ADA)])
      expect(await statuses(hub, ['/healthz', '/metrics', '/checkpoint', ...LOG], token)).toEqual([
        200, 200, 200, 200, 200, 200, 200,
      ])
    expect(await hub.result('account.wallet', { account: BOB.account })).toMatchObject({ spendable: '7' })
  })

  test('refuses a token that is none rather than pass it over', async () => {
    const hub = await TestHub.start()
    for (const path of ['/checkpoint', LOG[0]!, '/metrics', '/trpc/log.head'])
      expect((await hub.ask(path, { token: 'nim_read_0000000000000000_x' })).status).toBe(401)
  })

  test('becomes private while it runs', async () => {
    const hub = await TestHub.start()
    expect((await hub.ask('/checkpoint')).status).toBe(200)
    hub.policy = 'private'
    expect((await hub.ask('/checkpoint')).status).toBe(401)
  })
})

test.each(['public', 'private'] as const)('a %s hub tells how it is doing to its operator alone', async (policy) => {
  const hub = await TestHub.start({ policy })
  const tokens = [undefined, issue(hub), await hub.signIn(ADA), issue(hub, 'metrics'), await hub.signIn(OPERATOR)]
  const answers = await Promise.all(tokens.map((token) => hub.ask('/trpc/status.show', { token })))
  expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 200, 200])
  // Whoever may not watch does not follow.
  if (policy === 'private') await hub.ask('/trpc/log.watch')
  const view = readHubAnswer((await hub.ask('/trpc/status.show', { token: tokens[3] })).text)
  expect(view).toMatchObject({ program: 'hub', log: { entries: 5, published: 5 }, followers: [], alerts: [] })
  for (const { text } of answers.slice(0, 3)) expect(text).not.toMatch(/"(?:storage|followers|pace)"/)
})

describe('a private hub', () => {
  test.each([
    ['anyone', [200, 401, 401, 401]],
    ['an account', [200, 403, 200, 403]],
    ['a token for the log', [200, 200, 200, 200]],
    ['a token for figures', [200, 200, 403, 403]],
    ['a token that is none', [200, 401, 401, 401]],
  ])('shows %s health, figures, checkpoint, tiles: %o', async (who, [health, figures, checkpoint, tiles]) => {
    const hub = await TestHub.start({ policy: 'private' })
    const tokens: Record<string, () => Promise<string> | string | undefined> = {
      anyone: () => undefined,
      'an account': () => hub.signIn(ADA),
      'a token for the log': () => issue(hub),
      'a token for figures': () => issue(hub, 'metrics'),
      'a token that is none': () => issue(hub).slice(0, -1),
    }
    const token = await tokens[who]!()
    expect(await statuses(hub, ['/healthz'], undefined)).toEqual([health])
    expect(await statuses(hub, ['/metrics', '/checkpoint', ...LOG], token)).toEqual([
      figures,
      checkpoint,
      ...LOG.map(() => tiles),
    ])
    expect(await statuses(hub, ['/', '/tile', '/tiles/0/000', '/access.json', '/ledger.db'], token)).not.toContain(200)
  })

  test('says nothing of the log to those who may not see it', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const health = await hub.ask('/healthz')
    expect(JSON.parse(health.text)).toEqual({ status: 'ok' })
    expect(await hub.result('log.head', undefined)).toEqual({ origin: expect.any(String), vkey: expect.any(String) })
    const there = await hub.ask(LOG[0]!)
    const notThere = await hub.ask('/tile/0/005')
    expect({ ...there, headers: 0 }).toEqual({ ...notThere, headers: 0 })
    expect(there.headers['www-authenticate']).toBe('Bearer')
    for (const { headers, text } of [there, health])
      expect(`${JSON.stringify(headers)}${text}`).not.toMatch(/nim1|"size"|express|node/i)
  })

  test('lets nobody call but for signing in and for what is signed', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const open = new Set(['access.challenge', 'access.prove', 'log.head', 'transaction.submit', 'transaction.submitMany'])
    for (const path of Object.keys(hubRouter._def.procedures)) {
      const type = (hubRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>)[path]!._def.type
      const answer = type === 'subscription' ? await hub.ask(`/trpc/${path}`) : await hub.call(path, { account: ADA.account })
      const isDenied = answer.status === 403 || answer.text.includes('"denied"')
      expect(isDenied, `${path} ${answer.status} ${answer.text}`).toBe(!open.has(path))
    }
  })

  test('lets a token come in the one header alone', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const token = issue(hub)
    expect((await hub.ask('/checkpoint', { headers: { authorization: `bearer ${token}` } })).status).toBe(200)
    expect((await hub.ask(`/checkpoint?token=${token}&access_token=${token}`)).status).toBe(401)
    const others = [
      { cookie: `token=${token}` },
      { authorization: token },
      { authorization: `Basic ${Buffer.from(`a:${token}`).toString('base64')}` },
      { authorization: `Bearer ${token} ${token}` },
      { authorization: 'Bearer ' },
      { 'x-api-key': token },
    ]
    for (const headers of others)
      expect((await hub.ask('/checkpoint', { headers: headers as Record<string, string> })).status).toBe(401)
  })

  test('takes what is signed from anyone', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    expect(await hub.submit(hub.test.model(ADA))).toMatchObject({ status: 'accepted', index: 5 })
    expect(await hub.submit(hub.test.sign(person('stranger'), 'credit.return', { amount: '1' }))).toMatchObject({
      status: 'refused',
    })
  })

  test('gives a receipt that shows nothing but the note', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const note = toBase64(hub.test.model(ADA))
    const { receipt } = await hub.result<{ receipt: string }>('transaction.submit', { note, receipts: true })
    expect(receipt).toContain('c2sp.org/tlog-proof')
    expect(receipt).not.toContain(BOB.account)
  })
})

describe('an account', () => {
  test('sees what is its own, and nothing of others', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const token = await hub.signIn(ADA)
    expect(await hub.result('account.wallet', { account: ADA.account }, { token })).toMatchObject({ spendable: '100' })
    const own = await hub.result<{ entries: { index: number }[] }>('account.entries', { account: ADA.account }, { token })
    expect(own.entries.map(({ index }) => index)).toEqual([3, 1])
    expect(JSON.stringify(own)).not.toContain(BOB.account)
    for (const procedure of ['show', 'wallet', 'holdings', 'earnings', 'entries'])
      expect((await hub.call(`account.${procedure}`, { account: BOB.account }, { token })).status).toBe(403)
    for (const index of [0, 2, 3, 4, 99]) expect((await hub.call('log.entry', { index }, { token })).status).toBe(403)
    expect((await hub.call('log.entry', { index: 1 }, { token })).status).toBe(200)
    for (const [procedure, input] of [
      ['log.page', {}],
      ['log.range', { from: 0 }],
      ['account.list', {}],
    ] as const)
      expect((await hub.call(procedure, input, { token })).status).toBe(403)
  })

  test('may try what it could sign, and nobody else may', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const token = await hub.signIn(ADA)
    const text = (who: typeof ADA) => hub.test.compose(who, 'model.create', MODEL)
    expect((await hub.call('transaction.preview', { text: text(ADA) }, { token })).status).toBe(200)
    expect((await hub.call('transaction.preview', { text: text(BOB) }, { token })).status).toBe(403)
    expect((await hub.call('transaction.preview', { text: text(ADA) })).status).toBe(403)
  })

  test('signs in where it asked: a text that another passes on is good for nothing', async () => {
    const hub = await TestHub.start({ policy: 'private', names: ['hub.example', 'other.example'] })
    const at = (host: string) => ({ headers: { host } })
    const { text } = await hub.result<{ text: string }>('access.challenge', { account: ADA.account }, at('other.example'))
    expect(text).toContain('\nhub other.example\n')
    const note = toBase64(signNote(text, [ADA.signer]))
    expect(await hub.result('access.prove', { note }, at('hub.example'))).toMatchObject({ status: 'refused' })
    expect(await hub.result('access.prove', { note }, at('other.example'))).toMatchObject({ status: 'proven' })
    expect(await hub.result('access.prove', { note }, at('other.example'))).toMatchObject({ status: 'refused' })
  })

  test('reads nothing with a signed text, a transaction or a checkpoint in the place of a token', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const { text } = await hub.result<{ text: string }>('access.challenge', { account: ADA.account })
    for (const note of [text, signNote(text, [BOB.signer]), hub.test.model(ADA), 'x'])
      expect(await hub.result('access.prove', { note: Buffer.from(note).toString('base64') })).toMatchObject({
        status: 'refused',
      })
    // Nor is what it signed to get in a transaction.
    expect(await hub.submit(signNote(text, [ADA.signer]))).toMatchObject({ status: 'refused', code: 'malformed' })
  })

  test('reads on with another key for a while, until that is revoked in the ledger', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const { pair, publicKey } = person('phone')
    const phone = { ...ADA, signer: signerAs(pair, ADA.account) }
    const added = hub.test.sign(ADA, 'key.add', { publicKey, scopes: ['spend'], label: 'phone' })
    expect(await hub.submit(added)).toMatchObject({ status: 'accepted' })
    const [token, mine] = [await hub.signIn(phone), await hub.signIn(ADA)]
    expect((await hub.call('account.wallet', { account: ADA.account }, { token })).status).toBe(200)
    const revoked = hub.test.sign(ADA, 'key.revoke', { key: phone.signer.keyId, reason: 'lost' })
    expect(await hub.submit(revoked)).toMatchObject({ status: 'accepted' })
    expect((await hub.call('account.wallet', { account: ADA.account }, { token })).status).toBe(401)
    expect((await hub.call('account.wallet', { account: ADA.account }, { token: mine })).status).toBe(200)
  })

  test('watches what concerns it', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const watching = await watch(hub, 'log.watch', await hub.signIn(ADA))
    await hub.submit(hub.test.model(BOB, 'of Bob'))
    await hub.submit(hub.test.topup(BOB, '3'))
    await hub.submit(hub.test.model(ADA, 'of Ada'))
    const text = await watching.until('"index":7')
    expect(text).not.toMatch(/"index":[56]|of Bob/)
    expect(text).not.toContain(BOB.account)
  })
})

describe('a read token', () => {
  test('is good from the request after it was issued, and no more from the one after it was revoked', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    expect((await hub.ask('/checkpoint')).status).toBe(401)
    for (let i = 0; i < 20; i++) {
      const token = issue(hub, 'log', `token-${i}`)
      expect((await hub.ask(LOG[0]!, { token })).status).toBe(200)
      revokeReadToken(hub.folder, `token-${i}`)
      expect((await hub.ask(LOG[0]!, { token })).status).toBe(401)
    }
  })

  test('that is revoked ends the events that it reads, before the next of them', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const token = issue(hub)
    const watching = await watch(hub, 'log.watch', token)
    const sizes = await watch(hub, 'log.sizes', token)
    await hub.submit(hub.test.model(ADA, 'seen'))
    await watching.until('"index":5')
    await sizes.until('"size":6')
    revokeReadToken(hub.folder, 'log')
    await hub.submit(hub.test.model(ADA, 'unseen'))
    expect(await watching.ended).not.toContain('"index":6')
    expect(await sizes.ended).not.toContain('"size":7')
  })

  test('opens nothing where the file of tokens is damaged, and what needs none goes on', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const token = issue(hub)
    writeFileSync(join(hub.folder, 'access.json'), '{"version":1,"tokens":[{"id":"')
    expect((await hub.ask(LOG[0]!, { token })).status).toBe(500)
    expect((await hub.ask('/healthz')).status).toBe(200)
    expect((await hub.ask(LOG[0]!)).status).toBe(401)
  })
})

/** What comes of a stream of events. */
async function watch({ url }: TestHub, procedure: string, token: string) {
  const ending = new AbortController()
  onTestFinished(() => ending.abort())
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' }
  const response = await fetch(`${url}/trpc/${procedure}`, { headers, signal: ending.signal })
  expect(response.status).toBe(200)
  let text = ''
  const waiting: (() => void)[] = []
  const ended = (async () => {
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      text += part
      for (const look of waiting.splice(0)) look()
      if (text.includes('serialized-error')) break
    }
    return text
  })()
  ended.catch(() => {})
  const until = async (part: string) => {
    while (!text.includes(part)) await new Promise<void>((look) => waiting.push(look))
    return text
  }
  return { until, ended }
}
