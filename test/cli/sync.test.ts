/** sync, verify URL and check of evidence, as their users meet them. */

import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { openSqliteReader } from '../../core/drivers/sqlite/store.ts'
import { exportTiles } from '../../core/drivers/tile-folder.ts'
import { ED25519, formatVerifierKey } from '../../core/log/note.ts'
import { forge } from '../ledger/forging.ts'
import { ADA, accepted, LOG_KEY, memoryHome, OTHER_SEQUENCER, SECOND, submitAll, TestLedger } from '../ledger/support.ts'
import { bookOf, TileServer } from '../sync/served.ts'
import { durationMs, moments } from './killing.ts'
import { found } from './market.ts'
import { cli, collect, expectFailed, expectOneValue, folder, ok, start } from './run.ts'

const VKEY = formatVerifierKey(LOG_KEY)
const SIZE = 3_000

let memory: MemoryLedger
let tiles: string
let ledger: TestLedger

beforeAll(async () => {
  memory = new MemoryLedger()
  ledger = await TestLedger.found(memoryHome(memory))
  accepted(await ledger.ledger.submit(ledger.opening(ADA)))
  await grow(SIZE)
  tiles = folder()
  await exportTiles(await openMemoryReader(memory), tiles)
})

async function grow(size: number): Promise<void> {
  while (ledger.ledger.size < size) {
    ledger.time += SECOND
    const count = Math.min(500, size - ledger.ledger.size)
    const notes = Array.from({ length: count }, (_, i) => ledger.model(ADA, `m${ledger.ledger.size + i}`))
    for (const answer of await submitAll(ledger, notes)) accepted(answer)
  }
}

/** A server of a copy of the log, for a test to spoil. */
async function served(): Promise<TileServer> {
  const copy = folder()
  cpSync(tiles, copy, { recursive: true })
  return TileServer.start(copy)
}

const sync = (dir: string, server: { url: string }, ...more: string[]) =>
  cli(dir, ['sync', '--hub', server.url, '--vkey', VKEY, ...more], { passphrase: undefined })

async function expectSame(dir: string): Promise<void> {
  const reader = await openSqliteReader(dir)
  try {
    expect(await bookOf(reader)).toEqual(await bookOf(await openMemoryReader(memory)))
  } finally {
    await reader.close()
  }
}

const evidenceIn = (dir: string) => readdirSync(dir).filter((name) => name.startsWith('evidence-'))

describe('sync', () => {
  it('makes a mirror that reading commands read, and answers as scripts rely on', async () => {
    const server = await served()
    const dir = join(folder(), 'mirror')
    const first = await ok(sync(dir, server))
    const outbox = { queued: 0, sent: 0, accepted: 0, refused: 0 }
    expect(first).toEqual({ size: SIZE, root: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/), applied: SIZE, outbox })
    expect(await ok(sync(dir, server))).toEqual({ ...first, applied: 0 })
    await expectSame(dir)

    const report = { ok: true, size: SIZE, root: first.root, entries: SIZE, unsigned: 0, defects: [] }
    expect(await ok(cli(dir, ['verify', '--vkey', VKEY]))).toMatchObject({ ...report, vkeySource: 'given' })
    expect(await ok(cli('', ['verify', server.url, '--vkey', VKEY]))).toMatchObject({ ...report, vkeySource: 'given' })
    expect(await ok(cli(dir, ['status']))).toMatchObject({ size: SIZE, checkpointSize: SIZE })
    expect(await ok(cli(dir, ['balance', ADA.account]))).toMatchObject({ size: SIZE, spendable: '0' })
    expect((await cli(dir, ['log', '--from', '2990'])).lines).toHaveLength(10)
    const statement = await cli(dir, ['statement', ADA.account])
    expect(statement.json).toMatchObject({ account: ADA.account, size: SIZE })
    const receipt = join(dir, 'entry.tlog-proof')
    await ok(cli(dir, ['prove', '1234', '-o', receipt]))
    expect(await ok(cli('', ['check', receipt, '--vkey', VKEY]))).toMatchObject({ ok: true, what: 'entry', index: 1234 })
    const again = join(dir, 'tiles')
    expect(await ok(cli(dir, ['export', 'tiles', again]))).toMatchObject({ entries: SIZE })
    expect(readFileSync(join(again, 'checkpoint'))).toEqual(server.read('checkpoint'))
  })

  it('is no way to write to a mirror, nor to make one of a ledger', async () => {
    const server = await served()
    const dir = join(folder(), 'mirror')
    await ok(sync(dir, server))
    expectFailed(await cli(dir, ['init']), 'usage')
    expectFailed(await cli(dir, ['topup', ADA.account, '5', '--provider', 'p', '--reference', 'r']), 'usage')
    const own = join(folder(), 'own')
    await found(own, 'own.example/credits')
    const refused = await sync(own, server)
    expectFailed(refused, 'usage')
    expect(refused.json.message).toContain('has a ledger of its own')
    expect((await cli(own, ['verify'])).code).toBe(0)
  })

  it('says what is wrong with its address and its key, and when nobody answers', async () => {
    const dir = join(folder(), 'mirror')
    const to = (hub: string, vkey = VKEY) => cli(dir, ['sync', '--hub', hub, '--vkey', vkey])
    for (const hub of ['hub.example', 'http://hub.example', 'https://a:b@hub.example']) expectFailed(await to(hub), 'usage')
    expectFailed(await to('https://hub.example', 'nonsense'), 'usage')
    expectFailed(await to('http://127.0.0.1:9'), 'offline')
    const other = formatVerifierKey({ ...OTHER_SEQUENCER, type: ED25519 })
    const server = await served()
    const wrong = await cli(dir, ['sync', '--hub', server.url, '--vkey', other])
    expectFailed(wrong, 'damaged')
    expect(wrong.json.message).toContain('is not a checkpoint signed with')
    server.answerOnly(/./, (response) => response.writeHead(302, { location: 'https://elsewhere.example/' }).end())
    expectFailed(await sync(dir, server), 'offline')
    expect((await cli(dir, ['sync', '--hub', server.url])).code).toBe(2)
  })
})

describe('a hub that is caught', () => {
  it('with two histories ends the mirror with evidence that anybody can check', async () => {
    const server = await served()
    const dir = join(folder(), 'mirror')
    await ok(sync(dir, server))
    await server.publish(await openMemoryReader(await forge(memory, (entries) => entries.splice(1_000))))
    const back = await sync(dir, server)
    expectFailed(back, 'damaged')
    expect(back.json.message).toContain('it went back')

    const other = await forge(memory, (entries) => {
      const [one, two] = [entries[700]!, entries[701]!]
      entries.splice(700, 2_300, two, one)
    })
    await server.publish(await openMemoryReader(other))
    const forked = await sync(dir, server)
    expectFailed(forked, 'damaged')
    expect(forked.json.message).toContain('The log signed two histories')
    expect(evidenceIn(dir)).toHaveLength(2)
    const file = evidenceIn(dir)
      .map((name) => join(dir, name))
      .find((path) => forked.json.message.includes(path))!
    const checked = await ok(cli('', ['check', file, '--vkey', VKEY]))
    const expected = { ok: true, what: 'evidence', origin: LOG_KEY.name, size: 702, heldSize: SIZE, kind: 'fork', proof: true }
    expect(checked).toMatchObject(expected)
    const rolled = evidenceIn(dir)
      .map((name) => join(dir, name))
      .find((path) => path !== file)!
    expect(await ok(cli('', ['check', rolled, '--vkey', VKEY]))).toMatchObject({
      kind: 'rollback',
      proof: false,
      heldSize: SIZE,
      size: 1_000,
    })
    const plain = await cli('', ['check', file, '--vkey', VKEY], { plain: true })
    expect(plain.stdout).toContain('this file alone shows it')

    const spoiled = readFileSync(file, 'utf8').replace('"kind":"fork"', '"kind":"rollback"').replace('\\n3000\\n', '\\n3001\\n')
    writeFileSync(file, spoiled)
    const refuted = await cli('', ['check', file, '--vkey', VKEY])
    expectOneValue(refuted)
    expect([refuted.code, refuted.json.ok]).toEqual([3, false])
    // What it has stays what it was, and the truth is taken up again.
    await expectSame(dir)
    await server.publish(await openMemoryReader(memory))
    expect(await ok(sync(dir, server))).toMatchObject({ size: SIZE, applied: 0 })
  })

  it('with an altered entry, before it is taken', async () => {
    const server = await served()
    server.alter('tile/entries/004', 9_999)
    const dir = join(folder(), 'mirror')
    const run = await sync(dir, server)
    expectFailed(run, 'damaged')
    expect(run.json.message).toMatch(
      /^Entry 1\d\d\d is not the one that the checkpoint was signed over\. The mirror stops here\. Evidence: /,
    )
    const [name] = evidenceIn(dir)
    expect(await ok(cli('', ['check', join(dir, name!), '--vkey', VKEY]))).toMatchObject({ kind: 'altered', proof: false })
    const verified = await cli('', ['verify', server.url, '--vkey', VKEY])
    expect([verified.code, verified.json.ok]).toEqual([3, false])
  })
})

describe('a mirror that ends in the middle', () => {
  // Fifteen programs one after the other: on a busy machine that alone is a minute.
  it('by a kill goes on, and has the very book in the end', { timeout: 300_000 }, async () => {
    const server = await served()
    const dir = join(folder(), 'mirror')
    let kills = 0
    const wholeMs = await durationMs(join(folder(), 'whole'), ['sync', '--hub', server.url, '--vkey', VKEY])
    for (const afterMs of moments(wholeMs, 6)) {
      const child = start(dir, ['sync', '--hub', server.url, '--vkey', VKEY])
      const ended = collect(child)
      await sleep(afterMs)
      if (child.kill('SIGKILL') && (await ended).code === null) kills += 1
      if (existsSync(join(dir, 'mirror.db'))) expect((await cli(dir, ['status'])).stderr).not.toContain('defect')
    }
    expect(kills).toBeGreaterThan(0)
    expect(await ok(sync(dir, server))).toMatchObject({ size: SIZE })
    await expectSame(dir)
    expect(await ok(cli(dir, ['verify', '--vkey', VKEY]))).toMatchObject({ ok: true, size: SIZE, unsigned: 0 })
  })

  it('by a full disk says so, and goes on when there is room', async () => {
    const server = await served()
    const dir = join(folder(), 'mirror')
    const full = await cli(dir, ['sync', '--hub', server.url, '--vkey', VKEY], { maxFileKib: 700 })
    expectFailed(full, 'disk_full')
    expect(await ok(sync(dir, server))).toMatchObject({ size: SIZE })
    await expectSame(dir)
  })
})

describe('sync --watch', () => {
  it('prints a line for what is new, outlives a hub that is away, and ends when told', async () => {
    const server = await served()
    await server.publish(await openMemoryReader(await forge(memory, (entries) => entries.splice(100))))
    const dir = join(folder(), 'mirror')
    const child = start(dir, ['sync', '--watch', '--hub', server.url, '--vkey', VKEY])
    const lines: string[] = []
    child.stdout!.on('data', (chunk: Buffer) =>
      lines.push(
        ...chunk
          .toString('utf8')
          .split('\n')
          .filter((line) => line !== ''),
      ),
    )
    const ended = collect(child)
    const said = async (count: number) => {
      for (const deadline = performance.now() + 60_000; lines.length < count && performance.now() < deadline; ) await sleep(50)
      return lines
        .map((line) => JSON.parse(line) as { size: number; applied: number })
        .map(({ size, applied }) => [size, applied])
    }
    expect(await said(1)).toEqual([[100, 100]])
    server.answerOnly(/./, (response) => response.destroy())
    await sleep(3_000)
    server.instead = () => false
    await server.publish(await openMemoryReader(memory))
    expect(await said(2)).toEqual([
      [100, 100],
      [SIZE, SIZE - 100],
    ])
    // Others read meanwhile, and nobody else follows.
    expect((await cli(dir, ['status'])).json).toMatchObject({ size: SIZE })
    expectFailed(await sync(dir, server), 'locked')
    child.kill('SIGTERM')
    const run = await ended
    expect(run.code).toBe(0)
  })
})
