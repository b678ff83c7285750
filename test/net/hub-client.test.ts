/** A hub's log over HTTP: what comes back is the resource, or an error that says why not; in bounded time and space. */

import { randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Malformed } from '../../core/base/malformed.ts'
import { formatBundle } from '../../core/log/tiles.ts'
import { HubClient, type HubClientOptions } from '../../core/net/hub-client.ts'
import { parseHubUrl } from '../../core/net/hub-url.ts'
import { isToken } from '../../core/net/token.ts'

describe('the address of a hub', () => {
  test.each([
    ['https://hub.example', 'https://hub.example/'],
    ['https://hub.example/credits', 'https://hub.example/credits/'],
    ['https://hub.example:8443/a/b/', 'https://hub.example:8443/a/b/'],
    ['http://127.0.0.1:4747', 'http://127.0.0.1:4747/'],
    ['http://localhost:4747/', 'http://localhost:4747/'],
    ['http://[::1]:4747', 'http://[::1]:4747/'],
  ])('%s', (text, address) => {
    expect((parseHubUrl(text) as URL).href).toBe(address)
  })

  test.each([
    '',
    'hub.example',
    'ftp://hub.example',
    'file:///etc/passwd',
    'http://hub.example',
    'http://127.0.0.1.evil.example',
    'http://128.0.0.1',
    'http://localhost.evil.example',
    'http://0.0.0.0:4747',
    'https://user@hub.example',
    'https://user:secret@hub.example',
    'https://hub.example/?a=b',
    'https://hub.example/?',
    'https://hub.example/#',
    `https://hub.example/${'a'.repeat(3_000)}`,
  ])('is not %s', (text) => {
    expect(parseHubUrl(text)).toBeInstanceOf(Malformed)
  })
})

type Answer = (response: ServerResponse, path: string, nth: number) => void

/** A client of a server that answers so; and what it was asked. */
async function served(answer: Answer, options: HubClientOptions = {}): Promise<{ client: HubClient; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    answer(response, request.url!, asked.length)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const base = parseHubUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}/log`) as URL
  return { client: new HubClient(base, { attempts: 1, pauseMs: 1, ...options }), asked }
}

const TILE = { 'content-type': 'application/octet-stream' }
const HASHES = Buffer.alloc(256 * 32, 7)
const CUT_OFF = expect.stringMatching(/ is cut off after \d+ bytes/)
/** 64 MiB of zeros. */
const ZEROS = Buffer.alloc(64 * 1024 * 1024)
/** How servers pack bundles. */
const PACKINGS = { gzip: gzipSync, zstd: zstdCompressSync }

describe('a log over HTTP', () => {
  test.each(['gzip', 'zstd'] as const)('is asked for by the paths of its tiles, packed with %s or not', async (coding) => {
    const bundle = formatBundle([randomBytes(50), randomBytes(1_000)])
    const { client, asked } = await served((response, path) => {
      const bytes = path.includes('entries') ? bundle : HASHES.subarray(0, 96)
      if (path === '/log/checkpoint') response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('signed\n')
      else response.writeHead(200, { ...TILE, 'content-encoding': coding }).end(PACKINGS[coding](bytes))
    })
    expect(Buffer.from(await client.checkpoint()).toString()).toBe('signed\n')
    expect(await client.tile(0, 1_234_067, 3)).toEqual(HASHES.subarray(0, 96))
    expect(Buffer.from(await client.bundle(5, 2))).toEqual(Buffer.from(bundle))
    expect(asked).toEqual(['/log/checkpoint', '/log/tile/0/x001/x234/067.p/3', '/log/tile/entries/005.p/2'])
  })

  test('is asked again where an answer is cut off, past all caches and at last on a new connection', async () => {
    const connections: unknown[] = []
    const answer: Answer = (response, _path, nth) => {
      const { socket, headers } = response.req
      connections.push(socket)
      expect([headers.connection, headers['cache-control']]).toEqual(
        nth === 1 ? ['keep-alive', undefined] : ['close', 'no-cache'],
      )
      response.writeHead(200, TILE).end(nth < 3 ? HASHES.subarray(0, -1) : HASHES)
    }
    const { client, asked } = await served(answer, { attempts: 3 })
    expect(await client.tile(0, 0, 256)).toHaveLength(256 * 32)
    expect(asked).toHaveLength(3)
    expect(connections[2]).not.toBe(connections[0])
    // The beginning of a full bundle serves for a partial one, wherever it is cut after that.
    const bundle = formatBundle(Array.from({ length: 256 }, () => randomBytes(50)))
    const full = await served((response, path) => {
      if (path.includes('.p/')) response.writeHead(404).end()
      else response.writeHead(200, TILE).end(bundle)
    })
    expect(Buffer.from(await full.client.bundle(0, 3)).equals(bundle)).toBe(true)
    for (const end of [0, 1, 53, 155]) {
      const cut = await served((response) => response.writeHead(200, TILE).end(bundle.subarray(0, end)))
      await expect(cut.client.bundle(0, 3)).rejects.toMatchObject({ reason: 'offline', message: CUT_OFF })
    }
  })

  test('that is private is read with a token', async () => {
    const sent: (string | undefined)[] = []
    const answer: Answer = (response) => {
      const token = response.req.headers.authorization
      sent.push(token)
      response.writeHead(token === 'Bearer s3cret' ? 200 : 401, TILE).end(HASHES)
    }
    const { client } = await served(answer, { token: 's3cret' })
    expect(await client.tile(0, 0, 256)).toHaveLength(256 * 32)
    const denied = (what: string) => ({ reason: 'denied', code: 'denied', message: expect.stringContaining(what) })
    const without = await served(answer, { attempts: 3 })
    await expect(without.client.tile(0, 0, 256)).rejects.toMatchObject(denied('The log is private'))
    const revoked = await served(answer, { token: 'revoked', attempts: 3 })
    await expect(revoked.client.tile(0, 0, 256)).rejects.toMatchObject(denied('The token does not open the log.'))
    // Asked once each: another time would do no better.
    expect(sent).toEqual(['Bearer s3cret', undefined, 'Bearer revoked'])
    expect(['', 'a b', 'a\nb', 'ü', 'a'.repeat(513)].filter(isToken)).toEqual([])
  })

  test('serves the full tile where the partial one is gone', async () => {
    const { client, asked } = await served((response, path) => {
      if (path.includes('.p/')) response.writeHead(404).end()
      else response.writeHead(200, TILE).end(HASHES)
    })
    expect(await client.tile(0, 0, 3)).toHaveLength(96)
    expect(await client.bundle(0, 3)).toHaveLength(256 * 32)
    expect(asked).toEqual(['/log/tile/0/000.p/3', '/log/tile/0/000', '/log/tile/entries/000.p/3', '/log/tile/entries/000'])
  })

  test('is asked for six resources at a time, the others in their turn, also after one that is not there', async () => {
    const held: ServerResponse[] = []
    const { client, asked } = await served((response) => held.push(response))
    const answers = Array.from({ length: 20 }, (_, number) => client.tile(0, number, 256))
    const settled = Promise.allSettled(answers)
    for (let answered = 0; answered < 20; answered++) {
      await expect.poll(() => asked.length).toBe(Math.min(20, answered + 6))
      const response = held[answered]!
      if (response.req.url!.endsWith('/003')) response.writeHead(404).end()
      else response.writeHead(200, TILE).end(HASHES)
    }
    expect((await settled).map(({ status }) => status === 'fulfilled')).toEqual(Array.from({ length: 20 }, (_, i) => i !== 3))
    expect(asked.slice(0, 6).sort()).toEqual(Array.from({ length: 6 }, (_, i) => `/log/tile/0/00${i}`))
    expect(asked.slice(6)).toEqual(Array.from({ length: 14 }, (_, i) => `/log/tile/0/${String(i + 6).padStart(3, '0')}`))
  })

  test('is asked again where nobody answers, and only then', async () => {
    const flaky = await served(
      (response, _path, nth) => {
        if (nth === 1) response.writeHead(503).end()
        else if (nth === 2) response.destroy()
        else response.writeHead(200, TILE).end(HASHES)
      },
      { attempts: 3 },
    )
    expect(await flaky.client.tile(0, 0, 256)).toHaveLength(256 * 32)
    expect(flaky.asked).toHaveLength(3)
    const gone = await served((response) => response.writeHead(404).end(), { attempts: 3 })
    await expect(gone.client.tile(0, 0, 256)).rejects.toMatchObject({ reason: 'not_found', code: 'damaged' })
    expect(gone.asked).toHaveLength(1)
  })

  test('that has too much to do is asked again when it says', async () => {
    const { client, asked } = await served(
      (response, _path, nth) => {
        if (nth === 1) response.writeHead(429, { 'retry-after': '1' }).end()
        else response.writeHead(200, TILE).end(HASHES)
      },
      { attempts: 2 },
    )
    const started = performance.now()
    expect(await client.tile(0, 0, 256)).toHaveLength(256 * 32)
    expect(performance.now() - started).toBeGreaterThan(990)
    expect(asked).toHaveLength(2)
  })

  const bad: [string, Answer, object][] = [
    [
      'leads elsewhere',
      (r) => r.writeHead(302, { location: 'http://127.0.0.1:1/secret' }).end(),
      { reason: 'offline', message: expect.stringContaining('no redirect is followed') },
    ],
    ['leads elsewhere for ever', (r) => r.writeHead(308, { location: '/log/tile/0/001' }).end(), { reason: 'offline' }],
    [
      'is a page of a portal',
      (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>'),
      { reason: 'offline', message: expect.stringContaining('"text/html"') },
    ],
    ['is JSON', (r) => r.writeHead(200, { 'content-type': 'application/json' }).end('{}'), { reason: 'offline' }],
    [
      'is an error',
      (r) => r.writeHead(500).end('oops'),
      { reason: 'offline', message: expect.stringContaining('answered with 500') },
    ],
    ['is refused', (r) => r.writeHead(403).end(), { reason: 'denied' }],
    ['is gone', (r) => r.writeHead(410).end(), { reason: 'not_found' }],
    ['is part of it', (r) => r.writeHead(206, TILE).end(HASHES), { reason: 'offline' }],
    ['is nothing', (r) => r.writeHead(204).end(), { reason: 'offline' }],
    ['is too large', (r) => r.writeHead(200, TILE).end(Buffer.alloc(256 * 32 + 1)), { reason: 'too_large' }],
    ['never ends', endless, { reason: 'too_large' }],
    ['unpacks to very much', packed('gzip', gzipSync(ZEROS)), { reason: 'too_large' }],
    ['unpacks to very much from zstd', packed('zstd', zstdCompressSync(ZEROS)), { reason: 'too_large' }],
    ['is not packed as it says', packed('gzip', HASHES), { reason: 'offline' }],
    ['is not packed with zstd as it says', packed('zstd', HASHES), { reason: 'offline' }],
    [
      'ends before its frame does',
      packed('zstd', zstdCompressSync(randomBytes(9_000)).subarray(0, 8_000)),
      { reason: 'offline' },
    ],
    [
      'is cut off',
      (r) => void r.writeHead(200, { ...TILE, 'content-length': '8192' }).write(HASHES.subarray(0, 100), () => r.destroy()),
      { reason: 'offline' },
    ],
    ['is cut off without a word about its length', ended(HASHES.subarray(0, 8_000)), { reason: 'offline', message: CUT_OFF }],
    ['is cut off at once', ended(HASHES.subarray(0, 0)), { reason: 'offline', message: CUT_OFF }],
    [
      'is packed, and cut off as if that were all',
      packed('gzip', gzipSync(randomBytes(8_192)).subarray(0, 8_000)),
      { reason: 'offline', message: CUT_OFF },
    ],
    ['is dropped', (r) => r.destroy(), { reason: 'offline' }],
    ['never begins', () => {}, { reason: 'offline', message: expect.stringContaining('it stopped answering') }],
    ['stops in the middle', (r) => void r.writeHead(200, TILE).write(HASHES.subarray(0, 100)), { reason: 'offline' }],
    ['drips', drip, { reason: 'offline', message: expect.stringContaining('it took too long') }],
    [
      'has headers without end',
      (r) => r.writeHead(200, { ...TILE, 'x-much': 'a'.repeat(100_000) }).end(HASHES),
      { reason: 'offline' },
    ],
  ]

  test.each(bad)('%s: it is told as such', async (_what, answer, expected) => {
    const { client } = await served(answer, { timeoutMs: 1_500, idleTimeoutMs: 700 })
    const started = performance.now()
    await expect(client.tile(0, 0, 256)).rejects.toMatchObject(expected)
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  test('that is not there', async () => {
    const client = new HubClient(parseHubUrl('http://127.0.0.1:9') as URL, { attempts: 1 })
    await expect(client.checkpoint()).rejects.toMatchObject({ reason: 'offline', code: 'offline' })
  })
})

/** Bytes whose end is the end of the connection, as HTTP/1.0 has it. */
function ended(bytes: Uint8Array): (response: ServerResponse) => void {
  return ({ req: { socket } }) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\nconnection: close\r\n\r\n')
    socket.end(bytes)
  }
}

/** Bytes in the place of 256 hashes, said to be packed in one way or another. */
function packed(coding: string, bytes: Uint8Array): (response: ServerResponse) => void {
  return (response) => response.writeHead(200, { ...TILE, 'content-encoding': coding }).end(bytes)
}

function endless(response: ServerResponse): void {
  response.writeHead(200, TILE)
  const write = () => {
    while (!response.destroyed && response.write(HASHES));
    if (!response.destroyed) response.once('drain', write)
  }
  write()
}

/** A byte now and then, so that it never stops. */
function drip(response: ServerResponse): void {
  response.writeHead(200, TILE)
  const timer = setInterval(() => response.write(Buffer.of(7)), 100)
  response.on('close', () => clearInterval(timer))
}
