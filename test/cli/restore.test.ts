/** Restores: never behind what was signed, never onto a fork, never halfway; and what a new guard refuses. */

import { once } from 'node:events'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { openSqliteMirror } from '../../core/drivers/sqlite/mirror-store.ts'
import { openSqliteReader, openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import { toVersion } from '../drivers/earlier-version.ts'
import { durationMs, killed, moments } from './killing.ts'
import { found, foundMarket, ORIGIN } from './market.ts'
import { type Answer, accepted, cli, copyOf, expectFailed, expectRefused, folder, ok, type Run, stateOf } from './run.ts'
import { changeEntry, changingEntries, readEntries, withDatabase } from './tampering.ts'

const AT = '2026-03-01T00:00:00Z'

let dir: string
/** A backup of the ledger in `dir`. */
let file: string
let size: number

beforeAll(async () => {
  dir = (await foundMarket()).dir
  size = (await stateOf(dir)).size
  file = join(folder(), 'ledger.backup')
  await ok(cli(dir, ['backup', file]))
})

const topup = (target: string, reference: string) =>
  accepted(cli(target, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', reference, '--at', AT]))

/** A copy of the ledger that went on by so many entries. */
async function grown(count: number, name = 'later'): Promise<string> {
  const twin = copyOf(dir)
  for (let i = 0; i < count; i++) await topup(twin, `${name} ${i}`)
  return twin
}

async function expectUnchanged(target: string, work: () => Promise<Run>, ...codes: string[]): Promise<Answer> {
  const [before, names] = [await stateOf(target), readdirSync(target).sort()]
  const run = await work()
  expectFailed(run, ...codes)
  expect(await stateOf(target)).toEqual(before)
  const left = readdirSync(target).filter((name) => !/-(?:wal|shm)$/.test(name))
  expect(left.sort()).toEqual(names.filter((name) => !/-(?:wal|shm)$/.test(name)))
  return run.json
}

describe('a ledger that has signed more than the backup has', () => {
  it('is not replaced, and the answer says what would be lost', async () => {
    const twin = await grown(3)
    const { message } = await expectUnchanged(twin, () => cli(twin, ['restore', file]), 'damaged')
    expect(message).toContain(`signed checkpoint of ${size + 3} entries`)
    expect(message).toContain('lose 3 entries')
    await topup(twin, 'goes on')
  })

  it('gets back what a mirror has of it', async () => {
    const twin = await grown(2)
    const mirror = copyOf(twin)
    for (const name of readdirSync(twin)) if (name.startsWith('ledger.db')) rmSync(join(twin, name))
    expectFailed(await cli(twin, ['restore', file]), 'damaged')
    expectFailed(await cli(twin, ['status']), 'damaged')
    // As a restore leaves it that was cut off while it copied.
    for (const name of ['ledger.db.new', 'ledger.db.new-journal']) writeFileSync(join(twin, name), 'half')
    expect(await ok(cli(twin, ['restore', file, '--from', mirror]))).toMatchObject({
      size: size + 2,
      source: mirror,
      guard: 'kept',
    })
    expect(readdirSync(twin).filter((name) => name.includes('.new'))).toEqual([])
    expect(await topup(twin, 'goes on')).toMatchObject({ index: size + 2 })
    expect((await stateOf(twin)).ok).toBe(true)
  })

  it('is signed on by no older book that is brought back by hand', async () => {
    const twin = await grown(1)
    for (const name of readdirSync(twin)) if (name.startsWith('ledger.db')) rmSync(join(twin, name))
    copyFileSync(join(dir, 'ledger.db'), join(twin, 'ledger.db'))
    expectFailed(await cli(twin, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'fork', '--at', AT]), 'damaged')
  })

  it('takes a newer backup, and keeps the book that was there', async () => {
    const twin = copyOf(dir)
    const later = copyOf(dir)
    await topup(later, 'later 0')
    const newer = join(folder(), 'newer.backup')
    await ok(cli(later, ['backup', newer]))
    const answer = await ok(cli(twin, ['restore', newer]))
    expect(answer).toMatchObject({ dir: twin, origin: ORIGIN, size: size + 1, guard: 'kept', keys: 5 })
    expect(answer).not.toHaveProperty('staleBefore')
    expect(existsSync(join(answer.replaced as string, 'ledger.db'))).toBe(true)
    expect(await stateOf(twin)).toEqual(await stateOf(later))
  })
})

describe('a mirror', () => {
  /** A mirror of a ledger, made by sync from its exported tiles on a web server. */
  async function mirrorOf(ledger: string): Promise<string> {
    const tiles = join(folder(), 'tiles')
    await ok(cli(ledger, ['export', 'tiles', tiles]))
    const server = createServer((request, response) => {
      const path = join(tiles, request.url!)
      const type = request.url === '/checkpoint' ? 'text/plain; charset=utf-8' : 'application/octet-stream'
      if (existsSync(path)) response.setHeader('content-type', type).end(readFileSync(path))
      else response.writeHead(404).end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const mirror = join(folder(), 'mirror')
    const { port } = server.address() as AddressInfo
    const { vkey } = await ok(cli(ledger, ['status']))
    await ok(cli(mirror, ['sync', '--hub', `http://127.0.0.1:${port}`, '--vkey', vkey]))
    server.close()
    return mirror
  }

  it('gives back what the backup lacks, and is no place to restore to', async () => {
    const later = await grown(2)
    const mirror = await mirrorOf(later)
    const back = join(folder(), 'back')
    expect(await ok(cli(back, ['restore', file, '--from', mirror]))).toMatchObject({
      source: mirror,
      size: size + 2,
      guard: 'new',
    })
    expect(await stateOf(back)).toEqual(await stateOf(later))
    expectFailed(await cli(mirror, ['restore', file]), 'usage')
  })

  it('that was shown more than it has keeps the log from being forked', async () => {
    const mirror = await mirrorOf(dir)
    const ahead = await openSqliteReader(await grown(1))
    const writer = await openSqliteMirror(mirror)
    await writer.keepShown((await ahead.checkpoint())!)
    await writer.close()
    await ahead.close()
    const back = join(folder(), 'back')
    const run = await cli(back, ['restore', file, '--from', mirror])
    expectFailed(run, 'damaged')
    expect(run.json.message).toContain(`signed checkpoint of ${size + 1} entries`)
    expect(existsSync(join(back, 'ledger.db'))).toBe(false)
  })
})

describe('two histories', () => {
  it('are told from each other, and neither is taken', async () => {
    const [one, other] = [await grown(1, 'one'), await grown(2, 'other')]
    const backup = join(folder(), 'one.backup')
    await ok(cli(one, ['backup', backup]))
    const empty = join(folder(), 'empty')
    const run = await cli(empty, ['restore', backup, '--from', other])
    expectFailed(run, 'damaged')
    expect(run.json.message).toContain('Two histories')
    expect(existsSync(join(empty, 'ledger.db'))).toBe(false)
    const { message } = await expectUnchanged(one, () => cli(one, ['restore', other]), 'damaged')
    expect(message).toContain('Two histories')
  })

  it('of two ledgers do not come into one folder', async () => {
    const foreign = join(folder(), 'foreign')
    await found(foreign, 'other.example/credits')
    await expectUnchanged(dir, () => cli(dir, ['restore', foreign]), 'usage')
    await expectUnchanged(dir, () => cli(dir, ['restore', file, '--from', foreign]), 'usage')
  })

  it('begin where a copy goes on without its signer', async () => {
    const twin = await grown(1)
    for (const name of readdirSync(twin)) if (name.startsWith('checkpoint.db')) rmSync(join(twin, name))
    copyFileSync(join(dir, 'checkpoint.db'), join(twin, 'checkpoint.db'))
    const empty = join(folder(), 'empty')
    const run = await cli(empty, ['restore', file, '--from', twin])
    expectFailed(run, 'damaged')
    expect(run.json.message).toContain('no checkpoint covers')
  })
})

describe('a lost guard', () => {
  it('is replaced by one under which older notes are stale, and known ones keep their answer', async () => {
    const first = join(folder(), 'ledger')
    await found(first, ORIGIN)
    const notes = folder()
    const body = (reference: string) => JSON.stringify({ account: 'operator', amount: '5', provider: 'bank', reference })
    const sign = (reference: string) =>
      ok(
        cli(first, [
          'tx',
          'sign',
          'credit.topup',
          '--as',
          'operator',
          '--body',
          body(reference).replace('operator', operator),
          '-o',
          join(notes, reference),
        ]),
      )
    const operator = (await ok(cli(first, ['status']))).operator as string
    await sign('known')
    await sign('waiting')
    const { id } = await accepted(cli(first, ['tx', 'submit', join(notes, 'known')]))
    const backup = join(folder(), 'with-keys.backup')
    await ok(cli(first, ['backup', backup, '--with-keys']))

    const back = join(folder(), 'back')
    const answer = await ok(cli(back, ['restore', backup]))
    expect(answer).toMatchObject({ guard: 'new', size: 2, keys: 2 })
    expectRefused(await cli(back, ['tx', 'submit', join(notes, 'waiting')]), 'stale')
    const known = await cli(back, ['tx', 'submit', join(notes, 'known')])
    expect(known.json).toMatchObject({ status: 'accepted', repeated: true, index: 1, id })
    // Whatever is signed from now on is not stale, from the first moment on.
    const next = await accepted(cli(back, ['topup', 'operator', '1', '--provider', 'bank', '--reference', 'next']))
    expect(next.index).toBe(2)
    expectFailed(await cli(back, ['restore', backup]), 'damaged')
    expect((await stateOf(back)).size).toBe(3)
  })

  it('in its own place: the folder is restored from itself', async () => {
    const twin = await grown(1)
    for (const name of readdirSync(twin)) if (name.startsWith('checkpoint.db')) rmSync(join(twin, name))
    expectFailed(await cli(twin, ['status']), 'damaged')
    // The book that is there has more than the backup.
    const run = await cli(twin, ['restore', file])
    expectFailed(run, 'damaged')
    expect(run.json.message).toContain(`has ${size + 1} entries`)
    expect(await ok(cli(twin, ['restore', twin]))).toMatchObject({ guard: 'new', size: size + 1, staleBefore: AT })
    expect(await topup(twin, 'goes on')).toMatchObject({ index: size + 1 })
    expect((await stateOf(twin)).ok).toBe(true)
  })
})

describe('what version 2 made', () => {
  let old: string

  beforeAll(async () => {
    old = join(folder(), 'old.backup')
    await ok(cli(dir, ['backup', old, '--with-keys']))
    toVersion(2, old)
  })

  it('is restored from its backups, which stay as they are', async () => {
    const bytes = readFileSync(old)
    const back = join(folder(), 'back')
    expect(await ok(cli(back, ['restore', old]))).toMatchObject({ guard: 'new', size, keys: 5, source: old })
    expect(await stateOf(back)).toEqual(await stateOf(dir))
    expect(readFileSync(join(back, 'ledger.db')).includes('"sealed"')).toBe(false)
    expect(await topup(back, 'goes on')).toMatchObject({ index: size })
    expect((await stateOf(back)).ok).toBe(true)
    const twin = copyOf(dir)
    expect(await ok(cli(twin, ['restore', old]))).toMatchObject({ guard: 'kept', size })
    expect(await topup(twin, 'goes on')).toMatchObject({ index: size })
    expect(readFileSync(old).equals(bytes)).toBe(true)
    expect(readdirSync(join(old, '..'))).toEqual(['old.backup'])
  })

  it('does not take the place of what was signed since', async () => {
    const twin = await grown(2)
    const { message } = await expectUnchanged(twin, () => cli(twin, ['restore', old]), 'damaged')
    expect(message).toContain('lose 2 entries')
  })

  it('is consulted, and is taken where it is the longest', async () => {
    const later = await grown(2)
    toVersion(2, join(later, 'ledger.db'))
    const bytes = readFileSync(join(later, 'ledger.db'))
    const back = join(folder(), 'back')
    expect(await ok(cli(back, ['restore', old, '--from', later]))).toMatchObject({ source: later, size: size + 2 })
    expect(readFileSync(join(later, 'ledger.db')).equals(bytes)).toBe(true)
    const other = await grown(1, 'other')
    const run = await cli(join(folder(), 'empty'), ['restore', other, '--from', later])
    expectFailed(run, 'damaged')
    expect(run.json.message).toContain('Two histories')
  })

  it('gets a new guard in its own place, and no shorter copy', async () => {
    const twin = await grown(1)
    toVersion(2, join(twin, 'ledger.db'))
    for (const name of readdirSync(twin)) if (name.startsWith('checkpoint.db')) rmSync(join(twin, name))
    const run = await cli(twin, ['restore', old])
    expectFailed(run, 'damaged')
    expect(run.json.message).toContain(`has ${size + 1} entries`)
    const answer = await ok(cli(twin, ['restore', twin]))
    expect(answer).toMatchObject({ guard: 'new', size: size + 1 })
    withDatabase(answer.replaced as string, 'ledger.db', (database) =>
      expect(database.pragma('user_version', { simple: true })).toBe(2),
    )
    expect(await topup(twin, 'goes on')).toMatchObject({ index: size + 1 })
  })

  it('changes nothing where it is damaged, or the disk is full while it is brought up to date', async () => {
    const place = folder()
    const bytes = readFileSync(old)
    writeFileSync(join(place, 'cut'), bytes.subarray(0, bytes.length - 4096))
    const forged = join(place, 'forged')
    copyFileSync(old, forged)
    // What was derived from the log by then is nothing that the log says.
    withDatabase(place, 'forged', (database) => database.exec(`DELETE FROM state WHERE "table" = 'account'`))
    for (const path of [join(place, 'cut'), forged]) await expectUnchanged(dir, () => cli(dir, ['restore', path]), 'damaged')
    const maxFileKib = bytes.length / 1024
    await expectUnchanged(dir, () => cli(dir, ['restore', old], { maxFileKib }), 'disk_full')
  })
})

describe('a restore that does not succeed', () => {
  it('changes nothing where the copy is damaged, none, or of another kind', async () => {
    const place = folder()
    const bytes = readFileSync(file)
    writeFileSync(join(place, 'forged'), bytes)
    withDatabase(place, 'forged', (database) => {
      const { index } = readEntries(database).find((entry) => entry.bytes.includes('"type":"model.create"'))!
      const forged = (value: Buffer) => Buffer.from(value.toString().replace('model.create', 'model.creatf'))
      changingEntries(database, () => changeEntry(database, index, 'bytes', forged))
    })
    writeFileSync(join(place, 'cut'), bytes.subarray(0, bytes.length - 8192))
    writeFileSync(join(place, 'none'), 'not a backup')
    for (const name of ['forged', 'cut', 'none']) {
      await expectUnchanged(dir, () => cli(dir, ['restore', join(place, name)]), 'damaged')
      expectFailed(await cli(join(place, 'empty'), ['restore', join(place, name)]), 'damaged')
    }
    await expectUnchanged(dir, () => cli(dir, ['restore', join(dir, 'ledger.db')]), 'usage')
    await expectUnchanged(dir, () => cli(dir, ['restore', join(place, 'missing')]), 'usage')
    await expectUnchanged(dir, () => cli(dir, ['restore', place]), 'usage')
    const foreign = 'test.example/credits+00000000+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c'
    await expectUnchanged(dir, () => cli(dir, ['restore', file, '--vkey', foreign]), 'usage', 'damaged')
  })

  it('is told where another program writes, and where the disk is full', async () => {
    const twin = copyOf(dir)
    const writer = await openSqliteWriter(twin)
    try {
      expectFailed(await cli(twin, ['restore', file]), 'locked')
    } finally {
      await writer.close()
    }
    await expectUnchanged(twin, () => cli(twin, ['restore', file], { maxFileKib: 33 }), 'disk_full')
    const empty = join(folder(), 'empty')
    expectFailed(await cli(empty, ['restore', file], { maxFileKib: 33 }), 'disk_full')
    expect(await ok(cli(empty, ['restore', file]))).toMatchObject({ size })
  })

  it('killed at any moment leaves a ledger, or none and the guard, and succeeds when it is run again', async () => {
    const newer = await grown(1)
    const backup = join(folder(), 'newer.backup')
    await ok(cli(newer, ['backup', backup]))
    // So that there is a migration to be killed in.
    toVersion(2, backup)
    const trial = copyOf(dir)
    const wholeMs = await durationMs(trial, ['restore', backup])
    const after = await stateOf(newer)
    for (const afterMs of moments(wholeMs, 5)) {
      const twin = copyOf(dir)
      await killed(twin, ['restore', backup], afterMs)
      const status = await cli(twin, ['status'])
      if (status.code === 0) expect([size, size + 1]).toContain((await stateOf(twin)).size)
      else expectFailed(status, 'damaged')
      await ok(cli(twin, ['restore', backup]))
      expect(await stateOf(twin)).toEqual(after)
      expect(await topup(twin, 'goes on')).toMatchObject({ index: size + 1 })
      // In an empty folder, where a guard is made too.
      const empty = join(folder(), 'empty')
      await killed(empty, ['restore', backup], afterMs)
      await ok(cli(empty, ['restore', backup]))
      expect(await stateOf(empty)).toEqual(after)
    }
  })
})
