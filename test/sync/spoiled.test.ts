/** What was cut off on its way, or spoiled by a cache: no answer of the log, hence no evidence against it. */

import { describe, expect, test } from 'vitest'
import { cut, followed, publish, served } from './histories.ts'
import { TileServer } from './served.ts'

describe('what is no answer of the log is no evidence', () => {
  test.each([
    ['a bundle without its last byte', 'tile/entries/001', -1],
    ['a bundle without its last entry', 'tile/entries/002.p/88', 'entry'],
    ['a bundle without anything', 'tile/entries/000', 0],
    ['a tile with fewer hashes', 'tile/1/000.p/2', 32],
    ['a tile cut within a hash', 'tile/0/001', 1_000],
    ['a checkpoint', 'checkpoint', 40],
    ['a checkpoint without anything', 'checkpoint', 0],
  ] as const)('%s is cut off: the round ends there, and the next one goes on', async (_what, path, end) => {
    const { memory, server, mirror } = await served()
    const whole = server.read(path)
    server.write(path, whole.subarray(0, end === 'entry' ? -memory.entries.at(-1)!.bytes.length - 2 : end))
    await expect(mirror.sync()).rejects.toMatchObject({ code: 'offline', message: expect.stringContaining('is cut off after') })
    server.write(path, whole)
    expect(await mirror.sync()).toMatchObject({ status: 'synced', size: 600 })
  })

  test.each([
    ['an altered entry', (one: TileServer) => one.alter('tile/entries/001', 5_000)],
    ['an altered hash', (one: TileServer) => one.alter('tile/1/000.p/2', 40)],
    ['an altered checkpoint', (one: TileServer) => one.alter('checkpoint', -5)],
    ['a missing bundle', (one: TileServer) => one.remove('tile/entries/001')],
  ])('%s comes from a cache: the log itself is asked', async (_what, spoil) => {
    const { memory, server: cache, mirror } = await served()
    const origin = await TileServer.start()
    await publish(origin, memory)
    spoil(cache)
    cache.instead = (request, response, path) => {
      const isFresh = request.headers.connection === 'close' && request.headers['cache-control'] === 'no-cache'
      if (isFresh) response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(origin.read(path))
      return isFresh
    }
    expect(await mirror.sync()).toMatchObject({ status: 'synced', size: 600 })
  })

  test('an older checkpoint comes from a cache', async () => {
    const { memory, server: cache, mirror } = await followed()
    const older = await cut(memory, 450)
    cache.instead = (request, response, path) => {
      const isStale = path === 'checkpoint' && request.headers.connection !== 'close'
      if (isStale) response.writeHead(200, { 'content-type': 'text/plain' }).end(older.checkpoint)
      return isStale
    }
    expect(await mirror.sync()).toMatchObject({ status: 'synced', size: 600, applied: 0 })
  })
})
