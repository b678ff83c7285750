/** What a client signs to get in, and above all what it does not sign, whatever a hub gives it. */

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MemoryLedger } from '../../core/drivers/memory/store.ts'
import { signNote } from '../../core/log/note.ts'
import { signInToHub } from '../../core/net/hub-sign-in.ts'
import { parseHubUrl } from '../../core/net/hub-url.ts'
import { ADA, BOB, MODEL, memoryHome, ORIGIN, TestLedger } from '../ledger/support.ts'
import { TestHub } from './hub.ts'

/** Signs in, and tells what was signed on the way. */
async function signIn(url: string, { origin = ORIGIN } = {}) {
  const signed: string[] = []
  const sign = (text: string) => {
    signed.push(text)
    return signNote(text, [ADA.signer])
  }
  const answer = await signInToHub({ base: parseHubUrl(url) as URL, origin, account: ADA.account, sign }).catch(
    (error: Error) => error,
  )
  return { signed, answer }
}

/** A hub that gives to sign what it likes. */
async function hubThat(answer: (response: ServerResponse, host: string) => void): Promise<string> {
  const server = createServer((request, response) => answer(response, request.headers.host!.split(':')[0]!))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const json = (response: ServerResponse, value: unknown) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
const gives = (text: (host: string) => string) =>
  hubThat((response, host) => json(response, { result: { data: { text: text(host) } } }))

interface Lines {
  readonly hub: string
  readonly ledger?: string
  readonly account?: string
}

function lines({ hub, ledger = ORIGIN, account = ADA.account }: Lines): string {
  const text = `nimledger sign-in v1\nledger ${ledger}\nhub ${hub}\naccount ${account}\nexpires 2026-11-22T12:00:00Z\n`
  return `${text}nonce ${'a'.repeat(22)}\nseal ${'b'.repeat(43)}\n`
}

describe('signing in', () => {
  test('gets a token of the hub that was asked', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const { answer, signed } = await signIn(hub.url)
    expect(answer).toMatchObject({ status: 'proven', account: ADA.account, token: expect.stringMatching(/^nim_own_/) })
    expect(signed).toHaveLength(1)
    const { token } = answer as { token: string }
    expect((await hub.call('account.wallet', { account: ADA.account }, { token })).status).toBe(200)
  })

  test('is refused in words to an account that the hub does not know', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const sign = (text: string) => signNote(text, [{ ...BOB.signer, name: ADA.account }])
    const answer = await signInToHub({ base: parseHubUrl(hub.url) as URL, origin: ORIGIN, account: ADA.account, sign })
    expect(answer).toEqual({ status: 'refused', message: 'The key does not sign for the account, or not any more.' })
  })

  test.each<[string, (host: string) => string]>([
    ['for another hub, which it would be passed on to', () => lines({ hub: 'honest.example' })],
    ['for another ledger', (hub) => lines({ hub, ledger: 'other.example/credits' })],
    ['for another account', (hub) => lines({ hub, account: BOB.account })],
    ['with a line more', (hub) => `${lines({ hub })}more\n`],
    ['that is not of the form', () => 'please sign here\n'],
    ['that is a transaction', () => new TestLedger(memoryHome(new MemoryLedger())).compose(ADA, 'model.create', MODEL)],
    ['that is a checkpoint', () => `${ORIGIN}\n1\n${'A'.repeat(43)}=\n`],
  ])('signs no text %s', async (_what, text) => {
    const { answer, signed } = await signIn(await gives(text))
    expect(answer).toMatchObject({ reason: 'offline' })
    expect(signed).toEqual([])
  })

  test.each<[string, (response: ServerResponse) => void]>([
    ['leads elsewhere', (r) => void r.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()],
    ['is a page', (r) => void r.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>')],
    ['is no JSON', (r) => void r.writeHead(200, { 'content-type': 'application/json' }).end('{"result"')],
    ['is something else', (r) => json(r, { result: { data: { text: 7 } } })],
    ['is long', (r) => json(r, { result: { data: { text: 'a'.repeat(100_000) } } })],
    ['is none', (r) => void r.destroy()],
  ])('signs nothing where the answer %s', async (_what, answer) => {
    const got = await signIn(await hubThat(answer))
    expect(got.answer).toBeInstanceOf(Error)
    expect(got.signed).toEqual([])
  })

  test('is not done for the ledger of another vkey', async () => {
    const hub = await TestHub.start()
    const { answer, signed } = await signIn(hub.url, { origin: 'other.example/credits' })
    expect(answer).toMatchObject({ reason: 'offline', message: expect.stringContaining('it was not signed') })
    expect(signed).toEqual([])
  })
})
