/** The console over HTTP: what every transport does, and what only this one has to withstand. */

import { connect as connectSocket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { MAX_BATCH_CALLS, MAX_REQUEST_BYTES } from '../../core/api/router.ts'
import { PASSPHRASE } from '../cli/run.ts'
import { httpClient, marketCopy, openDesk, serve, visit } from './console.ts'
import { consoleSpec, failureOf } from './spec.ts'

describe('the console over HTTP', () => {
  consoleSpec(async () => {
    const market = await marketCopy()
    const server = await serve(openDesk(market.dir))
    return { market, ...httpClient(server.origin, await visit(server.url)) }
  })
})

/** A console that somebody has opened already, and a request to it as a program would write it. */
async function opened() {
  const market = await marketCopy()
  const desk = openDesk(market.dir)
  await desk.unlock(PASSPHRASE)
  const server = await serve(desk)
  const cookie = await visit(server.url)
  const { origin } = server
  const call = (init: { method?: string; path?: string; headers?: Record<string, string>; body?: string } = {}) =>
    fetch(`${origin}${init.path ?? '/trpc/desk.state'}`, {
      method: init.method ?? 'POST',
      headers: { cookie, origin, 'content-type': 'application/json', ...init.headers },
      ...(init.method === 'GET' ? {} : { body: init.body ?? '' }),
    })
  return { market, server, origin, cookie, call, port: Number(new URL(origin).port) }
}

/** Sends bytes as they are, and returns all that came back. */
function raw(port: number, text: string, { end = true } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket(port, '127.0.0.1', () => (end ? socket.end(text) : socket.write(text)))
    let received = ''
    socket.on('data', (bytes) => (received += bytes.toString('latin1')))
    socket.on('close', () => resolve(received))
    socket.on('error', reject)
  })
}

describe('the address', () => {
  it('is good for one visit, and opens nothing to others', async () => {
    const desk = openDesk((await marketCopy()).dir)
    const server = await serve(desk)
    const wrong = await fetch(`${server.origin}/open?token=wrong`, { redirect: 'manual' })
    expect(wrong.status).toBe(403)
    // A look ahead is no visit.
    const ahead = await fetch(server.url, { redirect: 'manual', headers: { 'sec-purpose': 'prefetch;prerender' } })
    expect(ahead.status).toBe(403)
    const first = await fetch(server.url, { redirect: 'manual' })
    expect(first.status).toBe(303)
    expect(first.headers.get('location')).toBe('/')
    expect(first.headers.get('set-cookie')).toMatch(/^nimledger-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
    expect((await fetch(server.url, { redirect: 'manual' })).status).toBe(403)
    // Whoever is in already may load it again.
    const cookie = first.headers.get('set-cookie')!.split(';')[0]!
    expect((await fetch(server.url, { redirect: 'manual', headers: { cookie } })).status).toBe(303)
  })

  it('is what the page is told of where it is not there', async () => {
    const server = await serve(openDesk((await marketCopy()).dir))
    const { client } = httpClient(server.origin, '')
    const failure = await failureOf(client.desk.state.query())
    expect(failure).toEqual({ code: 'denied', message: 'Open the console with the address that it was started with.' })
  })

  it('is needed for every call', async () => {
    const { call, port } = await opened()
    expect((await call()).status).toBe(200)
    for (const cookie of ['', `nimledger-${port}=`, `nimledger-${port}=${'A'.repeat(43)}`, 'nimledger-1=x', 'x'.repeat(4_000)]) {
      expect((await call({ headers: { cookie } })).status, cookie.slice(0, 40)).toBe(401)
    }
    const before = await serve(openDesk((await marketCopy()).dir))
    const headers = {
      origin: before.origin,
      'content-type': 'application/json',
      cookie: `nimledger-${new URL(before.origin).port}=`,
    }
    expect((await fetch(`${before.origin}/trpc/desk.state`, { method: 'POST', headers, body: '' })).status).toBe(401)
  })
})

describe('a call', () => {
  it('comes under the name of this machine, from the console itself', async () => {
    const { call, cookie, port } = await opened()
    for (const host of [
      'example.com',
      `example.com:${port}`,
      '127.0.0.1',
      `localhost:${port + 1}`,
      `127.0.0.1.nip.io:${port}`,
      '',
    ]) {
      const answer = await raw(port, `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
      expect(answer, host).toMatch(/^HTTP\/1\.1 4(?:21|00)/)
    }
    const type = 'Content-Type: application/json'
    const named = `Host: localhost:${port}\r\nOrigin: http://localhost:${port}\r\nCookie: ${cookie}\r\n${type}`
    const answer = await raw(
      port,
      `POST /trpc/desk.state HTTP/1.1\r\n${named}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      {
        end: false,
      },
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200/)
    const strangers = [
      'http://example.com',
      'null',
      `http://127.0.0.1:${port + 1}`,
      `https://127.0.0.1:${port}`,
      'nimledger://console',
    ]
    for (const origin of strangers) expect((await call({ headers: { origin } })).status, origin).toBe(403)
    for (const site of ['cross-site', 'same-site', 'none']) {
      expect((await call({ headers: { 'sec-fetch-site': site } })).status, site).toBe(403)
    }
    const nameless = `Host: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\nContent-Type: application/json`
    expect(
      await raw(port, `POST /trpc/desk.lock HTTP/1.1\r\n${nameless}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`, {
        end: false,
      }),
    ).toMatch(/^HTTP\/1\.1 403/)
  })

  it('is posted, and is JSON', async () => {
    const { call } = await opened()
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) expect((await call({ method })).status, method).toBe(405)
    for (const type of [
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/octet-stream',
      'application/x-www-form-urlencoded',
    ]) {
      expect((await call({ headers: { 'content-type': type } })).status, type).toBe(415)
    }
    const answer = await call({ path: '/trpc/log.page', body: '{"limit":' })
    expect(answer.status).toBe(400)
    const { error } = (await answer.json()) as { error: { data: { failure: unknown } } }
    expect(error.data.failure).toEqual({ code: 'usage', message: 'The request is not JSON.' })
    expect(JSON.stringify(error)).not.toMatch(/ {4}at |node_modules/)
  })

  it('is bounded in size and number', async () => {
    const { call } = await opened()
    const large = await call({ path: '/trpc/transaction.sign', body: JSON.stringify({ text: 'x'.repeat(MAX_REQUEST_BYTES) }) })
    expect(large.status).toBe(413)
    const path = (count: number) => `/trpc/${Array.from({ length: count }, () => 'desk.state').join(',')}?batch=1`
    expect((await call({ path: path(MAX_BATCH_CALLS), body: '{}' })).status).toBe(200)
    expect((await call({ path: path(MAX_BATCH_CALLS + 1), body: '{}' })).status).toBe(400)
  })

  it('does not wait for ever for a head that does not come', async () => {
    const { port } = await opened()
    const started = performance.now()
    const answer = await raw(port, 'POST /trpc/desk.state HTTP/1.1\r\nHost: 127', { end: false })
    expect(answer).toMatch(/^HTTP\/1\.1 408/)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})

describe('the page', () => {
  it('comes with headers that let it do nothing else, and a nonce of its own each time', async () => {
    const { origin } = await opened()
    const nonces = new Set<string>()
    for (let i = 0; i < 3; i++) {
      const answer = await fetch(`${origin}/`)
      const policy = answer.headers.get('content-security-policy')!
      const nonce = /'nonce-([^']+)'/.exec(policy)![1]!
      nonces.add(nonce)
      expect(await answer.text()).toContain(`content="${nonce}"`)
      expect(policy).toContain("default-src 'none'; script-src 'self'")
      expect(policy).toContain("frame-ancestors 'none'")
      const { headers } = answer
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
    expect(nonces.size).toBe(3)
  })

  it('brings its files, and none that are not its own', async () => {
    const { origin, port } = await opened()
    const script = await fetch(`${origin}/assets/index-abc.js`)
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('cache-control')).toContain('immutable')
    const elsewhere = [
      '/../package.json',
      '/%2e%2e/package.json',
      '/assets/../../x',
      '/keys.json',
      '//etc/passwd',
      '/assets/',
      '/index.html%00',
      '/.',
    ]
    for (const path of elsewhere) {
      const answer = await raw(port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
      expect(answer, path).toMatch(path === '/.' ? /^HTTP\/1\.1 200/ : /^HTTP\/1\.1 404/)
    }
    expect((await fetch(`${origin}/`, { method: 'POST' })).status).toBe(405)
  })
})
