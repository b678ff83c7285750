/** What stands before every request to a hub: many connections, slow ones, names, origins, rates and bodies. */

import { createServer, get, type IncomingMessage, request as send } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Bodies } from '../../core/net/bodies.ts'
import { ClientAddresses, isNetwork } from '../../core/net/client-address.ts'
import { DEFAULT_LIMITS, GATE_SERVER_OPTIONS, Gate, type Limits, type TurnedAway } from '../../core/net/gate.ts'

interface Given {
  readonly limits?: Partial<Limits>
  readonly names?: readonly string[]
  readonly proxies?: readonly string[]
  readonly isLoopback?: boolean
  /** How long a head may take. */
  readonly headersTimeout?: number
  readonly answer?: 'ok' | 'events'
}

/** A server behind the gate, which answers with what the gate let in. */
async function gated({ limits, names = [], proxies = [], isLoopback = true, headersTimeout, answer = 'ok' }: Given = {}) {
  const server = createServer({
    ...GATE_SERVER_OPTIONS,
    ...(headersTimeout && { headersTimeout, connectionsCheckingInterval: 50 }),
  })
  const turnedAway: TurnedAway[] = []
  const gate = new Gate(server, {
    limits: { ...DEFAULT_LIMITS, ...limits },
    ...{ names, proxies, isLoopback },
    turnedAway: (why) => turnedAway.push(why),
  })
  server.on('request', async (request: IncomingMessage & { body?: string }, response) => {
    const fault = await gate.enter(request, response)
    if (fault !== undefined) response.writeHead(fault.status, { ...fault.headers, connection: 'close' }).end(fault.message)
    else if (answer === 'events') response.setHeader('content-type', 'text/event-stream').write('data: 1\n\n')
    else response.end(request.body ?? 'ok')
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, gate, turnedAway, server }
}

interface Answered {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

interface Asking {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly localAddress?: string
}

function ask(port: number, path = '/', { method = 'GET', headers = {}, body, localAddress }: Asking = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method, headers, agent: false, ...(localAddress && { localAddress }) }
    const request = send(options, async (response) => {
      let text = ''
      for await (const part of response.setEncoding('utf8')) text += part
      resolve({ status: response.statusCode!, headers: response.headers, text })
    })
    request.on('error', reject)
    request.end(body)
  })
}

const post = (body: string, headers: Record<string, string> = {}): Asking => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body,
})

/** A connection that says something, and nothing more. */
function open(port: number, said = 'GET / HTTP/1.1\r\nHost: 127', localAddress = '127.0.0.1'): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () => {
      socket.write(said, () => resolve(socket))
    })
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
  })
}

async function until(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !holds(); await sleep(10)) if (performance.now() > end) expect(holds()).toBe(true)
}

describe('slow connections', () => {
  test('500 of them from one address do not keep a caller of that address from its answer', async () => {
    const { port, server } = await gated()
    const slow = await Promise.all(Array.from({ length: 500 }, () => open(port)))
    const count = () => new Promise<number>((resolve) => server.getConnections((_error, open) => resolve(open)))
    const started = performance.now()
    expect((await ask(port)).text).toBe('ok')
    expect(performance.now() - started).toBeLessThan(5_000)
    expect(await count()).toBeLessThanOrEqual(DEFAULT_LIMITS.connectionsPerAddress)
    await until(() => slow.filter(({ destroyed }) => destroyed).length >= 500 - DEFAULT_LIMITS.connectionsPerAddress)
  })

  test('nor do those that send a body byte by byte', async () => {
    const { port } = await gated({ limits: { connectionsPerAddress: 20 } })
    const head = 'POST /trpc/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{'
    const slow = await Promise.all(Array.from({ length: 60 }, () => open(port, head)))
    expect((await ask(port)).text).toBe('ok')
    await until(() => slow.filter(({ destroyed }) => destroyed).length >= 40)
  })

  test('those of many addresses neither, where all together are at the bound', async () => {
    const { port } = await gated({ limits: { connections: 50, connectionsPerAddress: 20 } })
    const addresses = Array.from({ length: 10 }, (_, i) => `127.0.1.${i + 1}`)
    await Promise.all(addresses.flatMap((address) => Array.from({ length: 10 }, () => open(port, undefined, address))))
    for (let i = 0; i < 5; i++) expect((await ask(port)).text).toBe('ok')
  })

  test('a head that does not come whole in time ends the connection', async () => {
    const { port } = await gated({ headersTimeout: 200 })
    const socket = await open(port)
    socket.resume()
    await until(() => socket.destroyed || socket.readableEnded)
  })

  test('those that are answered are not closed for others; streams of events are, the oldest first', async () => {
    const { port, turnedAway } = await gated({ limits: { connectionsPerAddress: 3 }, answer: 'events' })
    const ended: number[] = []
    const watch = (name: number) =>
      new Promise<void>((begun) => {
        const request = get({ host: '127.0.0.1', port, agent: false }, (response) => {
          response.on('data', () => begun())
          response.on('error', () => ended.push(name))
        })
        request.on('error', () => ended.push(name))
        onTestFinished(() => void request.destroy())
      })
    for (const name of [1, 2, 3, 4, 5]) await watch(name)
    await until(() => ended.length >= 2)
    expect(ended).toEqual([1, 2])
    expect(turnedAway).toEqual(['connection', 'connection'])
  })
})

describe('the name that is asked for', () => {
  const status = async (given: Given, host: string, path = '/') =>
    (await ask((await gated(given)).port, path, { headers: { host } })).status

  test.each(['127.0.0.1', '127.0.0.1:5001', 'localhost:4747', '[::1]:4747', 'LOCALHOST'])('%s is this machine', async (host) => {
    expect(await status({}, host)).toBe(200)
  })

  test.each([
    'evil.example',
    'hub.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '10.0.0.1',
    'a b',
    '@',
    'x@127.0.0.1',
  ])('%s is not, on a loopback address', async (host) => {
    expect(await status({}, host)).toBe(421)
  })

  test('is said', async () => {
    const { port } = await gated()
    const socket = await open(port, 'GET / HTTP/1.0\r\n\r\n')
    let answer = ''
    socket.on('data', (part) => {
      answer += part
    })
    await until(() => answer.startsWith('HTTP/1.1 421 '))
  })

  test('is one: who is asked under two is not told which the other side believed', async () => {
    const { port } = await gated()
    const socket = await open(port, 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n')
    let answer = ''
    socket.on('data', (part) => {
      answer += part
    })
    await until(() => answer.startsWith('HTTP/1.1 400 '))
  })

  test('is one that the hub was given, there and elsewhere', async () => {
    const names = ['Hub.example']
    expect(await status({ names }, 'hub.example')).toBe(200)
    expect(await status({ names }, 'hub.example:443')).toBe(200)
    expect(await status({ names }, 'other.example')).toBe(421)
    expect(await status({ names, isLoopback: false }, 'hub.example')).toBe(200)
    expect(await status({ names, isLoopback: false }, '127.0.0.1')).toBe(421)
    expect(await status({ isLoopback: false }, 'any.example')).toBe(200)
    expect(await status({ names, isLoopback: false }, '10.0.0.1:4747', '/healthz')).toBe(200)
  })
})

describe('the page that a call comes from', () => {
  const call = async (headers: Record<string, string>, path = '/trpc/x') => {
    const { port } = await gated()
    return (await ask(port, path, post('{}', { host: '127.0.0.1', ...headers }))).status
  }

  test('may be none, or its own', async () => {
    expect(await call({})).toBe(200)
    expect(await call({ origin: 'http://127.0.0.1' })).toBe(200)
    expect(await call({ origin: 'https://127.0.0.1', 'sec-fetch-site': 'same-origin' })).toBe(200)
  })

  test.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ origin: 'http://127.0.0.1:3000' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
  ])('is not %o', async (headers) => {
    expect(await call(headers)).toBe(403)
    const { port } = await gated()
    expect((await ask(port, '/trpc/events', { headers })).status).toBe(403)
    // The log itself is for everybody who can read it.
    expect((await ask(port, '/checkpoint', { headers })).status).toBe(200)
  })
})

describe('rates', () => {
  test('are of one address, and say when to go on', async () => {
    const { port, turnedAway } = await gated({ limits: { requestsPerSecond: 1 } })
    const answers = await Promise.all(Array.from({ length: 25 }, () => ask(port)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(15)
    for (const { headers } of refused) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect(turnedAway.filter((why) => why === 'rate')).toHaveLength(15)
    expect((await ask(port, '/', { localAddress: '127.0.0.2' })).status).toBe(200)
  })

  test('of notes count each of them', async () => {
    const { gate } = await gated({ limits: { notesPerSecond: 10 } })
    const from = (remoteAddress: string) => ({ socket: { remoteAddress }, headers: {} }) as unknown as IncomingMessage
    expect(await gate.spend(from('198.51.100.1'), 99)).toBeUndefined()
    expect(await gate.spend(from('198.51.100.1'), 1)).toBeUndefined()
    expect(await gate.spend(from('198.51.100.1'), 1)).toMatchObject({ status: 429 })
    expect(await gate.spend(from('198.51.100.2'), 1)).toBeUndefined()
  })

  test('may be without bound', async () => {
    const { port, gate } = await gated({ limits: { requestsPerSecond: 0, notesPerSecond: 0 } })
    expect((await ask(port)).status).toBe(200)
    expect(await gate.spend({ socket: {}, headers: {} } as unknown as IncomingMessage, 1_000_000)).toBeUndefined()
  })

  test('behind a proxy are of those for whom it speaks', async () => {
    const { port } = await gated({ limits: { requestsPerSecond: 1 }, proxies: ['127.0.0.1'] })
    const from = (client: string) => ask(port, '/', { headers: { 'x-forwarded-for': client } })
    const one = await Promise.all(Array.from({ length: 12 }, (_, i) => from(`10.9.9.${i}, 203.0.113.7`)))
    expect(one.filter(({ status }) => status === 429)).toHaveLength(2)
    expect((await from('203.0.113.8')).status).toBe(200)
  })
})

describe('an address', () => {
  const seen = (remoteAddress: string, forwarded: string | undefined, proxies: string[]) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
    return new ClientAddresses(proxies).of({ socket: { remoteAddress }, headers } as unknown as IncomingMessage)
  }

  test.each([
    ['198.51.100.1', undefined, [], '198.51.100.1'],
    ['::ffff:198.51.100.1', undefined, [], '198.51.100.1'],
    // Whoever connects by itself may write what it likes.
    ['198.51.100.1', '203.0.113.7', [], '198.51.100.1'],
    ['198.51.100.1', '203.0.113.7', ['10.0.0.0/8'], '198.51.100.1'],
    ['10.1.2.3', '203.0.113.7', ['10.0.0.0/8'], '203.0.113.7'],
    ['::ffff:10.1.2.3', '1.1.1.1, 203.0.113.7', ['10.0.0.0/8'], '203.0.113.7'],
    ['10.1.2.3', '1.1.1.1, 203.0.113.7, 10.2.0.1', ['10.0.0.0/8'], '203.0.113.7'],
    ['10.1.2.3', '1.1.1.1, rubbish', ['10.0.0.0/8'], '10.1.2.3'],
    ['10.1.2.3', undefined, ['10.0.0.0/8'], '10.1.2.3'],
    ['::1', '203.0.113.7', ['::1'], '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', undefined, [], '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', undefined, [], '2001:db8:1:2::/64'],
    ['2001:db8::9', undefined, [], '2001:db8:0:0::/64'],
    ['fe80::1%eth0', undefined, [], 'fe80:0:0:0::/64'],
  ])('%s, for %s, behind %o', (remoteAddress, forwarded, proxies, expected) => {
    expect(seen(remoteAddress, forwarded, proxies)).toBe(expected)
  })

  test('of a proxy, or of proxies', () => {
    const good = ['127.0.0.1', '::1', '10.0.0.0/8', 'fd00::/8', '0.0.0.0/0']
    expect(good.filter(isNetwork)).toEqual(good)
    expect(
      ['', 'hub.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0/8', '::/129', '1.2.3.4/8/8', '10.0.0.0/-1'].filter(isNetwork),
    ).toEqual([])
  })
})

describe('bodies', () => {
  test('are JSON, of a bounded length and depth', async () => {
    const { port, turnedAway } = await gated()
    const call = async (asking: Asking) => (await ask(port, '/trpc/x', asking)).status
    expect(await ask(port, '/trpc/x', post('{"a":"ü"}'))).toMatchObject({ status: 200, text: '{"a":"ü"}' })
    expect(await call({ method: 'POST', body: '{}' })).toBe(415)
    expect(await call(post('{}', { 'content-type': 'text/plain' }))).toBe(415)
    expect(await call(post('{}', { 'content-encoding': 'gzip' }))).toBe(415)
    expect(await call(post('{}', { 'content-length': '99999999' })).catch(() => 413)).toBe(413)
    expect(await call(post('['.repeat(100_000)))).toBe(400)
    expect(await call(post(`${'['.repeat(16)}${']'.repeat(16)}`))).toBe(200)
    expect(await call(post(`"${'['.repeat(100)}\\"${'['.repeat(100)}"`))).toBe(200)
    expect(new Set(turnedAway)).toEqual(new Set(['body']))
  })

  /** A hub whose bodies are small. */
  async function receiving(options: { maximumBytes: number; maximumBytesOfAll: number }) {
    const bodies = new Bodies(options)
    const server = createServer(async (request, response) => {
      const body = await bodies.receive(request, response)
      if (typeof body === 'string') response.end(String(body.length))
      else response.writeHead(body.status, { connection: 'close' }).end(body.message)
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return (server.address() as AddressInfo).port
  }

  test('that say no length are cut where they grow too long', async () => {
    const port = await receiving({ maximumBytes: 1_000, maximumBytesOfAll: 10_000 })
    const chunked = post(`"${'a'.repeat(900)}"`, { 'transfer-encoding': 'chunked' })
    expect(await ask(port, '/', chunked)).toMatchObject({ status: 200, text: '902' })
    expect((await ask(port, '/', { ...chunked, body: `"${'a'.repeat(1_001)}"` })).status).toBe(413)
  })

  test('of all callers are bounded together: what arrives slowly makes room for what arrives', async () => {
    const port = await receiving({ maximumBytes: 1_000, maximumBytesOfAll: 5_000 })
    const head = 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n'
    const slow = await Promise.all(Array.from({ length: 20 }, () => open(port, `${head}${'1'.repeat(900)}`)))
    const answers = slow.map((socket) => {
      let text = ''
      socket.on('data', (part) => {
        text += part
      })
      return () => text
    })
    for (let i = 0; i < 10; i++) expect(await ask(port, '/', post('1'.repeat(990)))).toMatchObject({ status: 200, text: '990' })
    await until(() => answers.filter((text) => text().startsWith('HTTP/1.1 503')).length >= 15)
    // What was given up is counted no more.
    for (const socket of slow) socket.destroy()
    for (let i = 0; i < 50; i++) expect((await ask(port, '/', post('1'.repeat(990)))).status).toBe(200)
  })
})
