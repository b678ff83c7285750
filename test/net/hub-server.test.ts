/** What a hub serves to anyone who speaks HTTP: the log as c2sp.org/tlog-tiles has it, its health, its figures. */

import { get } from 'node:http'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { toBase64 } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { readCheckpoint } from '../../core/log/checkpoint.ts'
import { leafHash } from '../../core/log/merkle.ts'
import { parseBundle } from '../../core/log/tiles.ts'
import { ADA, openedCheckpoint } from '../ledger/support.ts'
import { TestHub } from './hub.ts'

interface Raw {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** An answer as it comes, nothing unpacked. */
function raw(
  hub: TestHub,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
) {
  return new Promise<Raw>((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port: hub.port, path, method, headers, agent: false }, async (response) => {
      const parts: Buffer[] = []
      for await (const part of response) parts.push(part)
      resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) })
    })
    request.on('error', reject)
  })
}

const FOREVER = 'public, max-age=31536000, immutable'

describe('the log', () => {
  it('shows its checkpoint, for seconds', async () => {
    const hub = await TestHub.start()
    const { status, headers, body } = await raw(hub, '/checkpoint')
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(headers['cache-control']).toBe('public, max-age=2')
    expect(openedCheckpoint(body).size).toBe(5)
    await hub.submit(hub.test.topup(ADA, '1'))
    expect(openedCheckpoint((await raw(hub, '/checkpoint')).body).size).toBe(6)
  })

  it('is tiles and bundles that never change, in every width that they had', async () => {
    const hub = await TestHub.start()
    for (let width = 1; width <= 5; width++) {
      const tile = await raw(hub, `/tile/0/000.p/${width}`)
      const bundle = await raw(hub, `/tile/entries/000.p/${width}`)
      for (const { status, headers } of [tile, bundle]) {
        expect(status).toBe(200)
        expect(headers['content-type']).toBe('application/octet-stream')
        expect(headers['cache-control']).toBe(FOREVER)
        expect(headers['x-content-type-options']).toBe('nosniff')
      }
      const entries = parseBundle(bundle.body, width)
      if (entries instanceof Malformed) throw new Error(entries.reason)
      expect(tile.body).toEqual(Buffer.concat(entries.map((entry) => leafHash(sha256, entry))))
    }
  })

  it('has nothing beyond its checkpoint, and one spelling for each thing', async () => {
    const hub = await TestHub.start()
    const absent = [
      '0/000',
      '0/000.p/6',
      '0/001.p/1',
      '1/000.p/1',
      'entries/000',
      'entries/000.p/6',
      '64/000.p/1',
      '0/x000/000.p/1',
    ]
    const misspelt = [
      '0/0.p/1',
      '00/000.p/1',
      '0/000.p/05',
      '0/000.p/0',
      '0/000.p/256',
      '-1/000',
      '0/000.p/1/',
      '',
      'entries',
      '0/../0/000.p/1x',
      '0/%30%30%30.p/1',
    ]
    for (const path of [...absent, ...misspelt]) {
      const { status, headers } = await raw(hub, `/tile/${path}`)
      expect(status, path).toBe(404)
      expect(headers['cache-control'], path).not.toContain('immutable')
    }
  })

  it('packs bundles for those who take them packed, and for nobody else', async () => {
    const hub = await TestHub.start()
    const path = '/tile/entries/000.p/5'
    const plain = await raw(hub, path)
    expect(plain.headers['content-encoding']).toBeUndefined()
    for (const accepted of ['gzip', 'GZIP', 'gzip, identity', 'br, gzip;q=0.5', 'x-gzip', 'deflate,gzip;q=1.000']) {
      const packed = await raw(hub, path, { headers: { 'accept-encoding': accepted } })
      expect(packed.headers['content-encoding'], accepted).toBe('gzip')
      expect(packed.headers.vary).toBe('accept-encoding')
      expect(gunzipSync(packed.body)).toEqual(plain.body)
      expect(packed.body.length).toBeLessThan(plain.body.length)
    }
    for (const accepted of ['', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.0', 'gzipped', '*']) {
      const { headers, body } = await raw(hub, path, { headers: { 'accept-encoding': accepted } })
      expect(headers['content-encoding'], accepted).toBeUndefined()
      expect(headers.vary).toBe('accept-encoding')
      expect(body).toEqual(plain.body)
    }
    // Hashes cannot be made smaller.
    const tile = await raw(hub, '/tile/0/000.p/5', { headers: { 'accept-encoding': 'gzip' } })
    expect(tile.headers['content-encoding']).toBeUndefined()
  })

  it('gives full bundles as they are stored to those who unpack them themselves', async () => {
    const hub = await TestHub.start()
    const notes = Array.from({ length: 252 }, (_, i) => toBase64(hub.test.model(ADA, `m${i}`)))
    await hub.result('transaction.submitMany', { notes })
    const full = '/tile/entries/000'
    const plain = await raw(hub, full)
    for (const accepted of ['zstd', 'zstd, gzip, identity', 'gzip, ZSTD;q=0.5']) {
      const packed = await raw(hub, full, { headers: { 'accept-encoding': accepted } })
      expect(packed.headers['content-encoding'], accepted).toBe('zstd')
      expect(packed.headers.vary).toBe('accept-encoding')
      expect(packed.headers['cache-control']).toBe(FOREVER)
      expect(zstdDecompressSync(packed.body)).toEqual(plain.body)
    }
    for (const accepted of ['gzip, identity', 'zstd;q=0, gzip', 'zstandard, gzip']) {
      const { headers, body } = await raw(hub, full, { headers: { 'accept-encoding': accepted } })
      expect(headers['content-encoding'], accepted).toBe('gzip')
      expect(gunzipSync(body)).toEqual(plain.body)
    }
    // What is not full is not stored as one.
    const partial = await raw(hub, '/tile/entries/001.p/1', { headers: { 'accept-encoding': 'zstd, gzip' } })
    expect(partial.headers['content-encoding']).toBe('gzip')
    const absent = await raw(hub, '/tile/entries/001', { headers: { 'accept-encoding': 'zstd' } })
    expect(absent.status).toBe(404)
  })

  it('tells the head of anything without the rest', async () => {
    const hub = await TestHub.start()
    for (const path of ['/checkpoint', '/tile/0/000.p/5', '/tile/entries/000.p/5', '/healthz', '/metrics']) {
      const head = await raw(hub, path, { method: 'HEAD' })
      const whole = await raw(hub, path)
      expect(head.status, path).toBe(200)
      expect(head.body, path).toHaveLength(0)
      if (path !== '/metrics') expect(head.headers['content-length'], path).toBe(String(whole.body.length))
      expect(head.headers['content-type']).toBe(whole.headers['content-type'])
    }
    expect((await raw(hub, '/tile/0/000', { method: 'HEAD' })).status).toBe(404)
  })

  it('is only read', async () => {
    const hub = await TestHub.start()
    for (const path of ['/checkpoint', '/tile/0/000.p/5', '/healthz', '/metrics']) {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        const { status, headers } = await raw(hub, path, { method })
        expect(status, `${method} ${path}`).toBe(405)
        expect(headers.allow).toBe('GET, HEAD')
      }
    }
    for (const path of ['/', '/tile', '/checkpoint/', '/tiles/0/000.p/1', '/metrics/', '/trpc', '//checkpoint'])
      expect((await raw(hub, path)).status, path).toBe(404)
  })

  it('is kept by nobody in between where it is private', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    expect((await raw(hub, '/checkpoint')).status).toBe(401)
    const token = await hub.signIn(ADA)
    const { status, headers } = await raw(hub, '/checkpoint', { headers: { authorization: `Bearer ${token}` } })
    expect(status).toBe(200)
    expect(headers['cache-control']).toBe('private, max-age=2')
  })
})

describe('a log of more than one tile', () => {
  it('has full tiles, whose narrower ones stay', async () => {
    const hub = await TestHub.start()
    const size = 265
    const notes = Array.from({ length: size - 5 }, () => Buffer.from(hub.test.topup(ADA, '0.01')).toString('base64'))
    await hub.result('transaction.submitMany', { notes })
    const checkpoint = readCheckpoint((await raw(hub, '/checkpoint')).body)
    expect(checkpoint).toMatchObject({ size })
    const full = await raw(hub, '/tile/0/000')
    expect(full.body).toHaveLength(256 * 32)
    for (const width of [1, 5, 100, 255])
      expect((await raw(hub, `/tile/0/000.p/${width}`)).body).toEqual(full.body.subarray(0, width * 32))
    expect((await raw(hub, `/tile/0/001.p/${size - 256}`)).body).toHaveLength((size - 256) * 32)
    expect((await raw(hub, '/tile/1/000.p/1')).body).toHaveLength(32)
    expect(parseBundle((await raw(hub, '/tile/entries/000')).body, 256)).toHaveLength(256)
    for (const path of ['/tile/1/000', '/tile/1/000.p/2', '/tile/2/000.p/1', '/tile/entries/001', '/tile/0/002.p/1'])
      expect((await raw(hub, path)).status, path).toBe(404)
  })
})

describe('its figures', () => {
  it('count what was asked by a bounded set of names, whatever was asked', async () => {
    const hub = await TestHub.start()
    await hub.submit(hub.test.topup(ADA, '1'))
    await hub.submit(hub.test.topup(ADA, '0'))
    for (const path of [
      '/tile/0/000.p/1',
      '/tile/entries/000.p/1',
      '/secret/path',
      '/trpc/no.such',
      '/trpc/log.head,log.head?batch=1',
    ])
      await raw(hub, path)
    await raw(hub, '/checkpoint', { method: 'PURGE' }).catch(() => {})
    const { headers, body } = await raw(hub, '/metrics')
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
    const text = body.toString('utf8')
    const counted = text.matchAll(/nimledger_http_requests_total\{route="([^"]*)".*\} [1-9]/g)
    const routes = new Set([...counted].map(([, route]) => route))
    expect([...routes].sort()).toEqual(['batch', 'checkpoint', 'entries', 'other', 'tile', 'transaction.submit'])
    expect(text).toMatch(/^nimledger_notes_total\{outcome="accepted",code=""\} 1$/m)
    expect(text).toMatch(/^nimledger_notes_total\{outcome="refused",code="malformed"\} 1$/m)
    expect(text).toMatch(/^nimledger_notes_waiting 0$/m)
    expect(text).toMatch(/^nimledger_log_entries 6$/m)
    expect(text).toMatch(/^nimledger_ledger_up 1$/m)
    expect(text).not.toContain('secret')
    expect(text).not.toContain('PURGE')
  })

  it('tell how many watch', async () => {
    const hub = await TestHub.start()
    const watching = async () => /^nimledger_watchers (\d+)$/m.exec((await raw(hub, '/metrics')).body.toString('utf8'))?.[1]
    const opened = await new Promise<() => void>((resolve) => {
      const request = get(
        { host: '127.0.0.1', port: hub.port, path: '/trpc/log.sizes?input=%7B%7D', agent: false },
        (response) => {
          response.on('error', () => {})
          response.once('data', () => resolve(() => request.destroy()))
        },
      )
      request.on('error', () => {})
    })
    expect(await watching()).toBe('1')
    opened()
    await expect.poll(watching).toBe('0')
  })

  it('say nothing of the ledger where it is only asked whether it lives', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const { status, headers, body } = await raw(hub, '/healthz')
    expect([status, headers['cache-control'], body.toString()]).toEqual([200, 'no-store', '{"status":"ok"}'])
  })
})
