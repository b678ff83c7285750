/** A hub under attack: who attacks gets nothing, who asks is answered, and nothing is left behind. */

import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { toBase64 } from '../../core/base/bytes.ts'
import { HubClient } from '../../core/net/hub-client.ts'
import { parseHubUrl } from '../../core/net/hub-url.ts'
import { ADA } from '../ledger/support.ts'
import { TestHub } from './hub.ts'

/** A connection that says something and waits; closed at last. */
function open({ port }: TestHub, said: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(said, () => resolve(socket)))
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
  })
}

const CALL_HEAD = 'POST /trpc/transaction.submit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n'

describe('a hub', () => {
  test('answers while 500 connections are slow with their heads, and 200 with their bodies', async () => {
    const hub = await TestHub.start()
    const opening = [
      ...Array.from({ length: 500 }, () => open(hub, 'GET /checkpoint HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ')),
      ...Array.from({ length: 200 }, () => open(hub, `${CALL_HEAD}Content-Length: 8000000\r\n\r\n{"note":"`)),
    ]
    const sockets = await Promise.all(opening)
    // They go on saying a little, as long as they are let.
    const timer = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('a')
    }, 50)
    onTestFinished(() => clearInterval(timer))
    const client = new HubClient(parseHubUrl(hub.url) as URL, { attempts: 1 })
    for (let i = 0; i < 20; i++) {
      const [answer] = await client.submit([hub.test.model(ADA, `m${i}`)])
      expect(answer).toMatchObject({ status: 'accepted', index: 5 + i })
      expect((await client.checkpoint()).length).toBeGreaterThan(100)
      expect((await client.bundle(0, 6 + i)).length).toBeGreaterThan(1_000)
    }
    const figures = (await hub.ask('/metrics')).text
    expect(Number(/^nimledger_turned_away_total\{why="connection"\} (\d+)$/m.exec(figures)?.[1])).toBeGreaterThan(400)
  })

  test('takes of one address so many notes in a while, and says when to come again', async () => {
    const hub = await TestHub.start({ limits: { notesPerSecond: 1 } })
    const notes = (count: number) => ({ notes: Array.from({ length: count }, (_, i) => toBase64(hub.test.model(ADA, `m${i}`))) })
    expect(await hub.result('transaction.submitMany', notes(10))).toHaveLength(10)
    const more = await hub.call('transaction.submitMany', notes(1))
    expect(more.status).toBe(429)
    expect(Number(more.headers['retry-after'])).toBeGreaterThan(0)
    expect(JSON.parse(more.text).error.data).toMatchObject({ code: 'TOO_MANY_REQUESTS', failure: { code: 'busy' } })
    // Trying what a note would do, and signing in, take of the same share.
    const text = hub.test.compose(ADA, 'credit.return', { amount: '1' })
    expect((await hub.call('transaction.preview', { text })).status).toBe(429)
    expect((await hub.call('access.challenge', { account: ADA.account })).status).toBe(429)
    expect((await hub.ask('/checkpoint')).status).toBe(200)
    const client = new HubClient(parseHubUrl(hub.url) as URL, { attempts: 1 })
    await expect(client.submit([hub.test.model(ADA)])).rejects.toMatchObject({ afterMs: expect.any(Number) })
  })

  test('counts each call of a batch', async () => {
    const hub = await TestHub.start({ limits: { requestsPerSecond: 1 } })
    const batch = Array.from({ length: 10 }, () => 'log.head').join(',')
    expect((await hub.ask(`/trpc/${batch}?batch=1&input=%7B%7D`)).status).toBe(200)
    const next = await hub.ask('/trpc/log.head')
    expect(next.status).toBe(429)
    expect(JSON.parse(next.text).error.data).toMatchObject({ code: 'TOO_MANY_REQUESTS', httpStatus: 429 })
  })

  test('knows a call by one spelling, so that none is counted as another', async () => {
    const hub = await TestHub.start()
    for (const path of ['log%2ehead', 'log.head%2Clog.head', '%6cog.sizes'])
      expect((await hub.ask(`/trpc/${path}?batch=1&input=%7B%7D`)).status, path).toBe(404)
  })

  const attacks: [string, number[], (hub: TestHub) => Promise<{ status: number }>][] = [
    [
      'nesting without end',
      [400],
      (hub) =>
        hub.ask('/trpc/transaction.submit', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '['.repeat(1_000_000),
        }),
    ],
    ['nesting where a text is wanted', [400], (hub) => hub.call('transaction.submit', { note: [[[[[[[['a']]]]]]]] })],
    [
      'more notes than a call holds',
      [400],
      (hub) => hub.call('transaction.submitMany', { notes: Array.from({ length: 501 }, () => 'AA==') }),
    ],
    ['no notes', [400], (hub) => hub.call('transaction.submitMany', { notes: [] })],
    ['a note that is too long', [400], (hub) => hub.call('transaction.submit', { note: 'A'.repeat(200_000) })],
    ['a note that is no base64', [400], (hub) => hub.call('transaction.submit', { note: '!' })],
    ['fields that nobody knows', [400], (hub) => hub.call('transaction.submit', { note: 'AA==', __proto__: 1, constructor: 2 })],
    [
      'more calls than a batch holds',
      [400],
      (hub) => hub.ask(`/trpc/${Array.from({ length: 51 }, () => 'log.head').join(',')}?batch=1`),
    ],
    ['a procedure that is none', [404], (hub) => hub.call('constructor', {})],
    ['one of an object of JavaScript', [404], (hub) => hub.call('__proto__.toString', {})],
    [
      'a form',
      [415],
      (hub) => hub.call('transaction.submit', {}, { headers: { 'content-type': 'multipart/form-data; boundary=a' } }),
    ],
    ...[
      '/x/../trpc/log.head',
      '//trpc/log.head',
      '/./trpc/log.head',
      '/%2e/trpc/log.head',
      '/trpc\\log.head',
      'http://127.0.0.1/trpc/log.head',
    ].map((path): (typeof attacks)[number] => [
      `a call by the path ${path}`,
      [400, 404, 421],
      (hub) => hub.ask(path, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '['.repeat(100_000) }),
    ]),
    ['a path out of its own', [400, 404], (hub) => hub.ask('/tile/../../access.json')],
    ['a path of another spelling', [400, 404], (hub) => hub.ask('/tile/0/%2e%2e/000')],
    ['a tile of another spelling', [404], (hub) => hub.ask('/tile/00/000.p/5')],
    ['a tile that is wider than the log', [404], (hub) => hub.ask('/tile/0/000.p/6')],
    [
      'a page of another site',
      [403],
      (hub) => hub.call('transaction.submit', {}, { headers: { origin: 'https://evil.example' } }),
    ],
    ['a host that is not it', [421], (hub) => hub.ask('/checkpoint', { headers: { host: 'evil.example' } })],
    ['a very long address', [414, 431], (hub) => hub.ask(`/trpc/log.page?input=${'a'.repeat(20_000)}`)],
    ['another method', [405], (hub) => hub.ask('/checkpoint', { method: 'DELETE' })],
    ['another method of calls', [403, 404, 405, 415], (hub) => hub.ask('/trpc/log.head', { method: 'PUT' })],
  ]

  test('refuses what is no request of its, and goes on', async () => {
    const hub = await TestHub.start()
    for (const [what, expected, attack] of attacks) {
      const { status } = await attack(hub)
      expect(expected, `${what}: ${status}`).toContain(status)
      expect((await hub.ask('/checkpoint')).status, what).toBe(200)
    }
  })
})
